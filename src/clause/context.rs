//! What lowering a clause may ask of the semantic pass, and what it changes.
//!
//! Knows no scope and no graph: names are resolved by whoever implements [`Context`].

use super::Reference;
use crate::diagnostic::Diagnostic;
use crate::ir;
use crate::syntax;
use crate::value::{BindingId, Expr, NodeId, StepId, Value};

/// The type that an argument must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    Any,
    /// Anything that has a text: all but lists.
    Text,
    String,
    /// A string of a form that is checked where the value is known.
    Written(Form),
    Bool,
    /// A whole number; the lowest allowed is checked where the value is known.
    Int {
        at_least: i64,
    },
    /// A number above zero.
    Number,
    /// A length of time; where `positive`, not zero.
    Duration {
        positive: bool,
    },
    Size,
    List,
    /// An int, or a string of one or more items: what `foreach` and spread take is `List`.
    Port,
    /// The status of an answer by HTTP: three digits.
    Status,
}

/// How a string must be written to mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `HOST:PORT`
    Address,
    /// `http://…` or `https://…`
    Url,
    /// A JSON pointer (RFC 6901): empty, or begun with `/`.
    Pointer,
    /// A SHA-256: 64 digits of base 16.
    Digest,
    /// Numbers with dots between, as `1.2.3`; more may follow the digits of each.
    Version,
}

impl Form {
    /// What a text would have to be, and how to write it; `None` where it is so.
    pub fn lacks(self, text: &str) -> Option<(&'static str, String)> {
        let blank = |c: char| c.is_whitespace() || c.is_control();
        let port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
        let fits = match self {
            Self::Address => {
                text.rsplit_once(':').is_some_and(|(host, end)| !host.is_empty() && port(end))
            }
            Self::Url => {
                let begins = text.split_once("://").is_some_and(|(scheme, rest)| {
                    let web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
                    web && !rest.is_empty() && !rest.starts_with(['/', '?', '#'])
                });
                begins && !text.contains(blank)
            }
            Self::Pointer => text.is_empty() || text.starts_with('/'),
            Self::Digest => {
                let text = text.trim();
                text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            Self::Version => {
                text.trim().trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit())
            }
        };
        let lacks = || match self {
            Self::Address => (
                "is not an address: a host, `:` and a port from 1 to 65535",
                "write it as `\"localhost:5432\"`".to_owned(),
            ),
            Self::Url if text.contains(blank) => {
                ("is not a URL: no white space stands in one", "write `%20` for a space".to_owned())
            }
            Self::Url => {
                ("is not a URL of the web", "begin it with `http://` or `https://`".to_owned())
            }
            Self::Pointer => {
                let bare = text.trim_start_matches(['#', '/']);
                ("is not a JSON pointer: it begins with `/`", format!("write `\"/{bare}\"`"))
            }
            Self::Digest => (
                "is not a SHA-256: 64 digits from `0` to `9` and `a` to `f`",
                "write what `sha256sum FILE` prints first".to_owned(),
            ),
            Self::Version => (
                "is not a version: numbers with dots between",
                "write it as `\"24\"` or `\"1.2.3\"`".to_owned(),
            ),
        };
        (!fits).then(lacks)
    }
}

/// The semantic pass, as lowering sees it. Whatever it cannot resolve it has reported itself.
pub trait Context {
    fn report(&mut self, diagnostic: Diagnostic);

    /// Resolves and types an expression; strings in it are templates. `None`: reported.
    fn expr(&mut self, expr: &syntax::Expr, want: Want) -> Option<Expr>;

    /// As [`Context::expr`], for a place where the value must be known when the plan is checked.
    fn constant(&mut self, expr: &syntax::Expr, want: Want) -> Option<Value>;

    /// A script's text with its `${name}` rewritten, or an argv. `None`: reported.
    fn command(&mut self, command: &syntax::Expr) -> Option<ir::Command>;

    /// The step or goal that a reference names, for an edge. `None`: reported.
    fn node(&mut self, reference: &Reference) -> Option<NodeId>;

    /// As [`Context::node`], where only a step will do.
    fn step(&mut self, reference: &Reference) -> Option<StepId>;

    /// Whether a resource of this name is declared, and its amount where that is known.
    fn resource(&mut self, name: &str) -> Option<Option<i64>>;

    /// The length of `small`, `medium` or `large`, from `goal.toml` or the built-in table.
    fn effort(&self, word: &str) -> std::time::Duration;

    /// The step or goal that a line of a scenario is about; `goal` is the whole goal. `None`: reported.
    fn subject(&mut self, reference: &Reference) -> Option<NodeId>;

    /// The param that a scenario gives a value, and the value. `None`: reported.
    fn param(&mut self, name: &Reference, value: &syntax::Expr) -> Option<(BindingId, Value)>;

    /// Notes that an expression of this clause is a `foreach` over another `foreach` step.
    fn foreach_source(&mut self, items: &syntax::Expr) -> Option<StepId>;
}

/// What a clause stands in, and changes.
#[derive(Debug)]
pub enum Target<'a> {
    Goal(&'a mut ir::Goal),
    Step(&'a mut ir::Step),
    Fallback(&'a mut ir::Attempt),
    Probes(&'a mut Vec<ir::Probe>),
    Limits(&'a mut ir::Limits),
    Executor(&'a mut ir::Placement),
    Actions(&'a mut Vec<ir::Cleanup>),
    Alert(&'a mut Vec<ir::AlertAction>),
    Scenario(&'a mut ir::Scenario),
    /// A webhook's headers: name and value.
    Headers(&'a mut Vec<(Expr, Expr)>),
}

impl Target<'_> {
    /// The guards of a goal or step.
    pub fn guards(&mut self) -> Option<&mut ir::Guards> {
        match self {
            Self::Goal(goal) => Some(&mut goal.guards),
            Self::Step(step) => Some(&mut step.guards),
            _ => None,
        }
    }

    /// The edges of a goal or step.
    pub fn edges(&mut self) -> Option<&mut Vec<ir::Edge>> {
        match self {
            Self::Goal(goal) => Some(&mut goal.edges),
            Self::Step(step) => Some(&mut step.edges),
            _ => None,
        }
    }

    /// The own attempt of a step, or that of a fallback.
    pub fn attempt(&mut self) -> Option<&mut ir::Attempt> {
        match self {
            Self::Step(step) => Some(&mut step.attempt),
            Self::Fallback(attempt) => Some(attempt),
            _ => None,
        }
    }

    pub fn environment(&mut self) -> Option<&mut ir::Environment> {
        match self {
            Self::Goal(goal) => Some(&mut goal.environment),
            _ => self.attempt().map(|attempt| &mut *attempt.environment),
        }
    }
}
