//! The tree of a `.goal` text: statements of tokens, in the order in which they were written.
//!
//! It knows shapes only. Which words are clauses, and what they take, is the clause table's
//! business; so every text has a tree, and a wrong word is a finding, not a parse error.

use crate::source::{FileId, Span};
use crate::value::Literal;

/// One file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub file: FileId,
    pub statements: Vec<Statement>,
    /// All comments of the file, by position.
    pub comments: Vec<Comment>,
    /// Where a block string opens that is not closed, the first of them.
    pub unclosed: Option<Span>,
    /// A `}` is missing, so that a block may hold what stands behind it.
    pub lacks_brace: bool,
}

/// `# …` up to the line's end; the span starts at the `#` and leaves out the line break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    pub span: Span,
}

/// What stands between two line ends or `;`. Never without tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub tokens: Vec<Token>,
    pub span: Span,
    /// The comment block right above, without its `#`s, line by line; empty where there is none.
    pub doc: Box<[Span]>,
    /// A finding was reported in its own tokens; what only follows from that is not reported.
    /// Statements in its blocks have marks of their own.
    pub damaged: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TokenKind {
    /// A name or a word; its text is what the span covers.
    Name(Box<str>),
    Literal(Literal),
    String(Box<StringLiteral>),
    Mark(Mark),
    /// `( … )` or `[ … ]`.
    Group(Box<Group>),
    /// `{ … }`.
    Block(Box<Block>),
    /// Text that is no token; it has been reported.
    Bad,
}

/// Punctuation and operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    Comma,
    Colon,
    Dot,
    /// `..`
    Range,
    /// `...`
    Spread,
    Assign,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
    Not,
    /// `|`, between the words of an enumeration.
    Bar,
    /// `?`, right behind a name.
    Question,
    /// `%` that is no percentage's.
    Percent,
}

impl Mark {
    /// The one that is written so.
    pub(super) fn written(text: &str) -> Option<Self> {
        Some(match text {
            "," => Self::Comma,
            ":" => Self::Colon,
            "." => Self::Dot,
            ".." => Self::Range,
            "..." => Self::Spread,
            "=" => Self::Assign,
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterEqual,
            "&&" => Self::And,
            "||" => Self::Or,
            "!" => Self::Not,
            "|" => Self::Bar,
            "?" => Self::Question,
            "%" => Self::Percent,
            _ => return None,
        })
    }

    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            Self::Comma => ",",
            Self::Colon => ":",
            Self::Dot => ".",
            Self::Range => "..",
            Self::Spread => "...",
            Self::Assign => "=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::And => "&&",
            Self::Or => "||",
            Self::Not => "!",
            Self::Bar => "|",
            Self::Question => "?",
            Self::Percent => "%",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Delimiter {
    Paren,
    Bracket,
}

/// Tokens in brackets; a line's end inside is space.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub delimiter: Delimiter,
    pub tokens: Vec<Token>,
    pub closed: bool,
}

/// Statements in braces.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub statements: Vec<Statement>,
    pub closed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StringStyle {
    /// `"…"`: escapes and `${…}`.
    Double,
    /// `'…'`: as it is.
    Single,
    /// `"""…"""`
    DoubleBlock,
    /// `'''…'''`
    SingleBlock,
}

impl StringStyle {
    /// Whether escapes and `${…}` mean something in it.
    pub fn interpolates(self) -> bool {
        matches!(self, Self::Double | Self::DoubleBlock)
    }

    pub fn is_block(self) -> bool {
        matches!(self, Self::DoubleBlock | Self::SingleBlock)
    }
}

/// A string's text after dedent and escapes, and the way back to where each byte was written.
#[derive(Debug, Clone, PartialEq)]
pub struct StringLiteral {
    pub text: Box<str>,
    /// What in the text is not as it was written; few strings have such places.
    pub changes: Option<Box<Changes>>,
    /// Where the text begins in the file.
    pub start: u32,
    pub file: FileId,
    pub style: StringStyle,
    pub closed: bool,
}

/// Where a string's text and the file do not run in step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// `(offset in text, offset in the file)` at each point from which on they do again. Ascending.
    pub jumps: Vec<(u32, u32)>,
    /// Offsets in the text of each `$` that was written `\$`. Ascending.
    pub protected: Vec<u32>,
}

impl Changes {
    /// Whether all is as it was written.
    pub(super) fn is_empty(&self) -> bool {
        self.jumps.is_empty() && self.protected.is_empty()
    }
}

impl StringLiteral {
    /// Where a byte range of the text was written.
    pub fn span_of(&self, range: std::ops::Range<usize>) -> Span {
        let start = self.origin(range.start);
        let end = if range.end > range.start { self.origin(range.end - 1) + 1 } else { start };
        Span::new(self.file, start, end)
    }

    /// The offset in the file of one byte of the text.
    pub fn origin(&self, at: usize) -> usize {
        let jumps = self.changes.as_ref().map_or(&[][..], |changes| &changes.jumps);
        let behind = jumps.partition_point(|(text, _)| *text as usize <= at);
        let last = behind.checked_sub(1).and_then(|last| jumps.get(last));
        let (text, file) = last.copied().unwrap_or((0, self.start));
        file as usize + (at - text as usize)
    }

    /// Whether what stands at an offset of the text is a `$` that was written `\$`: no `${…}`
    /// starts there.
    pub fn is_protected(&self, at: usize) -> bool {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let protected = self.changes.as_ref().map_or(&[][..], |changes| &changes.protected);
        protected.binary_search(&at).is_ok()
    }
}

/// An expression as written; names are not looked up yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    Literal(Literal),
    /// A string without looking into it; whether `${…}` in it is a template's or a shell's
    /// depends on where it stands.
    String(Box<StringLiteral>),
    /// `a` or `a.b.c`: each part with its place.
    Name(Box<[crate::source::Spanned<Box<str>>]>),
    List(Box<[ListItem]>),
    Call {
        function: Box<crate::source::Spanned<Box<str>>>,
        arguments: Box<[Expr]>,
    },
    Not(Box<Expr>),
    Binary {
        operator: crate::source::Spanned<BinaryOperator>,
        left: Box<Expr>,
        right: Box<Expr>,
    },
}

/// An item of a list; `...list` puts all items of a list in.
#[derive(Debug, Clone, PartialEq)]
pub struct ListItem {
    pub spread: bool,
    pub value: Expr,
}

pub use crate::value::BinaryOperator;

/// A `${…}` in a template.
#[derive(Debug, Clone, PartialEq)]
pub enum TemplatePart {
    Text(String),
    Value(Expr),
}
