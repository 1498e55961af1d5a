//! The rules that are in force: which, told when that changes, and their last word on every finding.

use crate::input::Input;
use crate::paths::JudgedPath;
use crate::rules::{PathRules, Rules};
use crate::verdict::{Verdict, Verdicts};
use std::sync::Arc;

/// What is written, and what of it is in force.
#[derive(Debug, Default)]
pub(crate) struct InForce {
    written: Vec<(String, PathRules)>,
    now: Arc<Rules>,
    /// The wall clock as it was told last, in ns since 1970.
    wall_unix_ns: Option<i64>,
    /// Others are written since that was last worked out.
    stale: bool,
}

impl InForce {
    /// These paths have these rules.
    pub(crate) fn set(&mut self, paths: &[JudgedPath]) {
        let ruled = paths.iter().filter(|path| !path.rules.is_default());
        self.written = ruled
            .map(|path| (path.name.clone(), path.rules.clone()))
            .collect();
        self.stale = true;
    }

    /// Learns from `input` what time it is. Facts may be late, so they count only until a clock has been told. What is in
    /// force now, if it is not what was before.
    pub(crate) fn at(&mut self, input: &Input<'_>) -> Option<Arc<Rules>> {
        let told = match input {
            Input::Tick { wall_unix_ns, .. } => Some(*wall_unix_ns),
            Input::Fact(seen) | Input::Row { row: seen, .. } if self.wall_unix_ns.is_none() => {
                Some(seen.wall_unix_ns)
            }
            _ => None,
        };
        self.stale |= told.is_some() && !self.written.is_empty();
        self.wall_unix_ns = told.or(self.wall_unix_ns);
        let wall_unix_ns = self.wall_unix_ns.filter(|_| self.stale)?;
        self.stale = false;
        let written = self.written.iter();
        let now: Rules = written
            .map(|(path, rules)| (path.as_str(), rules.at(wall_unix_ns)))
            .collect();
        (*self.now != now).then(|| {
            self.now = Arc::new(now);
            Arc::clone(&self.now)
        })
    }

    /// Hands on what the judge says, as the rules have it.
    pub(crate) fn applied<'a>(&self, out: &'a mut dyn Verdicts) -> Applied<'a> {
        let rules = Arc::clone(&self.now);
        Applied { rules, out }
    }
}

/// Findings on their way out: the rules of their paths have the last word.
pub(crate) struct Applied<'a> {
    rules: Arc<Rules>,
    out: &'a mut dyn Verdicts,
}

impl Verdicts for Applied<'_> {
    fn push(&mut self, mut verdict: Verdict) {
        if let Verdict::Finding(finding) = &mut verdict
            && let Some(path) = &finding.path
            && let rule = self.rules.of(path)
            && rule.most < finding.severity
        {
            finding.severity_before_rules = Some(finding.severity);
            finding.severity = rule.most;
            finding.summary.push_str("; ");
            finding.summary.push_str(&rule.words(path));
        }
        self.out.push(verdict);
    }
}
