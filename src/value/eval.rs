//! Evaluation of resolved expressions.
//!
//! Types were checked, so what can still go wrong is the world (a file is not there), a value that
//! is not known, or data of the wrong form; each is an [`EvalError`] in the user's words.

use std::cmp::Ordering;

use regex::RegexBuilder;
use thiserror::Error;

use super::expr::ListPart;
use super::{BinaryOperator, BindingId, Expr, Function, NodeId, StepId, Value};

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvalError {
    /// It cannot be known yet: an output of a step that has not run, in a dry-run.
    #[error("{0} is not known yet")]
    Unknown(String),
    #[error("{0}")]
    Failed(String),
}

impl EvalError {
    pub fn failed(why: impl Into<String>) -> Self {
        Self::Failed(why.into())
    }
}

/// What an expression may ask of its surroundings.
pub trait Scope {
    /// A param's or let's value.
    ///
    /// # Errors
    /// Where a let cannot be evaluated.
    fn binding(&self, id: &BindingId) -> Result<Value, EvalError>;

    /// The current item of the step's `foreach`.
    ///
    /// # Errors
    /// Outside of an instance.
    fn item(&self, name: &str) -> Result<Value, EvalError>;

    /// An output of the instance that the current item came from.
    ///
    /// # Errors
    /// Where that instance gave none.
    fn item_output(&self, item: &str, output: &str) -> Result<Value, EvalError>;

    /// A step's output.
    ///
    /// # Errors
    /// Where the step has not given it.
    fn output(&self, step: &StepId, output: &str) -> Result<Value, EvalError>;

    /// The word for how a step or goal ended.
    ///
    /// # Errors
    /// Where it has not ended.
    fn status(&self, node: &NodeId) -> Result<String, EvalError>;

    /// The fallback by which a step succeeded, or nothing.
    ///
    /// # Errors
    /// Where the step has not ended.
    fn via(&self, step: &StepId) -> Result<String, EvalError>;

    /// An environment variable of the caller's.
    fn env(&self, name: &str) -> Option<String>;

    /// The sorted paths that a pattern matches.
    ///
    /// # Errors
    /// Where the pattern is malformed or the folder cannot be read.
    fn glob(&self, pattern: &str) -> Result<Vec<String>, EvalError>;

    fn exists(&self, path: &str) -> bool;

    /// A file's text.
    ///
    /// # Errors
    /// Where the file cannot be read or is not UTF-8.
    fn read(&self, path: &str) -> Result<String, EvalError>;
}

/// The value of an expression.
///
/// # Errors
/// See [`EvalError`].
pub fn evaluate(expr: &Expr, scope: &dyn Scope) -> Result<Value, EvalError> {
    match expr {
        Expr::Literal(value) => Ok(value.clone()),
        Expr::Binding(id) => scope.binding(id),
        Expr::Item(name) => scope.item(name),
        Expr::ItemOutput { item, output } => scope.item_output(item, output),
        Expr::Output { step, output } => scope.output(step, output),
        Expr::Status(node) => scope.status(node).map(Value::Text),
        Expr::Via(step) => scope.via(step).map(Value::Text),
        Expr::Template(parts) => template(parts, scope),
        Expr::List(parts) => list(parts, scope),
        Expr::Call { function, arguments } => call(*function, arguments, scope),
        Expr::Not(inner) => Ok(Value::Bool(!truth(&evaluate(inner, scope)?)?)),
        Expr::Binary { operator, left, right } => binary(*operator, left, right, scope),
    }
}

fn template(parts: &[Expr], scope: &dyn Scope) -> Result<Value, EvalError> {
    let mut text = String::new();
    let mut secret = false;
    for part in parts {
        let value = evaluate(part, scope)?;
        secret |= value.is_secret();
        text.push_str(&value.to_text());
    }
    Ok(text_value(text, secret))
}

fn text_value(text: String, secret: bool) -> Value {
    if secret { Value::Secret { hidden: text } } else { Value::Text(text) }
}

fn list(parts: &[ListPart], scope: &dyn Scope) -> Result<Value, EvalError> {
    let mut items = Vec::with_capacity(parts.len());
    for part in parts {
        match (part, evaluate(part.expr(), scope)?) {
            (ListPart::Spread(_), Value::List(more)) => items.extend(more),
            (ListPart::Spread(_), other) => {
                return Err(EvalError::failed(format!(
                    "... needs a list, and this is {}",
                    other.kind()
                )));
            }
            (ListPart::One(_), value) => items.push(value),
        }
    }
    Ok(Value::List(items))
}

fn truth(value: &Value) -> Result<bool, EvalError> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        other => Err(EvalError::failed(format!(
            "a condition must be true or false, and this is {}",
            other.kind()
        ))),
    }
}

fn binary(
    operator: BinaryOperator,
    left: &Expr,
    right: &Expr,
    scope: &dyn Scope,
) -> Result<Value, EvalError> {
    let first = evaluate(left, scope)?;
    match operator {
        BinaryOperator::And if !truth(&first)? => return Ok(Value::Bool(false)),
        BinaryOperator::Or if truth(&first)? => return Ok(Value::Bool(true)),
        _ => {}
    }
    let second = evaluate(right, scope)?;
    let holds = match operator {
        BinaryOperator::And | BinaryOperator::Or => truth(&second)?,
        BinaryOperator::Equal => equal(&first, &second),
        BinaryOperator::NotEqual => !equal(&first, &second),
        BinaryOperator::In => contains(&second, &first)?,
        BinaryOperator::Less => compare(&first, &second)? == Ordering::Less,
        BinaryOperator::LessEqual => compare(&first, &second)? != Ordering::Greater,
        BinaryOperator::Greater => compare(&first, &second)? == Ordering::Greater,
        BinaryOperator::GreaterEqual => compare(&first, &second)? != Ordering::Less,
    };
    Ok(Value::Bool(holds))
}

fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Text(_) | Value::Secret { .. }, Value::Text(_) | Value::Secret { .. }) => {
            a.to_text() == b.to_text()
        }
        _ => number(a)
            .zip(number(b))
            .map_or(a == b, |(a, b)| a.partial_cmp(&b) == Some(Ordering::Equal)),
    }
}

/// As a number, where it is an int or a number; an int of more than 53 bits loses its last ones.
#[allow(clippy::cast_precision_loss)]
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(int) => Some(*int as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

fn compare(a: &Value, b: &Value) -> Result<Ordering, EvalError> {
    let unordered = || EvalError::failed(format!("{} and {} have no order", a.kind(), b.kind()));
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Ok(a.cmp(b)),
        (Value::Duration { length: a }, Value::Duration { length: b }) => Ok(a.cmp(b)),
        (Value::Size { bytes: a }, Value::Size { bytes: b }) => Ok(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Ok(a.cmp(b)),
        _ => number(a).zip(number(b)).and_then(|(a, b)| a.partial_cmp(&b)).ok_or_else(unordered),
    }
}

/// `item in list`, and `text in text` for a part of it.
fn contains(whole: &Value, part: &Value) -> Result<bool, EvalError> {
    match whole {
        Value::List(items) => Ok(items.iter().any(|item| equal(item, part))),
        Value::Text(_) | Value::Secret { .. } => Ok(whole.to_text().contains(&part.to_text())),
        other => Err(EvalError::failed(format!("in needs a list, and this is {}", other.kind()))),
    }
}

fn call(function: Function, arguments: &[Expr], scope: &dyn Scope) -> Result<Value, EvalError> {
    if function == Function::If {
        let chosen = if truth(&evaluate(&arguments[0], scope)?)? { 1 } else { 2 };
        return evaluate(&arguments[chosen], scope);
    }
    if function == Function::Env {
        return env(arguments, scope);
    }
    let values =
        arguments.iter().map(|each| evaluate(each, scope)).collect::<Result<Vec<_>, _>>()?;
    let secret = values.iter().any(Value::is_secret);
    let text = |at: usize| values.get(at).map(Value::to_text).unwrap_or_default();
    let texts = |parts: Vec<String>| {
        Value::List(parts.into_iter().map(|p| text_value(p, secret)).collect())
    };
    Ok(match function {
        Function::If | Function::Env => unreachable!("evaluated above, lazily"),
        Function::Glob => texts(scope.glob(&text(0))?),
        Function::Exists => Value::Bool(scope.exists(&text(0))),
        Function::Read => text_value(scope.read(&text(0))?, secret),
        Function::Lines => texts(text(0).lines().map(str::to_owned).collect()),
        Function::Json => json(&text(0), &text(1), secret)?,
        Function::Range => range(&values)?,
        Function::Len => length(&values[0]),
        Function::Join => text_value(join(&values[0], &text(1)), secret),
        Function::Split => texts(split(&text(0), &text(1))),
        Function::Replace => text_value(text(0).replace(&text(1), &text(2)), secret),
        Function::Matches => Value::Bool(matches_whole(&text(0), &text(1))?),
        Function::Trim => text_value(text(0).trim().to_owned(), secret),
        Function::Lower => text_value(text(0).to_lowercase(), secret),
        Function::Upper => text_value(text(0).to_uppercase(), secret),
        Function::Os => Value::text(std::env::consts::OS),
        Function::Arch => Value::text(std::env::consts::ARCH),
    })
}

fn env(arguments: &[Expr], scope: &dyn Scope) -> Result<Value, EvalError> {
    let name = evaluate(&arguments[0], scope)?.to_text();
    match (scope.env(&name), arguments.get(1)) {
        (Some(value), _) => Ok(Value::Text(value)),
        (None, Some(default)) => evaluate(default, scope),
        (None, None) => {
            Err(EvalError::failed(format!("the environment variable {name} is not set")))
        }
    }
}

fn json(text: &str, pointer: &str, secret: bool) -> Result<Value, EvalError> {
    let whole: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| EvalError::failed(format!("this is not JSON: {error}")))?;
    let found = whole
        .pointer(pointer)
        .ok_or_else(|| EvalError::failed(format!("nothing is at {pointer:?} in the JSON")))?;
    let value = Value::from_json(found, &super::Type::Any).map_err(EvalError::Failed)?;
    Ok(if secret { Value::Secret { hidden: value.to_text() } } else { value })
}

/// A list longer than this is refused, so that `range(0, 1e18)` cannot take all memory.
const LONGEST_RANGE: i64 = 10_000_000;

fn range(values: &[Value]) -> Result<Value, EvalError> {
    let (Some(Value::Int(from)), Some(Value::Int(to))) = (values.first(), values.get(1)) else {
        return Err(EvalError::failed("range needs two ints"));
    };
    if to.saturating_sub(*from) > LONGEST_RANGE {
        return Err(EvalError::failed(format!("a range has at most {LONGEST_RANGE} items")));
    }
    Ok(Value::List((*from..*to).map(Value::Int).collect()))
}

fn length(value: &Value) -> Value {
    let count = match value {
        Value::List(items) => items.len(),
        other => other.to_text().chars().count(),
    };
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn join(list: &Value, separator: &str) -> String {
    match list {
        Value::List(items) => items.iter().map(Value::to_text).collect::<Vec<_>>().join(separator),
        other => other.to_text(),
    }
}

/// An empty separator cuts between characters; an empty text has no parts.
fn split(text: &str, separator: &str) -> Vec<String> {
    match (text, separator) {
        ("", _) => Vec::new(),
        (text, "") => text.chars().map(String::from).collect(),
        (text, separator) => text.split(separator).map(str::to_owned).collect(),
    }
}

fn whole(pattern: &str) -> Result<regex::Regex, regex::Error> {
    RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(1 << 20).build()
}

/// Why a pattern of files cannot be read, if it cannot.
pub fn glob_fault(pattern: &str) -> Option<String> {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
    let read = globset::GlobBuilder::new(pattern).literal_separator(true).build();
    read.err().map(|error| error.kind().to_string())
}

/// Why a text is no regular expression; `None` where it is one.
pub fn pattern_fault(pattern: &str) -> Option<String> {
    Some(match whole(pattern).err()? {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        other => other.to_string().lines().last().unwrap_or_default().replacen("error: ", "", 1),
    })
}

/// Whether a regular expression matches the whole of a text. The `regex` crate is linear in the
/// text, so no pattern can hang a run.
///
/// # Errors
/// Where the pattern is no regular expression.
pub fn matches_whole(text: &str, pattern: &str) -> Result<bool, EvalError> {
    whole(pattern).map(|regex| regex.is_match(text)).map_err(|error| {
        EvalError::failed(format!("{pattern:?} is not a regular expression: {error}"))
    })
}
