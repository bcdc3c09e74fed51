//! Reads what follows a clause's word: its head, its options in any order, its block.
//!
//! Works by the spec's shapes alone. Invariant: reading ends at the first finding that leaves it
//! unclear how to go on; a value out of reach is noted, and reading goes on.

use super::complaint;
use crate::clause::usage::slot_name;
use crate::clause::{
    Argument, BlockShape, ClauseSpec, Count, OptionSpec, OptionValue, Place, Shape, Slot,
};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::Span;
use crate::syntax::{Block, Cursor, Mark, TokenKind};

/// Why reading cannot go on.
pub(super) type Stopped = Diagnostic;

/// A clause's arguments while they are read.
pub(super) struct Arguments<'a, 't> {
    pub(super) cursor: Cursor<'a>,
    pub(super) spec: &'static ClauseSpec,
    /// Where the clause stands.
    place: Place,
    pub(super) text: &'t str,
    pub(super) head: Vec<Argument>,
    pub(super) options: Vec<OptionValue>,
    pub(super) block: Option<&'a Block>,
    block_span: Option<Span>,
    pub(super) findings: Vec<Diagnostic>,
}

impl<'a, 't> Arguments<'a, 't> {
    pub(super) fn new(
        cursor: Cursor<'a>,
        spec: &'static ClauseSpec,
        place: Place,
        text: &'t str,
    ) -> Self {
        let (head, options, findings) = (Vec::new(), Vec::new(), Vec::new());
        Self { cursor, spec, place, text, head, options, block: None, block_span: None, findings }
    }

    /// Reads all of it. Where that fails, what stands behind is looked through for the block, so
    /// that what the block holds is still checked.
    pub(super) fn read(mut self) -> Self {
        if let Err(finding) = self.read_all() {
            self.findings.push(finding);
            self.find_block();
        }
        self
    }

    fn read_all(&mut self) -> Result<(), Stopped> {
        let mut head = Vec::new();
        for (at, slot) in self.spec.head.iter().enumerate() {
            let more = self.spec.head.get(at + 1..).is_some_and(|rest| !rest.is_empty());
            if let Err(finding) = self.slot(slot, more, &mut head) {
                self.head = head;
                return Err(finding);
            }
        }
        self.head = head;
        while let Some(token) = self.cursor.peek(0) {
            if !self.take_block() && !self.take_option()? {
                let last = self.cursor.last();
                if let Some(not) = last.and_then(|last| complaint::not_written_out(last, token)) {
                    // What was read of it as a value is none.
                    self.forget_values();
                    return Err(not);
                }
                let inner = last.and_then(|last| complaint::string_in_string(last, token));
                if matches!(token.kind, TokenKind::Mark(Mark::Assign)) {
                    // Half of a comparison is not the value that is wanted.
                    self.forget_values();
                }
                if let Some(misspelt) = self.half_option() {
                    return Err(misspelt);
                }
                let spec = (self.spec, self.block.is_some());
                let plain = || complaint::unexpected(spec, token, self.place, self.text);
                return Err(inner.unwrap_or_else(plain));
            }
        }
        self.options.shrink_to_fit();
        self.all_there()
    }

    fn forget_values(&mut self) {
        let is_value = |argument: &Argument| matches!(argument, Argument::Expr(_));
        self.head.retain(|argument| !is_value(argument));
        self.options.retain(|option| !option.arguments.iter().any(is_value));
    }

    /// What must be there is there.
    fn all_there(&self) -> Result<(), Stopped> {
        let absent = |option: &&OptionSpec| {
            option.required && self.options.iter().all(|given| given.word != option.word)
        };
        if let Some(option) = self.spec.options.iter().find(absent) {
            let wanted = crate::clause::usage::option_usage(option);
            return Err(complaint::option_missing(self.spec, &wanted, self.before_block()));
        }
        if matches!(self.spec.block, BlockShape::Required(_)) && self.block.is_none() {
            return Err(complaint::block_missing(self.spec, self.cursor.place()));
        }
        Ok(())
    }

    /// Where something that is missing should stand: at the end, or before the block there.
    fn before_block(&self) -> Span {
        self.block_span.map_or_else(|| self.cursor.place(), Span::at_start)
    }

    fn take_block(&mut self) -> bool {
        let Some(token) = self.cursor.peek(0) else { return false };
        match &token.kind {
            TokenKind::Block(block)
                if self.block.is_none() && self.spec.block != BlockShape::None =>
            {
                self.block = Some(block);
                self.block_span = Some(token.span);
                self.cursor.bump();
                true
            }
            _ => false,
        }
    }

    fn find_block(&mut self) {
        while !self.cursor.at_end() {
            if !self.take_block() {
                self.cursor.bump();
            }
        }
    }

    /// Takes the option that the next tokens begin; `false` where they begin none.
    fn take_option(&mut self) -> Result<bool, Stopped> {
        let options: &'static [OptionSpec] = self.spec.options;
        let Some((option, length)) = options.iter().find_map(|o| Some((o, self.begins(o)?))) else {
            return Ok(false);
        };
        let start = self.cursor.place();
        if let Some(first) = self.options.iter().find(|given| given.word == option.word) {
            let what = if option.word.is_empty() { "help" } else { option.word };
            return Err(complaint::twice(what, start, first.span, "keep one of them"));
        }
        let mut span = start;
        for _ in 0..length {
            span = self.cursor.bump().map_or(span, |token| span.to(token.span));
        }
        let mut arguments = Vec::new();
        let outcome =
            option.slots.iter().try_for_each(|slot| self.slot(slot, false, &mut arguments));
        let arguments = arguments.into();
        self.options.push(OptionValue { word: option.word, span, arguments });
        outcome.map(|()| true)
    }

    /// The second word of an option, misspelt: `from stdot`.
    fn half_option(&self) -> Option<Diagnostic> {
        let (first, second) = (self.cursor.peek(0)?, self.cursor.peek(1)?);
        let (TokenKind::Name(begins), TokenKind::Name(word)) = (&first.kind, &second.kind) else {
            return None;
        };
        let words = self.spec.options.iter().filter_map(|option| option.word.split_once(' '));
        let words = words.filter(|(first, _)| *first == &**begins).map(|(_, second)| second);
        let near = nearest(word, words)?;
        Some(complaint::second_word(begins, second, self.text).meant(second.span, near))
    }

    /// How many tokens an option's word takes here; `None` where it does not stand here.
    fn begins(&self, option: &OptionSpec) -> Option<usize> {
        if option.word.is_empty() {
            return matches!(self.cursor.peek(0)?.kind, TokenKind::String(_)).then_some(0);
        }
        let mut length = 0;
        for part in option.word.split(' ') {
            let found = match &self.cursor.peek(length)?.kind {
                TokenKind::Name(name) => **name == *part,
                TokenKind::Mark(mark) => mark.text() == part,
                _ => false,
            };
            if !found {
                return None;
            }
            length += 1;
        }
        Some(length)
    }

    /// Reads what a slot takes; `more` says that another slot follows.
    fn slot(&mut self, slot: &Slot, more: bool, into: &mut Vec<Argument>) -> Result<(), Stopped> {
        match slot.count {
            Count::One => self.argument(slot, slot.shape, into),
            Count::Optional if self.is_there(slot, more) => self.argument(slot, slot.shape, into),
            Count::Optional => Ok(()),
            Count::List => {
                self.argument(slot, slot.shape, into)?;
                while self.cursor.eat_mark(Mark::Comma).is_some() {
                    self.argument(slot, slot.shape, into)?;
                }
                Ok(())
            }
        }
    }

    /// Whether an argument that may be left out is there. A word that could as well be the name
    /// which follows is the name: `lock shared`.
    fn is_there(&self, slot: &Slot, more: bool) -> bool {
        let Some(token) = self.cursor.peek(0) else { return false };
        match (slot.shape, &token.kind) {
            (Shape::Text, kind) => matches!(kind, TokenKind::String(_)),
            (Shape::Name, kind) => matches!(kind, TokenKind::Name(_)),
            (Shape::Word(words), TokenKind::Name(name)) => {
                words.contains(&&**name)
                    && (!more || matches!(self.cursor.peek(1), Some(next) if is_name(&next.kind)))
            }
            (Shape::Word(_), _) => false,
            // A word behind it may be an option's: `fails once`.
            (_, TokenKind::Name(name)) => {
                !self.spec.options.iter().any(|option| option.word == &**name)
            }
            (_, kind) => !matches!(kind, TokenKind::Block(_)),
        }
    }

    /// What to say where an argument is not there.
    pub(super) fn missing(&self, slot: &Slot) -> Stopped {
        let (next, place) = (self.cursor.peek(0), self.cursor.place());
        complaint::missing(self.spec, &slot_name(slot), next, place, self.text)
    }
}

fn is_name(kind: &TokenKind) -> bool {
    matches!(kind, TokenKind::Name(_))
}
