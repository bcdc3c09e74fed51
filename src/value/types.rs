//! What values there are, and the types that they have.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The type of a param, let, output or expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Type {
    String,
    Int,
    Number,
    Bool,
    Duration,
    Size,
    Path,
    /// Text that never shows.
    Secret,
    List(Box<Type>),
    /// One of these words: `"a" | "b"`.
    OneOf(Vec<String>),
    /// Known only when the step runs, as what `json()` finds.
    Any,
}

impl Type {
    pub fn list(item: Self) -> Self {
        Self::List(Box::new(item))
    }

    /// The words of a step's end, as `migrate.status` gives them.
    pub fn status() -> Self {
        let words = ["succeeded", "failed", "skipped", "blocked", "cancelled", "not-run"];
        Self::OneOf(words.map(str::to_owned).to_vec())
    }

    /// Text of one kind or another: string, path, an enumeration's word.
    pub fn is_textual(&self) -> bool {
        matches!(self, Self::String | Self::Path | Self::OneOf(_) | Self::Any)
    }

    /// Whether a value of type `other` may stand where this type is wanted.
    pub fn accepts(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) | (Self::Number, Self::Int) => true,
            (Self::String | Self::Path, other) => other.is_textual(),
            (Self::Secret, other) => other.is_textual() || *other == Self::Secret,
            (Self::List(mine), Self::List(theirs)) => mine.accepts(theirs),
            (Self::OneOf(mine), Self::OneOf(theirs)) => theirs.iter().all(|w| mine.contains(w)),
            _ => self == other,
        }
    }

    /// Whether a value of this type holds a secret anywhere.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Secret => true,
            Self::List(item) => item.is_secret(),
            _ => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("string"),
            Self::Int => f.write_str("int"),
            Self::Number => f.write_str("number"),
            Self::Bool => f.write_str("bool"),
            Self::Duration => f.write_str("duration"),
            Self::Size => f.write_str("size"),
            Self::Path => f.write_str("path"),
            Self::Secret => f.write_str("secret"),
            Self::List(item) => write!(f, "[{item}]"),
            Self::OneOf(words) => {
                let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
                f.write_str(&quoted.join(" | "))
            }
            Self::Any => f.write_str("any"),
        }
    }
}

/// A value. In JSON a duration is `{"duration": seconds}` and a size `{"size": bytes}`, so that
/// each reads back as what it was; a secret is written as `***` and does not read back.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Duration {
        #[serde(rename = "duration", with = "seconds")]
        #[schemars(with = "f64")]
        length: Duration,
    },
    Size {
        #[serde(rename = "size")]
        bytes: u64,
    },
    Secret {
        #[serde(rename = "secret", serialize_with = "mask")]
        hidden: String,
    },
}

/// A secret's serialised form, whatever it is.
fn mask<S: serde::Serializer>(_: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("***")
}

/// Durations as seconds, with milliseconds as decimals.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(length: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(length.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let seconds = f64::deserialize(from)?;
        Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
    }
}

impl Value {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn secret(text: impl Into<String>) -> Self {
        Self::Secret { hidden: text.into() }
    }

    /// The value with what its declared type says hidden: texts that are secrets, also in lists.
    #[must_use]
    pub fn hidden(self, declared: &Type) -> Self {
        match (declared, self) {
            (Type::Secret, value) if !value.is_secret() => Self::secret(value.to_text()),
            (Type::List(item), Self::List(values)) => {
                Self::List(values.into_iter().map(|value| value.hidden(item)).collect())
            }
            (_, value) => value,
        }
    }

    /// A length of time; what is finer than a millisecond is rounded up.
    pub fn duration(length: Duration) -> Self {
        let rest = length.subsec_nanos() % 1_000_000;
        let more = if rest == 0 { 0 } else { 1_000_000 - rest };
        Self::Duration { length: length.saturating_add(Duration::from_nanos(more.into())) }
    }

    pub fn size(bytes: u64) -> Self {
        Self::Size { bytes }
    }

    /// Whether a secret is in it, at any depth.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Secret { .. } => true,
            Self::List(items) => items.iter().any(Self::is_secret),
            _ => false,
        }
    }

    /// The word for what it is, as messages use it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an int",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Duration { .. } => "a duration",
            Self::Size { .. } => "a size",
            Self::Secret { .. } => "a secret",
        }
    }
}

/// Secrets show as `***`, so that no debug output can leak one.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value:?}"),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Duration { length } => write!(f, "{length:?}"),
            Self::Size { bytes } => write!(f, "{bytes}B"),
            Self::Secret { .. } => f.write_str("***"),
        }
    }
}
