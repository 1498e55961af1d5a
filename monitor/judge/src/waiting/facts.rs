//! What facts other than looks tell of a connection on which something waits: timeouts, answers, its end.

use super::connection::WaitingConnection;
use super::standing::{acknowledged, stand};
use crate::closed_window;
use crate::context::Context;
use crate::ending::ending;
use crate::fact_view::{FactView, is_receive};
use crate::farewell::{nobody_waits, sent_before_close};
use crate::heard::heard;
use crate::keepalive::Settings;
use crate::ruling::Ruling;
use crate::serial::after;
use crate::stall_times::StallEnd;
use crate::stalls::given_up;
use crate::stalls::snapshot::{self, Snapshot};
use crate::thresholds::{LEAST_WAIT_NS, TIMEOUTS};
use crate::unanswered::resent_for_ns;
use crate::verdict::{End, Verdict};
use monitor_common::{FactKind, TcpState};
use monitor_model::finding::Cause;
use nix::errno::Errno;

impl WaitingConnection {
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
        self.unheld |= self.sent_before_close || nobody_waits(view);
        if self.alone {
            self.follow_left(view, context);
        } else if nobody_waits(view) {
            self.left_alone(context);
        }
        // Unanswered probes are answered by anything.
        let answered = self.is_lost() && is_receive(view.kind) && now.packets_out == 0;
        if let Some(first) = self.sending
            && (answered || acknowledged(view).is_some_and(|ack| after(ack, first.snd_una)))
        {
            self.sending_goes_on(now.at_ns);
            self.freed = Some((first, self.timeouts));
            self.sending = None;
        }
        if self
            .reading
            .is_some_and(|first| first.copied_seq != now.copied_seq)
        {
            self.reading_goes_on(now.at_ns);
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
        self.break_deadlock(now.at_ns);
        self.end_unless_standing(context);
        if view.kind == FactKind::Retransmitted && nobody_waits(view) && !self.alone {
            // No process holds it, so no sweep may come past it.
            self.look(view, now, None, spoken_for, context);
            self.left_alone(context);
        }
    }

    /// Its application has closed: nobody hangs on it any more. What comes of what it left behind is followed.
    pub(super) fn left_alone(&mut self, context: &mut Context<'_>) {
        if let Some(told) = self.reported.take() {
            context.stall_over(told.cause, told.began_ns, StallEnd::LeftByApplication);
            self.alone = true;
            self.over(End::Left, context);
        }
    }

    /// What `view` says of what its application left behind.
    pub(super) fn follow_left(&mut self, view: &FactView<'_>, context: &mut Context<'_>) {
        let moved = self
            .sending
            .is_some_and(|first| acknowledged(view).is_some_and(|ack| after(ack, first.snd_una)));
        let tried = matches!(view.kind, FactKind::Retransmitted | FactKind::Swept);
        if moved {
            // What is still due of it, if anything, is another matter.
            self.end_left(context);
        } else if tried && snapshot::due(view) {
            self.seen_ns = view.at.ns;
            context.out.push(Verdict::Unanswered {
                connection_id: self.identity.id(),
            });
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
        self.rto_ns = view.ns(view.fact.socket.rto_jiffies);
        self.settings = Settings::of(view.fact, view.jiffy_ns);
    }

    /// When a look at it may decide that what is due is lost, CLOCK_MONOTONIC in ns, where `view` shows
    /// so many timeouts: the look knows who holds it, and how others fare.
    pub(super) fn sweep_wanted_at(&self, view: &FactView<'_>) -> Option<u64> {
        let first = self
            .sending
            .filter(|_| self.reported.is_none() && !self.alone)?;
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
        let reset = self.reset(view).filter(|_| !spoken_for);
        let told = self.reported.take();
        if let Some(told) = told {
            context.stall_over(told.cause, told.began_ns, ending(view).into());
        }
        let told = told.is_some();
        let given_up = (!spoken_for && !told && !self.alone)
            .then(|| self.given_up(view, context.began_ns))
            .flatten();
        if let Some(ruling) = given_up {
            let since_ns = view.at.ns.saturating_sub(ruling.length_ns);
            context.stall_over(Cause::Blackholed, since_ns, StallEnd::EndedBadly);
            self.report(Cause::Blackholed, ruling, view, context);
            self.reported = None;
            self.end_told = true;
        } else if let Some(ruling) = reset {
            self.report_reset(ruling, view, context);
            self.end_told = true;
        } else if told {
            self.over(ending(view), context);
        }
        self.stop();
        self.loss = None;
        if self.alone {
            self.over(ending(view), context);
        }
        // The next sweep forgets it like any other that is over.
        self.end_told |= std::mem::take(&mut self.alone);
        self.unheld = false;
        self.over_ns = Some(view.at.ns);
    }

    /// What is to be told where a RST ends it of which it was told that the peer does not read.
    fn reset(&self, view: &FactView<'_>) -> Option<Ruling> {
        let told = matches!(self.reported(), Some(Cause::ZeroWindow | Cause::Deadlock));
        let first = self.sending.filter(|_| told)?;
        let stood_ns = view.at.ns.saturating_sub(first.at_ns);
        let reset = view.kind == FactKind::ResetReceived
            || view.fact.socket.sk_err == Errno::ECONNRESET as u32;
        reset
            .then(|| closed_window::reset(view, self.identity.role(), stood_ns))
            .flatten()
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
}
