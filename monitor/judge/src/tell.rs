//! Putting into words what a tracked connection has come to.

use super::evidence::EvidenceList;
use super::gap::Gap;
use super::outcomes::{Bearing, Ruling};
use super::report::{self, Conclusion};
use super::seen::{Moment, Seen};
use super::silence::{Silence, Stage};
use super::thresholds::{LATELY_NS, OVERDUE_NS};
use super::track::{Desk, Tracked};
use super::{Verdict, advice};
use monitor_common::TcpState;
use monitor_model::finding::{Certainty, FindingKind, Outcome, Scope, Severity};
use monitor_model::format;

impl Tracked {
    /// The outcome of `gap`.
    pub(super) fn tell_outcome(&self, ruling: Ruling, gap: &Gap, at: Moment, desk: &mut Desk<'_>) {
        let (path, length_ns) = (gap.path.as_deref(), gap.length_ns);
        let Ruling {
            outcome,
            severity,
            bearing,
            evidence,
            advice,
            said,
        } = ruling;
        let conclusion = Conclusion {
            kind: FindingKind::Outcome { outcome },
            certainty: match outcome {
                Outcome::Undelivered => Certainty::Suspected,
                _ => Certainty::Observed,
            },
            severity,
            neighbours_since_ns: neighbours_since(outcome, gap, at.ns),
            settings: &self.settings,
            wall_unix_ns: at.wall_unix_ns,
            length_ns,
            path,
            clock: gap.clock,
            evidence,
            advice,
            said,
        };
        let scope = self.tell(conclusion, desk);
        let remote = self.identity.remote();
        match bearing {
            // It was not the silence.
            _ if scope.is_some() => {}
            Bearing::Survived => desk.contrasts.survived(path, remote, length_ns),
            Bearing::Failed => desk.contrasts.failed(path, remote, length_ns),
            Bearing::Neutral => {}
        }
    }

    /// A silence that lasts has come to `stage`, `left_ns` before the timeout.
    pub(super) fn tell_silence(
        &self,
        silence: &Silence,
        stage: Stage,
        left_ns: u64,
        seen: &Seen<'_>,
        desk: &mut Desk<'_>,
    ) {
        let mut evidence = EvidenceList::default();
        evidence
            .seconds("packet_idle_seconds", seen.fact.packet_idle_ns)
            .seconds("payload_idle_seconds", seen.fact.payload_idle_ns)
            .seconds("time_left_seconds", left_ns);
        let (kind, severity, said) = match stage {
            Stage::AtRisk => (
                FindingKind::AtRisk,
                Severity::None,
                format!("{} left", format::duration(left_ns)),
            ),
            Stage::Crossed => {
                evidence
                    .flag("still_silent", true)
                    .flag("timeout_stated", silence.path.stated);
                let wakes = if silence.path.stated {
                    Severity::Ticket
                } else {
                    Severity::None
                };
                (FindingKind::Crossed, wakes, "still silent".into())
            }
        };
        self.settings.tell(&mut evidence);
        let conclusion = Conclusion {
            kind,
            certainty: Certainty::Observed,
            severity,
            neighbours_since_ns: None,
            settings: &self.settings,
            wall_unix_ns: seen.at.wall_unix_ns,
            length_ns: silence.length_ns(seen.at.ns),
            path: Some(&silence.path),
            clock: silence.path.clock,
            evidence,
            advice: Some(advice::outlived(Some(&silence.path), &self.settings)),
            said,
        };
        self.tell(conclusion, desk);
    }

    /// No sweep saw the silence cross: it is told with its end, and wakes nobody.
    pub(super) fn tell_crossed_late(&self, gap: &Gap, seen: &Seen<'_>, desk: &mut Desk<'_>) {
        let Some(path) = gap.path.as_deref() else {
            return;
        };
        if gap.length_ns < path.timeout_ns || gap.state != Some(TcpState::Established) {
            return;
        }
        let mut evidence = EvidenceList::default();
        evidence
            .seconds("packet_idle_seconds", seen.fact.packet_idle_ns)
            .seconds("payload_idle_seconds", seen.fact.payload_idle_ns)
            .flag("still_silent", false)
            .flag("timeout_stated", path.stated)
            .text("gap_ended_by", gap.ended_by.word());
        self.settings.tell(&mut evidence);
        let conclusion = Conclusion {
            kind: FindingKind::Crossed,
            certainty: Certainty::Observed,
            severity: Severity::None,
            neighbours_since_ns: None,
            settings: &self.settings,
            wall_unix_ns: seen.at.wall_unix_ns,
            length_ns: gap.length_ns,
            path: Some(path),
            clock: gap.clock,
            evidence,
            advice: Some(advice::outlived(Some(path), &self.settings)),
            said: "silent no more".into(),
        };
        self.tell(conclusion, desk);
    }

    /// Tells it; answers how far it reaches.
    fn tell(&self, conclusion: Conclusion<'_>, desk: &mut Desk<'_>) -> Option<Scope> {
        let finding = report::finding(conclusion, &self.identity, &self.owner, desk.contrasts);
        let scope = finding.scope;
        desk.out.push(Verdict::Finding(Box::new(finding)));
        scope
    }

    /// Nothing more is to be said of the present silence or gap.
    pub(super) fn tell_ended(&self, desk: &mut Desk<'_>) {
        desk.out.push(Verdict::Ended {
            connection_id: self.identity.id(),
        });
    }
}

/// From when on a neighbour that is heard is a contrast to `outcome`, in ns; `None`
/// where none is wanted.
fn neighbours_since(outcome: Outcome, gap: &Gap, now_ns: u64) -> Option<u64> {
    match outcome {
        Outcome::Blackholed => {
            let since = gap.wait.map_or(gap.ended_ns, |wait| wait.since_ns);
            Some(since.saturating_add(OVERDUE_NS))
        }
        Outcome::Reset | Outcome::Closed | Outcome::Undelivered => {
            Some(gap.ended_ns.min(now_ns.saturating_sub(LATELY_NS)))
        }
        Outcome::Survived | Outcome::Acknowledged | Outcome::Recovered => None,
    }
}
