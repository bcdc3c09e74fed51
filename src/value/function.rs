//! The functions of the language: names, signatures and what each is for, declared once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Type;

macro_rules! functions {
    ($($variant:ident $word:literal ($($argument:literal),* $(; $optional:literal)?) $summary:literal;)*) => {
        /// A built-in function.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum Function { $(#[doc = $summary] $variant),* }

        impl Function {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// As it is written.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// One line for hover texts and the documentation.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $summary),* }
            }

            /// The names of the arguments, and how many of them must be there.
            pub fn arguments(self) -> (&'static [&'static str], usize) {
                match self {
                    $(Self::$variant => {
                        let all: &[&str] = &[$($argument,)* $($optional)?];
                        let required: &[&str] = &[$($argument),*];
                        (all, required.len())
                    }),*
                }
            }
        }
    };
}

functions! {
    Env "env" ("name"; "default") "An environment variable of the caller's, or the default";
    Glob "glob" ("pattern") "The files that a pattern matches, sorted; in the plan's folder. A name with a dot in front is matched only by a part with one";
    Exists "exists" ("path") "Whether there is a file or folder";
    Read "read" ("path") "A file's text";
    Lines "lines" ("text") "A text's lines, without their breaks";
    Json "json" ("text", "pointer") "The value at a JSON pointer";
    Range "range" ("from", "to") "The whole numbers from the first up to, but not including, the second";
    Len "len" ("value") "How many items a list has, or characters a text";
    Join "join" ("list", "separator") "A list's items as one text";
    Split "split" ("text", "separator") "A text cut into a list";
    Replace "replace" ("text", "old", "new") "A text with each occurrence replaced";
    Matches "matches" ("text", "pattern") "Whether a regular expression matches the whole text";
    Trim "trim" ("text") "A text without white space at its ends";
    Lower "lower" ("text") "A text in lower case";
    Upper "upper" ("text") "A text in upper case";
    If "if" ("condition", "then", "else") "One value or the other";
    Os "os" () "The operating system, as `linux` or `macos`";
    Arch "arch" () "The kind of processor, as `x86_64` or `aarch64`";
}

/// What a call gives, or which argument is of the wrong type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signature {
    Gives(Type),
    /// The argument's position from 0, and what is wanted there.
    Wants(usize, &'static str),
}

impl Function {
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|function| function.word() == word)
    }

    /// How it is called: `env(name, [default])`.
    pub fn usage(self) -> String {
        let (all, required) = self.arguments();
        let shown: Vec<String> = all
            .iter()
            .enumerate()
            .map(|(at, name)| if at < required { (*name).to_owned() } else { format!("[{name}]") })
            .collect();
        format!("{}({})", self.word(), shown.join(", "))
    }

    /// Whether its result depends on the world outside the plan's own values.
    pub fn looks_outside(self) -> bool {
        matches!(self, Self::Glob | Self::Exists | Self::Read)
    }

    /// Types a call whose number of arguments is right. A secret among the arguments makes a
    /// textual result secret.
    pub fn signature(self, arguments: &[Type]) -> Signature {
        if let Some(wants) = self.first_mismatch(arguments) {
            return wants;
        }
        let result = self.result(arguments);
        let tainted = arguments.iter().any(Type::is_secret);
        Signature::Gives(match result {
            Type::String | Type::Any if tainted => Type::Secret,
            Type::List(_) if tainted => Type::list(Type::Secret),
            plain => plain,
        })
    }

    fn first_mismatch(self, arguments: &[Type]) -> Option<Signature> {
        let text = |t: &Type| t.is_textual() || *t == Type::Secret;
        let list = |t: &Type| matches!(t, Type::List(_) | Type::Any);
        let int = |t: &Type| matches!(t, Type::Int | Type::Any);
        arguments.iter().enumerate().find_map(|(at, given)| {
            let (fits, wants) = match (self, at) {
                (Self::Range, _) => (int(given), "an int"),
                (Self::Len, _) => (list(given) || text(given), "a list or a string"),
                (Self::Join, 0) => (list(given), "a list"),
                (Self::If, 0) => (matches!(given, Type::Bool | Type::Any), "a bool"),
                (Self::If, 2) => {
                    let then = &arguments[1];
                    (
                        then.accepts(given) || given.accepts(then),
                        "a value of the same type as the second",
                    )
                }
                (Self::If, _) => (true, ""),
                _ => (text(given), "a string"),
            };
            (!fits).then_some(Signature::Wants(at, wants))
        })
    }

    fn result(self, arguments: &[Type]) -> Type {
        match self {
            Self::Glob => Type::list(Type::Path),
            Self::Lines | Self::Split => Type::list(Type::String),
            Self::Range => Type::list(Type::Int),
            Self::Exists | Self::Matches => Type::Bool,
            Self::Len => Type::Int,
            Self::Json => Type::Any,
            Self::If => match (&arguments[1], &arguments[2]) {
                (then, other) if then.is_secret() || other.is_secret() => {
                    if matches!(then, Type::List(_)) { then.clone() } else { Type::Secret }
                }
                (Type::OneOf(_), other) if other.is_textual() && !matches!(other, Type::Any) => {
                    Type::String
                }
                (Type::Int, Type::Number) => Type::Number,
                (then, _) => then.clone(),
            },
            _ => Type::String,
        }
    }
}
