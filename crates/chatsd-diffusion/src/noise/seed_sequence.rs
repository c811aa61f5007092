//! NumPy's `SeedSequence` (O'Neill 2015, "Developing a seed_seq alternative"; `bit_generator.pyx` of NumPy): many seeds
//! of one, by a key.

const INIT: [u32; 2] = [0x43b0_d7e5, 0x8b51_f9dd];
const MULTIPLIER: [u32; 2] = [0x931e_8875, 0x58f3_8ded];
const MIX: [u32; 2] = [0xca01_f9dd, 0x4973_f715];
const SHIFT: u32 = 16;
/// Words of the pool, as torchsde's `BrownianTree` wants it.
const POOL: usize = 24;

/// `SeedSequence(entropy, spawn_key=key, pool_size=24).generate_state(N)`; no key is another sequence than any.
pub(super) fn seeds<const N: usize>(entropy: u64, key: Option<[u64; 2]>) -> [u32; N] {
    let mut words = words_of(entropy);
    if let Some(key) = key {
        words.resize(POOL, 0);
        words.extend(key.into_iter().flat_map(words_of));
    }
    let mut hash = Hash { constant: INIT[0], multiplier: MULTIPLIER[0] };
    let mut pool: [u32; POOL] = std::array::from_fn(|index| hash.of(words.get(index).copied().unwrap_or(0)));
    for source in 0..POOL {
        for target in (0..POOL).filter(|&target| target != source) {
            pool[target] = mixed(pool[target], hash.of(pool[source]));
        }
    }
    for word in words.into_iter().skip(POOL) {
        for target in &mut pool {
            *target = mixed(*target, hash.of(word));
        }
    }
    let mut hash = Hash { constant: INIT[1], multiplier: MULTIPLIER[1] };
    std::array::from_fn(|index| hash.of(pool[index % POOL]))
}

/// A number in words, the lowest first.
fn words_of(number: u64) -> Vec<u32> {
    let high = (number >> 32) as u32;
    if high == 0 { vec![number as u32] } else { vec![number as u32, high] }
}

fn mixed(x: u32, y: u32) -> u32 {
    let mixed = MIX[0].wrapping_mul(x).wrapping_sub(MIX[1].wrapping_mul(y));
    mixed ^ (mixed >> SHIFT)
}

/// A hash that is another one each time.
struct Hash {
    constant: u32,
    multiplier: u32,
}

impl Hash {
    fn of(&mut self, word: u32) -> u32 {
        let word = word ^ self.constant;
        self.constant = self.constant.wrapping_mul(self.multiplier);
        let word = word.wrapping_mul(self.constant);
        word ^ (word >> SHIFT)
    }
}

#[cfg(test)]
mod tests {
    use super::seeds;

    /// `numpy.random.SeedSequence(…, pool_size=24).generate_state(…)` of NumPy 1.26.
    #[test]
    fn they_are_numpys() {
        assert_eq!(seeds::<3>(0, None), [0xeff4_1bd6, 0xa030_bacb, 0x8ab2_f371]);
        assert_eq!(seeds::<3>(42, None), [0x171c_9ae3, 0x9732_3715, 0xf31e_2760]);
        assert_eq!(seeds::<3>(1099511627783, None), [0xd281_515a, 0xb2f9_10e4, 0x5a44_00bf]);
        assert_eq!(seeds::<4>(0, Some([0, 0])), [0x0ea0_f763, 0xccd6_ab86, 0xf593_0ea8, 0x60fd_c51c]);
        assert_eq!(seeds::<4>(42, Some([5, 3])), [0xb7d3_fda8, 0x1be8_688d, 0x0e7b_03da, 0x9df5_bf84]);
        assert_eq!(
            seeds::<4>(1099511627783, Some([34359738369, 36])),
            [0x3a0f_4276, 0x98b5_eeb8, 0xf181_b859, 0x8b07_1ab9]
        );
    }
}
