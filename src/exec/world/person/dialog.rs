//! A question on the screen, from its first line to its answer: choices, notes, outputs, params.
//!
//! Knows no terminal: lines come in, text and wakes go out.

use std::sync::Arc;

use super::choices::{self, Act, Asked, Choice};
use super::screen::{indented, readable};
use super::user;
use crate::exec::event::{Answer, QuestionKind, StopReason, Unit};
use crate::exec::graph::NodeIx;
use crate::exec::params;
use crate::exec::scope::Place;
use crate::exec::state::{Handed, Question, UnitIx};
use crate::exec::world::preview::Preview;
use crate::exec::world::{Outputs, View, Wake};
use crate::value::{BindingId, Type, Value, read_text};

/// The longest value of a param that is shown whole, in characters.
const LONGEST_VALUE: usize = 200;

/// What the next line is.
#[derive(Debug, Clone)]
enum Mode {
    Choice,
    Note,
    /// The value of the output at this place.
    Output {
        given: Outputs,
        note: String,
    },
    /// `NAME=VALUE` of a param.
    Param,
}

#[derive(Debug)]
pub(super) struct Dialog {
    pub(super) seq: u64,
    pub(super) unit: UnitIx,
    name: Unit,
    choices: Vec<Choice>,
    mode: Mode,
}

/// What comes of a line.
#[derive(Debug, Default)]
pub(super) struct Next {
    pub(super) say: String,
    pub(super) wakes: Vec<Wake>,
    pub(super) over: bool,
}

impl Dialog {
    pub(super) fn new(unit: UnitIx, question: &Question, view: View<'_>) -> Self {
        let state = view.state;
        let step = state.graph().step(unit.node);
        let way = state.unit(unit).map_or(0, |state| state.way as usize);
        let choices = choices::choices(Asked {
            kind: question.kind,
            interactive: state.interactive,
            falls_back: step.is_some_and(|step| way < step.fallbacks.len()),
            has_params: params::changeable(state.graph().plan()).next().is_some(),
        });
        Self { seq: question.seq, unit, name: state.name(unit), choices, mode: Mode::Choice }
    }

    pub(super) fn opening(&self, question: &Question, view: View<'_>) -> String {
        let name = readable(&view.state.label(self.unit));
        let text = readable(question.text.trim_end());
        let head = if question.kind == QuestionKind::Manual {
            format!("{name}: to be done by hand\n{}", indented(&text, 4))
        } else {
            let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
            format!("{name}: {first}\n{}", indented(rest, 4))
        };
        let lost = view.state.unit(self.unit).is_some_and(|unit| unit.handed == Handed::Lost);
        let lost = if lost {
            "  (an agent was at it when goalc ended: whether it is done, no one knows)\n"
        } else {
            ""
        };
        format!("\n? {head}{lost}{}", self.ask())
    }

    /// The line on which the person types.
    fn ask(&self) -> String {
        format!("  {}: ", choices::line(&self.choices))
    }

    pub(super) fn take(&mut self, line: &str, preview: Preview<'_>) -> Next {
        match std::mem::replace(&mut self.mode, Mode::Choice) {
            Mode::Choice => self.choose(line.trim(), preview),
            Mode::Note => self.note(line.trim(), preview),
            Mode::Output { given, note } => self.output(line, given, note, preview),
            Mode::Param => self.param(line.trim(), preview),
        }
    }

    fn say(&self, text: &str) -> Next {
        Next { say: format!("{text}{}", self.ask()), ..Next::default() }
    }

    fn choose(&mut self, line: &str, preview: Preview<'_>) -> Next {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if matches!(word, "?" | "help") {
            return self.say(&choices::help(&self.choices));
        }
        let Some(choice) = choices::find(&self.choices, word) else {
            let wrong = format!("  `{}` is no answer here; `?` lists what is\n", readable(word));
            return self.say(if word.is_empty() { "" } else { &wrong });
        };
        let rest = preview.mask(rest.trim());
        match choice.act.clone() {
            Act::Answer(answer) => self.answered(answer, rest),
            Act::Done => {
                let graph = preview.view.state.graph();
                match graph.output_of_joined(self.unit.node) {
                    None => self.next_output(Outputs::new(), rest, preview),
                    Some((other, name)) => self.say(&format!(
                        "  it is joined to `{}`, whose output `{name}` nobody knows\n",
                        graph.id(other)
                    )),
                }
            }
            Act::Note if rest.is_empty() => {
                self.mode = Mode::Note;
                Next { say: "  note: ".to_owned(), ..Next::default() }
            }
            Act::Note => self.note(&rest, preview),
            Act::Show => self.say(&indented(&preview.of(self.unit), 4)),
            Act::Edit => self.edit(preview, ""),
            Act::Stop => {
                let wake = Wake::Stop(StopReason::Cancelled { by: user() });
                let mut wakes = self.noted(&rest);
                wakes.push(wake);
                Next { wakes, over: true, ..Next::default() }
            }
        }
    }

    fn answered(&self, answer: Answer, note: String) -> Next {
        let (by, from) = (user(), "terminal".to_owned());
        let asked = Some(self.seq);
        let wake =
            Wake::Answered { unit: self.name.clone(), answer, by, from, note, asked, said: None };
        Next { wakes: vec![wake], over: true, ..Next::default() }
    }

    fn noted(&self, text: &str) -> Vec<Wake> {
        if text.is_empty() {
            return Vec::new();
        }
        let (by, from, text) = (user(), "terminal".to_owned(), text.to_owned());
        vec![Wake::Noted { unit: self.name.clone(), by, from, text, request: None }]
    }

    fn note(&self, text: &str, preview: Preview<'_>) -> Next {
        let wakes = self.noted(&preview.mask(text));
        let said = if wakes.is_empty() { "  (nothing is noted)\n" } else { "  (noted)\n" };
        Next { wakes, ..self.say(said) }
    }

    /// Asks for the first declared output that is not given yet; with all of them it is done.
    fn next_output(&mut self, given: Outputs, note: String, preview: Preview<'_>) -> Next {
        let step = preview.view.state.graph().step(self.unit.node);
        let mut open = step.into_iter().flat_map(|step| &step.outputs);
        match open.find(|(name, _)| !given.contains_key(*name)) {
            Some((name, spec)) => {
                let say = format!("  {name} ({}): ", spec.ty);
                self.mode = Mode::Output { given, note };
                Next { say, ..Next::default() }
            }
            None => self.answered(Answer::Done { outputs: given }, note),
        }
    }

    fn output(
        &mut self,
        line: &str,
        mut given: Outputs,
        note: String,
        preview: Preview<'_>,
    ) -> Next {
        let step = preview.view.state.graph().step(self.unit.node);
        let mut open = step.into_iter().flat_map(|step| &step.outputs);
        let Some((name, spec)) = open.find(|(name, _)| !given.contains_key(*name)) else {
            return self.next_output(given, note, preview);
        };
        let mut said = String::new();
        match read_text(typed(line, &spec.ty), &spec.ty) {
            Ok(value) => {
                given.insert(Arc::clone(name), value);
                preview.keep_secrets(&mut given);
            }
            Err(why) => said = format!("  `{name}` {}\n", readable(&why)),
        }
        let next = self.next_output(given, note, preview);
        Next { say: said + &next.say, ..next }
    }

    fn edit(&mut self, preview: Preview<'_>, wrong: &str) -> Next {
        self.mode = Mode::Param;
        let state = preview.view.state;
        let mut say = wrong.to_owned();
        for (id, binding) in params::changeable(state.graph().plan()) {
            let value = state.params.get(id).map(Value::to_text).unwrap_or_default();
            let value = readable(&preview.mask(&value)).replace('\n', " ");
            let value = crate::diagnostic::shortened(value, LONGEST_VALUE);
            say += &format!("    {id} = {value}  ({})\n", binding.ty);
        }
        say += "  NAME=VALUE, or nothing to leave all as it is: ";
        Next { say, ..Next::default() }
    }

    fn param(&mut self, line: &str, preview: Preview<'_>) -> Next {
        if line.is_empty() {
            return self.say("");
        }
        match read_param(line, self.unit.node, preview) {
            Err(why) => self.edit(preview, &format!("  {}\n", readable(&why))),
            Ok((binding, value)) => {
                let changed = Wake::ParamChanged { binding, value, by: user() };
                let mut next = self.answered(Answer::Retry, String::new());
                next.wakes.insert(0, changed);
                next
            }
        }
    }
}

/// What was typed for a value: spaces around all but a text mean nothing.
fn typed<'l>(line: &'l str, ty: &Type) -> &'l str {
    if matches!(ty, Type::String) { line } else { line.trim() }
}

/// `NAME=VALUE` by the param's type, `in` and `matches`.
fn read_param(
    line: &str,
    node: NodeIx,
    preview: Preview<'_>,
) -> Result<(BindingId, Value), String> {
    let Some((name, text)) = line.split_once('=') else {
        return Err(format!("a param is given as NAME=VALUE, and `{line}` has no `=`"));
    };
    let (name, state) = (name.trim(), preview.view.state);
    let found = params::changeable(state.graph().plan()).find(|(id, _)| id.as_str() == name);
    let Some((id, binding)) = found else {
        return Err(format!("there is no param `{name}` that can be changed"));
    };
    let value = read_text(typed(text, &binding.ty), &binding.ty)
        .map_err(|why| format!("param `{name}` {why}"))?;
    let goal = state.graph().goal_ix(&binding.goal).unwrap_or(node);
    let place = Place { goal, unit: None, ..preview.place(UnitIx::of(node)) };
    params::allowed(place, binding, &value).map_err(|why| format!("param `{name}` {why}"))?;
    Ok((id.clone(), value))
}
