//! What the reader says where something is wrong: one constructor a finding.
//!
//! Detection is elsewhere; this file owns the words.

use super::elsewhere::{instead_of, sign_of_elsewhere};
use crate::clause::reach::Reach;
use crate::clause::table::{find, places_of, words};
use crate::clause::usage::{option_usage, usage};
use crate::clause::{BlockShape, ClauseSpec, Place, Role, table};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::Span;
use crate::syntax::{Delimiter, Token, TokenKind};

/// A plan that has a goal and nothing more than it needs.
pub(super) const SMALLEST: &str = "goal hello { step greet { run \"echo hello\" } }";

/// How a message names a token: its text where that is short.
pub(super) fn token_name(token: &Token, text: &str) -> String {
    match &token.kind {
        TokenKind::Block(_) => "`{`".to_owned(),
        TokenKind::Group(group) if group.delimiter == Delimiter::Paren => "`(`".to_owned(),
        TokenKind::Group(_) => "`[`".to_owned(),
        TokenKind::Mark(mark) => format!("`{}`", mark.text()),
        kind => {
            let written = text.get(token.span.range()).unwrap_or("");
            let short = written.chars().count() <= 30 && !written.contains('\n');
            match kind {
                _ if short && !written.is_empty() => format!("`{written}`"),
                TokenKind::String(_) => "a string".to_owned(),
                _ => "text".to_owned(),
            }
        }
    }
}

/// Where a token is pointed at: of a block, only its brace.
fn place_of(token: &Token) -> Span {
    match token.kind {
        TokenKind::Block(_) => Span { end: token.span.start + 1, ..token.span },
        _ => token.span,
    }
}

/// A longer usage line helps no one who has mistyped a word of it.
const LONGEST_USAGE: usize = 150;

fn how_to_write(spec: &ClauseSpec) -> String {
    let usage = usage(spec);
    if usage.len() <= LONGEST_USAGE {
        return format!("write `{usage}`");
    }
    let begins = |line: &&str| line.starts_with(spec.word);
    let example = spec.example.lines().map(str::trim).find(begins).unwrap_or(&usage);
    format!("write it as `{example}`; `goalc explain {}` tells all that it takes", spec.word)
}

/// An argument is not there: at the statement's end, or in the place of something else.
pub(super) fn missing(
    spec: &ClauseSpec,
    wanted: &str,
    next: Option<&Token>,
    place: Span,
    text: &str,
) -> Diagnostic {
    let (message, label) = match next {
        None => (incomplete(spec), format!("`{wanted}` is missing here")),
        Some(token) => {
            (format!("unexpected {}", token_name(token, text)), format!("`{wanted}` belongs here"))
        }
    };
    let place = next.map_or(place, place_of);
    Diagnostic::new(Code::E0101, message, place, label).help(how_to_write(spec))
}

fn incomplete(spec: &ClauseSpec) -> String {
    if spec.word.is_empty() {
        "the condition is not complete".to_owned()
    } else {
        format!("`{}` is not complete", spec.word)
    }
}

/// A `"` inside of a `${…}`, which has ended the string around it.
pub(super) fn string_in_string(before: &Token, next: &Token) -> Option<Diagnostic> {
    let TokenKind::String(text) = &before.kind else { return None };
    let opened = text.text.rfind("${").is_some_and(|at| !text.text[at..].contains('}'));
    if !opened || before.span.end != next.span.start {
        return None;
    }
    let message = "this `\"` ends the string, in the middle of a `${…}`";
    let place = Span::new(before.span.file, before.span.end as usize - 1, before.span.end as usize);
    Some(
        Diagnostic::new(Code::E0101, message, place, "the string ends here")
            .help("write strings inside of `${…}` with `'`, as `${env('HOME')}`"),
    )
}

/// `not` before what it should turn round, as in other languages.
pub(super) fn not_written_out(before: &Token, next: &Token) -> Option<Diagnostic> {
    let is_not = matches!(&before.kind, TokenKind::Name(name) if &**name == "not");
    let begins_value = matches!(
        &next.kind,
        TokenKind::Name(_) | TokenKind::Group(_) | TokenKind::Literal(_) | TokenKind::String(_)
    );
    (is_not && begins_value).then(|| {
        let message = "`not` is no operator";
        Diagnostic::new(Code::E0101, message, before.span, "does not turn round what follows")
            .help("write `!` for \"not\", as `!(a == b)`")
    })
}

/// Text behind all that a clause takes; `closed`: its braces are among that.
pub(super) fn unexpected(
    (spec, closed): (&ClauseSpec, bool),
    token: &Token,
    place: Place,
    text: &str,
) -> Diagnostic {
    let label = match spec.word {
        "" => "does not carry the expression on".to_owned(),
        word => format!("`{word}` does not take this"),
    };
    let finding = Diagnostic::new(
        Code::E0101,
        format!("unexpected {}", token_name(token, text)),
        place_of(token),
        label,
    );
    if let Some((sign, help)) = sign_of_elsewhere(spec, token) {
        let finding = finding.help(help);
        return if sign.is_empty() { finding } else { finding.fix(token.span, sign) };
    }
    let TokenKind::Name(name) = &token.kind else { return finding.help(how_to_write(spec)) };
    let options = spec.options.iter().map(|option| option.word);
    if let Some(near) = nearest(name, options.filter(|word| word.len() > 1)) {
        return finding.meant(token.span, near);
    }
    if let Some(help) = within_braces(spec, name).filter(|_| !closed) {
        return finding.help(help);
    }
    if find(place, name).is_some() {
        return finding.help(format!(
            "`{name}` begins a clause of its own: put it on a new line, or behind `;`"
        ));
    }
    finding.help(how_to_write(spec))
}

/// The word behind the first of an option of two.
pub(super) fn second_word(first: &str, token: &Token, text: &str) -> Diagnostic {
    let message = format!("unexpected {}", token_name(token, text));
    Diagnostic::new(Code::E0101, message, token.span, format!("`{first}` does not take this"))
}

/// What a clause takes in its braces, written without them.
fn within_braces(spec: &ClauseSpec, word: &str) -> Option<String> {
    let (BlockShape::Optional(inside) | BlockShape::Required(inside)) = spec.block else {
        return None;
    };
    find(inside, word)?;
    Some(format!("write it in braces, as `{} {{ {word} … }}`", spec.word))
}

/// A word that is none of those which may stand here.
pub(super) fn not_one_of(
    spec: &ClauseSpec,
    token: &Token,
    candidates: &[&str],
    text: &str,
) -> Diagnostic {
    let quoted: Vec<_> = candidates.iter().map(|word| format!("`{word}`")).collect();
    let message = format!("unexpected {}", token_name(token, text));
    let label = format!("{} belongs here", listed(&quoted, "or"));
    let finding = Diagnostic::new(Code::E0101, message, token.span, label);
    let near = match &token.kind {
        TokenKind::Name(name) => nearest(name, candidates.iter().copied()),
        _ => None,
    };
    match near {
        Some(near) => finding.meant(token.span, near),
        None => finding.help(how_to_write(spec)),
    }
}

/// An option or a clause that stands a second time.
pub(super) fn twice(what: &str, second: Span, first: Span, help: &str) -> Diagnostic {
    Diagnostic::new(Code::E0501, format!("`{what}` is written twice"), second, "the second time")
        .label(first, "the first time")
        .help(help)
}

/// An option that must be there is not.
pub(super) fn option_missing(spec: &ClauseSpec, option: &str, place: Span) -> Diagnostic {
    let label = format!("`{option}` is missing here");
    Diagnostic::new(Code::E0101, incomplete(spec), place, label).help(how_to_write(spec))
}

/// The braces that must be there are not.
pub(super) fn block_missing(spec: &ClauseSpec, place: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, incomplete(spec), place, "`{ … }` is missing here")
        .help(how_to_write(spec))
}

/// A value that is of the right kind, and still none that the clause can take.
pub(super) fn out_of_reach(
    spec: &ClauseSpec,
    written: &str,
    place: Span,
    reach: Reach,
) -> Diagnostic {
    let message = match spec.word {
        "" => format!("`{written}` cannot stand here"),
        word => format!("`{word}` cannot take `{written}`"),
    };
    Diagnostic::new(Code::E0504, message, place, reach.must).help(reach.help)
}

/// A word that no place knows. Where it is one slip from a right one, says so and mends it.
pub(super) fn unknown(word: &str, span: Span, place: Place) -> Diagnostic {
    let (what, label) = match place {
        Place::Probes => ("probe", "neither a probe nor an expression".to_owned()),
        _ => ("clause", format!("means nothing {}", place.phrase())),
    };
    let finding = Diagnostic::new(Code::E0102, format!("unknown {what} `{word}`"), span, label);
    match (nearest(word, words(place)), instead_of(word, place)) {
        (Some(near), _) => finding.meant(span, near),
        (None, Some(instead)) => finding.help(instead),
        (None, None) => finding.help(what_stands(place)),
    }
}

/// What a place takes, for those who guessed.
fn what_stands(place: Place) -> String {
    let some = match place {
        Place::File => return format!("a file holds one goal: `{SMALLEST}`"),
        Place::Scenario => vec!["given", "expect", "param", "env", "file", "jobs"],
        Place::Goal => vec!["step", "goal", "param", "let", "requires", "verify"],
        Place::Step => vec!["run", "depends", "retry", "timeout", "output", "verify"],
        _ => words(place),
    };
    let such_as = if some.len() < words(place).len() { "such as " } else { "" };
    let listed = listed(&some.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>(), "and");
    match place {
        Place::Probes => format!("the probes are {listed}; any other line is an expression"),
        _ => format!("{} stand clauses {such_as}{listed}", place.phrase()),
    }
}

/// `a`, `a or b`, `a, b or c`.
fn listed(parts: &[String], joint: &str) -> String {
    match parts {
        [rest @ .., last] if !rest.is_empty() => format!("{} {joint} {last}", rest.join(", ")),
        _ => parts.concat(),
    }
}

/// A word that means something elsewhere, or as a part of another clause; `None` where it does not.
pub(super) fn misplaced(word: &str, span: Span, place: Place) -> Option<Diagnostic> {
    let homes = places_of(word);
    let part_of = table().iter().find_map(|spec| {
        let option = spec.options.iter().find(|option| option.word == word)?;
        spec.stands_in(place).then_some((spec, option))
    });
    let mut help = Vec::new();
    if place == Place::File && homes.contains(&Place::Goal) {
        help.push("put it into a goal: `goal NAME { … }`".to_owned());
    } else if !homes.is_empty() {
        let phrases: Vec<_> = homes.iter().map(|home| home.phrase().to_owned()).collect();
        help.push(format!("`{word}` belongs {}", listed(&phrases, "or")));
    }
    if let Some((spec, option)) = part_of {
        let part = option_usage(option);
        let part = part.trim_matches(['[', ']']);
        help.push(format!("`{part}` can follow `{}` on its line", spec.word));
    }
    if help.is_empty() {
        return None;
    }
    if let Some(instead) = instead_of(word, place) {
        help = vec![instead.to_owned()];
    }
    let message = format!("`{word}` cannot stand {}", place.phrase());
    Some(Diagnostic::new(Code::E0503, message, span, "not here").help(help.join("; ")))
}

/// A statement that begins with no word at all.
pub(super) fn no_word(token: &Token, place: Place, text: &str) -> Diagnostic {
    let message = format!("unexpected {}", token_name(token, text));
    Diagnostic::new(Code::E0101, message, token.span, "a clause begins with its word")
        .help(what_stands(place))
}

pub(super) fn no_goal(place: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, "the file holds no goal", place, "a goal is missing here")
        .help(format!("write `{SMALLEST}`"))
}

pub(super) fn second_goal(name: &str, second: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::E0101, "a file holds one goal", second, "the second goal")
        .label(first, "the first goal")
        .help(format!(
            "put it into the first goal's braces, or into a file of its own and mount it: \
             `goal {name} from \"./{name}.goal\"`"
        ))
}

pub(super) fn no_scenario(place: Span) -> Diagnostic {
    let message = "the file holds no scenario";
    Diagnostic::new(Code::E0101, message, place, "a scenario is missing here")
        .help("write `scenario \"all goes well\" { expect goal achieved }`")
}

pub(super) fn goal_among_scenarios(place: Span) -> Diagnostic {
    let message = "a `.test.goal` file holds scenarios only";
    Diagnostic::new(Code::E0101, message, place, "a goal")
        .help("put the goal into `NAME.goal`; its scenarios stand in `NAME.test.goal` beside it")
}

pub(super) fn no_action(what: &str, place: Span) -> Diagnostic {
    Diagnostic::new(Code::E0502, format!("{what} has no action"), place, "does nothing")
        .help("give it one of `run \"…\"`, `manual \"…\"` and `await { … }`")
}

pub(super) fn second_action(what: &str, second: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::E0502, format!("{what} has two actions"), second, "the second action")
        .label(first, "the first action")
        .help("keep one of them, or make it a step of its own")
}

pub(super) fn ready_without_service(place: Span) -> Diagnostic {
    Diagnostic::new(Code::E0503, "`ready` needs a service", place, "this step is no service")
        .help("add `service` to the step, or use `verify { … }`")
}

/// What a service cannot be.
pub(super) fn no_service(word: &str, place: Span, service: Span) -> Diagnostic {
    let message = format!("`{word}` does not go with `service`");
    let help = match word {
        "foreach" => "write a step with `service` for each",
        _ => "a service is a process: start it by `run`",
    };
    Diagnostic::new(Code::E0503, message, place, "not in a service")
        .label(service, "makes it one")
        .help(help)
}

/// A service's outputs are read when it is ready.
pub(super) fn unfinished_output(place: Span, service: Span) -> Diagnostic {
    let message = "the standard output of a service has no end while others use it";
    Diagnostic::new(Code::E0504, message, place, "cannot be read yet")
        .label(service, "keeps running")
        .help("write `NAME=value` to \"$GOAL_OUTPUT\" before it is ready, without `from`")
}

pub(super) fn unchanged_elsewhere(place: Span) -> Diagnostic {
    Diagnostic::new(Code::E0503, "`unchanged` is for a step's `unless`", place, "not here")
        .help("write `unless { unchanged }` in the step")
}

/// Two things of one name, where a name must be one thing's.
pub(super) fn duplicate(what: &str, name: &str, second: Span, first: Span) -> Diagnostic {
    Diagnostic::new(Code::E0203, format!("two {what}s are called `{name}`"), second, "the second")
        .label(first, "the first")
        .help("give one of them another name")
}

/// Whether a clause counts as a step's action.
pub(super) fn is_action(spec: &ClauseSpec) -> bool {
    spec.role == Role::Action
}
