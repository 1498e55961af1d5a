//! The finding that a stated timeout and what was learned cannot both be right.

use crate::advice;
use crate::connection::Identity;
use crate::context::Context;
use crate::evidence::EvidenceList;
use crate::keepalive::Settings;
use crate::learn::{Bears, Contradiction};
use crate::paths::JudgedPath;
use crate::peers::contrast::Ended;
use crate::report::{self, About};
use crate::ruling::Ruling;
use crate::verdict::Verdict;
use monitor_model::finding::{Certainty, FindingKind, Severity};
use monitor_model::format;
use monitor_model::owner::Owner;

/// Of whom and when it is told: the connection whose death made it certain.
pub(crate) struct Told<'a> {
    pub(crate) path: Option<&'a JudgedPath>,
    pub(crate) identity: &'a Identity,
    pub(crate) owner: &'a Owner,
    pub(crate) settings: &'a Settings,
    pub(crate) wall_unix_ns: i64,
}

/// Takes up what an end says of the path's timeout, and tells it where that and what is stated contradict each other.
pub(crate) fn learn(says: Bears, ended: &Ended, told: &Told<'_>, context: &mut Context<'_>) {
    let remote = told.identity.remote();
    let found = context
        .learned
        .note(says, told.path, remote, ended, told.wall_unix_ns);
    if let (Some(found), Some(path)) = (found, told.path) {
        tell(&found, path, told, context);
    }
}

fn tell(found: &Contradiction, path: &JudgedPath, told: &Told<'_>, context: &mut Context<'_>) {
    let [least, most, stated] =
        [found.at_least_ns, found.at_most_ns, path.timeout_ns].map(format::duration);
    let mut evidence = EvidenceList::default();
    evidence
        .seconds("learned_at_least_seconds", found.at_least_ns)
        .seconds("learned_at_most_seconds", found.at_most_ns)
        .count("learned_turns", found.turns)
        .seconds("learned_over_seconds", found.lasted_ns);
    let ruling = Ruling {
        severity: Severity::Ticket,
        evidence,
        advice: Some(advice::misstated(path, found.at_most_ns)),
        head: Some(format!(
            "{} forgets after {least} to {most}, and {stated} is stated",
            path.name
        )),
        summary_tail: format!(
            "silences of {least} were survived and those of {most} fatal, {} in turn",
            format::count(u64::from(found.turns), "time")
        ),
        ..Ruling::of(found.at_most_ns)
    };
    let about = About {
        kind: FindingKind::Misstated,
        certainty: Certainty::Observed,
        beside: None,
        before: None,
        settings: told.settings,
        wall_unix_ns: told.wall_unix_ns,
        path: Some(path),
        clock: path.clock,
    };
    let said = report::finding(ruling, &about, told.identity, told.owner, context.contrasts);
    context.out.push(Verdict::Finding(Box::new(said.finding)));
}
