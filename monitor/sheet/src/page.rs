//! Pages of text: lines that fit, each with what it is.

use crate::words::wrapped;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The name of what follows.
    Heading,
    /// Something that is wrong.
    Bad,
    /// Anything.
    Plain,
    /// What matters less.
    Faint,
}

/// A line of a page, fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is.
    pub kind: Kind,
    /// What it says.
    pub text: String,
}

/// Lines as they come together.
#[derive(Clone, Debug)]
pub struct Page {
    width: usize,
    lines: Vec<Line>,
}

/// Below so many columns nothing stands beside what it is called: names and values take turns.
const NARROW: usize = 40;

impl Page {
    /// Of lines of at most so many columns.
    pub const fn new(width: usize) -> Self {
        Self {
            width,
            lines: Vec::new(),
        }
    }

    /// A paragraph.
    pub fn say(&mut self, kind: Kind, text: &str) {
        self.indented(kind, text, 2);
    }

    /// A paragraph whose lines but the first begin with so many blanks.
    pub fn indented(&mut self, kind: Kind, text: &str, indent: usize) {
        let lines = wrapped(text, self.width, indent);
        let lines = lines.into_iter().map(|text| Line { kind, text });
        self.lines.extend(lines);
    }

    /// The name of what follows, an empty line before it.
    pub fn heading(&mut self, text: &str) {
        self.heading_as(Kind::Heading, text);
    }

    /// The same, of another kind.
    pub fn heading_as(&mut self, kind: Kind, text: &str) {
        if !self.lines.is_empty() {
            self.say(Kind::Plain, "");
        }
        self.say(kind, text);
    }

    /// A value with its name before it.
    pub fn named(&mut self, name: &str, value: &str) {
        if self.width < NARROW {
            self.say(Kind::Plain, &format!("{name}: {value}"));
        } else {
            self.indented(Kind::Plain, &format!("{name:<11} {value}"), 12);
        }
    }

    /// A line that is to be copied: it is never broken, however narrow the page is.
    pub fn whole(&mut self, kind: Kind, text: String) {
        self.lines.push(Line { kind, text });
    }

    /// Lines that are ready.
    pub fn extend(&mut self, lines: impl IntoIterator<Item = Line>) {
        self.lines.extend(lines);
    }

    /// How wide its lines may be.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// All of it.
    pub fn into_lines(self) -> Vec<Line> {
        self.lines
    }
}
