//! What is wrong, where every party stands, and what to do: collected, sorted, shown the way rustc does.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet, renderer::DecorStyle};

use crate::source::{SourceId, Sources, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing may be emitted from a spec that has one.
    Error,
    /// Worth a person's look; does not stop anything.
    Warning,
}

/// One party of a finding.
#[derive(Clone, Debug)]
struct Label {
    span: Span,
    text: String,
    primary: bool,
}

/// One finding. The rule's name is the same in the message, in the code and in the name of its test.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    rule: &'static str,
    severity: Severity,
    title: String,
    labels: Vec<Label>,
    notes: Vec<String>,
    help: Option<String>,
}

impl Diagnostic {
    /// An error of the rule `rule`; the title is one line, present tense, without a full stop.
    pub fn error(rule: &'static str, title: impl Into<String>) -> Self {
        Diagnostic {
            rule,
            severity: Severity::Error,
            title: title.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// Like [`Diagnostic::error`], but nothing stops because of it.
    pub fn warning(rule: &'static str, title: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(rule, title) }
    }

    /// The place at fault, and what is wrong there. Nothing is shown for a value that stands in no file.
    #[must_use]
    pub fn at(mut self, span: impl Into<Option<Span>>, text: impl Into<String>) -> Self {
        if let Some(span) = span.into() {
            self.labels.push(Label { span, text: text.into(), primary: true });
        }
        self
    }

    /// Another party.
    #[must_use]
    pub fn and(mut self, span: impl Into<Option<Span>>, text: impl Into<String>) -> Self {
        if let Some(span) = span.into() {
            self.labels.push(Label { span, text: text.into(), primary: false });
        }
        self
    }

    /// A further fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// What to do, when that is sure.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// The rule's name.
    pub fn rule(&self) -> &'static str {
        self.rule
    }

    /// The first line, without the rule.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Where it is, the place at fault first, then those of the other parties.
    pub fn places(&self) -> impl Iterator<Item = Span> {
        let (at, and): (Vec<&Label>, Vec<&Label>) = self.labels.iter().partition(|label| label.primary);
        at.into_iter().chain(and).map(|label| label.span)
    }

    /// All that it says, for a compiler that shows one place itself: the first line, what is wrong at that place, the
    /// other parties where `tell` says that they are, notes and help.
    pub fn words(&self, shown: Option<Span>, tell: impl Fn(Span) -> String) -> String {
        let mut text = format!("{} [{}]", self.title, self.rule);
        for label in self.labels.iter().filter(|label| !label.text.is_empty()) {
            if Some(label.span) == shown {
                text.push_str(&format!("\n{}", label.text));
            } else {
                text.push_str(&format!("\n{}: {}", tell(label.span), label.text));
            }
        }
        for note in &self.notes {
            text.push_str(&format!("\nnote: {note}"));
        }
        if let Some(help) = &self.help {
            text.push_str(&format!("\nhelp: {help}"));
        }
        text
    }

    fn first_place(&self) -> Option<Span> {
        self.labels.iter().find(|label| label.primary).or(self.labels.first()).map(|label| label.span)
    }

    /// The message as text, as rustc would lay it out.
    pub fn render(&self, sources: &Sources, style: Style) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = level
            .primary_title(self.title.as_str())
            .id(self.rule)
            .elements(std::iter::empty::<annotate_snippets::Element<'_>>());
        let mut by_file: Vec<(SourceId, Vec<&Label>)> = Vec::new();
        let mut labels: Vec<&Label> = self.labels.iter().collect();
        labels.sort_by_key(|label| !label.primary);
        for label in labels {
            match by_file.iter_mut().find(|(source, _)| *source == label.span.source) {
                Some((_, in_file)) => in_file.push(label),
                None => by_file.push((label.span.source, vec![label])),
            }
        }
        for (source, in_file) in by_file {
            let file = sources.file(source);
            group = group.element(Snippet::source(file.text.as_str()).path(file.name.as_str()).annotations(
                in_file.iter().map(|label| {
                    let kind = if label.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                    kind.span(clamp(label.span, &file.text)).label(label.text.as_str())
                }),
            ));
        }
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = match style {
            Style::Plain => Renderer::plain(),
            Style::Coloured => Renderer::styled(),
        };
        renderer.decor_style(DecorStyle::Ascii).render(&[group])
    }
}

/// A span inside the text and on character boundaries, whatever a parser reported.
fn clamp(span: Span, text: &str) -> std::ops::Range<usize> {
    let mut start = (span.start as usize).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = (span.end as usize).clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// Whether escape codes may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text only: files, pipes, tests.
    Plain,
    /// With colours: a terminal.
    Coloured,
}

/// Takes every finding of a run; a verb stops only when it is done.
#[derive(Debug, Default)]
pub struct Sink {
    found: Vec<Diagnostic>,
}

impl Sink {
    /// An empty one.
    pub fn new() -> Self {
        Sink::default()
    }

    /// Adds one finding.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Adds the findings of another run.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Diagnostic>) {
        self.found.extend(others);
    }

    /// Whether an error was found; warnings do not count.
    pub fn has_errors(&self) -> bool {
        self.found.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// How many findings there are, errors first.
    pub fn counts(&self) -> (usize, usize) {
        let errors = self.found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
        (errors, self.found.len() - errors)
    }

    /// All findings in the order of their places; those without a place come first.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<&Diagnostic> = self.found.iter().collect();
        all.sort_by(|a, b| (a.first_place(), a.rule, &a.title).cmp(&(b.first_place(), b.rule, &b.title)));
        all
    }

    /// Every message, one after another, with a blank line between.
    pub fn render(&self, sources: &Sources, style: Style) -> String {
        let mut text = String::new();
        for diagnostic in self.sorted() {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&diagnostic.render(sources, style));
            text.push('\n');
        }
        text
    }
}
