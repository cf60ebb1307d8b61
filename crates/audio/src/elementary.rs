//! The elementary functions (logarithms, powers, angles, rounding down) for the whole binary, in place of the C
//! library's.
//!
//! glibc has several of each and takes one by the processor (with fused multiply-add or without); they
//! round differently now and then, and other C libraries have others again. Encoders, decoders and the
//! resampler call these functions, so bytes would depend on the machine. Rust's own methods (`f64::ln`,
//! `f32::powf`) and the C code that is linked in (LAME) call them by the names of C, which are given here
//! to functions that consist of plain additions and multiplications: the linker takes a binary's own
//! functions first.
//!
//! Why the unsafe attribute here is sound: each function has the name, the argument types and the meaning
//! that the C standard gives it (`sincos` and `sincosf`: that glibc gives it), so whoever means the C
//! library's gets what it promises.
#![allow(unsafe_code)]

macro_rules! in_place_of_c {
    ($($name:ident($($argument:ident),+): $float:ty;)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: $float),+) -> $float {
            libm::$name($($argument),+)
        }
    )*};
}

in_place_of_c! {
    acos(x): f64;
    asin(x): f64;
    atan(x): f64;
    atan2(y, x): f64;
    cos(x): f64;
    cosh(x): f64;
    exp(x): f64;
    exp2(x): f64;
    expm1(x): f64;
    log(x): f64;
    log10(x): f64;
    log1p(x): f64;
    log2(x): f64;
    pow(x, y): f64;
    sin(x): f64;
    sinh(x): f64;
    tan(x): f64;
    tanh(x): f64;
    atan2f(y, x): f32;
    atanf(x): f32;
    cosf(x): f32;
    exp2f(x): f32;
    expf(x): f32;
    log10f(x): f32;
    log2f(x): f32;
    logf(x): f32;
    powf(x, y): f32;
    sinf(x): f32;
    tanf(x): f32;
}

#[unsafe(no_mangle)]
extern "C" fn sincos(x: f64, sine: &mut f64, cosine: &mut f64) {
    (*sine, *cosine) = libm::sincos(x);
}

#[unsafe(no_mangle)]
extern "C" fn sincosf(x: f32, sine: &mut f32, cosine: &mut f32) {
    (*sine, *cosine) = libm::sincosf(x);
}

/// What SSE2 has no instruction for, and the compiler's own library goes a longer way for; any other gives the
/// same bits.
#[unsafe(no_mangle)]
extern "C" fn floorf(x: f32) -> f32 {
    // From here on all floats are whole, and NaN is NaN.
    const WHOLE: f32 = 8_388_608.0;
    if x.abs() < WHOLE {
        let towards_zero = x as i32 as f32;
        let below = if towards_zero > x { towards_zero - 1.0 } else { towards_zero };
        below.copysign(x)
    } else {
        x
    }
}

#[cfg(test)]
mod tests {
    use super::floorf;
    use std::hint::black_box;

    #[test]
    fn the_methods_of_floats_are_these_functions() {
        for step in 1..20_000 {
            let x = black_box(f64::from(step) * 0.013);
            let narrow = x as f32;
            let ours = [
                libm::log(x),
                libm::exp(-x),
                libm::pow(x, 1.7),
                libm::sin(x),
                libm::cos(x),
                libm::log10(x),
            ];
            let theirs = [x.ln(), (-x).exp(), x.powf(1.7), x.sin_cos().0, x.cos(), x.log10()];
            assert_eq!(theirs.map(f64::to_bits), ours.map(f64::to_bits), "{x}");
            let ours = [libm::expf(-narrow), libm::powf(narrow, 0.3), libm::log2f(narrow)];
            let theirs = [(-narrow).exp(), narrow.powf(0.3), narrow.log2()];
            assert_eq!(theirs.map(f32::to_bits), ours.map(f32::to_bits), "{x}");
        }
    }

    #[test]
    fn the_whole_number_below_has_the_bits_that_the_standard_says() {
        let bits = (0..=u32::MAX).step_by(4099).map(f32::from_bits);
        let edges = [
            0.0,
            0.5,
            1.0,
            1.5,
            8_388_607.5,
            8_388_608.0,
            f32::INFINITY,
            f32::NAN,
            f32::MIN_POSITIVE,
        ];
        for x in bits.chain(edges).chain(edges.map(|edge| -edge)) {
            assert_eq!(floorf(x).to_bits(), libm::floorf(x).to_bits(), "{x}");
            assert_eq!(black_box(x).floor().to_bits(), libm::floorf(x).to_bits(), "{x}");
        }
    }
}
