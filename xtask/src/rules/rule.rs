//! A rule, and the two sides of its test.

/// Whom an alert wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Now: a page.
    Critical,
    /// In working hours: a ticket.
    Warning,
    /// Nobody: for who looks.
    Info,
    /// Nobody: it fires always.
    None,
}

impl Severity {
    /// As the label has it; the words are those of kubernetes-mixin.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::None => "none",
        }
    }
}

/// A series of a test, and its values: both in the notation of `promtool test rules`, a value a minute.
pub type Series = (String, String);

/// What is there, and what comes of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it shows, in a few words.
    pub name: &'static str,
    /// What was scraped.
    pub series: Vec<Series>,
    /// When the alert is asked for.
    pub at: &'static str,
    /// The alerts that fire then: labels besides name and severity, and the description.
    pub alerts: Vec<(Vec<(&'static str, String)>, String)>,
}

/// A rule that alerts.
#[derive(Clone, Debug)]
pub struct Alert {
    /// Its name.
    pub name: String,
    /// Why it is as it is, for who reads the file; may be empty.
    pub why: &'static str,
    /// When it is so.
    pub expression: String,
    /// How long it must be so before it fires; empty where at once.
    pub hold: &'static str,
    /// How long it fires on when it is so no more; may be empty.
    pub keep: &'static str,
    /// Whom it wakes.
    pub severity: Severity,
    /// What it means, always in the same words.
    pub summary: String,
    /// What it means here: a template.
    pub description: String,
    /// The page and heading to go to.
    pub runbook: String,
    /// It fires.
    pub fires: Vec<Case>,
    /// It does not, and nearly would.
    pub rests: Vec<Case>,
}

/// A rule that keeps what others are made of.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// `level:metric:operations`.
    pub name: &'static str,
    /// What is kept.
    pub expression: &'static str,
}

/// Rules that are evaluated together, in their order.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: &'static str,
    /// What it is about, for who reads the file.
    pub about: &'static str,
    /// How often, where not as Prometheus is configured.
    pub interval: &'static str,
    /// What is kept; it comes first.
    pub records: Vec<Record>,
    /// What alerts.
    pub alerts: Vec<Alert>,
}
