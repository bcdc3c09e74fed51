//! From what a clause says to a pattern: values that are known are put in, and the folder in which
//! the step runs comes before it.
//!
//! Paths are compared as text: without `.`, inner `..` and doubled `/`.

use std::collections::HashMap;

use super::pattern::{Class, Token};
use crate::ir::BindingKind;
use crate::sema::lower::Lowered;
use crate::sema::pass::Pass;
use crate::sema::world::{BindingIx, GoalIx, StepIx};
use crate::value::{Expr, Value};

/// `{a,b}` stands for at most so many patterns.
const MOST_ALTERNATIVES: usize = 64;

/// Lets that are made of lets, at most so deep.
const DEEPEST_LET: usize = 16;

/// A part of a pattern's text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// A letter that stands for itself.
    Plain(char),
    /// A letter that may mean something in a pattern.
    Glob(char),
    Unknown(u32),
}

/// A pattern as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Pattern {
    pub(super) tokens: Vec<Token>,
    /// It begins with a value that only the run knows, so it may lie anywhere.
    pub(super) floating: bool,
}

impl Pattern {
    pub(super) fn has_unknowns(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Unknown(_)))
    }
}

/// Reads patterns, and tells values that only the run knows from each other.
pub(super) struct Paths<'p> {
    pass: &'p Pass<'p>,
    lowered: &'p Lowered,
    bindings: HashMap<&'p str, BindingIx>,
    unknowns: HashMap<String, u32>,
    /// The folder of steps that say none of their own, by goal.
    folders: HashMap<GoalIx, Vec<Piece>>,
}

impl<'p> Paths<'p> {
    pub(super) fn new(pass: &'p Pass<'p>, lowered: &'p Lowered) -> Self {
        let ids = pass.world.binding_ids();
        let bindings = ids.map(|ix| (pass.world.binding(ix).id.as_str(), ix)).collect();
        Self { pass, lowered, bindings, unknowns: HashMap::new(), folders: HashMap::new() }
    }

    /// The patterns of one argument; several where it has `{a,b}`. `whole`: a folder is meant with
    /// all below it.
    pub(super) fn patterns(&mut self, step: StepIx, written: &Expr, whole: bool) -> Vec<Pattern> {
        let goal = self.pass.world.step(step).goal;
        let has_own = self.lowered.steps[step].attempt.environment.dir.is_some();
        let base = match self.folders.remove(&goal).filter(|_| !has_own) {
            Some(known) => known,
            None => self.base(goal, step),
        };
        let mut text = Vec::new();
        self.text(written, step, 0, &mut text);
        let alternatives = alternatives(unescaped(text));
        let found = alternatives.into_iter().map(|text| pattern(&base, text, whole)).collect();
        if !has_own {
            self.folders.insert(goal, base);
        }
        found
    }

    /// The folder in which a step runs, relative to the plan's.
    fn base(&mut self, goal: GoalIx, step: StepIx) -> Vec<Piece> {
        let pass = self.pass;
        let own = self.lowered.steps[step].attempt.environment.dir.as_ref().map(|dir| (goal, dir));
        let dir = own.or_else(|| {
            // A mounted file's steps run in its own folder, whatever goals around it say.
            pass.world.visible(goal).find_map(|(ix, _)| {
                self.lowered.goals[ix.at()].environment.dir.as_ref().map(|dir| (ix, dir))
            })
        });
        let folder = |goal| pass.world.outwards(goal).find_map(|(_, decl)| decl.folder.as_deref());
        let file = folder(dir.map_or(goal, |(goal, _)| goal)).unwrap_or(".");
        let mut base: Vec<Piece> = file.chars().map(Piece::Plain).collect();
        if let Some((_, dir)) = dir {
            let mut text = Vec::new();
            self.text(dir, step, 0, &mut text);
            let plain = text.into_iter().map(|piece| match piece {
                Piece::Glob(letter) => Piece::Plain(letter),
                other => other,
            });
            base = joined(&base, plain.collect());
        }
        base
    }

    fn text(&mut self, expr: &Expr, step: StepIx, depth: usize, into: &mut Vec<Piece>) {
        match expr {
            Expr::Literal(value) => push(value, into),
            Expr::Template(parts) => {
                for part in parts {
                    self.text(part, step, depth, into);
                }
            }
            Expr::Binding(id) => match self.bindings.get(id.as_str()).copied() {
                Some(ix) if depth < DEEPEST_LET => self.binding(ix, step, depth, into),
                _ => self.unknown(expr, step, into),
            },
            _ => self.unknown(expr, step, into),
        }
    }

    fn binding(&mut self, ix: BindingIx, step: StepIx, depth: usize, into: &mut Vec<Piece>) {
        let facts = self.pass.facts(ix);
        if let Some(value) = &facts.constant {
            return push(value, into);
        }
        if let BindingKind::Let { value: value @ Expr::Template(_) } = &facts.kind {
            self.text(value, step, depth + 1, into);
        } else {
            let id = self.pass.world.binding(ix).id.clone();
            self.unknown(&Expr::Binding(id), step, into);
        }
    }

    fn unknown(&mut self, expr: &Expr, step: StepIx, into: &mut Vec<Piece>) {
        let mut of_item = false;
        expr.walk(&mut |part| of_item |= matches!(part, Expr::Item(_) | Expr::ItemOutput { .. }));
        let owner = of_item.then_some(step);
        let next = u32::try_from(self.unknowns.len()).unwrap_or(u32::MAX);
        let key = *self.unknowns.entry(format!("{owner:?} {expr:?}")).or_insert(next);
        into.push(Piece::Unknown(key));
    }
}

fn push(value: &Value, into: &mut Vec<Piece>) {
    into.extend(value.to_text().chars().map(Piece::Glob));
}

/// A letter behind a backslash stands for itself.
fn unescaped(text: Vec<Piece>) -> Vec<Piece> {
    if !text.contains(&Piece::Glob('\\')) {
        return text;
    }
    let mut found = Vec::with_capacity(text.len());
    let mut pieces = text.into_iter();
    while let Some(piece) = pieces.next() {
        found.push(match (&piece, piece == Piece::Glob('\\')) {
            (_, true) => match pieces.next() {
                Some(Piece::Glob(letter)) => Piece::Plain(letter),
                Some(other) => other,
                None => Piece::Plain('\\'),
            },
            _ => piece,
        });
    }
    found
}

/// Takes `{a,b}` apart.
fn alternatives(text: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut done = Vec::new();
    let mut waiting = vec![text];
    while let Some(text) = waiting.pop() {
        let Some((start, parts, end)) = braces(&text) else {
            done.push(text);
            continue;
        };
        if done.len() + waiting.len() + parts.len() > MOST_ALTERNATIVES {
            continue;
        }
        for part in parts {
            waiting.push([&text[..start], &text[part], &text[end..]].concat());
        }
    }
    done
}

/// The first `{…}`: where it starts, its parts, and where it has ended.
fn braces(text: &[Piece]) -> Option<(usize, Vec<std::ops::Range<usize>>, usize)> {
    let start = text.iter().position(|piece| *piece == Piece::Glob('{'))?;
    let (mut depth, mut from, mut parts) = (0_usize, start + 1, Vec::new());
    for (at, piece) in text.iter().enumerate().skip(start + 1) {
        match piece {
            Piece::Glob('{') => depth += 1,
            Piece::Glob('}') if depth == 0 => {
                parts.push(from..at);
                return Some((start, parts, at + 1));
            }
            Piece::Glob('}') => depth -= 1,
            Piece::Glob(',') if depth == 0 => {
                parts.push(from..at);
                from = at + 1;
            }
            _ => {}
        }
    }
    None
}

fn is_slash(piece: &Piece) -> bool {
    matches!(piece, Piece::Plain('/') | Piece::Glob('/'))
}

/// A path below a folder; an absolute one stands alone, and one that may be absolute too.
fn joined(base: &[Piece], path: Vec<Piece>) -> Vec<Piece> {
    match path.first() {
        Some(Piece::Unknown(_)) => path,
        Some(first) if is_slash(first) => path,
        _ => [base, &[Piece::Plain('/')], &path].concat(),
    }
}

fn pattern(base: &[Piece], text: Vec<Piece>, whole: bool) -> Pattern {
    let path = joined(base, text);
    let floating = matches!(path.first(), Some(Piece::Unknown(_)));
    let absolute = path.first().is_some_and(is_slash);
    let ends_in_slash = path.last().is_some_and(is_slash);
    let segments = segments(&path);
    let mut tokens = if absolute || floating { Vec::new() } else { vec![Token::Char('.')] };
    let mut separate = !floating;
    for (at, segment) in segments.iter().enumerate() {
        if separate {
            tokens.push(Token::Char('/'));
        }
        let any = *segment == [Piece::Glob('*'), Piece::Glob('*')];
        let last = at + 1 == segments.len();
        match any {
            true if last => tokens.push(Token::Rest),
            true => tokens.push(Token::Folders),
            false => names(segment, &mut tokens),
        }
        separate = !any;
    }
    let plain = tokens.iter().all(|token| matches!(token, Token::Char(_)));
    if (plain || ends_in_slash || whole) && tokens.last() != Some(&Token::Rest) {
        tokens.push(Token::Below);
    }
    Pattern { tokens, floating }
}

/// The names in a path, without `.`, and without `..` where it can be taken back.
fn segments(path: &[Piece]) -> Vec<&[Piece]> {
    let dots = |segment: &[Piece], count: usize| {
        segment.len() == count
            && segment.iter().all(|piece| matches!(piece, Piece::Plain('.') | Piece::Glob('.')))
    };
    let is_known = |segment: &[Piece]| {
        segment.iter().all(|piece| match piece {
            Piece::Plain(_) => true,
            Piece::Glob(letter) => !matches!(letter, '*' | '?' | '['),
            Piece::Unknown(_) => false,
        })
    };
    let mut found: Vec<&[Piece]> = Vec::new();
    for segment in path.split(is_slash).filter(|segment| !segment.is_empty() && !dots(segment, 1)) {
        let back =
            dots(segment, 2) && found.last().is_some_and(|last| is_known(last) && !dots(last, 2));
        if back {
            found.pop();
        } else {
            found.push(segment);
        }
    }
    found
}

fn names(segment: &[Piece], tokens: &mut Vec<Token>) {
    let mut at = 0;
    while let Some(piece) = segment.get(at) {
        at += 1;
        let token = match piece {
            Piece::Glob('*') => Token::Star,
            Piece::Glob('?') => Token::One,
            Piece::Glob('[') => match class(&segment[at..]) {
                Some((class, length)) => {
                    at += length;
                    Token::Class(Box::new(class))
                }
                None => Token::Char('['),
            },
            Piece::Glob(letter) | Piece::Plain(letter) => Token::Char(*letter),
            Piece::Unknown(key) => Token::Unknown(*key),
        };
        if token != Token::Star || tokens.last() != Some(&Token::Star) {
            tokens.push(token);
        }
    }
}

/// A class behind its `[`, and how many pieces it takes with its `]`.
fn class(pieces: &[Piece]) -> Option<(Class, usize)> {
    let letters: Vec<char> = pieces
        .iter()
        .map_while(|piece| match piece {
            Piece::Glob(letter) | Piece::Plain(letter) => Some(*letter),
            Piece::Unknown(_) => None,
        })
        .collect();
    let negated = matches!(letters.first(), Some('!' | '^'));
    let start = usize::from(negated);
    let body = letters.get(start..)?;
    // A `]` right at the start stands for itself.
    let length = body.iter().skip(1).position(|letter| *letter == ']')? + 1;
    let (mut ranges, mut at) = (Vec::new(), 0);
    while let Some(from) = body.get(at).filter(|_| at < length) {
        match (body.get(at + 1), body.get(at + 2)) {
            (Some('-'), Some(to)) if at + 2 < length => {
                ranges.push((*from, *to));
                at += 3;
            }
            _ => {
                ranges.push((*from, *from));
                at += 1;
            }
        }
    }
    Some((Class { negated, ranges }, start + length + 1))
}
