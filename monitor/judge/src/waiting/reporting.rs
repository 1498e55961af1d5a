//! What a look at a waiting connection comes to, in words.

use super::connection::{Reported, WaitingConnection};
use crate::blame::{Before, Blame};
use crate::context::Context;
use crate::fact_view::FactView;
use crate::learn::{self, Bears};
use crate::misstated;
use crate::peers::contrast::{Ended, First};
use crate::peers::siblings::Beside;
use crate::report::{self, About, Told};
use crate::ruling::Ruling;
use crate::stall_times::StallEnd;
use crate::stalls::card::{Case, Fell, Stands};
use crate::stalls::snapshot::Snapshot;
use crate::stalls::{CauseCard, judge};
use crate::thresholds::OVERDUE_NS;
use crate::verdict::{End, Verdict};
use monitor_model::finding::{Cause, Certainty, FindingKind, Outcome, Severity};

impl WaitingConnection {
    /// Says what this look at it comes to.
    pub(super) fn look(
        &mut self,
        view: &FactView<'_>,
        now: Snapshot,
        mss_fell: Option<Fell>,
        spoken_for: bool,
        context: &mut Context<'_>,
    ) {
        let settings = self.settings;
        let case = Case {
            view,
            now,
            sending: self.sending,
            reading: self.reading,
            reply: self.reply,
            resent: self.resent,
            pauses: self.pauses,
            loss: self.loss,
            sent_again_in_outages: context.outages.sent_again(self.identity.cookie()),
            unheard: self.unheard,
            probed: self.probed,
            sent_before_close: self.sent_before_close,
            mss_fell,
            began_ns: context.began_ns,
            settings: &settings,
            habits: context.habits,
        };
        if !spoken_for && let Some(lost) = self.lost_again(&case, context) {
            self.reported = Some(lost);
            return;
        }
        self.end_unless_standing(context);
        if spoken_for {
            return;
        }
        if let Some((cause, ruling)) = judge(&case, self.reported()) {
            self.end(StallEnd::AnotherCause, context);
            self.report(cause, ruling, view, context);
        } else if let Some((cause, ruling)) = self.graver(&case, context) {
            // Not another stall, and no end of this one.
            self.report(cause, ruling, view, context);
        }
    }

    /// What was told already, where by now it is graver than it was.
    pub(super) fn graver(&self, case: &Case<'_>, context: &Context<'_>) -> Option<(Cause, Ruling)> {
        let told = self.reported?;
        let ruling = (told.cause.card().rule)(case)?;
        if report::others_decide(&ruling, &self.identity)
            && !context
                .contrasts
                .siblings
                .are_many_lost(told.since_ns, case.now.at_ns)
        {
            return None;
        }
        let graver = ruling.severity > told.severity
            && self.severity(told.cause, &ruling, case.view, context) > told.severity;
        graver.then_some((told.cause, ruling))
    }

    /// How severe `ruling` will be, with what is known of others.
    fn severity(
        &self,
        cause: Cause,
        ruling: &Ruling,
        view: &FactView<'_>,
        context: &Context<'_>,
    ) -> Severity {
        let about = self.about(cause, ruling, view, context);
        report::severity(ruling, &about, &self.identity, context.contrasts)
    }

    /// What was told to be lost, where it is so by this snapshot too, though the peer may have
    /// been heard since the last one: that is one page, not two.
    pub(super) fn lost_again(&self, case: &Case<'_>, context: &Context<'_>) -> Option<Reported> {
        let lost = self.reported.filter(|_| self.is_lost())?;
        let since_ns = self.standing(lost.cause)?;
        let (cause, ruling) = judge(case, None)?;
        let same = cause == lost.cause
            && self.severity(cause, &ruling, case.view, context) <= lost.severity;
        same.then_some(Reported { since_ns, ..lost })
    }

    /// The stall that was told, if any, is over.
    pub(super) fn end(&mut self, how: StallEnd, context: &mut Context<'_>) {
        if let Some(told) = self.reported.take() {
            context.stall_over(told.cause, told.began_ns, how);
            context.out.push(Verdict::StallEnded {
                connection_id: self.identity.id(),
            });
        }
    }

    /// What its application left behind, of which it was told that nobody answers it, is answered.
    pub(super) fn end_left(&mut self, context: &mut Context<'_>) {
        if std::mem::take(&mut self.alone) {
            context.out.push(Verdict::Answered {
                connection_id: self.identity.id(),
            });
        }
    }

    /// The connection of which a stall was told is over.
    pub(super) fn over(&self, end: End, context: &mut Context<'_>) {
        context.out.push(Verdict::Over {
            connection_id: self.identity.id(),
            end,
        });
    }

    /// A RST under the peer's closed window has ended it.
    pub(super) fn report_reset(
        &self,
        ruling: Ruling,
        view: &FactView<'_>,
        context: &mut Context<'_>,
    ) {
        let about = About {
            kind: FindingKind::Outcome {
                outcome: Outcome::Reset,
            },
            certainty: Certainty::Suspected,
            // What its application did says nothing of others.
            beside: None,
            before: None,
            settings: &self.settings,
            wall_unix_ns: view.at.wall_unix_ns,
            path: view.path.map(|path| &**path),
            clock: view.clock(),
        };
        let told = report::finding(
            ruling,
            &about,
            &self.identity,
            &self.owner,
            context.contrasts,
        );
        context.out.push(Verdict::Finding(Box::new(told.finding)));
    }

    pub(super) fn end_unless_standing(&mut self, context: &mut Context<'_>) {
        let Some(told) = self.reported else {
            return;
        };
        if self.standing(told.cause) != Some(told.since_ns) {
            self.end(StallEnd::Moved, context);
        }
    }

    pub(super) fn report(
        &mut self,
        cause: Cause,
        ruling: Ruling,
        view: &FactView<'_>,
        context: &mut Context<'_>,
    ) {
        let card = cause.card();
        let about = self.about(cause, &ruling, view, context);
        let path = view.path.map(|path| &**path);
        let silence_ns = about.before.map(|before| before.ns);
        let told_before = self.reported.filter(|told| told.cause == cause);
        let began_ns = told_before.map_or(view.at.ns.saturating_sub(ruling.length_ns), |told| {
            told.began_ns
        });
        let Told {
            finding,
            blamed,
            many,
            ..
        } = report::finding(
            ruling,
            &about,
            &self.identity,
            &self.owner,
            context.contrasts,
        );
        self.reported = self.standing(cause).map(|since_ns| Reported {
            cause,
            severity: finding.severity,
            since_ns,
            began_ns,
        });
        if let Some(loss) = self.loss.as_mut().filter(|_| card.stands == Stands::Loss) {
            loss.reported();
        }
        if many {
            context.contrasts.siblings.many_lost(view.at.ns);
        }
        if let (Blame::Quicker { .. }, Some(silence_ns)) = (blamed, silence_ns) {
            let remote = self.identity.remote();
            context.contrasts.failed(path, remote, silence_ns);
            self.learn(silence_ns, view, context);
        }
        context.out.push(Verdict::Finding(Box::new(finding)));
        if card.stands == Stands::Nothing {
            // It is over with what showed it.
            context.stall_over(cause, began_ns, StallEnd::Moved);
            context.out.push(Verdict::StallEnded {
                connection_id: self.identity.id(),
            });
        }
    }

    /// A silence of at most `ns` was fatal, as others were there: the path forgot it.
    fn learn(&self, ns: u64, view: &FactView<'_>, context: &mut Context<'_>) {
        let path = view.path.map(|path| &**path);
        if learn::comes_and_goes(self.identity.role(), path) {
            return;
        }
        let ended = Ended {
            cookie: self.identity.cookie(),
            // What this host sent is unanswered.
            first: First::Us,
            ns,
            at_ns: view.at.ns,
        };
        let told = misstated::Told {
            path,
            identity: &self.identity,
            owner: &self.owner,
            settings: &self.settings,
            wall_unix_ns: view.at.wall_unix_ns,
        };
        misstated::learn(Bears::Died, &ended, &told, context);
    }

    /// What a stall of `cause` is about.
    fn about<'a>(
        &'a self,
        cause: Cause,
        ruling: &Ruling,
        view: &'a FactView<'_>,
        context: &Context<'_>,
    ) -> About<'a> {
        let card = cause.card();
        let since_ns = view.at.ns.saturating_sub(ruling.length_ns);
        let (siblings, cookie) = (&context.contrasts.siblings, self.identity.cookie());
        let silence_ns = siblings.preceding_silence_ns(cookie);
        let first_sent_ns = siblings.waits_since_ns(cookie);
        About {
            kind: FindingKind::Stall { cause },
            certainty: card.certainty,
            // Of a stall that is explained, others tell nothing.
            beside: (ruling.severity > Severity::None).then_some(Beside {
                since_ns: since_ns.saturating_add(OVERDUE_NS),
                fate_ns: first_sent_ns.map_or(since_ns, |first_ns| first_ns.min(since_ns)),
                now_ns: view.at.ns,
            }),
            before: silence_ns.map(|ns| Before {
                ns,
                at_most_ns: ns,
                ended: None,
            }),
            settings: &self.settings,
            wall_unix_ns: view.at.wall_unix_ns,
            path: view.path.map(|path| &**path),
            clock: card.clock,
        }
    }
}
