//! Engines and numbers for the tests of kernels.

use chatsd_tensor::{Engine, EngineError, Format, Instructions, Options, Shape, Tensor, Weight};

/// Well-mixed values in `-1..1`, the same for the same seed.
pub fn values(len: usize, seed: u64) -> Vec<f32> {
    // SplitMix64 (Steele, Lea and Flood 2014).
    let mix = |index: usize| {
        let mut z = (index as u64 + 1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(seed.wrapping_mul(0xa5a5_1234_5678_9abd));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(mix).collect()
}

/// A tensor of such values.
pub fn tensor(shape: Shape, seed: u64) -> Tensor {
    Tensor::new(shape, values(shape.len(), seed))
}

/// A stored weight of such values; blocks that do not divide them make it f16.
pub fn weight(shape: &[usize], format: Format, seed: u64) -> Weight<'static> {
    let values = values(shape.iter().product(), seed);
    let format = if shape[1..].iter().product::<usize>().is_multiple_of(format.block()) { format } else { Format::F16 };
    Weight { shape: shape.to_vec(), format, bytes: format.encode(&values).unwrap().into() }
}

/// All formats of weights.
#[allow(dead_code, reason = "not every test file needs them")]
pub const FORMATS: [Format; 4] = [Format::F32, Format::F16, Format::Bf16, Format::Q8_0];

/// An engine for each family of instructions that this processor has.
pub fn engines() -> Vec<(Instructions, Engine)> {
    let all = [Instructions::Portable, Instructions::Avx2, Instructions::Avx512];
    let engine = |instructions| match Engine::cpu(Options { threads: Some(2), instructions: Some(instructions) }) {
        Ok(engine) => Some((instructions, engine)),
        Err(EngineError::Instructions { wanted, found }) => {
            assert!(wanted == instructions && found < wanted);
            None
        }
        Err(error) => panic!("{error}"),
    };
    let engines: Vec<_> = all.into_iter().filter_map(engine).collect();
    assert!(!engines.is_empty(), "every processor runs the portable kernels");
    engines
}
