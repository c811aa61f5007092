//! One register of floats. Every kernel is written once over [`Lane`] and compiled for each instruction set.

use std::marker::PhantomData;

use super::Instructions;

/// Work that [`Available::run`] compiles for a register width. `run` and all it calls must be `inline(always)`, so
/// that it takes on the instructions of its caller.
pub(crate) trait Kernel {
    /// What comes out.
    type Output;
    /// Does the work with registers of kind `L`, which come from `isa`.
    fn run<L: Lane>(self, isa: Isa<L>) -> Self::Output;
}

/// A register of [`Lane::WIDTH`] floats.
///
/// A value stands for its instruction set: the processor that holds one has the instructions. So whoever makes one out
/// of nothing must know that, which is what [`Isa`] is for, and calculating with one is safe.
///
/// # Safety
/// * `WIDTH` divides 16, and `load` and `store` touch no more memory than they say.
/// * No safe code outside of the implementation makes a value but by these methods.
pub(crate) unsafe trait Lane: Copy {
    /// Floats in a register.
    const WIDTH: usize;
    /// Rows of a product's register tile: 2 registers of sums a row, 2 of weights and 1 of inputs must fit.
    const ROWS: usize;

    /// # Safety
    /// The processor has the instructions.
    unsafe fn splat(value: f32) -> Self;
    /// # Safety
    /// The processor has the instructions, and `WIDTH` floats can be read at `from`.
    unsafe fn load(from: *const f32) -> Self;
    /// Reads `WIDTH` half-precision numbers.
    /// # Safety
    /// The processor has the instructions, and `2 · WIDTH` bytes can be read at `from`.
    unsafe fn load_f16(from: *const u8) -> Self;
    /// Reads `WIDTH` bfloat16 numbers.
    /// # Safety
    /// The processor has the instructions, and `2 · WIDTH` bytes can be read at `from`.
    unsafe fn load_bf16(from: *const u8) -> Self;
    /// Reads `WIDTH` signed bytes.
    /// # Safety
    /// The processor has the instructions, and `WIDTH` bytes can be read at `from`.
    unsafe fn load_i8(from: *const u8) -> Self;
    /// The first `count < WIDTH` floats at `from`, then zeros.
    /// # Safety
    /// The processor has the instructions, and `count` floats can be read at `from`.
    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self {
        let mut values = [0.0; 16];
        // SAFETY: the caller's promise, and `count < WIDTH ≤ 16`.
        unsafe {
            std::ptr::copy_nonoverlapping(from, values.as_mut_ptr(), count);
            Self::load(values.as_ptr())
        }
    }

    /// # Safety
    /// `WIDTH` floats can be written at `to`.
    unsafe fn store(self, to: *mut f32);

    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    /// `self · factor + term`; rounded once where the processor can.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The larger; `other` where one is not a number.
    fn max(self, other: Self) -> Self;
    /// The smaller; `other` where one is not a number.
    fn min(self, other: Self) -> Self;
    /// To the nearest integer.
    fn round(self) -> Self;
    /// `self · 2ⁿ` for whole `-126 ≤ n ≤ 127`.
    fn scale(self, n: Self) -> Self;

    /// Writes the first `count < WIDTH` floats.
    /// # Safety
    /// `count` floats can be written at `to`.
    #[inline(always)]
    unsafe fn store_part(self, to: *mut f32, count: usize) {
        let values = self.values();
        // SAFETY: the caller's promise, and `count < WIDTH ≤ 16`.
        unsafe { std::ptr::copy_nonoverlapping(values.as_ptr(), to, count) }
    }

    /// As many of `count` floats as fit.
    /// # Safety
    /// `min(count, WIDTH)` floats can be written at `to`.
    #[inline(always)]
    unsafe fn store_up_to(self, to: *mut f32, count: usize) {
        // SAFETY: the caller's promise.
        unsafe { if count >= Self::WIDTH { self.store(to) } else { self.store_part(to, count) } }
    }

    /// The floats, in the first `WIDTH` places.
    #[inline(always)]
    fn values(self) -> [f32; 16] {
        let mut values = [0.0; 16];
        // SAFETY: `WIDTH ≤ 16`.
        unsafe { self.store(values.as_mut_ptr()) };
        values
    }

    /// The sum of all floats: halves of the register are added until one float is left.
    #[inline(always)]
    fn sum(self) -> f32 {
        let (mut values, mut half) = (self.values(), Self::WIDTH / 2);
        while half > 0 {
            for index in 0..half {
                values[index] += values[half + index];
            }
            half /= 2;
        }
        values[0]
    }

    /// The largest float.
    #[inline(always)]
    fn largest(self) -> f32 {
        let (mut values, mut half) = (self.values(), Self::WIDTH / 2);
        while half > 0 {
            for index in 0..half {
                if values[half + index] > values[index] {
                    values[index] = values[half + index];
                }
            }
            half /= 2;
        }
        values[0]
    }
}

/// The proof that this processor has the instructions of `L`, and the only safe way to its registers. Nothing but
/// [`Available::run`] makes one.
#[derive(Clone, Copy)]
pub(crate) struct Isa<L>(PhantomData<L>);

impl<L: Lane> Isa<L> {
    /// # Safety
    /// The processor has the instructions of `L`.
    #[inline(always)]
    pub(super) const unsafe fn new() -> Self {
        Self(PhantomData)
    }

    /// `value` in every place.
    #[inline(always)]
    pub(crate) fn splat(self, value: f32) -> L {
        // SAFETY: `self` is the proof.
        unsafe { L::splat(value) }
    }

    /// # Safety
    /// `WIDTH` floats can be read at `from`.
    #[inline(always)]
    pub(crate) unsafe fn load(self, from: *const f32) -> L {
        // SAFETY: `self` is the proof, and the caller's promise.
        unsafe { L::load(from) }
    }

    /// Reads `WIDTH` half-precision numbers.
    /// # Safety
    /// `2 · WIDTH` bytes can be read at `from`.
    #[inline(always)]
    pub(crate) unsafe fn load_f16(self, from: *const u8) -> L {
        // SAFETY: `self` is the proof, and the caller's promise.
        unsafe { L::load_f16(from) }
    }

    /// Reads `WIDTH` bfloat16 numbers.
    /// # Safety
    /// `2 · WIDTH` bytes can be read at `from`.
    #[inline(always)]
    pub(crate) unsafe fn load_bf16(self, from: *const u8) -> L {
        // SAFETY: `self` is the proof, and the caller's promise.
        unsafe { L::load_bf16(from) }
    }

    /// Reads `WIDTH` signed bytes.
    /// # Safety
    /// `WIDTH` bytes can be read at `from`.
    #[inline(always)]
    pub(crate) unsafe fn load_i8(self, from: *const u8) -> L {
        // SAFETY: `self` is the proof, and the caller's promise.
        unsafe { L::load_i8(from) }
    }

    /// The first `count < WIDTH` floats at `from`, then zeros.
    /// # Safety
    /// `count` floats can be read at `from`.
    #[inline(always)]
    pub(crate) unsafe fn load_part(self, from: *const f32, count: usize) -> L {
        // SAFETY: `self` is the proof, and the caller's promise.
        unsafe { L::load_part(from, count) }
    }

    /// As many of `count` floats at `from` as fit, then zeros.
    /// # Safety
    /// `min(count, WIDTH)` floats can be read at `from`.
    #[inline(always)]
    pub(crate) unsafe fn load_up_to(self, from: *const f32, count: usize) -> L {
        // SAFETY: `self` is the proof, and the caller's promise.
        unsafe { if count >= L::WIDTH { L::load(from) } else { L::load_part(from, count) } }
    }
}

impl Instructions {
    /// The widest this processor has.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            let avx2 = has!("avx2") && has!("fma") && has!("f16c");
            if avx2 && has!("avx512f") && has!("avx512bw") && has!("avx512vl") && has!("avx512dq") {
                return Self::Avx512;
            }
            if avx2 {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// These, if this processor has them.
    pub(crate) fn available(self) -> Option<Available> {
        (self <= Self::detect()).then_some(Available(self))
    }
}

/// Instructions that this processor has: only [`Instructions::available`] makes one.
#[derive(Clone, Copy)]
pub(crate) struct Available(Instructions);

impl Available {
    /// Which they are.
    pub(crate) const fn instructions(self) -> Instructions {
        self.0
    }

    /// Runs a kernel with registers of this width.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            // SAFETY: every processor has what its target always has.
            Instructions::Portable => kernel.run(unsafe { Isa::<Portable>::new() }),
            // SAFETY: these were found on this processor.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { super::x86::avx2(kernel) },
            // SAFETY: these were found on this processor.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { super::x86::avx512(kernel) },
            #[cfg(not(target_arch = "x86_64"))]
            Instructions::Avx2 | Instructions::Avx512 => unreachable!("never detected on this processor"),
        }
    }
}

/// Four floats in an array, which a compiler turns into whatever vectors the target always has.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(crate) struct Portable([f32; 4]);

/// Whether the target always has a fused multiply-add; without it, `f32::mul_add` is a slow library call.
const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

/// 1.5 · 2²³: added to |x| < 2²², it leaves no bits behind the point.
const MAGIC: f32 = 12_582_912.0;

/// A register of the value for each place.
macro_rules! each {
    ($i:ident => $value:expr) => {{
        let mut values = [0.0_f32; 4];
        let mut $i = 0;
        while $i < 4 {
            values[$i] = $value;
            $i += 1;
        }
        Portable(values)
    }};
}

// SAFETY: `WIDTH` is 4, and `load` and `store` touch one array of 4.
unsafe impl Lane for Portable {
    const WIDTH: usize = 4;
    const ROWS: usize = 6;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self(from.cast::<[f32; 4]>().read_unaligned()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn load_f16(from: *const u8) -> Self {
        // SAFETY: the caller's promise.
        let bytes = unsafe { from.cast::<[[u8; 2]; 4]>().read_unaligned() };
        each!(i => half::f16::from_le_bytes(bytes[i]).to_f32())
    }
    #[inline(always)]
    unsafe fn load_bf16(from: *const u8) -> Self {
        // SAFETY: the caller's promise.
        let bytes = unsafe { from.cast::<[[u8; 2]; 4]>().read_unaligned() };
        each!(i => f32::from_bits(u32::from(u16::from_le_bytes(bytes[i])) << 16))
    }
    #[inline(always)]
    unsafe fn load_i8(from: *const u8) -> Self {
        // SAFETY: the caller's promise.
        let bytes = unsafe { from.cast::<[i8; 4]>().read_unaligned() };
        each!(i => f32::from(bytes[i]))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        each!(i => self.0[i] + other.0[i])
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        each!(i => self.0[i] - other.0[i])
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        each!(i => self.0[i] * other.0[i])
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        each!(i => self.0[i] / other.0[i])
    }
    #[inline(always)]
    #[expect(clippy::suboptimal_flops, reason = "without fused instructions the product is rounded first")]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        if FUSED {
            each!(i => self.0[i].mul_add(factor.0[i], term.0[i]))
        } else {
            each!(i => self.0[i] * factor.0[i] + term.0[i])
        }
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        each!(i => if self.0[i] > other.0[i] { self.0[i] } else { other.0[i] })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        each!(i => if self.0[i] < other.0[i] { self.0[i] } else { other.0[i] })
    }
    #[inline(always)]
    fn round(self) -> Self {
        each!(i => (self.0[i] + MAGIC) - MAGIC)
    }
    #[inline(always)]
    fn scale(self, n: Self) -> Self {
        // The lowest bits of `n + MAGIC` are those of the integer n; they become the exponent.
        each!(i => self.0[i] * f32::from_bits((n.0[i] + MAGIC).to_bits().wrapping_add(127) << 23))
    }
}
