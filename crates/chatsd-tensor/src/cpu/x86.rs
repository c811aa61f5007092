//! Registers of x86-64: 8 floats with AVX2, 16 with AVX-512.

use std::arch::x86_64::*;

use super::lane::{Isa, Kernel, Lane};

/// Compiles a kernel for AVX2.
///
/// # Safety
/// The processor has AVX2, FMA and F16C.
#[target_feature(enable = "avx2,fma,f16c")]
pub(super) unsafe fn avx2<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller's promise.
    kernel.run(unsafe { Isa::<Avx2>::new() })
}

/// Compiles a kernel for AVX-512.
///
/// # Safety
/// The processor has AVX-512 F, BW, VL and DQ besides AVX2, FMA and F16C.
#[target_feature(enable = "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq")]
pub(super) unsafe fn avx512<K: Kernel>(kernel: K) -> K::Output {
    // SAFETY: the caller's promise.
    kernel.run(unsafe { Isa::<Avx512>::new() })
}

/// Methods that calculate in one expression of intrinsics.
macro_rules! methods {
    ($(fn $name:ident($($argument:tt)*) -> Self = $value:expr;)*) => {$(
        #[inline(always)]
        fn $name($($argument)*) -> Self {
            // SAFETY: there is a register of this width, so the processor has its instructions.
            Self(unsafe { $value })
        }
    )*};
}

/// Methods that make a register in one expression of intrinsics.
macro_rules! makers {
    ($(fn $name:ident($($argument:tt)*) -> Self = $value:expr;)*) => {$(
        #[inline(always)]
        unsafe fn $name($($argument)*) -> Self {
            // SAFETY: the caller's promise about the processor and about memory.
            Self(unsafe { $value })
        }
    )*};
}

/// Methods that write memory in one expression of intrinsics.
macro_rules! writers {
    ($(fn $name:ident($($argument:tt)*) = $value:expr;)*) => {$(
        #[inline(always)]
        unsafe fn $name($($argument)*) {
            // SAFETY: the caller's promise about memory; and there is a register of this width, so the processor has its
            // instructions.
            unsafe { $value }
        }
    )*};
}

/// Eight floats.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256);

// SAFETY: `WIDTH` is 8, the loads and stores are of one register, and the field is private.
unsafe impl Lane for Avx2 {
    const WIDTH: usize = 8;
    const ROWS: usize = 6;

    makers! {
        fn splat(value: f32) -> Self = _mm256_set1_ps(value);
        fn load(from: *const f32) -> Self = _mm256_loadu_ps(from);
        fn load_f16(from: *const u8) -> Self = _mm256_cvtph_ps(_mm_loadu_si128(from.cast()));
        fn load_bf16(from: *const u8) -> Self =
            _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(from.cast())), 16));
        fn load_i8(from: *const u8) -> Self = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(from.cast())));
    }

    writers! {
        fn store(self, to: *mut f32) = _mm256_storeu_ps(to, self.0);
    }

    methods! {
        fn add(self, other: Self) -> Self = _mm256_add_ps(self.0, other.0);
        fn sub(self, other: Self) -> Self = _mm256_sub_ps(self.0, other.0);
        fn mul(self, other: Self) -> Self = _mm256_mul_ps(self.0, other.0);
        fn div(self, other: Self) -> Self = _mm256_div_ps(self.0, other.0);
        fn mul_add(self, factor: Self, term: Self) -> Self = _mm256_fmadd_ps(self.0, factor.0, term.0);
        fn max(self, other: Self) -> Self = _mm256_max_ps(self.0, other.0);
        fn min(self, other: Self) -> Self = _mm256_min_ps(self.0, other.0);
        fn round(self) -> Self = _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0);
        // The power of two is made of its exponent bits.
        fn scale(self, n: Self) -> Self = _mm256_mul_ps(
            self.0,
            _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n.0), _mm256_set1_epi32(127)), 23))
        );
    }
}

/// Sixteen floats.
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512);

// SAFETY: `WIDTH` is 16, the loads and stores are of one register or the masked part of it, and the field is private.
unsafe impl Lane for Avx512 {
    const WIDTH: usize = 16;
    const ROWS: usize = 12;

    makers! {
        fn splat(value: f32) -> Self = _mm512_set1_ps(value);
        fn load(from: *const f32) -> Self = _mm512_loadu_ps(from);
        fn load_f16(from: *const u8) -> Self = _mm512_cvtph_ps(_mm256_loadu_si256(from.cast()));
        fn load_bf16(from: *const u8) -> Self =
            _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast())), 16));
        fn load_i8(from: *const u8) -> Self = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(from.cast())));
        fn load_part(from: *const f32, count: usize) -> Self = _mm512_maskz_loadu_ps(first(count), from);
    }

    writers! {
        fn store(self, to: *mut f32) = _mm512_storeu_ps(to, self.0);
        fn store_part(self, to: *mut f32, count: usize) = _mm512_mask_storeu_ps(to, first(count), self.0);
    }

    methods! {
        fn add(self, other: Self) -> Self = _mm512_add_ps(self.0, other.0);
        fn sub(self, other: Self) -> Self = _mm512_sub_ps(self.0, other.0);
        fn mul(self, other: Self) -> Self = _mm512_mul_ps(self.0, other.0);
        fn div(self, other: Self) -> Self = _mm512_div_ps(self.0, other.0);
        fn mul_add(self, factor: Self, term: Self) -> Self = _mm512_fmadd_ps(self.0, factor.0, term.0);
        fn max(self, other: Self) -> Self = _mm512_max_ps(self.0, other.0);
        fn min(self, other: Self) -> Self = _mm512_min_ps(self.0, other.0);
        fn round(self) -> Self = _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0);
        fn scale(self, n: Self) -> Self = _mm512_scalef_ps(self.0, n.0);
    }
}

/// A mask of the first `count < 16` places.
#[inline(always)]
const fn first(count: usize) -> __mmask16 {
    (1 << count) - 1
}
