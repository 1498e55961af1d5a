//! What sweeps show of a tracked connection, and what it tells that one did not.

use crate::context::Context;
use crate::fact_view::FactView;
use crate::outcomes::Event;
use crate::stall_times::StallEnd;
use crate::thresholds::{ANSWER_GRACE_NS, SETTLE_GRACE_NS};
use crate::tracked::Tracked;
use crate::tracked::silence::Silence;
use crate::verdict::End;

impl Tracked {
    /// A snapshot of the sweep.
    pub(super) fn on_sweep(&mut self, view: &FactView<'_>, context: &mut Context<'_>) {
        if self.open().is_none() {
            self.miss(view, context);
        }
        if let Some(gap) = self.gap.as_mut().filter(|gap| !gap.settled) {
            gap.note(view);
            self.rule(Event::Fact(view), view.at, context);
            self.tell_over(view, context);
        }
        if let Some(gap) = self.open() {
            // This host's own probes end no silence while nobody answers them.
            let lost = gap.is_lost() || gap.probes_in_vain(view);
            if lost || view.watched_on().is_none() || !gap.is_before_silence(view) {
                return;
            }
            self.retire(view, context);
        }
        self.on_silence_swept(view, context);
    }

    fn on_silence_swept(&mut self, view: &FactView<'_>, context: &mut Context<'_>) {
        if let Some(silence) = &mut self.silence {
            let same_path = view.path.is_none_or(|path| path.same_path(&silence.path));
            if same_path && silence.lasts(view) {
                silence.on_sweep(view);
            } else {
                self.end_silence(context);
            }
        }
        if self.silence.is_none() {
            let gap = self.gap.as_ref();
            let outdated = gap.is_some_and(|gap| !gap.is_before_silence(view));
            let Some(path) = view.begins_silence().filter(|_| !outdated) else {
                return;
            };
            self.silence = Some(Box::new(Silence::begin(view, path)));
        }
        let Some(silence) = &mut self.silence else {
            return;
        };
        let Some(stage) = silence.advance(view) else {
            return;
        };
        let left = silence
            .path
            .timeout_ns
            .saturating_sub(silence.length_ns(view.at.ns));
        let silence = silence.clone();
        self.report_silence(&silence, stage, left, view, context);
    }

    /// Whether the socket should be read at `now_ns`: by the signs nothing was
    /// delivered, and no fact has shown since that nothing came after all.
    pub(crate) fn wants_sweep(&self, now_ns: u64) -> bool {
        self.open().is_some_and(|gap| {
            let suspected = gap.forgery.suffice() && gap.sent() && !gap.due;
            let told_by = gap
                .acked_ns
                .map_or(0, |ns| ns.saturating_add(ANSWER_GRACE_NS));
            // A socket that is not shown then will not be shown for asking again.
            let late = told_by.saturating_add(SETTLE_GRACE_NS * 10);
            suspected
                && gap.seldom.payload_ns.is_none()
                && self.seen_ns < told_by
                && (told_by..late).contains(&now_ns)
        })
    }

    /// A sweep that began at `started_ns` is over.
    pub(crate) fn swept(&mut self, started_ns: u64, context: &mut Context<'_>) {
        if self.over_ns.is_some() || self.swept_ns >= started_ns {
            return;
        }
        if let Some(silence) = self.silence.as_mut().filter(|silence| silence.live) {
            // Kept for what later facts may show, but no longer vouched for.
            silence.live = false;
            if silence.reported() {
                self.report_ended(context);
            }
        }
        let gone = self.open().is_some_and(|gap| {
            // Of one that its application left behind no sweep need come past it.
            let stalled = (gap.from_sweep || gap.is_lost()) && gap.seldom.left_until_ns.is_none();
            stalled && self.swept_ns >= gap.ended_ns
        });
        if !gone {
            return;
        }
        let closing = self.open().filter(|gap| gap.is_lost());
        if let Some(until_ns) = closing.and_then(|gap| gap.seldom.closing_until_ns) {
            // Nobody holds it any more.
            self.lost_is_left(until_ns, false, context);
            return;
        }
        // The fact that told how was lost.
        self.lost_is_over(End::Badly, StallEnd::LostSight, context);
        self.settle_quietly(context);
    }
}
