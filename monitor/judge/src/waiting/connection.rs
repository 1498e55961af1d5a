//! One connection on which something waits.

use crate::connection;
use crate::connection::Identity;
use crate::context::Context;
use crate::fact_view::FactView;
use crate::keepalive::Settings;
use crate::peers::habit::Habits;
use crate::report::{self, About};
use crate::ruling::Ruling;
use crate::serial::after;
use crate::stalls::card::{Case, Stands};
use crate::stalls::loss::Loss;
use crate::stalls::snapshot::{self, Snapshot};
use crate::stalls::{CauseCard, given_up, judge};
use crate::thresholds::{LOSS_FORGET_NS, OVERDUE_NS};
use crate::tracked::gap::is_receive;
use crate::verdict::Verdict;
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
        }
    }

    /// Whether anything waits.
    pub(super) fn any(&self) -> bool {
        self.due || self.unread || self.reply
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
    loss: Option<Loss>,
    /// First snapshot since which nothing came from the peer while something was due.
    unheard: Option<Snapshot>,
    probed: bool,
    /// The cause that was told of the stall that lasts, and the time of the first
    /// look since which that stands.
    reported: Option<(Cause, u64)>,
    /// When the connection ended. It is remembered until the next sweep, so that a
    /// look from before does not start its story again.
    over_ns: Option<u64>,
}

impl WaitingConnection {
    pub(super) fn new(view: &FactView<'_>) -> Self {
        Self {
            identity: Identity::of(&view.fact.socket),
            owner: Arc::clone(view.owner),
            settings: Settings::of(view.fact, view.jiffy_ns),
            seen_ns: 0,
            sending: None,
            reading: None,
            reply: None,
            loss: None,
            unheard: None,
            probed: false,
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
        self.reported.map(|(cause, _)| cause)
    }

    /// When a snapshot last showed it.
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
            && self.sending.is_none()
            && self.reading.is_none()
            && self.reply.is_none()
            && self.loss.is_none()
    }

    /// A snapshot of the sweep. Nothing new is told of a connection that is `spoken_for`.
    pub(super) fn on_sweep(
        &mut self,
        view: &FactView<'_>,
        pending: Pending,
        spoken_for: bool,
        sent_again_in_outages: u32,
        context: &mut Context<'_>,
    ) {
        // A sweep is read beside the ring: it may show what the ring outdated.
        if view.at.ns < self.seen_ns || self.over_ns.is_some() {
            return;
        }
        self.seen_ns = view.at.ns;
        self.settings = Settings::of(view.fact, view.jiffy_ns);
        if view.owner.pid.is_some() || self.owner.pid.is_none() {
            self.owner.clone_from(view.owner);
        }
        let now = Snapshot::of(view);
        self.compare(&now, pending);
        let settings = self.settings;
        let case = Case {
            view,
            now,
            sending: self.sending,
            reading: self.reading,
            reply: self.reply,
            loss: self.loss,
            sent_again_in_outages,
            unheard: self.unheard,
            probed: self.probed,
            settings: &settings,
            habits: context.habits,
        };
        if !spoken_for && let Some(cause) = self.lost_again(&case) {
            self.reported = Some((cause, self.standing(cause).unwrap_or(0)));
            return;
        }
        self.end_unless_standing(context);
        if spoken_for {
            return;
        }
        if let Some((cause, ruling)) = judge(&case, self.reported()) {
            self.end(context);
            self.report(cause, ruling, view, context);
        }
    }

    /// What was told to be lost, where it is so by this snapshot too, though the peer may have
    /// been heard since the last one: that is one page, not two.
    fn lost_again(&self, case: &Case<'_>) -> Option<Cause> {
        let lost = self.reported().filter(|_| self.is_lost())?;
        judge(case, None).and_then(|(cause, _)| (cause == lost).then_some(cause))
    }

    /// Whether it was told that nothing comes back.
    pub(super) fn is_lost(&self) -> bool {
        self.reported().is_some_and(|cause| cause.card().is_loss)
    }

    /// What stands as it did, and what begins to.
    fn compare(&mut self, now: &Snapshot, pending: Pending) {
        // What came before nothing came any more does not take it back.
        let back = self.is_lost() && self.unheard.is_some_and(|first| first.heard(now));
        self.sending = stand(self.sending, now, pending.due, |first| {
            first.snd_una == now.snd_una && !back
        });
        self.unheard = stand(self.unheard, now, pending.due, |first| {
            first.snd_una == now.snd_una && !first.heard(now)
        });
        self.probed = self
            .sending
            .is_some_and(|first| now.probes_out > 0 || self.probed && first.at_ns < now.at_ns);
        self.reading = stand(self.reading, now, pending.unread, |first| {
            first.copied_seq == now.copied_seq
        });
        self.reply = stand(self.reply, now, pending.reply, |first| {
            first.write_seq == now.write_seq && first.bytes_received == now.bytes_received
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
        let lost = self.is_lost() && is_receive(view.kind);
        if self.sending.is_some_and(|first| {
            lost || acknowledged(view).is_some_and(|ack| after(ack, first.snd_una))
        }) {
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
    }

    /// The connection is over, perhaps because nothing came back.
    fn close(&mut self, view: &FactView<'_>, spoken_for: bool, context: &mut Context<'_>) {
        let dead = self.sending.filter(|first| {
            !spoken_for
                && !self.is_lost()
                && view.new_state() == Some(TcpState::Close)
                && snapshot::can_send(view)
                && !first.heard(&Snapshot::of(view))
        });
        self.end(context);
        let ruling = dead.and_then(|first| {
            let waited = view.at.ns.saturating_sub(first.at_ns);
            given_up(view, waited, &self.settings)
        });
        if let Some(ruling) = ruling {
            // Nothing resolves it: it does not move, it is gone.
            self.report(Cause::Blackholed, ruling, view, context);
            self.reported = None;
        }
        self.stop();
        self.loss = None;
        self.over_ns = Some(view.at.ns);
    }

    fn stop(&mut self) {
        self.sending = None;
        self.unheard = None;
        self.reading = None;
        self.reply = None;
    }

    /// A sweep that began at `started_ns` did not show it: what waited does so no
    /// more. Losses are not shown by every sweep.
    pub(super) fn missed(&mut self, started_ns: u64, context: &mut Context<'_>) {
        if self.seen_ns >= started_ns {
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

    fn end_unless_standing(&mut self, context: &mut Context<'_>) {
        let Some((cause, since_ns)) = self.reported else {
            return;
        };
        if self.standing(cause) != Some(since_ns) {
            self.end(context);
        }
    }

    /// The time of the first snapshot since which what `cause` is about stands.
    fn standing(&self, cause: Cause) -> Option<u64> {
        let first = match cause.card().stands {
            Stands::Sending => &self.sending,
            Stands::Reading => &self.reading,
            Stands::Reply => &self.reply,
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
        self.reported = Some((cause, self.standing(cause).unwrap_or(0)));
        if let Some(loss) = self.loss.as_mut().filter(|_| card.stands == Stands::Loss) {
            loss.reported();
        }
        let since_ns = view.at.ns.saturating_sub(ruling.length_ns);
        let about = About {
            kind: FindingKind::Stall { cause },
            certainty: card.certainty,
            // Of a stall that is explained, others tell nothing.
            siblings_since_ns: (ruling.severity > Severity::None)
                .then_some(since_ns.saturating_add(OVERDUE_NS)),
            settings: &self.settings,
            wall_unix_ns: view.at.wall_unix_ns,
            path: view.path.map(|path| &**path),
            clock: card.clock,
        };
        let finding = report::finding(
            ruling,
            &about,
            &self.identity,
            &self.owner,
            context.contrasts,
        );
        context.out.push(Verdict::Finding(Box::new(finding)));
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
