//! What most steps of a plan do not have: it takes a word of room until something is written into it.
//!
//! Reads as the blank value while nothing was written, in JSON too. A plan may have a million steps,
//! and few of them have guards, an environment or a fallback.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Environment, Guards, OutputSpec};
use crate::value::{BindingId, Expr, Value};

/// A value that is most often blank.
#[derive(Clone)]
pub struct Rare<T>(Option<Box<T>>);

/// What a [`Rare`] reads as while nothing was written into it.
pub trait Blank: Default + 'static {
    fn blank() -> &'static Self;

    fn is_blank(&self) -> bool;
}

macro_rules! blank {
    ($($kind:ty),+) => { $(
        impl Blank for $kind {
            fn blank() -> &'static Self {
                static BLANK: LazyLock<$kind> = LazyLock::new(<$kind>::default);
                &BLANK
            }

            fn is_blank(&self) -> bool {
                self == Self::blank()
            }
        }
    )+ };
}

blank!(
    Guards,
    Environment,
    IndexMap<Arc<str>, BindingId>,
    IndexMap<Arc<str>, Expr>,
    IndexMap<Arc<str>, OutputSpec>,
    IndexMap<Arc<str>, Value>,
    IndexMap<Arc<str>, i64>
);

impl<T: 'static> Blank for Vec<T> {
    fn blank() -> &'static Self {
        const { &Self::new() }
    }

    fn is_blank(&self) -> bool {
        self.is_empty()
    }
}

impl<T: 'static> Blank for VecDeque<T> {
    fn blank() -> &'static Self {
        const { &Self::new() }
    }

    fn is_blank(&self) -> bool {
        self.is_empty()
    }
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Rare<T> {
    /// What was written, where something was.
    pub fn written(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }
}

impl<T: Default> Rare<T> {
    /// The value itself.
    pub fn into_inner(self) -> T {
        self.0.map_or_else(T::default, |written| *written)
    }
}

impl<T: Blank> Deref for Rare<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &self.0 {
            Some(written) => written,
            None => T::blank(),
        }
    }
}

impl<T: Blank> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}

#[allow(clippy::into_iter_without_iter)] // `iter` is that of the value itself
impl<'a, T: Blank> IntoIterator for &'a Rare<T>
where
    &'a T: IntoIterator,
{
    type Item = <&'a T as IntoIterator>::Item;
    type IntoIter = <&'a T as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        (**self).into_iter()
    }
}

impl<T: Blank> From<T> for Rare<T> {
    fn from(value: T) -> Self {
        Self((!value.is_blank()).then(|| Box::new(value)))
    }
}

impl<T: Blank + PartialEq> PartialEq for Rare<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Blank + fmt::Debug> fmt::Debug for Rare<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Blank + Serialize> Serialize for Rare<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(to)
    }
}

impl<'de, T: Blank + Deserialize<'de>> Deserialize<'de> for Rare<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self::from)
    }
}

impl<T: JsonSchema> JsonSchema for Rare<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_written_reads_as_blank() {
        let mut env: Rare<Environment> = Rare::default();
        assert!(env.env.is_empty() && env.0.is_none());
        assert_eq!(serde_json::to_string(&env).unwrap(), "{}");
        env.env.insert("A".into(), Expr::List(Vec::new()));
        let read: Rare<Environment> =
            serde_json::from_str(&serde_json::to_string(&env).unwrap()).unwrap();
        assert_eq!(read, env);
        env.env.clear();
        assert_eq!(env, Rare::default());
    }
}
