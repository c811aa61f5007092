//! The Mersenne Twister MT19937. Matsumoto and Nishimura 1998, seeded by the authors' `init_genrand` of 2002.

const N: usize = 624;
const M: usize = 397;

/// 32 random bits at a time.
#[derive(Clone)]
pub(super) struct Mt19937 {
    state: [u32; N],
    /// Index of the next word of `state`; `N` when all are used.
    next: usize,
}

impl Mt19937 {
    /// As PyTorch seeds it: by the low 32 bits alone (`MT19937RNGEngine.h`).
    pub(super) fn new(seed: u64) -> Self {
        let mut state = [0; N];
        state[0] = seed as u32;
        for index in 1..N {
            let last: u32 = state[index - 1];
            state[index] = (last ^ (last >> 30)).wrapping_mul(1_812_433_253).wrapping_add(index as u32);
        }
        Self { state, next: N }
    }

    pub(super) fn word(&mut self) -> u32 {
        if self.next == N {
            self.twist();
            self.next = 0;
        }
        let mut y = self.state[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// Two words, the first above the second.
    pub(super) fn double_word(&mut self) -> u64 {
        let high = u64::from(self.word());
        high << 32 | u64::from(self.word())
    }

    fn twist(&mut self) {
        for index in 0..N {
            let mixed = (self.state[index] & 0x8000_0000) | (self.state[(index + 1) % N] & 0x7fff_ffff);
            let odd = if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
            self.state[index] = self.state[(index + M) % N] ^ (mixed >> 1) ^ odd;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_thousandth_word_is_the_one_of_the_standard() {
        // ISO C++, [rand.predef]: the 10000th value of std::mt19937 seeded with 5489 is 4123659995.
        let mut twister = Mt19937::new(5489);
        let last = (0..10_000).map(|_| twister.word()).last();
        assert_eq!(last, Some(4_123_659_995));
    }
}
