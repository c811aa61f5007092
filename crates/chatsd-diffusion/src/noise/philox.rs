//! Philox 4×32 with ten rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), and
//! `torch.randn` on a GPU as AUTOMATIC1111 imitates it (`modules/rng_philox.py` of that program).
//!
//! Proven by tests: the words are Random123's, the numbers made of them another implementation's to the bit, and within
//! one unit in the last place of the twelve that AUTOMATIC1111 publishes. Not compared with a GPU: logarithm and sine
//! are f32 there. AUTOMATIC1111 itself rounds 2π to f32, which moves its numbers by up to 6e-7 from these.

const MULTIPLIERS: [u64; 2] = [0xd251_1f53, 0xcd9e_8d57];
const WEYL: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];
const ROUNDS: usize = 10;

/// Four random words of a counter and a key.
fn philox([mut a, mut b, mut c, mut d]: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let (first, second) = (u64::from(a) * MULTIPLIERS[0], u64::from(c) * MULTIPLIERS[1]);
        (a, b) = ((second >> 32) as u32 ^ b ^ key[0], second as u32);
        (c, d) = ((first >> 32) as u32 ^ d ^ key[1], first as u32);
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    [a, b, c, d]
}

#[derive(Clone)]
pub(super) struct Philox {
    key: [u32; 2],
    /// Draws so far.
    offset: u32,
}

impl Philox {
    pub(super) fn new(seed: u64) -> Self {
        Self { key: [seed as u32, (seed >> 32) as u32], offset: 0 }
    }

    /// Value `i` comes of counter (draw, 0, `i`, 0): on a GPU every value has a thread of its own.
    pub(super) fn normal(&mut self, count: usize) -> Vec<f32> {
        let offset = self.offset;
        self.offset = offset.wrapping_add(1);
        (0..count)
            .map(|index| {
                let [x, y, ..] = philox([offset, 0, index as u32, (index as u64 >> 32) as u32], self.key);
                box_muller(x, y)
            })
            .collect()
    }
}

/// The sine half of Box and Muller's pair; words are taken at the middle of their interval, so that none is 0.
fn box_muller(x: u32, y: u32) -> f32 {
    let unit = |word: u32| (f64::from(word) + 0.5) / 4_294_967_296.0;
    let radius = (-2.0 * unit(x).ln()).sqrt();
    (radius * (std::f64::consts::TAU * unit(y)).sin()) as f32
}

#[cfg(test)]
mod tests {
    use super::philox;

    #[test]
    fn the_published_answers_come_out() {
        // Random123's `kat_vectors`, lines "philox4x32 10".
        let ones = u32::MAX;
        for (counter, key, expected) in [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([ones; 4], [ones; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ] {
            assert_eq!(philox(counter, key), expected);
        }
    }
}
