//! Hides secrets in text that is kept or shown.
//!
//! Knows the forms in which a secret is likely to be printed; knows nothing of who prints it.
//! Invariant: a byte of a found form never leaves a masker, also where the form was written in
//! pieces or overlaps another one.

mod forms;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::AhoCorasick;

/// What stands in a secret's place.
const MASK: &[u8] = b"***";

/// Shorter secrets are parts of too many words: they are masked only whole, or not at all.
const SHORT: usize = 6;

/// Still masked, as a whole.
const SHORTEST: usize = 4;

/// Replaces each secret, in each form it is likely to be printed in, by `***`.
///
/// Who shares one hides at once what anybody teaches it: output that is being written, too.
#[derive(Debug, Default)]
pub struct Masker {
    known: RwLock<Arc<Known>>,
}

/// All that is hidden at some time. Secrets that a run gives one by one must not cost a search built
/// anew of all of them each time: there are several, each of at least twice as many forms as the next.
#[derive(Debug, Clone, Default)]
struct Known {
    layers: Vec<Arc<Layer>>,
    too_short: bool,
}

/// Forms that were made searchable together.
#[derive(Debug)]
struct Layer {
    /// Sorted, so that the forms that start with some text are found by bisection.
    forms: Vec<Vec<u8>>,
    longest: usize,
    search: Option<AhoCorasick>,
}

impl Masker {
    /// A masker of these secrets, in all their forms. A line break at a secret's end is no part of
    /// it; an empty secret is none.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let masker = Self::default();
        masker.learn(secrets);
        masker
    }

    /// All that it hides, for a masker in another process.
    pub fn forms(&self) -> Vec<Vec<u8>> {
        self.known().layers.iter().flat_map(|layer| &layer.forms).cloned().collect()
    }

    /// From here on these secrets are hidden, too.
    pub fn learn(&self, secrets: impl IntoIterator<Item = String>) {
        let mut found = Vec::new();
        let mut too_short = false;
        for secret in secrets {
            let secret = secret.trim_end_matches(['\n', '\r']);
            too_short |= !secret.is_empty() && secret.len() < SHORT;
            if secret.len() >= SHORT {
                forms::add_forms(secret, &mut found);
            } else if secret.len() >= SHORTEST {
                found.push(secret.as_bytes().to_vec());
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut more = Known::clone(&known);
        more.too_short |= too_short;
        more.add(found);
        *known = Arc::new(more);
    }

    /// A masker of what another one hides.
    pub fn of_forms(forms: Vec<Vec<u8>>) -> Self {
        let mut known = Known::default();
        known.add(forms);
        Self { known: RwLock::new(Arc::new(known)) }
    }

    fn known(&self) -> Arc<Known> {
        // Whoever holds it for writing only puts one whole in the place of another.
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.known().is_empty()
    }

    /// Whether a secret is so short (under 6 bytes) that it can't be hidden well: only whole from
    /// 4 bytes on, and not at all below.
    pub fn too_short(&self) -> bool {
        self.known().too_short
    }

    /// A text without secrets.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.mask_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(masked) => Cow::Owned(match String::from_utf8(masked) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            }),
        }
    }

    /// Bytes without secrets.
    pub fn mask_bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let hidden = self.known().hidden(bytes, 0);
        if hidden.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut masked = Vec::with_capacity(bytes.len());
        write_masked(bytes, &hidden, &mut masked);
        Cow::Owned(masked)
    }
}

impl Known {
    fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Makes forms searchable, together with the layers that are not much larger: so each form is in
    /// few searches that are built, and there are few to ask.
    fn add(&mut self, mut forms: Vec<Vec<u8>>) {
        if forms.is_empty() {
            return;
        }
        while let Some(layer) = self.layers.pop_if(|layer| layer.forms.len() / 2 < forms.len()) {
            forms.extend_from_slice(&layer.forms);
        }
        self.layers.push(Arc::new(Layer::new(forms)));
    }

    /// The ranges to hide, in order and apart. The first `covered` bytes are to be hidden anyway.
    fn hidden(&self, bytes: &[u8], covered: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        if covered > 0 {
            found.push((0, covered));
        }
        for layer in &self.layers {
            layer.find(bytes, &mut found);
        }
        found.sort_unstable();
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for (start, end) in found {
            match ranges.last_mut() {
                Some(last) if start < last.1 => last.1 = last.1.max(end),
                _ => ranges.push((start, end)),
            }
        }
        ranges
    }

    /// Where the earliest part at the end starts that may grow into a form.
    fn suspect(&self, bytes: &[u8]) -> usize {
        let starts = self.layers.iter().map(|layer| layer.suspect(bytes));
        starts.min().unwrap_or(bytes.len())
    }
}

impl Layer {
    fn new(mut forms: Vec<Vec<u8>>) -> Self {
        forms.sort_unstable();
        forms.dedup();
        let search = AhoCorasick::new(&forms).ok();
        let longest = forms.iter().map(Vec::len).max().unwrap_or(0);
        Self { forms, longest, search }
    }

    /// Adds the ranges of all forms, in order and apart.
    fn find(&self, bytes: &[u8], ranges: &mut Vec<(usize, usize)>) {
        let others = ranges.len();
        // Asking only whether there is one is much faster, and mostly there is none.
        let found = self.search.as_ref().filter(|search| search.is_match(bytes));
        for found in found.into_iter().flat_map(|search| search.find_overlapping_iter(bytes)) {
            let (mut start, end) = (found.start(), found.end());
            // Matches come by their ends, so a long one may swallow several before it.
            while ranges.len() > others
                && let Some((before, _)) = ranges.pop_if(|last| start < last.1)
            {
                start = start.min(before);
            }
            ranges.push((start, end));
        }
    }

    fn suspect(&self, bytes: &[u8]) -> usize {
        let from = bytes.len().saturating_sub(self.longest.saturating_sub(1));
        (from..bytes.len())
            .find(|&start| bytes.get(start..).is_some_and(|rest| self.begins_form(rest)))
            .unwrap_or(bytes.len())
    }

    /// Whether a form starts with `text` and is longer.
    fn begins_form(&self, text: &[u8]) -> bool {
        let at = self.forms.partition_point(|form| form.as_slice() <= text);
        self.forms.get(at).is_some_and(|form| form.starts_with(text))
    }
}

fn write_masked(bytes: &[u8], hidden: &[(usize, usize)], out: &mut Vec<u8>) {
    let mut written = 0;
    for &(start, end) in hidden {
        out.extend_from_slice(bytes.get(written..start).unwrap_or_default());
        out.extend_from_slice(MASK);
        written = end;
    }
    out.extend_from_slice(bytes.get(written..).unwrap_or_default());
}

/// Masks what comes in pieces. Holds back only what may be the start of a secret: at most the
/// longest form less one byte.
#[derive(Debug)]
pub struct MaskStream<'a> {
    masker: &'a Masker,
    held: Vec<u8>,
    /// So many bytes at the start of `held` belong to a secret whose mask is already out.
    covered: usize,
}

impl<'a> MaskStream<'a> {
    pub fn new(masker: &'a Masker) -> Self {
        Self { masker, held: Vec::new(), covered: 0 }
    }

    /// Takes the next piece; returns what is safe to show of all that came.
    pub fn push<'b>(&mut self, piece: &'b [u8]) -> Cow<'b, [u8]> {
        if self.masker.is_empty() {
            return Cow::Borrowed(piece);
        }
        let mut bytes = std::mem::take(&mut self.held);
        bytes.extend_from_slice(piece);
        let known = self.masker.known();
        let safe = known.suspect(&bytes);
        Cow::Owned(self.release(&known, bytes, safe))
    }

    /// No more comes: the rest.
    pub fn finish(&mut self) -> Vec<u8> {
        let bytes = std::mem::take(&mut self.held);
        let all = bytes.len();
        self.release(&self.masker.known(), bytes, all)
    }

    /// Gives out what stands before `safe`, and keeps the rest.
    fn release(&mut self, known: &Known, bytes: Vec<u8>, safe: usize) -> Vec<u8> {
        let hidden = known.hidden(&bytes, self.covered);
        if hidden.is_empty() && safe == bytes.len() {
            return bytes;
        }
        let mut out = Vec::with_capacity(safe);
        let mut written = 0;
        for &(start, end) in hidden.iter().take_while(|range| range.0 < safe) {
            out.extend_from_slice(bytes.get(written..start).unwrap_or_default());
            // A range from 0 with covered bytes in it has its mask out since the last piece.
            if start > 0 || self.covered == 0 {
                out.extend_from_slice(MASK);
            }
            written = end;
        }
        out.extend_from_slice(bytes.get(written..safe).unwrap_or_default());
        self.covered = if safe == 0 { self.covered } else { written.saturating_sub(safe) };
        self.held = bytes.get(safe..).unwrap_or_default().to_vec();
        out
    }
}
