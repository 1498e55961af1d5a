//! What a benchmark is.

use crate::context::Context;
use crate::error::BenchError;
use crate::results::Outcome;

/// One, with a section of the page for itself.
pub struct Benchmark {
    /// For the command line.
    pub name: &'static str,
    /// For the page.
    pub title: &'static str,
    /// How it is measured, as Markdown.
    pub method: &'static str,
    /// What was tried to make it better, and what that brought, as Markdown; may be empty.
    pub tried: &'static str,
    /// Measures it; `None` where there is nothing to measure it with.
    pub run: fn(&Context) -> Result<Option<Outcome>, BenchError>,
}
