//! The standard's arithmetic: 16 bits that saturate, products with 15 places.

/// The sum, saturated.
pub fn add(a: i16, b: i16) -> i16 {
    a.saturating_add(b)
}

/// The difference, saturated.
pub fn sub(a: i16, b: i16) -> i16 {
    a.saturating_sub(b)
}

/// The product, cut off.
pub fn mult(a: i16, b: i16) -> i16 {
    saturate((i32::from(a) * i32::from(b)) >> 15)
}

/// The product, rounded.
pub fn mult_r(a: i16, b: i16) -> i16 {
    saturate((i32::from(a) * i32::from(b) + (1 << 14)) >> 15)
}

/// The nearest value of 16 bits.
pub fn saturate(value: i32) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// Shifted left, or right where the count is negative.
pub fn shift_left(a: i16, count: i16) -> i16 {
    if count < 0 { shift_right(a, -count) } else { a.checked_shl(count as u32).unwrap_or(0) }
}

/// Shifted right, keeping the sign, or left where the count is negative.
pub fn shift_right(a: i16, count: i16) -> i16 {
    if count < 0 { shift_left(a, -count) } else { a >> count.min(15) }
}

/// Shifts to the left that a value other than 0 can bear.
pub fn norm(value: i32) -> i16 {
    let magnitude = if value < 0 { !value } else { value };
    magnitude.leading_zeros() as i16 - 1
}

/// The quotient of 0 ≤ a ≤ b, 15 places.
pub fn div(a: i16, b: i16) -> i16 {
    if a == 0 {
        return 0;
    }
    let (mut rest, divisor) = (i32::from(a), i32::from(b));
    let mut quotient = 0;
    for _ in 0..15 {
        quotient <<= 1;
        rest <<= 1;
        if rest >= divisor {
            rest -= divisor;
            quotient += 1;
        }
    }
    quotient
}
