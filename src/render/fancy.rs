//! Findings as a person reads them on a terminal: the text, what is wrong in it, what to write.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, ThemeCharacters, ThemeStyles};

use super::excerpt::{Excerpt, LABELS, Mark};
use super::said;
use super::select::{select, summary};
use crate::diagnostic::{Diagnostic, Severity};
use crate::report::layout::{Paint, width, wrap};
use crate::source::SourceMap;

/// How findings are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderOptions {
    pub colour: bool,
    /// The terminal's columns.
    pub width: usize,
    /// Frames of box characters; otherwise of ASCII.
    pub unicode: bool,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self { colour: false, width: 80, unicode: true }
    }
}

/// At most [`super::SHOWN`] findings with their places, then a line that counts all of them.
/// Empty where there are none.
pub fn fancy(diagnostics: &[Diagnostic], sources: &SourceMap, options: RenderOptions) -> String {
    let selection = select(diagnostics);
    let mut parts: Vec<_> =
        selection.shown.iter().map(|found| one(found, sources, options) + "\n").collect();
    parts.extend(selection.rest());
    if !diagnostics.is_empty() {
        parts.push(Paint(options.colour).bold(&summary(diagnostics)) + "\n");
    }
    parts.concat()
}

fn one(found: &Diagnostic, sources: &SourceMap, options: RenderOptions) -> String {
    let columns = options.width.max(40);
    let excerpt = Excerpt::new(found, sources, columns);
    let title = title(found);
    // Two columns before the title and one behind it.
    let message = wrap(&said(&found.message), columns - title.len() - 3).join("\n");
    let help = found.help.as_ref().map(|help| wrap(&said(help), columns - 10).join("\n"));
    let theme = theme(found, &excerpt, title, options);
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(columns)
        .with_wrap_lines(false)
        .with_urls(false)
        .without_syntax_highlighting();
    let shown = Shown { message, help, severity: found.severity(), excerpt, columns };
    let mut text = String::new();
    // Writing into a string fails only if miette does; the message is then better than nothing.
    if handler.render_report(&mut text, &shown).is_err() {
        text = format!("  {}: {}\n", found.code, shown.message);
    }
    let more = found.labels.len().saturating_sub(LABELS);
    let rest = (more > 0).then(|| format!("  … and at {more} more of its places\n"));
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).chain(rest.as_deref()).collect()
}

/// `error[E0201]:`, which stands where miette puts its icon.
fn title(found: &Diagnostic) -> String {
    let word = match found.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    format!("{word}[{}]:", found.code)
}

/// Red for errors, yellow for warnings, and the same for the mark at their place.
fn theme(
    found: &Diagnostic,
    excerpt: &Excerpt,
    title: String,
    options: RenderOptions,
) -> GraphicalTheme {
    let unicode = options.unicode;
    let mut characters =
        if unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let mut styles = if options.colour { ThemeStyles::ansi() } else { ThemeStyles::none() };
    let main = match found.severity() {
        Severity::Error => styles.error,
        Severity::Warning => styles.warning,
    };
    let of_mark = |mark: &Mark| if mark.primary { main } else { styles.advice };
    styles.highlights = excerpt.marks.iter().map(of_mark).collect();
    characters.error.clone_from(&title);
    characters.warning = title;
    GraphicalTheme { characters, styles }
}

/// A finding as miette takes it.
#[derive(Debug)]
struct Shown {
    message: String,
    help: Option<String>,
    severity: Severity,
    excerpt: Excerpt,
    columns: usize,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl miette::Diagnostic for Shown {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        (!self.excerpt.marks.is_empty()).then_some(&self.excerpt as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.excerpt.marks.iter().map(|mark| self.label(mark))))
    }
}

impl Shown {
    fn label(&self, mark: &Mark) -> LabeledSpan {
        let span = (mark.bytes.start, mark.bytes.len());
        let text = (!mark.text.is_empty()).then(|| self.fit(mark));
        if mark.primary {
            LabeledSpan::new_primary_with_span(text, span)
        } else {
            LabeledSpan::new_with_span(text, span)
        }
    }

    /// A label's text, wrapped to the room that is left beside its mark.
    fn fit(&self, mark: &Mark) -> String {
        let before = width(self.excerpt.before(mark.bytes.start));
        let middle = width(self.excerpt.slice(mark.bytes.clone())) / 2;
        let taken = self.excerpt.gutter + before + middle + 4;
        wrap(&said(&mark.text), self.columns.saturating_sub(taken).max(24)).join("\n")
    }
}
