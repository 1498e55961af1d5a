//! Taking up what facts show to have happened since a gap.

use super::seldom::Fin;
use super::{EndedBy, Gap, Wait};
use crate::counters::Counters;
use crate::fact_view::{FactView, is_receive};
use crate::farewell::sent_before_close;
use crate::resent::{Received, Resent};
use crate::serial::{after, distance};
use crate::thresholds::{CLOCK_SLACK_NS, FAREWELL_BYTES, FAREWELL_WITHIN_NS};
use crate::window_probe::{Held, answers_probe};
use monitor_common::{FactKind, TcpState, flags, tcp_flags};

impl Gap {
    /// Takes up what `view` shows to have happened since the gap.
    pub(crate) fn note(&mut self, view: &FactView<'_>) {
        self.note_end(view);
        self.note_counters(view);
        self.note_send(view);
        let before = self.progress();
        self.note_acknowledged(view);
        self.note_signs(view, before);
        self.note_payload(view);
        self.note_window_probes(view);
    }

    /// Takes up the counters of the socket alone, whatever `view` tells: the
    /// next gap ended, and this one has had its time.
    pub(crate) fn note_last(&mut self, view: &FactView<'_>) {
        self.advance_una(view.fact.socket.snd_una, view);
        self.due = self.una != data_end(view);
        self.note_acknowledged(view);
        self.note_signs(view, self.progress());
        if self.before.payload_received(view) > 0 {
            self.seldom.payload_ns.get_or_insert(view.at.ns);
        }
    }

    fn note_end(&mut self, view: &FactView<'_>) {
        let socket = &view.fact.socket;
        let fin_known = view.new_state() == Some(TcpState::CloseWait)
            // The change of state was lost, its trace is there.
            || self.ended_by == EndedBy::Fin
                && matches!(view.state(), Some(TcpState::CloseWait | TcpState::LastAck));
        if fin_known && self.seldom.fin.is_none() {
            self.seldom.fin = Some(Fin {
                ns: view.at.ns,
                outstanding: socket.write_seq.wrapping_sub(socket.snd_una),
                in_silence: self.ended_by == EndedBy::Fin || self.said_goodbye(view),
                sent_after: false,
            });
        }
        if view.new_state() == Some(TcpState::Close) {
            self.seldom.closed_ns.get_or_insert(view.at.ns);
        }
        self.sent_before_close |= sent_before_close(view);
        if view.kind == FactKind::ResetSent {
            self.seldom.reset_sent_ns.get_or_insert(view.at.ns);
        }
    }

    /// Whether the payload that ended the silence belongs to the FIN that `view` tells of: a few bytes, just before it,
    /// where an answer was due. Elsewhere they may be all that the peer had to say.
    fn said_goodbye(&self, view: &FactView<'_>) -> bool {
        let since_ns = view.at.ns.saturating_sub(self.ended_ns);
        self.answer_due
            && self.ended_by == EndedBy::Payload
            && since_ns <= FAREWELL_WITHIN_NS.saturating_add(CLOCK_SLACK_NS)
            && self.before.payload_received(view) <= FAREWELL_BYTES
    }

    fn note_counters(&mut self, view: &FactView<'_>) {
        let socket = &view.fact.socket;
        self.advance_una(socket.snd_una, view);
        if !is_receive(view.kind) && self.before.payload_written(socket) > 0 {
            // Whether or not a fact told the send.
            self.begin_wait(view.at.ns, self.before);
            if self.seldom.fin.is_some_and(|fin| fin.in_silence) {
                self.sent_after_fin();
            }
        }
        if view.new_state() != Some(TcpState::Close) {
            self.due = self.una != data_end(view);
        }
        if self.wait.is_none() {
            return;
        }
        let then = self.waits_since();
        let now = Counters::of(socket);
        self.timeouts = self
            .timeouts
            .max(now.retransmits.saturating_sub(then.retransmits));
        self.probes = self
            .probes
            .max(now.probes_out.saturating_sub(then.probes_out));
        let lost = self.reported.is_some_and(|reported| reported.is_loss);
        if is_local(view.kind) && !lost && !self.due && then.heard(&now) {
            // Something came through, and nothing but probes can be unanswered: they count from here.
            // What is due takes an ACK that covers it.
            self.wait = None;
            self.begin_wait(view.at.ns, now);
            self.timeouts = 0;
            self.probes = 0;
        }
    }

    fn note_send(&mut self, view: &FactView<'_>) {
        let again = self.note_written(view);
        if !matches!(view.kind, FactKind::GapEndedBySend | FactKind::Sent) && !again {
            return;
        }
        if view.kind == FactKind::Sent && view.fact.has(flags::REVISITED) && !again {
            // What ended the silence, told once more.
            return;
        }
        if self.sends == 0 {
            self.first_send_ns = view.at.ns;
        }
        self.last_send_ns = view.at.ns;
        self.sends = self.sends.saturating_add(1);
        if !self.due {
            // Nothing was waited for but answers to probes.
            self.wait = None;
        }
        self.begin_wait(view.at.ns, Counters::of(&view.fact.socket));
        self.due = true;
        self.sent_after_fin();
    }

    /// This host has sent: after the peer's FIN, where that has come.
    fn sent_after_fin(&mut self) {
        if let Some(fin) = self.seldom.fin {
            self.seldom.fin = Some(Fin {
                sent_after: true,
                ..fin
            });
        }
    }

    /// Whether a later look at the socket shows that this host has sent again, which no fact of its own tells.
    fn note_written(&mut self, view: &FactView<'_>) -> bool {
        let write_seq = view.fact.socket.write_seq;
        if !view.fact.has(flags::REVISITED) || !after(write_seq, self.before.write_seq) {
            return false;
        }
        let first = self.seldom.written.is_none();
        let further = self
            .seldom
            .written
            .is_some_and(|known| after(write_seq, known));
        if first || further {
            self.seldom.written = Some(write_seq);
        }
        // The first of it is what ended the silence, or the answer to that.
        further
    }

    fn begin_wait(&mut self, since_ns: u64, counters: Counters) {
        if self.wait.is_none() {
            let others = counters != self.before;
            self.wait = Some(Wait {
                since_ns,
                counters: others.then(|| Box::new(counters)),
            });
        }
    }

    fn note_acknowledged(&mut self, view: &FactView<'_>) {
        let segment = &view.fact.segment;
        if is_receive(view.kind) && view.segment_has(tcp_flags::ACK) {
            self.advance_una(segment.ack, view);
            self.due = self.una != data_end(view);
        }
        if !self.due && self.progress() > 0 {
            self.acked_ns.get_or_insert(view.at.ns);
        }
    }

    /// Looks for signs of a forgery in what acknowledged: in the segment, if it
    /// brought the progress beyond `before`, else in what the socket received last.
    fn note_signs(&mut self, view: &FactView<'_>, before: u32) {
        let progress = self.progress();
        if is_receive(view.kind) {
            if progress > before {
                let sent = self.sent_between_ns().filter(|_| before == 0);
                let first = sent.map(|(first, _)| first);
                self.forgery.read_segment(view, progress, first);
            }
        } else if progress > 0 {
            self.forgery.read_socket(view, self.silent_until_ns);
        }
    }

    fn note_payload(&mut self, view: &FactView<'_>) {
        let reported = match view.kind {
            FactKind::PayloadArrived => true,
            FactKind::GapEndedByReceive => view.brings_payload(),
            _ => false,
        };
        if reported || self.before.payload_received(view) > 0 {
            self.seldom.payload_ns.get_or_insert(view.at.ns);
        }
        self.note_resent(view);
    }

    /// Where the peer's window is closed its kernel answers probes: both ways work.
    fn note_window_probes(&mut self, view: &FactView<'_>) {
        let mut answered = answers_probe(view);
        if view.kind == FactKind::Swept {
            let now = Held::of(view);
            answered |= self
                .seldom
                .held
                .zip(now)
                .is_some_and(|(before, now)| before.answered_by(&now));
            if self.seldom.held.is_some() || now.is_some() {
                self.seldom.held = now;
            }
        }
        if answered {
            self.seldom.probe_answered_ns = Some(view.at.ns);
        }
    }

    fn note_resent(&mut self, view: &FactView<'_>) {
        let socket = &view.fact.socket;
        match self.seldom.resent {
            Some(mut resent) if view.kind == FactKind::Swept => {
                resent.look(view);
                self.seldom.resent = Some(resent);
            }
            None if self.seldom.payload_ns.is_some() => {
                // The socket is as it was before the segment that arrived.
                let segment = &view.fact.segment;
                let end = segment.seq.wrapping_add(segment.payload_len);
                let news = if is_receive(view.kind) && segment.payload_len > 0 {
                    distance(socket.rcv_nxt, end)
                } else {
                    0
                };
                let known = Received::of(socket);
                let bytes = known.bytes.saturating_add(news.into());
                self.seldom.resent = Some(Resent::told(view, known.with_bytes(bytes)));
            }
            _ => {}
        }
    }

    fn advance_una(&mut self, ack: u32, view: &FactView<'_>) {
        // What was never sent cannot be acknowledged.
        if after(ack, self.una) && !after(ack, view.fact.socket.snd_nxt) {
            self.una = ack;
        }
    }
}

/// The end of the data that the application handed over: our own FIN takes a place
/// behind it, which stays unacknowledged where the peer, or who acknowledges in its
/// name, does not care for it.
fn data_end(view: &FactView<'_>) -> u32 {
    let socket = &view.fact.socket;
    let fin = matches!(
        TcpState::from_number(socket.state),
        Some(TcpState::FinWait1 | TcpState::Closing | TcpState::LastAck)
    ) && socket.snd_una != socket.write_seq;
    socket.write_seq.wrapping_sub(u32::from(fin))
}

/// Whether the fact arises on this host, with counters that agree.
fn is_local(kind: FactKind) -> bool {
    matches!(
        kind,
        FactKind::Sent | FactKind::Retransmitted | FactKind::Swept | FactKind::ProbationOver
    )
}
