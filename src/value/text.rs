//! Values as text and back: what a script sees, and what it gives.

use std::num::{IntErrorKind, ParseIntError};
use std::time::Duration;

use super::{Literal, Type, Value, parse_number};

impl Value {
    /// As a script, an argument or a page gets it: a duration as its seconds, a size as its bytes,
    /// a list as JSON. A secret's own text: mask what may be seen.
    pub fn to_text(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(text) => text.clone(),
            Self::Secret { hidden } => hidden.clone(),
            Self::List(_) => self.to_json().to_string(),
            Self::Duration { length } => duration_seconds(*length),
            Self::Size { bytes } => bytes.to_string(),
        }
    }

    /// As plain JSON: a duration is its seconds, a size its bytes. A secret's own text.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Number(value) => (*value).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Secret { hidden } => hidden.as_str().into(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Duration { length } => length.as_secs_f64().into(),
            Self::Size { bytes } => (*bytes).into(),
        }
    }

    /// As plain JSON with each secret as `***`: what reports and records show.
    pub fn to_public_json(&self) -> serde_json::Value {
        match self {
            Self::Secret { .. } => "***".into(),
            Self::List(items) => items.iter().map(Self::to_public_json).collect(),
            other => other.to_json(),
        }
    }
}

fn duration_seconds(length: Duration) -> String {
    let whole = length.as_secs();
    match length.subsec_millis() {
        0 => whole.to_string(),
        millis => format!("{whole}.{millis:03}").trim_end_matches('0').to_owned(),
    }
}

/// A duration for people: `1h30m`, `5s`, `250ms`, `0s`; the form that the language reads.
pub fn duration_text(length: Duration) -> String {
    let mut rest = length.as_millis();
    let mut text = String::new();
    for (unit, scale) in
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)]
    {
        if rest >= scale {
            text += &(rest / scale).to_string();
            text += unit;
            rest %= scale;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// A size for people: `1.5GiB`, `512KiB`, `10B`.
pub fn size_text(bytes: u64) -> String {
    let (unit, scale) = [("TiB", 1u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        .into_iter()
        .find(|(_, scale)| bytes >= *scale)
        .unwrap_or(("B", 1));
    #[allow(clippy::cast_precision_loss)] // one decimal is shown
    let number = bytes as f64 / scale as f64;
    let text = format!("{number:.1}");
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

/// Reads a value of a type from text: an output line, `--param`, an environment variable. The
/// exact inverse of [`Value::to_text`]; durations and sizes may also carry their units.
///
/// # Errors
/// Says in the user's words what was wanted; the text itself is not in the message, as it may be
/// a secret.
pub fn read_text(text: &str, wanted: &Type) -> Result<Value, String> {
    let wrong = |want: &str| Err(format!("is not {want}"));
    match wanted {
        Type::String | Type::Path | Type::Any => Ok(Value::text(text)),
        Type::Secret => Ok(Value::secret(text)),
        Type::OneOf(words) if words.iter().any(|word| word == text) => Ok(Value::text(text)),
        Type::OneOf(_) => wrong(&format!("one of {wanted}")),
        Type::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => wrong("true or false"),
        },
        Type::Int => read_int(text.trim()),
        Type::Number => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Number(number)),
            _ => wrong("a number, as 2.5"),
        },
        Type::Duration => {
            read_duration(text).map_or_else(|| wrong("a duration, as 90s or 1h30m"), Ok)
        }
        Type::Size => read_size(text).map_or_else(|| wrong("a size, as 512MiB"), Ok),
        Type::List(item) => read_list(text, item),
    }
}

fn read_int(text: &str) -> Result<Value, String> {
    text.parse().map(Value::Int).map_err(|wrong: ParseIntError| match wrong.kind() {
        IntErrorKind::PosOverflow => format!("is too large: an int goes up to {}", i64::MAX),
        IntErrorKind::NegOverflow => format!("is too small: an int goes down to {}", i64::MIN),
        _ => "is not an int, as 42".to_owned(),
    })
}

fn read_duration(text: &str) -> Option<Value> {
    let length = match parse_number(text.trim()).ok()? {
        Literal::Duration(length) => length,
        Literal::Int(seconds) => Duration::from_secs(u64::try_from(seconds).ok()?),
        Literal::Number(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        _ => return None,
    };
    Some(Value::duration(length))
}

fn read_size(text: &str) -> Option<Value> {
    match parse_number(text.trim()).ok()? {
        Literal::Size(bytes) => Some(Value::size(bytes)),
        Literal::Int(bytes) => u64::try_from(bytes).ok().map(Value::size),
        _ => None,
    }
}

fn read_list(text: &str, item: &Type) -> Result<Value, String> {
    let json: serde_json::Value = serde_json::from_str(text)
        .map_err(|_| "is not a list in JSON, as [\"a\", \"b\"]".to_owned())?;
    Value::from_json(&json, &Type::list(item.clone()))
}

impl Value {
    /// Reads a value of a type from plain JSON.
    ///
    /// # Errors
    /// Says in the user's words what was wanted.
    pub fn from_json(json: &serde_json::Value, wanted: &Type) -> Result<Self, String> {
        use serde_json::Value as Json;
        match (wanted, json) {
            (Type::List(item), Json::Array(items)) => items
                .iter()
                .map(|each| Self::from_json(each, item))
                .collect::<Result<_, _>>()
                .map(Self::List),
            (Type::List(_), _) => Err("is not a list".to_owned()),
            (Type::Any, Json::Array(_)) => Self::from_json(json, &Type::list(Type::Any)),
            (Type::Any, Json::Number(number)) => Ok(number
                .as_i64()
                .map_or_else(|| Self::Number(number.as_f64().unwrap_or_default()), Self::Int)),
            (Type::Any, Json::Null | Json::Object(_)) => Ok(Self::text(json.to_string())),
            (Type::Any | Type::Bool, Json::Bool(value)) => Ok(Self::Bool(*value)),
            (_, Json::String(text)) => read_text(text, wanted),
            (Type::Int | Type::Number | Type::Duration | Type::Size, Json::Number(number)) => {
                read_text(&number.to_string(), wanted)
            }
            _ => Err(format!("is not of type {wanted}")),
        }
    }
}
