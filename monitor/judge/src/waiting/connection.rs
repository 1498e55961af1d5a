//! One connection on which something waits.

use crate::blame::{Before, Blame};
use crate::connection;
use crate::connection::Identity;
use crate::context::Context;
use crate::ending::ending;
use crate::fact_view::FactView;
use crate::farewell::{nobody_waits, sent_before_close};
use crate::heard::heard;
use crate::keepalive::Settings;
use crate::peers::habit::Habits;
use crate::peers::siblings::Beside;
use crate::report::{self, About};
use crate::ruling::Ruling;
use crate::serial::after;
use crate::stalls::card::{Case, Fell, Stands};
use crate::stalls::loss::Loss;
use crate::stalls::snapshot::{self, Snapshot};
use crate::stalls::{CauseCard, given_up, judge};
use crate::thresholds::{
    FAILING, LEAST_WAIT_NS, LOSS_FORGET_NS, OVERDUE_NS, RESENT_WITHIN_NS, TIMEOUTS,
};
use crate::tracked::gap::is_receive;
use crate::unanswered::resent_for_ns;
use crate::verdict::{End, Verdict};
use monitor_common::{FactKind, TcpState, tcp_flags};
use monitor_model::finding::{Cause, FindingKind, Severity};
use monitor_model::owner::Owner;
use std::sync::Arc;

/// What one snapshot shows to wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    due: bool,
    unread: bool,
    reply: bool,
    loses: bool,
    resent: bool,
}

impl Pending {
    pub(super) fn of(view: &FactView<'_>, habits: &Habits) -> Self {
        let due = snapshot::due(view);
        let overdue = view.path.is_some_and(|path| {
            snapshot::waits_for_answer(view).is_some_and(|wait| wait >= path.timeout_ns)
        });
        Self {
            due,
            unread: snapshot::unread(view),
            reply: overdue && habits.usual(view).is_some(),
            loses: due && view.fact.socket.total_retrans > 0,
            resent: habits.resent(view) > 0,
        }
    }

    /// Whether anything waits.
    pub(super) fn any(&self) -> bool {
        self.due || self.unread || self.reply || self.resent
    }
}

/// A connection, and since when what stands on it.
pub(super) struct WaitingConnection {
    identity: Identity,
    owner: Arc<Owner>,
    settings: Settings,
    seen_ns: u64,
    sending: Option<Snapshot>,
    reading: Option<Snapshot>,
    reply: Option<Snapshot>,
    /// The first snapshot since which what the peer sends brings nothing new.
    resent: Option<Snapshot>,
    loss: Option<Loss>,
    /// First snapshot since which nothing came from the peer while something was due.
    unheard: Option<Snapshot>,
    /// Most timeouts seen in a row while nothing was acknowledged.
    timeouts: u8,
    /// What was due and is acknowledged now, by a fact since the last snapshot; and those timeouts.
    freed: Option<(Snapshot, u8)>,
    probed: bool,
    /// What is due was sent well before the application closed.
    sent_before_close: bool,
    /// What was told of it is over, because its application has closed.
    alone: bool,
    /// What was told of the stall that lasts.
    reported: Option<Reported>,
    /// When the connection ended. It is remembered until the next sweep, so that a
    /// look from before does not start its story again.
    over_ns: Option<u64>,
}

/// What was told of a stall.
#[derive(Clone, Copy, Debug)]
struct Reported {
    cause: Cause,
    severity: Severity,
    /// The time of the first look since which that stands.
    since_ns: u64,
}

impl WaitingConnection {
    pub(super) fn new(view: &FactView<'_>, owner: Arc<Owner>) -> Self {
        Self {
            identity: Identity::of(&view.fact.socket),
            owner,
            settings: Settings::of(view.fact, view.jiffy_ns),
            seen_ns: view.at.ns,
            sending: None,
            reading: None,
            reply: None,
            resent: None,
            loss: None,
            unheard: None,
            timeouts: 0,
            freed: None,
            probed: false,
            sent_before_close: false,
            alone: false,
            reported: None,
            over_ns: None,
        }
    }

    /// Whether `view` is about another connection of the same socket.
    pub(super) fn is_another(&self, view: &FactView<'_>) -> bool {
        let remote = connection::remote(&view.fact.socket);
        // A socket on its way out may have lost its peer.
        remote.port() != 0
            && remote != self.identity.remote()
            && view.state() == Some(TcpState::Established)
    }

    pub(super) fn reported(&self) -> Option<Cause> {
        self.reported.map(|reported| reported.cause)
    }

    /// When a snapshot last showed it, or a timeout.
    pub(super) fn seen_ns(&self) -> u64 {
        self.seen_ns
    }

    /// No fact is from the future; one that says so must not stay for ever.
    pub(super) fn bound(&mut self, now_ns: u64) {
        self.seen_ns = self.seen_ns.min(now_ns);
    }

    /// Whether nothing waits any more.
    pub(super) fn idle(&self) -> bool {
        self.over_ns.is_none()
            && !self.alone
            && self.sending.is_none()
            && self.reading.is_none()
            && self.reply.is_none()
            && self.resent.is_none()
            && self.freed.is_none()
            && self.loss.is_none()
    }

    /// A snapshot of the sweep. Nothing new is told of a connection that is `spoken_for`.
    pub(super) fn on_sweep(
        &mut self,
        view: &FactView<'_>,
        pending: Pending,
        spoken_for: bool,
        context: &mut Context<'_>,
    ) {
        // A sweep is read beside the ring: it may show what the ring outdated.
        if view.at.ns < self.seen_ns || self.over_ns.is_some() || self.alone {
            return;
        }
        self.seen_ns = view.at.ns;
        self.settings = Settings::of(view.fact, view.jiffy_ns);
        if view.owner.pid.is_some() || self.owner.pid.is_none() {
            self.owner.clone_from(view.owner);
        }
        let now = Snapshot::of(view);
        let mss_fell = self.mss_fell(&now);
        self.compare(&now, pending);
        self.look(view, now, mss_fell, spoken_for, context);
    }

    /// Says what this look at it comes to.
    fn look(
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
        if !spoken_for && let Some(lost) = self.lost_again(&case) {
            self.reported = Some(lost);
            return;
        }
        self.end_unless_standing(context);
        if spoken_for {
            return;
        }
        if let Some((cause, ruling)) = judge(&case, self.reported()) {
            self.end(context);
            self.report(cause, ruling, view, context);
        } else if let Some((cause, ruling)) = self.graver(&case) {
            // Not another stall, and no end of this one.
            self.report(cause, ruling, view, context);
        }
    }

    /// What was told already, where by now it is graver than it was.
    fn graver(&self, case: &Case<'_>) -> Option<(Cause, Ruling)> {
        let told = self.reported?;
        let ruling = (told.cause.card().rule)(case)?;
        (ruling.severity > told.severity).then_some((told.cause, ruling))
    }

    /// That the kernel made segments smaller after timeouts, and what was due is acknowledged since.
    fn mss_fell(&mut self, now: &Snapshot) -> Option<Fell> {
        let standing = self.sending.map(|first| (first, self.timeouts));
        let (first, timeouts) = self.freed.take().or(standing)?;
        let freed = after(now.snd_una, first.snd_una) && timeouts >= FAILING;
        (freed && now.mss_cache < first.mss_cache && now.mss_cache > 0).then_some(Fell {
            before: first.mss_cache,
            now: now.mss_cache,
            lasted_ns: now.at_ns.saturating_sub(first.at_ns),
        })
    }

    /// What was told to be lost, where it is so by this snapshot too, though the peer may have
    /// been heard since the last one: that is one page, not two.
    fn lost_again(&self, case: &Case<'_>) -> Option<Reported> {
        let lost = self.reported.filter(|_| self.is_lost())?;
        let since_ns = self.standing(lost.cause)?;
        let (cause, ruling) = judge(case, None)?;
        let same = cause == lost.cause && ruling.severity <= lost.severity;
        same.then_some(Reported { since_ns, ..lost })
    }

    /// Whether it was told that nothing comes back.
    pub(super) fn is_lost(&self) -> bool {
        self.reported().is_some_and(|cause| cause.card().is_loss)
    }

    /// What stands as it did, and what begins to.
    fn compare(&mut self, now: &Snapshot, pending: Pending) {
        // Where probes went unanswered, any answer takes it back; data takes an ACK that covers some of it.
        let back = self.is_lost()
            && now.packets_out == 0
            && self.unheard.is_some_and(|first| first.heard(now));
        self.sending = stand(self.sending, now, pending.due, |first| {
            first.snd_una == now.snd_una && !back
        });
        self.unheard = stand(self.unheard, now, pending.due, |first| {
            first.snd_una == now.snd_una && !first.heard(now)
        });
        self.timeouts = match self.sending {
            Some(first) if first.at_ns < now.at_ns => self.timeouts.max(now.retransmits),
            _ => now.retransmits,
        };
        self.probed = self
            .sending
            .is_some_and(|first| now.probes_out > 0 || self.probed && first.at_ns < now.at_ns);
        self.reading = stand(self.reading, now, pending.unread, |first| {
            first.copied_seq == now.copied_seq
        });
        self.reply = stand(self.reply, now, pending.reply, |first| {
            first.write_seq == now.write_seq && first.bytes_received == now.bytes_received
        });
        self.resent = stand(self.resent, now, pending.resent, |first| {
            first.bytes_received == now.bytes_received
                && now.at_ns.saturating_sub(first.at_ns) < RESENT_WITHIN_NS
        });
        let reported = self
            .reported()
            .is_some_and(|cause| cause.card().stands == Stands::Loss);
        self.loss = match self.loss {
            Some(loss) => loss.on_sweep(*now, reported),
            None => pending.loses.then(|| Loss::begin(*now)),
        };
    }

    /// A fact other than a snapshot.
    pub(super) fn on_fact(
        &mut self,
        view: &FactView<'_>,
        spoken_for: bool,
        context: &mut Context<'_>,
    ) {
        if view.at.ns < self.seen_ns || self.over_ns.is_some() {
            return;
        }
        if view.new_state() == Some(TcpState::Close) || view.kind == FactKind::ResetReceived {
            self.close(view, spoken_for, context);
            return;
        }
        let now = Snapshot::of(view);
        self.sent_before_close |= sent_before_close(view);
        let tells = view.kind == FactKind::Retransmitted || sent_before_close(view);
        if tells && snapshot::due(view) {
            self.note_timeout(view, &now);
        }
        if nobody_waits(view) {
            self.left_alone(context);
        }
        // Unanswered probes are answered by anything.
        let answered = self.is_lost() && is_receive(view.kind) && now.packets_out == 0;
        if let Some(first) = self.sending
            && (answered || acknowledged(view).is_some_and(|ack| after(ack, first.snd_una)))
        {
            self.freed = Some((first, self.timeouts));
            self.sending = None;
        }
        if self
            .reading
            .is_some_and(|first| first.copied_seq != now.copied_seq)
        {
            self.reading = None;
        }
        let speaks = matches!(view.kind, FactKind::Sent | FactKind::GapEndedBySend)
            || is_receive(view.kind) && view.brings_payload()
            || view.new_state().is_some();
        if self.reply.is_some_and(|first| {
            speaks || first.write_seq != now.write_seq || first.bytes_received != now.bytes_received
        }) {
            self.reply = None;
        }
        self.end_unless_standing(context);
        if view.kind == FactKind::Retransmitted && nobody_waits(view) && !self.alone {
            // No process holds it, so no sweep may come past it.
            self.look(view, now, None, spoken_for, context);
            self.left_alone(context);
        }
    }

    /// Its application has closed: nobody hangs on it any more, and nothing more is told of it.
    fn left_alone(&mut self, context: &mut Context<'_>) {
        if self.reported.take().is_some() {
            self.alone = true;
            self.over(End::Badly, context);
        }
    }

    /// A timeout of a connection on which something is due.
    fn note_timeout(&mut self, view: &FactView<'_>, now: &Snapshot) {
        let same = |first: &Snapshot| first.snd_una == now.snd_una;
        self.sending = stand(self.sending, now, true, same);
        self.unheard = stand(self.unheard, now, true, |first| {
            same(first) && !first.heard(now)
        });
        self.timeouts = self.timeouts.max(now.retransmits);
        self.seen_ns = view.at.ns;
        self.settings = Settings::of(view.fact, view.jiffy_ns);
    }

    /// When a look at it may decide that what is due is lost, CLOCK_MONOTONIC in ns, where `view` shows
    /// so many timeouts: the look knows who holds it, and how others fare.
    pub(super) fn sweep_wanted_at(&self, view: &FactView<'_>) -> Option<u64> {
        let first = self.sending.filter(|_| self.reported.is_none())?;
        if view.fact.socket.retransmits < TIMEOUTS {
            return None;
        }
        let since_ns = first
            .at_ns
            .min(view.at.ns.saturating_sub(resent_for_ns(view)));
        let at_ns = since_ns.saturating_add(LEAST_WAIT_NS).max(view.at.ns);
        (view.kind == FactKind::Retransmitted || at_ns > view.at.ns).then_some(at_ns)
    }

    /// The connection is over, perhaps because nothing came back.
    fn close(&mut self, view: &FactView<'_>, spoken_for: bool, context: &mut Context<'_>) {
        let told = self.reported.take().is_some();
        let given_up = (!spoken_for && !told)
            .then(|| self.given_up(view, context.began_ns))
            .flatten();
        if let Some(ruling) = given_up {
            self.report(Cause::Blackholed, ruling, view, context);
            self.reported = None;
        } else if told {
            self.over(ending(view), context);
        }
        self.stop();
        self.loss = None;
        self.over_ns = Some(view.at.ns);
    }

    /// What is to be told where the kernel gave the connection up while something was due.
    fn given_up(&self, view: &FactView<'_>, began_ns: u64) -> Option<Ruling> {
        if view.new_state() != Some(TcpState::Close) || !snapshot::can_send(view) {
            return None;
        }
        let now = Snapshot::of(view);
        let first = self.sending.filter(|first| first.snd_una == now.snd_una);
        // It is gone: nothing will say more of what nobody looked at before.
        let waited_ns = first.map_or_else(
            || snapshot::since_ack_ns(view),
            |first| view.at.ns.saturating_sub(first.at_ns),
        );
        let since = first.unwrap_or(now).since();
        let heard = heard(&since, &view.fact.socket, view.jiffy_ns);
        given_up(
            view,
            waited_ns,
            heard,
            self.sent_before_close,
            began_ns,
            &self.settings,
        )
    }

    fn stop(&mut self) {
        self.sending = None;
        self.unheard = None;
        self.freed = None;
        self.reading = None;
        self.reply = None;
        self.resent = None;
    }

    /// A sweep that began at `started_ns` did not show it: what waited does so no
    /// more. Losses are not shown by every sweep.
    pub(super) fn missed(&mut self, started_ns: u64, context: &mut Context<'_>) {
        // No sweep need come past one that no process holds.
        if self.seen_ns >= started_ns || self.alone {
            return;
        }
        self.stop();
        self.over_ns = self.over_ns.filter(|over| *over >= started_ns);
        self.loss = self
            .loss
            .filter(|loss| started_ns.saturating_sub(loss.seen_ns()) < LOSS_FORGET_NS);
        self.end_unless_standing(context);
    }

    /// The stall that was told, if any, is over.
    pub(super) fn end(&mut self, context: &mut Context<'_>) {
        if self.reported.take().is_some() {
            context.out.push(Verdict::StallEnded {
                connection_id: self.identity.id(),
            });
        }
    }

    /// The connection of which a stall was told is over.
    fn over(&self, end: End, context: &mut Context<'_>) {
        context.out.push(Verdict::Over {
            connection_id: self.identity.id(),
            end,
        });
    }

    fn end_unless_standing(&mut self, context: &mut Context<'_>) {
        let Some(told) = self.reported else {
            return;
        };
        if self.standing(told.cause) != Some(told.since_ns) {
            self.end(context);
        }
    }

    /// The time of the first snapshot since which what `cause` is about stands.
    fn standing(&self, cause: Cause) -> Option<u64> {
        let first = match cause.card().stands {
            Stands::Sending if self.sending.is_some() => &self.sending,
            Stands::Sending => &self.resent,
            Stands::Reading => &self.reading,
            Stands::Reply => &self.reply,
            Stands::Nothing => return None,
            Stands::Loss => return self.loss.map(|_| 0),
        };
        first.map(|first| first.at_ns)
    }

    fn report(
        &mut self,
        cause: Cause,
        ruling: Ruling,
        view: &FactView<'_>,
        context: &mut Context<'_>,
    ) {
        let card = cause.card();
        self.reported = self.standing(cause).map(|since_ns| Reported {
            cause,
            severity: ruling.severity,
            since_ns,
        });
        if let Some(loss) = self.loss.as_mut().filter(|_| card.stands == Stands::Loss) {
            loss.reported();
        }
        let since_ns = view.at.ns.saturating_sub(ruling.length_ns);
        let (siblings, cookie) = (&context.contrasts.siblings, self.identity.cookie());
        let silence_ns = siblings.preceding_silence_ns(cookie);
        let first_sent_ns = siblings.waits_since_ns(cookie);
        let about = About {
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
        };
        let (finding, blamed) = report::finding(
            ruling,
            &about,
            &self.identity,
            &self.owner,
            context.contrasts,
        );
        if let (Blame::Quicker { .. }, Some(silence_ns)) = (blamed, silence_ns) {
            let remote = self.identity.remote();
            context.contrasts.failed(about.path, remote, silence_ns);
        }
        context.out.push(Verdict::Finding(Box::new(finding)));
        if card.stands == Stands::Nothing {
            // It is over with what showed it.
            context.out.push(Verdict::StallEnded {
                connection_id: self.identity.id(),
            });
        }
    }
}

/// The first snapshot since which something stands, `now` where it only begins to;
/// `None` if nothing `waits`.
fn stand(
    first: Option<Snapshot>,
    now: &Snapshot,
    waits: bool,
    same: impl Fn(&Snapshot) -> bool,
) -> Option<Snapshot> {
    waits.then(|| first.filter(same).unwrap_or(*now))
}

/// How far the peer has acknowledged, as this fact shows it.
fn acknowledged(view: &FactView<'_>) -> Option<u32> {
    let socket = &view.fact.socket;
    let segment = &view.fact.segment;
    let arrived = is_receive(view.kind) && view.segment_has(tcp_flags::ACK);
    if arrived && !after(segment.ack, socket.snd_nxt) && after(segment.ack, socket.snd_una) {
        return Some(segment.ack);
    }
    // A closed socket's counters say nothing.
    (!after(socket.snd_una, socket.snd_nxt)).then_some(socket.snd_una)
}
