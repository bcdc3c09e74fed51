//! How large a step's box is, and how much a goal's needs for its heading; and the lines of text.

use super::measure::{Face, cut, lines, width};
use crate::graph::label::{Label, Shape};

/// From a goal's border to what it holds.
pub(super) const PAD: f64 = 18.0;

/// From a step's border to its text.
const MARGIN: f64 = 12.0;

/// The widest that text gets.
const WIDEST: f64 = 230.0;

const NARROWEST: f64 = 64.0;

/// What a line of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Name,
    Title,
    Marks,
}

impl Role {
    fn font(self) -> (Face, f64) {
        match self {
            Self::Name => (Face::Mono, 13.0),
            Self::Title => (Face::Sans, 12.0),
            Self::Marks => (Face::Sans, 10.5),
        }
    }

    fn height(self) -> f64 {
        match self {
            Self::Name => 18.0,
            Self::Title => 16.0,
            Self::Marks => 15.0,
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Title => "title",
            Self::Marks => "marks",
        }
    }
}

/// A line of text; `y` is its base, from the top of its box.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) role: Role,
    pub(super) y: f64,
    pub(super) line: String,
}

/// A step's size; of a goal, what its heading takes.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) texts: Vec<Text>,
}

pub(super) fn frame(label: &Label) -> Frame {
    let mut texts = Vec::new();
    let goal = label.shape == Shape::Goal;
    let mut y = if goal { 6.0 } else { 8.0 };
    let mut widest: f64 = NARROWEST;
    let marks = (!label.marks.is_empty()).then(|| label.marks.join(" · "));
    let all = [
        (Role::Name, Some(label.name.as_str()), 1),
        (Role::Title, label.title.as_deref(), if goal { 1 } else { 2 }),
        (Role::Marks, marks.as_deref(), if goal { 1 } else { 2 }),
    ];
    for (role, text, count) in all {
        let (face, size) = role.font();
        for line in text.map(|text| lines(text, face, size, WIDEST, count)).into_iter().flatten() {
            widest = widest.max(width(&line, face, size));
            y += role.height();
            texts.push(Text { role, y: y - 4.0, line });
        }
    }
    // Space for the lines that mark many, and the notch of what is done by hand.
    let more = if matches!(label.shape, Shape::Many | Shape::Manual) { 6.0 } else { 0.0 };
    Frame { width: widest + 2.0 * MARGIN + more, height: y + if goal { 12.0 } else { 8.0 }, texts }
}

/// The picture's own heading, in one line each.
pub(super) fn heading(label: &Label, most: f64) -> (String, String) {
    let title = label.title.as_deref().unwrap_or_default();
    (cut(&label.name, Face::Mono, 16.0, most), cut(title, Face::Sans, 13.0, most))
}
