//! What reading a text can report, one constructor each.
//!
//! Only wording: where and whether something is wrong is decided by the callers.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::{Mark, StringStyle, Token, TokenKind};
use crate::value::LiteralError;

use super::scan::DEEPEST;

pub(super) fn too_large(place: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, "this file is larger than 64 MiB", place, "starts here")
        .help("split the plan: mount other files with `goal NAME from \"./file.goal\"`")
}

pub(super) fn too_many_tokens(place: Span) -> Diagnostic {
    let message = "this file holds more words, signs and strings than can be read at once";
    Diagnostic::new(Code::E0101, message, place, "starts here")
        .help("split the plan: mount other files with `goal NAME from \"./file.goal\"`")
}

pub(super) fn too_long_statement(place: Span) -> Diagnostic {
    let message = "this statement holds more words, signs and strings than can be read at once";
    Diagnostic::new(Code::E0101, message, place, "starts here")
        .help("put a long list into a file and read it with `lines(read(\"FILE\"))`")
}

pub(super) fn too_deep(place: Span) -> Diagnostic {
    let message = format!("brackets and braces are nested more than {DEEPEST} deep");
    Diagnostic::new(Code::E0101, message, place, "this one is too deep")
        .help("move inner goals to files of their own: `goal NAME from \"./file.goal\"`")
}

pub(super) fn deceptive(place: Span, char: char) -> Diagnostic {
    let what = match char {
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            "a bidirectional control character"
        }
        '\r' => "a carriage return without a line feed",
        _ if char.is_control() => "a control character",
        _ => "an invisible character",
    };
    let code = u32::from(char);
    Diagnostic::new(Code::E0105, format!("{what}, U+{code:04X}"), place, "it is in here").help(
        format!("remove it; where a string needs it, write `\\u{{{code:x}}}` in a `\"…\"` string"),
    )
}

pub(super) fn unclosed_string(place: Span, style: StringStyle) -> Diagnostic {
    let quote = quote_of(style);
    let finding = Diagnostic::new(
        Code::E0103,
        "this string is not closed",
        place,
        format!("`{quote}` opens it here"),
    );
    if style.is_block() {
        return finding.help(format!("write `{quote}` on a line of its own where the text ends"));
    }
    finding.help(format!(
        "write `{quote}` where it ends on this line; a text of several lines stands between `{0}`",
        quote.repeat(3)
    ))
}

/// The quotes that open and close a string.
pub(super) fn quote_of(style: StringStyle) -> &'static str {
    match style {
        StringStyle::Double => "\"",
        StringStyle::Single => "'",
        StringStyle::DoubleBlock => "\"\"\"",
        StringStyle::SingleBlock => "'''",
    }
}

pub(super) fn bad_escape(place: Span, escape: &str) -> Diagnostic {
    let finding = Diagnostic::new(
        Code::E0104,
        format!("`{escape}` is no escape"),
        place,
        "not known in a string",
    );
    if escape.starts_with("\\u") {
        return finding
            .help("write a code point in hexadecimal, as `\\u{e9}`, up to `\\u{10ffff}`");
    }
    let finding =
        if is_of_a_pattern(escape) { finding.fix(place, format!("\\{escape}")) } else { finding };
    finding.help(format!(
        "for a backslash write `\\{escape}`; the escapes are `\\n \\t \\r \\\\ \\\" \\$ \\u{{e9}}`, \
         and `'…'` takes none"
    ))
}

/// What only a regular expression writes so: the backslash itself is meant.
fn is_of_a_pattern(escape: &str) -> bool {
    matches!(
        escape,
        "\\d"
            | "\\w"
            | "\\s"
            | "\\D"
            | "\\W"
            | "\\S"
            | "\\."
            | "\\+"
            | "\\*"
            | "\\?"
            | "\\("
            | "\\)"
            | "\\["
            | "\\]"
            | "\\|"
            | "\\^"
    )
}

pub(super) fn bad_literal(place: Span, text: &str, error: LiteralError) -> Diagnostic {
    let (message, help) = match error {
        LiteralError::TooLarge => {
            (format!("`{text}` is larger than goalc can hold"), "write a smaller one")
        }
        LiteralError::UnknownUnit => (
            format!("`{text}` has no unit that goalc knows"),
            "durations: `250ms 5s 10m 2h 1d 1h30m`, sizes: `512KiB 2GiB 10MB`; names start with a \
             letter",
        ),
        LiteralError::Malformed => (
            format!("`{text}` is no number"),
            "numbers: `42`, `1_000`, `2.5`; a version, a date or the like stands in quotes",
        ),
    };
    Diagnostic::new(Code::E0104, message, place, "cannot be read").help(help)
}

pub(super) fn too_fine(place: Span, text: &str) -> Diagnostic {
    let message = format!("`{text}` is finer than a millisecond");
    Diagnostic::new(Code::E0104, message, place, "says a part of one")
        .help("write whole milliseconds, as `1ms` or `1500ms`")
}

pub(super) fn negative(place: Span, text: &str) -> Diagnostic {
    let message = format!("`{text}` is below zero");
    Diagnostic::new(Code::E0504, message, place, "only plain numbers have a sign")
        .maybe_help(text.strip_prefix('-').map(|positive| format!("write `{positive}`")))
}

/// Text that is no token at all.
pub(super) fn unexpected(place: Span, text: &str) -> Diagnostic {
    let first = text.chars().next().unwrap_or_default();
    let shown: String = text.chars().take(20).collect();
    let message = if first.is_whitespace() {
        format!("U+{:04X} is no white space here", u32::from(first))
    } else {
        format!("unexpected `{shown}`")
    };
    let found = Diagnostic::new(Code::E0101, message, place, "not part of the language")
        .maybe_help(instead_of(text, first).map(str::to_owned));
    match (narrow(text), text) {
        (Some(narrow), _) => found.fix(place, narrow),
        _ => found,
    }
}

/// The plain form of signs that an input method made wide; quotes are left, as what is between
/// them would change its meaning.
fn narrow(text: &str) -> Option<String> {
    let narrow = |c: char| match c {
        '\u{3000}' => Some(' '),
        '\u{FF02}' | '\u{FF07}' => None,
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0),
        _ => None,
    };
    text.chars().map(narrow).collect()
}

fn instead_of(text: &str, first: char) -> Option<&'static str> {
    Some(match first {
        '-' if text.len() == 1 => "there is no arithmetic, and a name does not end in `-`",
        '/' if text.starts_with("//") => "a comment starts with `#`",
        '/' if text.starts_with("/*") => "a comment starts with `#`, on each of its lines",
        '/' => "a path stands in quotes; and there is no arithmetic: compute in a script",
        '+' | '-' | '*' | '^' => "there is no arithmetic: compute it in a script",
        '&' => "write `&&` for \"and\" in a condition, and `,` in a list",
        '?' => {
            "one value or another is `if(CONDITION, A, B)`; else `?` stands right behind a name, as in \
             `depends build?`"
        }
        '$' => "a value is named without `$`; only inside a string write `${name}`",
        '`' | '“' | '”' | '„' | '«' | '»' => "a string stands between `\"` and `\"`",
        '‘' | '’' => "a string stands between `'` and `'`",
        ')' | ']' => "remove it, or open what it should close",
        _ if first.is_whitespace() => "write a plain space",
        '\u{FF01}'..='\u{FF5E}' | '、' | '。' => "write the narrow form of the sign",
        _ => return None,
    })
}

pub(super) fn unclosed_group(place: Span, opener: &str) -> Diagnostic {
    let closer = if opener == "(" { ")" } else { "]" };
    Diagnostic::new(Code::E0101, format!("`{opener}` is not closed"), place, "opened here")
        .help(format!("write `{closer}` behind the last item"))
}

pub(super) fn wrong_closer(place: Span, closer: &str, opener: Span) -> Diagnostic {
    let (open, wanted) = if closer == ")" { ("[", "]") } else { ("(", ")") };
    Diagnostic::new(Code::E0101, format!("`{closer}` cannot close `{open}`"), place, "")
        .label(opener, "opened here")
        .help(format!("write `{wanted}`"))
}

pub(super) fn block_alone(place: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, "`{` opens a line", place, "belongs to the clause above")
        .help("write `{` on the line of its clause, as in `step build {`")
}

pub(super) fn comma_behind_block(place: Span, same_line: bool) -> Diagnostic {
    let found =
        Diagnostic::new(Code::E0101, "unexpected `,`", place, "nothing carries on behind a `}`");
    if same_line {
        found.help("write `;`, or begin a new line").fix(place, ";")
    } else {
        found.help("take it out: a statement ends with its line").fix(place, "")
    }
}

pub(super) fn missing_brace(end: Span, braces: &[Span]) -> Diagnostic {
    let finding =
        Diagnostic::new(Code::E0101, "a `}` is missing", end, "the file ends before it is closed");
    let finding = braces
        .iter()
        .fold(finding, |finding, brace| finding.label(*brace, "this `{` is probably not closed"));
    finding.help("write `}` where this block ends")
}

pub(super) fn stray_brace(place: Span, closed_early: Option<Span>) -> Diagnostic {
    let finding = Diagnostic::new(Code::E0101, "`}` closes nothing", place, "no `{` is open here");
    let finding = match closed_early {
        Some(brace) => finding.label(brace, "this `}` probably closes too much"),
        None => finding,
    };
    finding.help("remove one `}`, or add the `{` that it should close")
}

pub(super) fn missing_value(place: Span, before: &str) -> Diagnostic {
    Diagnostic::new(Code::E0101, format!("a value is missing {before}"), place, "expected a value")
        .help("a value is a literal, a name, a call `f(x)`, a list `[a, b]` or `(…)`")
}

pub(super) fn chained(place: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, "comparisons cannot be chained", place, "a second comparison")
        .label(first, "the first one")
        .help("join them: `a < b && b < c`")
}

pub(super) fn expression_too_deep(place: Span) -> Diagnostic {
    let message = format!("this expression is more than {DEEPEST} deep");
    Diagnostic::new(Code::E0101, message, place, "too many operators or calls in one another")
        .help("give parts of it names: `let part = …`")
}

pub(super) fn missing_comma(before: &Token, place: Span) -> Diagnostic {
    let found = Diagnostic::new(
        Code::E0101,
        "a comma or an operator is missing",
        place,
        "expected before this",
    );
    match &before.kind {
        TokenKind::Name(name) if &**name == "not" => {
            found.help("write `!` for \"not\", as `!(a == b)`")
        }
        _ => found.help("write `,` between the items"),
    }
}

pub(super) fn leftover(place: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, "this does not carry the expression on", place, "unexpected")
        .help("operators are `== != < <= > >= in && || !`")
}

pub(super) fn lone_dot(place: Span) -> Diagnostic {
    let message = format!("a name is missing behind `{}`", Mark::Dot.text());
    Diagnostic::new(Code::E0101, message, place, "expected a name")
        .help("write `step.output`, without spaces")
}

pub(super) fn unclosed_interpolation(place: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, "`${` is not closed", place, "opened here")
        .help("write `}` behind the expression; for the text `${` write `\\${`")
}

pub(super) fn double_quotes_inside(place: Span) -> Diagnostic {
    let message = "strings inside `${…}` stand between `'`";
    Diagnostic::new(Code::E0101, message, place, "a string in a string")
        .help("write `'…'`, as in `${env('HOME')}`")
}
