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

/// Whether a duration says parts of a millisecond.
pub fn is_too_fine(duration: &str) -> bool {
    quantities(duration).any(|(number, unit)| {
        let scaled = scale_of(unit, DURATION_UNITS).and_then(|scale| scaled_part(number, scale));
        scaled.is_ok_and(|(_, exact)| !exact)
    })
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
    let (whole, _) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = clean_digits(whole)?.parse().map_err(|_| LiteralError::TooLarge)?;
    let (part, _) = scaled_part(number, scale)?;
    let whole = whole.checked_mul(scale).ok_or(LiteralError::TooLarge)?;
    whole.checked_add(part).ok_or(LiteralError::TooLarge)
}

/// So many digits behind the point are computed with; what is behind them is finer than any unit.
const PLACES: usize = 18;

/// What stands behind a number's point, rounded up to a whole, and whether nothing was rounded: in
/// whole numbers, as `1.1` has no value of its own among those of a machine.
fn scaled_part(number: &str, scale: u64) -> Result<(u64, bool), LiteralError> {
    let Some((_, part)) = number.split_once('.') else { return Ok((0, true)) };
    let digits = clean_digits(part)?;
    let digits = digits.trim_end_matches('0');
    let (near, far) = digits.split_at(digits.len().min(PLACES));
    if near.is_empty() {
        return Ok((0, true));
    }
    let part: u128 = near.parse().map_err(|_| LiteralError::Malformed)?;
    let one = near.bytes().fold(1u128, |one, _| one * 10);
    let product = part * u128::from(scale);
    let exact = product.is_multiple_of(one) && far.is_empty();
    let below = u64::try_from(product / one).map_err(|_| LiteralError::TooLarge)?;
    Ok((if exact { below } else { below.saturating_add(1) }, exact))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_unit_are_as_written() {
        for (text, millis) in [("1.1m", 66_000), ("4.35s", 4_350), ("0.5ms", 1), ("1.0005s", 1_001)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse_size("1.5GiB"), Ok(3 << 29));
        for wrong in ["1.s", ".5s", "1..5s", "1.2.3s"] {
            assert_eq!(parse_duration(wrong), Err(LiteralError::Malformed), "{wrong}");
        }
    }

    #[test]
    fn a_millisecond_is_the_finest() {
        for fine in ["0.5ms", "1.0005s", "1h0.0001s", "1.50ms", "0.00000000000000000000001d"] {
            assert!(is_too_fine(fine), "{fine}");
        }
        for whole in ["1ms", "2.250s", "1.1m", "0.5d", "1.0000s", "7"] {
            assert!(!is_too_fine(whole), "{whole}");
        }
    }
}
