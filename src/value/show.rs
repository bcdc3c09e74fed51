//! Resolved expressions as text, for messages.

use std::fmt;

use super::expr::ListPart;
use super::{Expr, Value};

/// As the language would write it, with full paths for names.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => show_value(value, f),
            Self::Binding(id) => write!(f, "{id}"),
            Self::Item(name) => f.write_str(name),
            Self::ItemOutput { item, output } => write!(f, "{item}.{output}"),
            Self::Output { step, output } => write!(f, "{step}.{output}"),
            Self::Status(node) => write!(f, "{node}.status"),
            Self::Via(step) => write!(f, "{step}.via"),
            Self::Template(parts) => show_template(parts, f),
            Self::List(parts) => {
                f.write_str("[")?;
                separated(parts, f)?;
                f.write_str("]")
            }
            Self::Call { function, arguments } => {
                write!(f, "{}(", function.word())?;
                separated(arguments, f)?;
                f.write_str(")")
            }
            Self::Not(inner) => write!(f, "!{inner}"),
            Self::Binary { operator, left, right } => {
                write!(f, "{left} {} {right}", operator.text())
            }
        }
    }
}

impl fmt::Display for ListPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(expr) => write!(f, "{expr}"),
            Self::Spread(expr) => write!(f, "...{expr}"),
        }
    }
}

fn separated<T: fmt::Display>(items: &[T], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        write!(f, "{comma}{item}")?;
    }
    Ok(())
}

fn show_value(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        Value::Duration { length } => f.write_str(&super::duration_text(*length)),
        Value::Size { bytes } => f.write_str(&super::size_text(*bytes)),
        other => write!(f, "{other:?}"),
    }
}

fn show_template(parts: &[Expr], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("\"")?;
    for part in parts {
        match part {
            Expr::Literal(Value::Text(text)) => f.write_str(text)?,
            other => write!(f, "${{{other}}}")?,
        }
    }
    f.write_str("\"")
}
