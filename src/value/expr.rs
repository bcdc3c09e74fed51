//! Resolved expressions: every name in them is known to exist and typed.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Function, Value};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn new(path: impl Into<Arc<str>>) -> Self {
                Self(path.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

id! {
    /// A step by its path from the root goal: `database.migrate`.
    StepId
}
id! {
    /// A goal by its path from the root goal; the root's own is empty.
    GoalId
}
id! {
    /// A param or let by its path from the root goal: `database.url`.
    BindingId
}

impl GoalId {
    /// The file's own goal.
    pub fn root() -> Self {
        Self::new("")
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path of something of this goal's.
    pub fn join(&self, name: &str) -> String {
        if self.is_root() { name.to_owned() } else { format!("{}.{name}", self.0) }
    }
}

/// What can be depended on.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum NodeId {
    Step(StepId),
    Goal(GoalId),
}

impl NodeId {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Step(id) => id.as_str(),
            Self::Goal(id) => id.as_str(),
        }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BinaryOperator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    And,
    Or,
}

impl BinaryOperator {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::In => "in",
            Self::And => "&&",
            Self::Or => "||",
        }
    }
}

/// An expression without names to look up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Expr {
    Literal(Value),
    /// A param or a let.
    Binding(BindingId),
    /// The item of the step's own `foreach`, by its name.
    Item(Arc<str>),
    /// In a pipeline by item: an output of the instance that the item came from.
    ItemOutput {
        item: Arc<str>,
        output: Arc<str>,
    },
    /// A step's output; of a `foreach` step the list of its instances' outputs.
    Output {
        step: StepId,
        output: Arc<str>,
    },
    /// How a step or goal ended.
    Status(NodeId),
    /// The name of the fallback by which a step succeeded; empty where none was needed.
    Via(StepId),
    /// The texts of all parts, joined.
    Template(Vec<Expr>),
    List(Vec<ListPart>),
    Call {
        function: Function,
        arguments: Vec<Expr>,
    },
    Not(Box<Expr>),
    Binary {
        operator: BinaryOperator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
}

/// An item of a list, or all items of another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ListPart {
    One(Expr),
    Spread(Expr),
}

impl Expr {
    /// A literal's value, where the expression is one.
    pub fn as_literal(&self) -> Option<&Value> {
        if let Self::Literal(value) = self { Some(value) } else { None }
    }

    /// Calls `visit` for this expression and all inside it.
    pub fn walk(&self, visit: &mut impl FnMut(&Self)) {
        visit(self);
        match self {
            Self::Template(parts) => parts.iter().for_each(|part| part.walk(visit)),
            Self::List(parts) => parts.iter().for_each(|part| part.expr().walk(visit)),
            Self::Call { arguments, .. } => arguments.iter().for_each(|each| each.walk(visit)),
            Self::Not(inner) => inner.walk(visit),
            Self::Binary { left, right, .. } => {
                left.walk(visit);
                right.walk(visit);
            }
            _ => {}
        }
    }
}

impl ListPart {
    pub fn expr(&self) -> &Expr {
        match self {
            Self::One(expr) | Self::Spread(expr) => expr,
        }
    }
}
