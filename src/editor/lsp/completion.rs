//! What may come at the cursor: words of the place, names that are seen, parts, values, files.
//!
//! Knows no words of the language: they come from the clause table. Works on broken texts, as what
//! is being written always is.

use std::path::Path;

use gen_lsp_types::{CompletionItem, CompletionItemKind as Kind, MarkupContent, MarkupKind};

use super::hover;
use super::member::{Member, members, seen, words};
use super::place::{Begun, begun, takes, wanted};
use super::scenario;
use super::tree::{self, Stood};
use super::view::View;
use crate::clause::{ClauseSpec, Place, Shape, Slot, TYPES, Want, find, listed_words, usage};
use crate::sema::{Name, NameKind};
use crate::syntax::{Token, TokenKind};
use crate::value::Function;

/// What is offered at an offset.
pub(super) fn completions(view: View<'_>, offset: usize) -> Vec<CompletionItem> {
    let document = view.document();
    let before = view.text().get(..offset).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let row = offset - line.len()..offset;
    if document.comments.iter().any(|comment| row.contains(&comment.span.range().start)) {
        return Vec::new();
    }
    let spot = tree::spot(&document, view.text(), offset);
    let here = Here { view, offset, begun: begun(line), line };
    let Some(stood) = spot.stood else { return here.words(spot.place) };
    if let Some(string) = stood.statement.tokens.iter().find_map(|token| in_string(token, offset)) {
        return here.in_string(stood, string);
    }
    let start = offset - here.begun.part.len();
    let first = stood.statement.tokens.first().map_or(offset, |token| token.span.range().start);
    if start <= first && here.begun.path.is_empty() {
        return here.words(stood.place);
    }
    here.arguments(stood)
}

/// The string that an offset is in, also in groups.
fn in_string(token: &Token, offset: usize) -> Option<&Token> {
    let range = token.span.range();
    if offset <= range.start || range.end < offset {
        return None;
    }
    match &token.kind {
        TokenKind::String(text) => (offset < range.end || !text.closed).then_some(token),
        TokenKind::Group(group) => group.tokens.iter().find_map(|inner| in_string(inner, offset)),
        _ => None,
    }
}

struct Here<'a> {
    view: View<'a>,
    offset: usize,
    begun: Begun<'a>,
    /// From the line's start to the cursor.
    line: &'a str,
}

impl Here<'_> {
    /// The words that a statement may begin with.
    fn words(&self, place: Place) -> Vec<CompletionItem> {
        let words = crate::clause::words(place).into_iter();
        let mut items: Vec<_> = words.filter_map(|word| Some(clause(find(place, word)?))).collect();
        if place == Place::Probes {
            items.extend(self.values(&[Slot::one("", Shape::Expr(Want::Bool))]));
        }
        if place == Place::Mount {
            items.extend(self.mount_params());
        }
        items
    }

    /// The params of the mount that the cursor is in.
    fn mount_params(&self) -> Vec<CompletionItem> {
        let index = &self.view.checked.index;
        let around = index.names.iter().enumerate().find(|(_, name)| {
            let range = name.whole.range();
            name.mounted && name.whole.file == self.view.file && range.contains(&self.offset)
        });
        let Some((mount, _)) = around else { return Vec::new() };
        let params = index.held(mount).filter(|(_, name)| name.kind == NameKind::Param);
        params.map(|(_, name)| self.name(name)).collect()
    }

    fn arguments(&self, stood: Stood<'_>) -> Vec<CompletionItem> {
        let start = self.offset - self.begun.part.len();
        let Some((spec, words)) = stood.clause else { return self.values(&[]) };
        let (slots, options) = wanted(spec, stood.statement, words, start);
        let edges = takes(slots, &|shape| matches!(shape, Shape::Reference { .. }));
        if !self.begun.path.is_empty() {
            return self.members(edges);
        }
        let mut items: Vec<_> = slots
            .iter()
            .flat_map(|slot| listed_words(slot.shape))
            .map(|word| item(word, Kind::EnumMember, spec.word))
            .collect();
        if edges {
            items.extend(self.edges(stood));
            if stood.place == Place::Scenario {
                items.push(item("goal", Kind::Module, "the whole goal"));
            }
        }
        if takes(slots, &|shape| matches!(shape, Shape::Type)) {
            items.extend(types());
        }
        if takes(slots, &|shape| matches!(shape, Shape::Name)) {
            items.extend(self.shared(spec));
            if stood.place == Place::Scenario {
                let parts = scenario::parts(self.view, stood.statement).into_iter();
                items.extend(parts.map(|name| self.name(name)));
            }
        }
        let is_value = |shape| {
            matches!(
                shape,
                Shape::Expr(_) | Shape::Operand(_) | Shape::Range { .. } | Shape::Command
            )
        };
        if takes(slots, &is_value) {
            items.extend(self.compared());
            items.extend(self.values(slots));
        }
        if options {
            let words = spec.options.iter().map(|option| option.word);
            let words = words.filter(|word| word.starts_with(char::is_alphabetic));
            items.extend(words.map(|word| item(word, Kind::Keyword, spec.word)));
        }
        items
    }

    /// Locks and resources that are in use already.
    fn shared(&self, spec: &ClauseSpec) -> Vec<CompletionItem> {
        let kind = match spec.word {
            "lock" => NameKind::Lock,
            "uses" => NameKind::Resource,
            _ => return Vec::new(),
        };
        let names = self.view.checked.index.names.iter();
        names.filter(|name| name.kind == kind).map(|name| self.name(name)).collect()
    }

    /// What a step or goal may wait for: all steps and goals that are seen, but itself.
    fn edges(&self, stood: Stood<'_>) -> Vec<CompletionItem> {
        let around =
            self.view.checked.index.around(self.view.file, stood.statement.span.range().start);
        let own =
            around.and_then(|at| self.view.checked.index.names.get(at)).map(|name| name.place);
        let nodes = seen(self.view, self.offset).into_iter().filter(|name| {
            matches!(name.kind, NameKind::Step | NameKind::Goal) && Some(name.place) != own
        });
        nodes.map(|name| self.name(name)).collect()
    }

    fn members(&self, edges: bool) -> Vec<CompletionItem> {
        let members = members(self.view, self.offset, &self.begun.path, edges).into_iter();
        members
            .map(|member| match member {
                Member::Name(name) => self.name(name),
                Member::Word(word, what) => item(word, Kind::Property, what),
            })
            .collect()
    }

    /// Behind `==` or `!=`: the words that what stands before may be.
    fn compared(&self) -> Vec<CompletionItem> {
        let before = self.line.get(..self.line.len() - self.begun.part.len()).unwrap_or_default();
        let before = before.trim_end();
        let operator = ["==", "!="].iter().find_map(|mark| before.strip_suffix(mark));
        let Some(before) = operator else { return Vec::new() };
        let Begun { mut path, part } = begun(before.trim_end());
        path.push(part);
        let words = words(self.view, self.offset, &path).into_iter();
        words.map(|word| item(&format!("\"{word}\""), Kind::EnumMember, "")).collect()
    }

    /// Names with values, functions, and examples of what is wanted.
    fn values(&self, slots: &[Slot]) -> Vec<CompletionItem> {
        if !self.begun.path.is_empty() {
            return self.members(false);
        }
        let mut items: Vec<_> =
            seen(self.view, self.offset).into_iter().map(|name| self.name(name)).collect();
        items.extend(Function::ALL.iter().map(|function| CompletionItem {
            detail: Some(function.usage()),
            documentation: Some(function.summary().to_owned().into()),
            ..item(function.word(), Kind::Function, "")
        }));
        let examples: &[&str] = match slots.first().map(|slot| slot.shape.want()) {
            Some(Want::Duration { .. }) => &["10s", "1m", "15m", "1h"],
            Some(Want::Size) => &["512MiB", "2GiB"],
            Some(Want::Bool) => &["true", "false"],
            _ => &[],
        };
        items.extend(examples.iter().map(|word| item(word, Kind::Value, "")));
        items
    }

    /// In a string: values in `${…}`, files of a mount, words of an enumeration.
    fn in_string(&self, stood: Stood<'_>, string: &Token) -> Vec<CompletionItem> {
        let start = string.span.range().start;
        let written = self.view.text().get(start..self.offset).unwrap_or_default();
        if written.rfind("${").is_some_and(|open| !written.get(open..).unwrap_or("").contains('}'))
        {
            return self.values(&[]);
        }
        let from =
            stood.statement.tokens.iter().take_while(|token| token.span != string.span).last();
        let from = from.is_some_and(|token| self.view.checked.sources.slice(token.span) == "from");
        let mounts = stood.clause.is_some_and(|(spec, _)| {
            spec.block == crate::clause::BlockShape::Optional(Place::Mount)
        });
        if from && mounts { self.files(written) } else { Vec::new() }
    }

    /// Files and folders beside what is written of a path.
    fn files(&self, written: &str) -> Vec<CompletionItem> {
        let written = written.trim_start_matches(['"', '\'']);
        let folder = written.rfind('/').map_or("", |at| written.get(..=at).unwrap_or_default());
        let own = self.view.source().path.parent().unwrap_or(Path::new("/"));
        let names = self.view.session.host.beside(&own.join(folder)).into_iter();
        let plan = |name: &str| Path::new(name).extension().is_some_and(|end| end == "goal");
        let own_name = self.view.source().path.file_name();
        let fits = |name: &String| {
            name.ends_with('/') || (plan(name) && own_name.is_none_or(|own| *own != **name))
        };
        let kind = |name: &str| if name.ends_with('/') { Kind::Folder } else { Kind::File };
        names.filter(fits).map(|name| item(&name, kind(&name), "")).collect()
    }

    fn name(&self, name: &Name) -> CompletionItem {
        let kind = match name.kind {
            NameKind::Goal => Kind::Module,
            NameKind::Step | NameKind::Fallback => Kind::Method,
            NameKind::Let => Kind::Constant,
            NameKind::Param | NameKind::Item => Kind::Variable,
            NameKind::Output | NameKind::Lock | NameKind::Resource => Kind::Property,
        };
        let detail = match &name.ty {
            Some(ty) => format!("{}: {ty}", name.kind.word()),
            None => name.kind.word().to_owned(),
        };
        let page = hover::name(&self.view.checked.index, name);
        CompletionItem {
            documentation: Some(markdown(page).into()),
            ..item(&name.text, kind, &detail)
        }
    }
}

fn markdown(value: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value }
}

fn item(label: &str, kind: Kind, detail: &str) -> CompletionItem {
    CompletionItem {
        label: label.to_owned(),
        kind: Some(kind),
        detail: (!detail.is_empty()).then(|| detail.to_owned()),
        ..CompletionItem::default()
    }
}

fn clause(spec: &'static ClauseSpec) -> CompletionItem {
    CompletionItem {
        documentation: Some(markdown(hover::clause(spec)).into()),
        ..item(spec.word, Kind::Keyword, &usage(spec))
    }
}

fn types() -> Vec<CompletionItem> {
    TYPES.iter().map(|word| item(word, Kind::Class, "")).collect()
}
