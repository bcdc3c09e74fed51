//! Commands: scripts, whose `${name}` become environment variables, and argument lists.
//!
//! Invariant: no value is ever put into a script's text; only names of variables are.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;

use super::index::Named;
use super::lookup::{Meaning, dotted};
use super::operator::named;
use super::pass::{Scope, User};
use super::quoted;
use super::shell::{self, Shell};
use super::world::{is_shell_name, variable_name};
use crate::diagnostic::{Code, Diagnostic};
use crate::ir::{Argument, Command, Rare, Script};
use crate::source::Span;
use crate::syntax::{self, ExprKind, ListItem, ScriptReference, StringLiteral};
use crate::value::{Expr, Function, Type};

/// The words of a script that may be variables' names.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

impl Scope<'_, '_> {
    /// A script or an argument list. `None`: reported.
    pub(super) fn run(&mut self, command: &syntax::Expr) -> Option<Command> {
        match &command.kind {
            ExprKind::String(text) => self.script(text).map(Command::Script),
            ExprKind::List(items) => self.arguments(items, command.span),
            _ => {
                let found = Diagnostic::new(
                    Code::E0301,
                    "`run` takes a script or a list of arguments",
                    command.span,
                    "neither a string nor a list",
                );
                self.pass.report(found.help("write `run \"script\"` or `run [\"program\", …]`"));
                None
            }
        }
    }

    fn arguments(&mut self, items: &[ListItem], span: Span) -> Option<Command> {
        if items.is_empty() {
            let message = "an empty list names no program";
            let found = Diagnostic::new(Code::E0504, message, span, "nothing to run");
            self.pass.report(found.help("write the program first, as `[\"ls\", \"-l\"]`"));
            return None;
        }
        let arguments: Vec<Option<Argument>> =
            items.iter().map(|item| self.argument(item)).collect();
        if let (Some(Some(Argument::One(Expr::Literal(program)))), Some(item)) =
            (arguments.first(), items.first())
            && program.to_text().is_empty()
        {
            let message = "an empty text names no program";
            let found = Diagnostic::new(Code::E0504, message, item.value.span, "nothing to run");
            self.pass.report(found.help("write the program first, as `[\"ls\", \"-l\"]`"));
            return None;
        }
        arguments.into_iter().collect::<Option<Vec<_>>>().map(Command::Arguments)
    }

    fn argument(&mut self, item: &ListItem) -> Option<Argument> {
        let span = item.value.span;
        if let ExprKind::String(text) = &item.value.kind {
            self.note_read(&text.text);
        }
        let typed = self.infer(&item.value)?;
        if typed.ty.is_secret() {
            self.pass.report(secret_argument(span));
        }
        match (&typed.ty, item.spread) {
            (Type::List(_) | Type::Any, true) => Some(Argument::Spread(typed.expr)),
            (Type::List(_), false) => {
                let found = Diagnostic::new(
                    Code::E0301,
                    "an argument is one text, and this is a list",
                    span,
                    named(&typed.ty),
                );
                self.pass.report(found.help("write `...` before it: one argument an item"));
                None
            }
            (_, false) => Some(Argument::One(typed.expr)),
            (other, true) => {
                let message = format!("`...` needs a list, and this is {}", named(other));
                let found = Diagnostic::new(Code::E0301, message, span, named(other));
                self.pass.report(found.help("take the `...` away"));
                None
            }
        }
    }

    fn script(&mut self, text: &StringLiteral) -> Option<Script> {
        self.note_words(&text.text);
        self.note_variables(text);
        self.read_by_shell(text);
        self.find_calls(text);
        let references = syntax::script_references(text);
        let unexpanded =
            if references.is_empty() { Vec::new() } else { quoted::unexpanded(&text.text) };
        let mut rewriting = Rewriting {
            text: String::with_capacity(text.text.len()),
            variables: Rare::default(),
            source: &text.text,
        };
        let mut whole = true;
        let mut copied = 0;
        for reference in &references {
            let Some(before) = text.text.get(copied..reference.range.start) else { continue };
            rewriting.text.push_str(before);
            copied = reference.range.end;
            match self.expansion(reference, &mut rewriting) {
                Ok(Some(variable)) => {
                    rewriting.text.extend(["${", &variable, "}"]);
                    if unexpanded.iter().any(|part| part.contains(&reference.range.start)) {
                        let name = dotted(&reference.parts);
                        let place = text.span_of(reference.range.clone());
                        self.pass.report(quoted::not_expanded(&name, place));
                    }
                }
                Ok(None) => {
                    rewriting.text.push_str(text.text.get(reference.range.clone()).unwrap_or(""));
                }
                Err(Reported) => whole = false,
            }
        }
        rewriting.text.push_str(text.text.get(copied..).unwrap_or(""));
        self.private_words(&mut rewriting);
        whole.then_some(Script { text: rewriting.text, variables: rewriting.variables })
    }

    /// Asks a shell's parser about a script.
    fn read_by_shell(&mut self, text: &StringLiteral) {
        let left = self.pass.script_bytes.checked_sub(text.text.len());
        if let (Shell::Posix, true, Some(left)) = (self.place.shell, text.closed, left) {
            self.pass.script_bytes = left;
            let found = shell::refused(text);
            self.pass.diagnostics.extend(found);
        }
    }

    /// Calls of the language's functions, which the shell would refuse.
    fn find_calls(&mut self, text: &StringLiteral) {
        if self.place.shell != Shell::Posix || !text.closed {
            return;
        }
        let mut calls = syntax::script_calls(text);
        calls.retain(|call| Function::named(call.function).is_some());
        if calls.is_empty() {
            return;
        }
        let inert = quoted::inert(&text.text);
        let item = self.item_variable();
        for call in calls {
            if !inert.iter().any(|(part, _)| part.contains(&call.range.start)) {
                let of_item =
                    item.as_ref().is_some_and(|item| words(call.written).any(|w| w == item));
                let place = text.span_of(call.range);
                self.pass.report(shell::no_call(call.written, of_item, place));
            }
        }
    }

    /// The variable that stands for a reference; none where it is the shell's own.
    fn expansion(
        &mut self,
        reference: &ScriptReference,
        rewriting: &mut Rewriting<'_>,
    ) -> Result<Option<String>, Reported> {
        let Some(first) = reference.parts.first() else { return Ok(None) };
        let plain = reference.parts.len() == 1;
        if plain && self.script_name(&first.value).is_none() {
            return Ok(None);
        }
        if !plain && !self.place.shell.expands() && !self.knows(&first.value) {
            return Ok(None);
        }
        let meaning = self.meaning(&reference.parts).ok_or(Reported)?;
        if !self.place.shell.expands() {
            let last = reference.parts.last().unwrap_or(first);
            self.not_expanded(&dotted(&reference.parts), first.span.to(last.span));
            return Err(Reported);
        }
        if let Meaning::Binding(ix) = meaning {
            self.pass.record(self.place.user).uses.expanded.insert(ix);
        }
        if plain && self.arrives(&meaning, &first.value) {
            return Ok(Some(variable_name(&first.value)));
        }
        let expr = self.typed(meaning).expr;
        Ok(Some(self.variable(&dotted(&reference.parts), expr, rewriting)))
    }

    /// Whether the variable of this name holds the value in the script's environment anyway.
    fn arrives(&self, meaning: &Meaning, name: &str) -> bool {
        let variable = variable_name(name);
        if !is_shell_name(&variable) {
            return false;
        }
        let Meaning::Binding(ix) = meaning else { return matches!(meaning, Meaning::Item(_)) };
        let exported = matches!(self.place.user, User::Step(_)) || self.pass.facts(*ix).is_public();
        exported
            && self.world().variable(self.place.scope, &variable) == Some(*ix)
            && self.item_variable().as_ref() != Some(&variable)
    }

    fn item_variable(&self) -> Option<String> {
        let step = self.place.item?;
        self.world().step(step).foreach().map(|foreach| variable_name(&foreach.name.value))
    }

    /// A variable of the script's own for a value.
    fn variable(&self, name: &str, expr: Expr, rewriting: &mut Rewriting<'_>) -> String {
        let base = shell_name(name);
        let candidates = (1_usize..).map(|at| match at {
            1 => base.clone(),
            more => format!("{base}_{more}"),
        });
        for candidate in candidates {
            let held = rewriting.variables.get(candidate.as_str());
            if held == Some(&expr) {
                return candidate;
            }
            let taken = held.is_some()
                || rewriting.has_word(&candidate)
                || self.world().variable(self.place.scope, &candidate).is_some()
                || self.item_variable().as_ref() == Some(&candidate);
            if !taken {
                rewriting.variables.insert(candidate.as_str().into(), expr);
                return candidate;
            }
        }
        base
    }

    /// Notes which params and lets stand as words in a script.
    fn note_words(&mut self, text: &str) {
        let (world, scope) = (self.world(), self.place.scope);
        let found: Vec<_> = words(text).filter_map(|word| world.variable(scope, word)).collect();
        if !found.is_empty() {
            self.pass.record(self.place.user).uses.words.extend(found);
        }
    }

    /// Notes where a script reads the variables of params, lets and items by itself: `$name`,
    /// `${name:-x}`, `${#name}`. A plain `${name}` is a reference, and noted as one.
    fn note_variables(&mut self, text: &StringLiteral) {
        if self.pass.noted.is_none() {
            return;
        }
        for (dollar, _) in text.text.match_indices('$') {
            let rest = text.text.get(dollar + 1..).unwrap_or_default();
            let braced = rest.starts_with('{');
            let start = if braced { rest.trim_start_matches(['{', '#', '!']) } else { rest };
            let start = text.text.len() - start.len();
            let word = words(text.text.get(start..).unwrap_or_default()).next().unwrap_or_default();
            let range = start..start + word.len();
            let next = text.text.as_bytes().get(range.end);
            let reference =
                braced && start == dollar + 2 && matches!(next, Some(b'}' | b'.' | b'-'));
            if text.text.get(range.clone()) != Some(word) || reference && next != Some(&b'-') {
                continue;
            }
            let item = self.item_variable().filter(|item| *item == word).and(self.place.item);
            let named = match item {
                Some(step) => Some(Named::Item(step)),
                None => self.world().variable(self.place.scope, word).map(Named::Binding),
            };
            self.pass.note(text.span_of(range), true, || named);
        }
    }

    /// An argument may be a script for another program: what it names counts as read.
    fn note_read(&mut self, text: &str) {
        let (world, scope) = (self.world(), self.place.scope);
        let found: Vec<_> = words(text).filter_map(|word| world.variable(scope, word)).collect();
        self.pass.mentioned.extend(found);
    }

    /// A goal's own scripts have no exports: what is not public goes with the script.
    fn private_words(&mut self, rewriting: &mut Rewriting<'_>) {
        if matches!(self.place.user, User::Step(_)) {
            return;
        }
        let (world, scope) = (self.world(), self.place.scope);
        let named: BTreeSet<&str> = words(rewriting.source).collect();
        for word in named {
            let Some(ix) = world.variable(scope, word) else { continue };
            let facts = self.pass.facts(ix);
            if !facts.is_public() && facts.needs.is_empty() && is_shell_name(word) {
                let expr = Expr::Binding(world.binding(ix).id.clone());
                rewriting.variables.entry(word.into()).or_insert(expr);
            }
        }
    }

    fn not_expanded(&mut self, name: &str, span: Span) {
        let variable = shell_name(name).to_uppercase();
        let found = Diagnostic::new(
            Code::E0506,
            format!("`${{{name}}}` stands in a script that is not for a shell of the sh family"),
            span,
            "this would never become the value",
        );
        self.pass.report(found.help(format!(
            "bind it with `env {{ {variable} = {name} }}` and read the variable `{variable}` there"
        )));
    }
}

/// Something was reported.
struct Reported;

struct Rewriting<'t> {
    text: String,
    variables: Rare<IndexMap<Arc<str>, Expr>>,
    source: &'t str,
}

impl Rewriting<'_> {
    /// Whether the script has this word, which a variable of goalc's would take the meaning of.
    fn has_word(&self, word: &str) -> bool {
        words(self.source).any(|other| other == word)
    }
}

fn secret_argument(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::W0708,
        "other users of the machine can read a secret in an argument",
        span,
        "a secret",
    )
    .help("bind it in `env { TOKEN = … }`, and let the program read the variable")
}

/// A name that a shell can expand: `image.digest` becomes `image_digest`.
fn shell_name(name: &str) -> String {
    let mut variable = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => variable.push(letter),
            '-' | '.' => variable.push('_'),
            other => variable.extend(format!("_u{:x}", u32::from(other)).chars()),
        }
    }
    variable
}
