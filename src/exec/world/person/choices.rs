//! What can be said to each kind of question: words, keys, and what they mean.

use crate::exec::event::{Answer, QuestionKind};

/// What follows from a word.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Act {
    Answer(Answer),
    /// Done: the declared outputs are asked for first.
    Done,
    Note,
    Show,
    /// A param gets another value, and the step is tried again.
    Edit,
    Stop,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) word: &'static str,
    key: Option<char>,
    /// Another word for it.
    other: &'static str,
    help: &'static str,
    pub(super) act: Act,
}

/// What a question is asked about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) kind: QuestionKind,
    /// The run is in interactive mode.
    pub(super) interactive: bool,
    /// A fallback is left.
    pub(super) falls_back: bool,
    /// The run has params that can be changed.
    pub(super) has_params: bool,
}

pub(super) fn choices(asked: Asked) -> Vec<Choice> {
    let mut all = match asked.kind {
        QuestionKind::Confirm => vec![
            answer("yes", Some('y'), "approve", "it goes on", Answer::Approved),
            answer("no", Some('n'), "deny", "the step fails, as denied", Answer::Denied),
        ],
        QuestionKind::Manual => vec![done(), failed("it could not be done: the step fails")],
        QuestionKind::InDoubt => vec![
            done(),
            answer("rerun", Some('r'), "", "it is run again", Answer::Rerun),
            failed("it is taken as failed"),
        ],
        QuestionKind::Step => {
            vec![answer("run", Some('r'), "yes", "it runs", Answer::Run)]
        }
        QuestionKind::Failed => after_failure(asked),
    };
    let may_skip = asked.interactive || matches!(asked.kind, QuestionKind::Failed);
    if may_skip && asked.kind != QuestionKind::InDoubt {
        let help = "the step is skipped, and so is what needs it";
        all.push(answer("skip", Some('s'), "", help, Answer::Skipped));
    }
    let note = (asked.kind != QuestionKind::Confirm).then_some('n');
    all.push(choice("note", note, "", "write something down, and be asked again", Act::Note));
    all.push(choice("show", Some('w'), "", "what runs, with its values", Act::Show));
    if asked.kind == QuestionKind::Step {
        let help = "it runs, and so do all the others without a question";
        all.push(answer("all", Some('a'), "", help, Answer::All));
    }
    if asked.interactive {
        let help = "the run is cancelled; `goalc resume` takes it up";
        all.push(choice("stop", Some('t'), "", help, Act::Stop));
    }
    all
}

fn after_failure(asked: Asked) -> Vec<Choice> {
    let mut all = vec![answer("retry", Some('r'), "", "one more attempt", Answer::Retry)];
    if asked.has_params {
        let help = "give a param another value, and try again";
        all.push(choice("edit", Some('e'), "", help, Act::Edit));
    }
    if asked.falls_back {
        all.push(answer("fallback", Some('b'), "", "its next fallback is tried", Answer::FallBack));
    }
    all.push(failed("it has failed: what the plan says of failures follows"));
    all
}

fn choice(
    word: &'static str,
    key: Option<char>,
    other: &'static str,
    help: &'static str,
    act: Act,
) -> Choice {
    Choice { word, key, other, help, act }
}

fn answer(
    word: &'static str,
    key: Option<char>,
    other: &'static str,
    help: &'static str,
    answer: Answer,
) -> Choice {
    choice(word, key, other, help, Act::Answer(answer))
}

fn done() -> Choice {
    choice("done", Some('d'), "", "it is done; its outputs are asked for", Act::Done)
}

fn failed(help: &'static str) -> Choice {
    answer("fail", Some('f'), "", help, Answer::Failed)
}

/// The choice that a word or key means.
pub(super) fn find<'c>(choices: &'c [Choice], said: &str) -> Option<&'c Choice> {
    let said = said.to_lowercase();
    let is = |choice: &&Choice| {
        said == choice.word
            || (!said.is_empty() && said == choice.other)
            || choice.key.is_some_and(|key| said == key.to_string())
    };
    choices.iter().find(is)
}

/// `[r]un, [s]kip, [?]`.
pub(super) fn line(choices: &[Choice]) -> String {
    let words = choices.iter().map(|choice| {
        let key = choice.key.and_then(|key| Some((key, choice.word.find(key)?)));
        match key {
            Some((key, at)) => {
                let (before, after) = (&choice.word[..at], &choice.word[at + key.len_utf8()..]);
                format!("{before}[{key}]{after}")
            }
            None => choice.word.to_owned(),
        }
    });
    let words: Vec<String> = words.chain(["[?]".to_owned()]).collect();
    words.join(", ")
}

/// Every choice with what it means.
pub(super) fn help(choices: &[Choice]) -> String {
    let one = |choice: &Choice| {
        let key = choice.key.map(String::from).unwrap_or_default();
        format!("    {key:<2} {:<9} {}\n", choice.word, choice.help)
    };
    let mut text: String = choices.iter().map(one).collect();
    text += "    A note may follow an answer: \"";
    text += choices.first().map_or("", |first| first.word);
    text += " as agreed\".\n";
    text
}
