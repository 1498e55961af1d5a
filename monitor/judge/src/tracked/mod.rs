//! One connection under the judge's eye.

pub(crate) mod gap;
mod reporting;
pub(crate) mod silence;
mod sweeps;

use crate::connection::{self, Identity};
use crate::context::Context;
use crate::ending::ending;
use crate::fact_view::{FactView, Moment, is_receive};
use crate::farewell::{closes, next_timeouts_by_ns, nobody_waits};
use crate::keepalive::Settings;
use crate::known::KnownGap;
use crate::outcomes::{self, Case, Event, OutcomeCard};
use crate::peers::reply;
use crate::report;
use crate::ruling::Ruling;
use crate::stall_times::StallEnd;
use crate::thresholds::{DOUBT_NS, LINGER_NS, OPEN_EXPIRY_NS, SETTLE_GRACE_NS, SETTLED_EXPIRY_NS};
use crate::tracked::gap::{EndedBy, Gap, Reported};
use crate::tracked::silence::Silence;
use crate::verdict::{End, Verdict};
use monitor_common::{FactKind, TcpState};
use monitor_model::finding::{Cause, Outcome};
use monitor_model::owner::Owner;
use std::sync::Arc;

/// What becomes of an entry of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays.
    Kept,
    /// All was said: it goes.
    Done,
    /// It goes although something was open: no word came for too long.
    Expired,
}

/// One connection: its present silence, its last gap, and what it is.
pub(crate) struct Tracked {
    pub(super) identity: Identity,
    pub(super) owner: Arc<Owner>,
    pub(super) settings: Settings,
    pub(super) silence: Option<Box<Silence>>,
    pub(super) gap: Option<Box<Gap>>,
    /// TTL of the last segment that brought payload.
    ttl: Option<u8>,
    /// Time of the latest fact.
    pub(super) seen_ns: u64,
    /// When a sweep last showed it; 0 for never.
    pub(super) swept_ns: u64,
    /// When the connection ended.
    pub(super) over_ns: Option<u64>,
}

impl Tracked {
    pub(crate) fn new(view: &FactView<'_>) -> Self {
        Self {
            identity: Identity::of(&view.fact.socket),
            owner: Arc::clone(view.owner),
            settings: Settings::of(view.fact, view.jiffy_ns),
            silence: None,
            gap: None,
            ttl: None,
            seen_ns: view.at.ns,
            swept_ns: 0,
            over_ns: None,
        }
    }

    /// Whether what became of a gap is judged here, or is known to be bad and no
    /// payload came since, or the connection is over: a stall says no more.
    pub(crate) fn speaks_for(&self, view: &FactView<'_>) -> bool {
        let reset = |gap: &Gap| gap.outcome() == Some(Outcome::Reset);
        if self.gap.as_deref().is_some_and(reset) {
            return true;
        }
        let judged = self.gap.as_ref().is_some_and(|gap| {
            let bad = gap
                .outcome()
                .is_some_and(|outcome| outcome.card().outlives_gap);
            // What was sent since got through once: what does not now is another matter.
            let anew = gap.progress() > 0 && view.fact.socket.retransmits > 0;
            !gap.settled && !anew || bad && gap.before.payload_received(view) == 0
        });
        judged || self.over_ns.is_some()
    }

    /// Whether what the peer's FIN comes to is told here.
    pub(crate) fn tells_fin(&self) -> bool {
        self.gap.as_deref().and_then(outcomes::held).is_some()
    }

    /// Whether it is this connection that is followed here, and not the one that its socket had before.
    pub(crate) fn is_of(&self, identity: &Identity) -> bool {
        self.identity.remote() == identity.remote()
    }

    /// Since when it is silent past its path's threshold, as the last sweep saw it, in ns.
    pub(crate) fn silent_since_ns(&self) -> Option<u64> {
        let silence = self.silence.as_ref().filter(|silence| silence.live);
        silence.map(|silence| silence.start_ns)
    }

    /// The last silence that ended.
    pub(crate) fn last_gap(&self) -> Option<KnownGap> {
        self.gap.as_ref().map(|gap| KnownGap {
            ended_ns: gap.ended_ns,
            length_ns: gap.length_ns,
            ended_by: gap.ended_by.word(),
            outcome: gap.outcome(),
            open: !gap.settled,
        })
    }

    /// Whether `view` is about another connection of the same socket: it was
    /// disconnected and used again.
    pub(crate) fn is_another(&self, view: &FactView<'_>) -> bool {
        let opened = matches!(
            view.new_state(),
            Some(TcpState::SynSent | TcpState::Established)
        );
        let remote = connection::remote(&view.fact.socket);
        // A socket on its way out may have lost its peer.
        let local = connection::local(&view.fact.socket);
        let other =
            remote != self.identity.remote() || local.port() != 0 && local != self.identity.local();
        let elsewhere = remote.port() != 0 && other && view.state() == Some(TcpState::Established);
        opened && self.over_ns.is_some() || elsewhere
    }

    /// Takes up a fact.
    pub(crate) fn observe(&mut self, view: &FactView<'_>, context: &mut Context<'_>) {
        let swept = view.kind == FactKind::Swept;
        if swept {
            self.swept_ns = self.swept_ns.max(view.at.ns);
        }
        // A sweep is read beside the ring: what it shows may be outdated, but that it
        // shows the connection still holds.
        if self.over_ns.is_some() || swept && view.at.ns < self.seen_ns {
            return;
        }
        self.seen_ns = self.seen_ns.max(view.at.ns);
        self.remember(view);
        if swept {
            self.on_sweep(view, context);
        } else {
            self.on_fact(view, context);
        }
        let segment = &view.fact.segment;
        if is_receive(view.kind) && view.brings_payload() && segment.ttl != 0 {
            self.ttl = Some(segment.ttl);
        }
    }

    fn remember(&mut self, view: &FactView<'_>) {
        self.settings = Settings::of(view.fact, view.jiffy_ns);
        let known = &mut self.owner;
        let news = view.owner;
        // Facts that arise outside the process know its cgroup, not the process.
        if news.pid.is_some() || known.pid.is_none() && news != known {
            known.clone_from(news);
        }
    }

    /// A fact other than a snapshot of the sweep.
    fn on_fact(&mut self, view: &FactView<'_>, context: &mut Context<'_>) {
        let cut = self
            .silence
            .as_ref()
            .is_some_and(|silence| silence.cut_by(view));
        // Of these the kernel side has held the silence against its suspect's last one.
        let told = matches!(
            view.kind,
            FactKind::GapEndedBySend | FactKind::GapEndedByReceive
        );
        let last = self.gap.as_ref().filter(|_| !cut && !told);
        let room = last.is_none_or(|gap| gap.leaves_room(view.threshold_ns(), view));
        if (cut || view.ends_silence() && room) && self.is_new_gap(view) {
            self.open_gap(view, context);
        } else if self.open().is_none() {
            self.miss(view, context);
        }
        match &mut self.gap {
            Some(gap) if !gap.settled => {
                if view.at.ns < gap.ended_ns {
                    return;
                }
                gap.note(view);
                self.rule(Event::Fact(view), view.at, context);
                self.tell_over(view, context);
                self.settle_after(view, context);
            }
            _ => {
                self.tell_over(view, context);
                self.leave_silence(view, context);
            }
        }
    }

    /// The gap of which not all is said.
    pub(super) fn open(&self) -> Option<&Gap> {
        self.gap.as_deref().filter(|gap| !gap.settled)
    }

    fn is_new_gap(&self, view: &FactView<'_>) -> bool {
        let Some(gap) = &self.gap else { return true };
        let lost = !gap.settled && gap.is_lost();
        let moved = view.fact.socket.snd_una != gap.before.snd_una;
        let probing = !gap.settled && gap.only_probed(view);
        gap.is_before(view) && (!lost || moved) && !probing
    }

    fn open_gap(&mut self, view: &FactView<'_>, context: &mut Context<'_>) {
        self.retire(view, context);
        let silence = self.silence.take();
        let mut gap = Gap::ended_with(view, silence.as_deref(), self.ttl);
        gap.seldom
            .has_patience(context.habits.patience_ns(self.identity.cookie()));
        let waited = reply::waits_ns(view, context.habits).is_some();
        gap.answer_due = waited && reply::due(view, context.habits).is_some();
        // It speaks again: what comes of that is another matter.
        if silence
            .as_ref()
            .is_some_and(|silence| silence.live && silence.reported())
        {
            self.report_ended(context);
        }
        if !silence.is_some_and(|silence| silence.crossed && silence.known_ns(view) > 0) {
            self.report_crossed_late(&gap, view, context);
        }
        self.lost_is_over(End::InPeace, StallEnd::Moved, context);
        self.gap = Some(Box::new(gap));
    }

    /// The next gap ended, or the next silence lasts: whatever is still open
    /// of the last gap is said now.
    pub(super) fn retire(&mut self, view: &FactView<'_>, context: &mut Context<'_>) {
        let Some(gap) = self.gap.as_mut().filter(|gap| !gap.settled) else {
            return;
        };
        gap.note_last(view);
        self.rule(Event::Superseded, view.at, context);
        self.settle_quietly(context);
    }

    /// A silence was known, and a fact shows that it ended unseen.
    pub(super) fn miss(&mut self, view: &FactView<'_>, context: &mut Context<'_>) {
        let Some(silence) = &self.silence else { return };
        let outdated = self
            .gap
            .as_ref()
            .is_some_and(|gap| silence.seen_ns < gap.ended_ns);
        if silence.lasts(view) || outdated || view.at.ns < silence.seen_ns {
            return;
        }
        // Of a silence that the last sweep no longer showed, only this is sure:
        // it is the same one if nothing arrived since.
        let unheard = silence.counters.segs_in == view.fact.socket.segs_in;
        let missed = Some(silence)
            .filter(|silence| silence.live || unheard)
            .filter(|silence| silence.may_be_long(silence.seen_ns))
            .and_then(|silence| Gap::missed(view, silence, self.ttl));
        if let Some(mut gap) = missed {
            let reported = silence.reported() && silence.live;
            if gap.ended_by == EndedBy::Probe {
                // A probe is no speech: only its answer ends what was told.
                gap.silence_reported = reported;
            } else if reported {
                self.report_ended(context);
            }
            if !silence.crossed {
                self.report_crossed_late(&gap, view, context);
            }
            gap.seldom
                .has_patience(context.habits.patience_ns(self.identity.cookie()));
            self.silence = None;
            self.lost_is_over(End::InPeace, StallEnd::Moved, context);
            self.gap = Some(Box::new(gap));
        }
    }

    pub(super) fn end_silence(&mut self, context: &mut Context<'_>) {
        if self
            .silence
            .take()
            .is_some_and(|silence| silence.live && silence.reported())
        {
            self.report_ended(context);
        }
    }

    /// A fact of a connection without an open gap: the connection may be over.
    fn leave_silence(&mut self, view: &FactView<'_>, context: &mut Context<'_>) {
        let reset = view.kind == FactKind::ResetReceived;
        let left = view
            .new_state()
            .is_some_and(|state| state != TcpState::Established);
        if reset || left {
            self.end_silence(context);
        }
        if view.new_state() == Some(TcpState::Close) {
            self.over_ns = Some(view.at.ns);
        }
    }

    /// What was told to be lost hangs no more: its connection is over, or its application has closed.
    pub(super) fn tell_over(&mut self, view: &FactView<'_>, context: &mut Context<'_>) {
        let ended =
            view.new_state() == Some(TcpState::Close) || view.kind == FactKind::ResetReceived;
        if ended {
            let end = ending(view);
            self.lost_is_over(end, end.into(), context);
        } else if nobody_waits(view) {
            let again = view.kind == FactKind::Retransmitted;
            self.lost_is_left(next_timeouts_by_ns(view), again, context);
        } else if closes(view)
            && let Some(gap) = &mut self.gap
        {
            // The process still holds it: whether it goes on reading the next sweep shows.
            gap.seldom.closing_until_ns = Some(next_timeouts_by_ns(view));
        }
    }

    /// The application has closed a connection that was told to be lost, whose next two timeouts come by `until_ns`: told
    /// once, and of what it left behind each time that it is sent `again`.
    pub(super) fn lost_is_left(&mut self, until_ns: u64, again: bool, context: &mut Context<'_>) {
        let hangs = |gap: &&mut Box<Gap>| gap.is_lost() && !gap.over_told;
        let Some(gap) = self.gap.as_mut().filter(hangs) else {
            return;
        };
        let connection_id = self.identity.id();
        if gap.seldom.left_until_ns.is_none() {
            let end = End::Left;
            measure(gap, end.into(), context);
            context.out.push(Verdict::Over { connection_id, end });
            gap.seldom.left_until_ns = Some(until_ns);
        } else if again {
            context.out.push(Verdict::Unanswered { connection_id });
            gap.seldom.left_until_ns = Some(until_ns);
        }
    }

    /// What the application left behind is answered where its next two timeouts do not come: a death is told.
    fn left_is_answered(&mut self, now_ns: u64, context: &mut Context<'_>) {
        let answered = |gap: &&mut Box<Gap>| {
            !gap.over_told
                && gap
                    .seldom
                    .left_until_ns
                    .is_some_and(|until_ns| until_ns < now_ns)
        };
        if let Some(gap) = self.gap.as_mut().filter(answered) {
            gap.over_told = true;
            context.out.push(Verdict::Answered {
                connection_id: self.identity.id(),
            });
            self.settle_quietly(context);
        }
    }

    /// Tells the end of a connection that was told to be lost, once.
    pub(super) fn lost_is_over(&mut self, end: End, how: StallEnd, context: &mut Context<'_>) {
        let hangs = |gap: &&mut Box<Gap>| gap.is_lost() && !gap.over_told;
        if let Some(gap) = self.gap.as_mut().filter(hangs) {
            gap.over_told = true;
            measure(gap, how, context);
            context.out.push(Verdict::Over {
                connection_id: self.identity.id(),
                end,
            });
        }
    }

    /// The socket is used for another connection.
    pub(crate) fn abandon(&mut self, context: &mut Context<'_>) {
        self.lost_is_over(End::Badly, StallEnd::LostSight, context);
        self.settle_quietly(context);
        self.end_silence(context);
    }

    /// What `view` ends, if no rule has said so.
    fn settle_after(&mut self, view: &FactView<'_>, context: &mut Context<'_>) {
        let Some(gap) = &self.gap else { return };
        if gap.settled {
            self.over_ns = gap.seldom.closed_ns;
            return;
        }
        let lost = gap.is_lost();
        let over = match (view.kind, view.new_state()) {
            // A stream goes on, and what comes of it is no matter of the gap.
            (FactKind::ProbationOver, _) => (!gap.due || gap.progress() > 0) && !lost,
            (FactKind::ResetReceived, _) => true,
            (FactKind::ResetSent, _) => gap.seldom.closed_ns.is_some(),
            // This host's application closed a connection on which it said nothing.
            (_, Some(TcpState::FinWait1)) => !gap.sent() && !lost,
            // The peer is done, and a rule holds what it still has to say.
            (_, Some(TcpState::CloseWait)) => {
                let first = gap.seldom.fin.is_some_and(|fin| fin.in_silence);
                (first || !gap.due) && !lost && outcomes::held(gap).is_none()
            }
            (_, Some(TcpState::Close)) => lost,
            _ => false,
        };
        if over {
            self.over_ns = gap.seldom.closed_ns;
            self.settle_quietly(context);
        }
    }

    /// The gap ends without a final outcome.
    pub(super) fn settle_quietly(&mut self, context: &mut Context<'_>) {
        let Some(gap) = &mut self.gap else { return };
        gap.settled = true;
        if std::mem::take(&mut gap.silence_reported) {
            self.report_ended(context);
        }
    }

    pub(super) fn rule(&mut self, event: Event<'_>, at: Moment, context: &mut Context<'_>) {
        let Some(gap) = &mut self.gap else { return };
        let case = Case {
            gap,
            event,
            now_ns: at.ns,
            settings: &self.settings,
            held_by_known: self.owner.pid.is_some(),
            role: self.identity.role(),
            sent_again_in_outages: context.outages.sent_again(self.identity.cookie()),
            began_ns: context.began_ns,
        };
        let Some((outcome, mut ruling)) = outcomes::judge(&case) else {
            return;
        };
        if self.told_already(outcome, &ruling, at, context) {
            return;
        }
        let severity = match &self.gap {
            Some(gap) => self.severity(outcome, &ruling, gap, at, context),
            None => ruling.severity,
        };
        let Some(gap) = &mut self.gap else { return };
        let comes_again = gap.is_lost() && !gap.over_told && !outcome.card().is_loss;
        if comes_again {
            measure(gap, StallEnd::Moved, context);
        }
        let since_ns = gap.lost_since_ns();
        gap.reported = Some(Reported {
            outcome,
            at_ns: at.ns,
            since_ns,
            is_loss: outcome.card().is_loss,
            severity,
        });
        gap.settled = outcome.ends_gap() && !ruling.provisional;
        gap.over_told = ruling.given_up;
        gap.silence_reported = false;
        if ruling.given_up {
            measure(gap, StallEnd::EndedBadly, context);
        }
        if gap.doubtful && !outcome.card().even_if_doubtful {
            return;
        }
        ruling.evidence.text("gap_ended_by", gap.ended_by.word());
        if gap.length_max_ns > gap.length_ns.saturating_add(DOUBT_NS) {
            ruling
                .evidence
                .seconds("gap_at_most_seconds", gap.length_max_ns);
        }
        if let Some(gap) = &self.gap {
            self.report_outcome(outcome, ruling, gap, at, context);
        }
    }

    /// Whether the same was told of a client that is lost, and what is known of others by now makes it no graver.
    fn told_already(
        &self,
        outcome: Outcome,
        ruling: &Ruling,
        at: Moment,
        context: &Context<'_>,
    ) -> bool {
        let Some(gap) = &self.gap else { return false };
        let same = |told: &Reported| told.outcome == outcome;
        let Some(told) = gap.reported.filter(same) else {
            return false;
        };
        if !report::others_decide(ruling, &self.identity) {
            return false;
        }
        let many = context.contrasts.siblings.are_many_lost(told.at_ns, at.ns);
        !many || self.severity(outcome, ruling, gap, at, context) <= told.severity
    }

    /// Time passes.
    pub(crate) fn tick(&mut self, now: Moment, context: &mut Context<'_>) -> Fate {
        // No fact is from the future; one that says so must not stay for ever.
        self.seen_ns = self.seen_ns.min(now.ns);
        if let Some(over) = self.over_ns {
            let lingers = now.ns.saturating_sub(over.min(self.seen_ns)) < LINGER_NS;
            if !lingers {
                self.lost_is_over(End::Badly, StallEnd::EndedBadly, context);
            }
            return if lingers { Fate::Kept } else { Fate::Done };
        }
        if self.open().is_some() {
            self.rule(Event::Time, now, context);
        }
        self.left_is_answered(now.ns, context);
        // It was told that nobody looks, and nobody has written into it since.
        if self
            .open()
            .is_some_and(|gap| outcomes::forgotten(gap, now.ns))
        {
            self.settle_quietly(context);
        }
        if let Some(gap) = self.open() {
            let past =
                |ns: Option<u64>| ns.is_some_and(|ns| now.ns.saturating_sub(ns) >= SETTLE_GRACE_NS);
            let closed = gap.seldom.closed_ns.filter(|_| past(gap.seldom.closed_ns));
            if closed.is_some() || past(gap.seldom.reset_sent_ns) {
                self.over_ns = closed;
                self.settle_quietly(context);
            }
        }
        self.expire(now, context)
    }

    fn expire(&mut self, now: Moment, context: &mut Context<'_>) -> Fate {
        let open = self.open().is_some();
        let live = self.silence.as_ref().is_some_and(|silence| silence.live);
        let limit = if open || live {
            OPEN_EXPIRY_NS
        } else {
            SETTLED_EXPIRY_NS
        };
        if now.ns.saturating_sub(self.seen_ns) < limit {
            return Fate::Kept;
        }
        self.abandon(context);
        if open || live {
            Fate::Expired
        } else {
            Fate::Done
        }
    }
}

/// Notes how long what is due was lost. Of what its application left behind that is known.
fn measure(gap: &Gap, how: StallEnd, context: &mut Context<'_>) {
    if gap.seldom.left_until_ns.is_none() {
        context.stall_over(Cause::Blackholed, gap.lost_since_ns(), how);
    }
}
