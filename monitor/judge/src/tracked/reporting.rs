//! Putting into words what a tracked connection has come to.

use crate::advice;
use crate::blame::{Before, Blame};
use crate::context::Context;
use crate::evidence::EvidenceList;
use crate::fact_view::{FactView, Moment};
use crate::learn::{self, Bears, Proof};
use crate::misstated;
use crate::outcomes::OutcomeCard;
use crate::paths::JudgedPath;
use crate::peers::contrast::{Ended, First};
use crate::peers::siblings::{Beside, SiblingCounts};
use crate::report::{self, About, Told};
use crate::ruling::{Bearing, Ruling};
use crate::tracked::Tracked;
use crate::tracked::gap::{EndedBy, Gap};
use crate::tracked::silence::{Silence, Stage};
use crate::verdict::Verdict;
use monitor_common::TcpState;
use monitor_model::finding::{Certainty, FindingKind, Outcome, Scope, Severity};
use monitor_model::format;

/// What others say to what was told.
struct Heard {
    /// How far it reaches.
    scope: Option<Scope>,
    /// What the silence has to do with it.
    blamed: Blame,
    others: SiblingCounts,
}

impl Tracked {
    /// The outcome of `gap`.
    pub(super) fn report_outcome(
        &self,
        outcome: Outcome,
        ruling: Ruling,
        gap: &Gap,
        at: Moment,
        context: &mut Context<'_>,
    ) {
        let (path, length_ns, bearing) = (gap.path.as_deref(), gap.length_ns, ruling.bearing);
        let about = self.about_outcome(outcome, gap, at);
        let heard = self.report(ruling, &about, context);
        let (scope, blamed) = (heard.scope, heard.blamed);
        self.learn(outcome, bearing, &heard, gap, at, context);
        let remote = self.identity.remote();
        match bearing {
            // It was not the silence.
            _ if scope.is_some() || matches!(blamed, Blame::Cleared | Blame::Gone) => {}
            Bearing::Survived => {
                if let Some(ended) = self.ended(gap, length_ns) {
                    context.contrasts.survived(path, remote, ended);
                }
            }
            Bearing::Failed => context.contrasts.failed(path, remote, length_ns),
            Bearing::Neutral => {}
        }
    }

    /// What this end of a silence says of the path's timeout.
    fn learn(
        &self,
        outcome: Outcome,
        bearing: Bearing,
        heard: &Heard,
        gap: &Gap,
        at: Moment,
        context: &mut Context<'_>,
    ) {
        let path = gap.path.as_deref();
        let says = learn::bears(&Proof {
            outcome,
            bearing,
            blamed: heard.blamed,
            beyond: heard.scope.is_some(),
            others: heard.others,
            comes_and_goes: learn::comes_and_goes(self.identity.role(), path),
            since_ns: gap.ended_ns.saturating_sub(gap.length_max_ns),
            by_us: matches!(gap.ended_by, EndedBy::Send | EndedBy::Probe),
        });
        let ns = match says {
            Bears::Survived => gap.length_ns,
            _ => gap.length_max_ns,
        };
        let Some(ended) = self.ended(gap, ns) else {
            return;
        };
        let told = misstated::Told {
            path,
            identity: &self.identity,
            owner: &self.owner,
            settings: &self.settings,
            wall_unix_ns: at.wall_unix_ns,
        };
        misstated::learn(says, &ended, &told, context);
    }

    /// How severe that will be, with what is known of others.
    pub(super) fn severity(
        &self,
        outcome: Outcome,
        ruling: &Ruling,
        gap: &Gap,
        at: Moment,
        context: &Context<'_>,
    ) -> Severity {
        let about = self.about_outcome(outcome, gap, at);
        report::severity(ruling, &about, &self.identity, context.contrasts)
    }

    /// What an outcome of `gap` is about.
    fn about_outcome<'a>(&'a self, outcome: Outcome, gap: &'a Gap, at: Moment) -> About<'a> {
        let card = outcome.card();
        let fate_ns = gap.waits_since_ns();
        About {
            kind: FindingKind::Outcome { outcome },
            certainty: card.certainty,
            beside: (card.siblings_since)(gap, at.ns).map(|since_ns| Beside {
                since_ns,
                fate_ns,
                now_ns: at.ns,
            }),
            before: Some(Before {
                ns: gap.length_ns,
                at_most_ns: gap.length_max_ns,
                ended: self.ended(gap, gap.length_max_ns),
            }),
            settings: &self.settings,
            wall_unix_ns: at.wall_unix_ns,
            path: gap.path.as_deref(),
            clock: gap.clock,
        }
    }

    /// That `gap`, which lasted for `ns`, ended, and who spoke first then.
    fn ended(&self, gap: &Gap, ns: u64) -> Option<Ended> {
        let first = match gap.ended_by {
            EndedBy::Send | EndedBy::Probe => First::Us,
            EndedBy::Segment | EndedBy::Payload | EndedBy::Fin | EndedBy::Reset => First::Peer,
            EndedBy::Close => return None,
        };
        Some(Ended {
            cookie: self.identity.cookie(),
            first,
            ns,
            at_ns: gap.ended_ns,
        })
    }

    /// A silence that lasts has come to `stage`, `left_ns` before the timeout.
    pub(super) fn report_silence(
        &self,
        silence: &Silence,
        stage: Stage,
        left_ns: u64,
        view: &FactView<'_>,
        context: &mut Context<'_>,
    ) {
        let mut evidence = EvidenceList::default();
        evidence
            .seconds("packet_idle_seconds", view.fact.packet_idle_ns)
            .seconds("payload_idle_seconds", view.fact.payload_idle_ns)
            .seconds("time_left_seconds", left_ns);
        if stage == Stage::AtRisk && silence.length_ns(view.at.ns) < silence.path.warn_ns {
            evidence.seconds("next_look_seconds", view.next_look_ns);
        }
        let (kind, severity, summary_tail) = match stage {
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
        self.settings.add_to(&mut evidence);
        let ruling = Ruling {
            severity,
            evidence,
            advice: Some(advice::outlived(Some(&silence.path), &self.settings)),
            summary_tail,
            ..Ruling::of(silence.length_ns(view.at.ns))
        };
        self.report(ruling, &self.about(kind, &silence.path, view), context);
    }

    /// No sweep saw the silence cross: it is told with its end, and wakes nobody.
    pub(super) fn report_crossed_late(
        &self,
        gap: &Gap,
        view: &FactView<'_>,
        context: &mut Context<'_>,
    ) {
        let Some(path) = gap.path.as_deref() else {
            return;
        };
        if gap.length_ns < path.timeout_ns || gap.state != Some(TcpState::Established) {
            return;
        }
        let mut evidence = EvidenceList::default();
        evidence
            .seconds("packet_idle_seconds", view.fact.packet_idle_ns)
            .seconds("payload_idle_seconds", view.fact.payload_idle_ns)
            .flag("still_silent", false)
            .flag("timeout_stated", path.stated)
            .text("gap_ended_by", gap.ended_by.word());
        self.settings.add_to(&mut evidence);
        let ruling = Ruling {
            evidence,
            advice: Some(advice::outlived(Some(path), &self.settings)),
            summary_tail: "silent no more".into(),
            ..Ruling::of(gap.length_ns)
        };
        self.report(
            ruling,
            &self.about(FindingKind::Crossed, path, view),
            context,
        );
    }

    /// What is told of a silence itself.
    fn about<'a>(
        &'a self,
        kind: FindingKind,
        path: &'a JudgedPath,
        view: &FactView<'_>,
    ) -> About<'a> {
        About {
            kind,
            certainty: Certainty::Observed,
            beside: None,
            before: None,
            settings: &self.settings,
            wall_unix_ns: view.at.wall_unix_ns,
            path: Some(path),
            clock: path.clock,
        }
    }

    /// Tells it; answers what others say to it.
    fn report(&self, ruling: Ruling, about: &About<'_>, context: &mut Context<'_>) -> Heard {
        let Told {
            finding,
            blamed,
            many,
            others,
        } = report::finding(
            ruling,
            about,
            &self.identity,
            &self.owner,
            context.contrasts,
        );
        if let Some(beside) = about.beside.filter(|_| many) {
            context.contrasts.siblings.many_lost(beside.now_ns);
        }
        let scope = finding.scope;
        context.out.push(Verdict::Finding(Box::new(finding)));
        Heard {
            scope,
            blamed,
            others,
        }
    }

    /// Nothing more is to be said of the present silence or gap.
    pub(super) fn report_ended(&self, context: &mut Context<'_>) {
        context.out.push(Verdict::SilenceEnded {
            connection_id: self.identity.id(),
        });
    }
}
