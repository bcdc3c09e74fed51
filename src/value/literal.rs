//! Literals: numbers, durations, sizes and percentages, from their text.

use std::time::Duration;

/// A literal that is no string.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Literal {
    Bool(bool),
    Int(i64),
    Number(f64),
    Duration(Duration),
    /// Bytes.
    Size(u64),
    /// `80%` is 80.0.
    Percent(f64),
}

/// Why a text that starts like a number is no literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiteralError {
    /// The letters behind the digits are no unit.
    UnknownUnit,
    /// Larger than goalc can hold.
    TooLarge,
    /// Digits or `_` or `.` in the wrong place.
    Malformed,
}

/// Reads a number with or without a unit: `42`, `1_000`, `2.5`, `-3`, `1h30m`, `512KiB`, `80%`.
///
/// # Errors
/// Says why the text is no literal.
pub fn parse_number(text: &str) -> Result<Literal, LiteralError> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '_' && c != '.');
    let (digits, unit) = unsigned.split_at(end.unwrap_or(unsigned.len()));
    let negative = unsigned.len() != text.len();
    match unit {
        "" => plain_number(digits, negative),
        "%" if !negative => Ok(Literal::Percent(decimal(digits)?)),
        _ if negative => Err(LiteralError::Malformed),
        _ if unit.contains('B') => parse_size(unsigned).map(Literal::Size),
        _ => parse_duration(unsigned).map(Literal::Duration),
    }
}

fn plain_number(digits: &str, negative: bool) -> Result<Literal, LiteralError> {
    if digits.contains('.') {
        let number = decimal(digits)?;
        return Ok(Literal::Number(if negative { -number } else { number }));
    }
    let clean = clean_digits(digits)?;
    let signed = if negative { format!("-{clean}") } else { clean };
    signed.parse().map(Literal::Int).map_err(|_| LiteralError::TooLarge)
}

fn clean_digits(digits: &str) -> Result<String, LiteralError> {
    let shaped = digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && !digits.contains("__");
    if shaped { Ok(digits.replace('_', "")) } else { Err(LiteralError::Malformed) }
}

fn decimal(digits: &str) -> Result<f64, LiteralError> {
    let clean = clean_digits(digits)?;
    let number: f64 = clean.parse().map_err(|_| LiteralError::Malformed)?;
    if number.is_finite() { Ok(number) } else { Err(LiteralError::TooLarge) }
}

/// Splits `1h30m` into (digits, unit) pairs.
fn quantities(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '_' && c != '.');
        let (number, tail) = rest.split_at(digits.unwrap_or(rest.len()));
        let unit_end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        rest = tail;
        Some((number, unit))
    })
}

/// The units of a duration, in milliseconds.
pub const DURATION_UNITS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// The units of a size, in bytes.
pub const SIZE_UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("KB", 1_000),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Reads a duration: `250ms`, `5s`, `10m`, `2h`, `1d`, also joined as `1h30m`. The longest is
/// some 292 million years; finer than a millisecond is rounded up.
///
/// # Errors
/// Says why the text is no duration.
pub fn parse_duration(text: &str) -> Result<Duration, LiteralError> {
    let mut total: u64 = 0;
    for (number, unit) in quantities(text) {
        let scale = scale_of(unit, DURATION_UNITS)?;
        total = total.checked_add(scaled(number, scale)?).ok_or(LiteralError::TooLarge)?;
    }
    if text.is_empty() { Err(LiteralError::Malformed) } else { Ok(Duration::from_millis(total)) }
}

/// Reads a size in bytes: `512KiB`, `2GiB`, `10MB`, `1.5GiB`.
///
/// # Errors
/// Says why the text is no size.
pub fn parse_size(text: &str) -> Result<u64, LiteralError> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '_' && c != '.');
    let (number, unit) = text.split_at(digits.unwrap_or(text.len()));
    scaled(number, scale_of(unit, SIZE_UNITS)?)
}

fn scale_of(unit: &str, units: &[(&str, u64)]) -> Result<u64, LiteralError> {
    let known = units.iter().find(|(word, _)| *word == unit);
    known.map(|(_, scale)| *scale).ok_or(LiteralError::UnknownUnit)
}

fn scaled(number: &str, scale: u64) -> Result<u64, LiteralError> {
    if !number.contains('.') {
        let whole: u64 = clean_digits(number)?.parse().map_err(|_| LiteralError::TooLarge)?;
        return whole.checked_mul(scale).ok_or(LiteralError::TooLarge);
    }
    #[allow(clippy::cast_precision_loss)] // scales are at most 2^40
    let product = (decimal(number)? * scale as f64).ceil();
    #[allow(clippy::cast_precision_loss)]
    if product >= u64::MAX as f64 {
        return Err(LiteralError::TooLarge);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked right above
    Ok(product as u64)
}
