//! What came since a silent socket's snapshot, told as the hooks on every segment tell it.
//!
//! A retransmission, a reset and a change of state ask under the socket's lock. A revisit asks without it.

use crate::counters::count;
use crate::emit::{Arrival, Context, emit_number};
use crate::gap;
use crate::globals::setting;
use crate::kernel;
use crate::paths;
use crate::serial::is_after;
use crate::silence::{self, Silence};
use crate::snapshot::{Snapshot, Told};
use crate::sock::{TcpSock, is_open};
use crate::suspects::{ACKED, ANSWERED, Suspect};
use crate::verifier::hidden;
use core::ptr;
use monitor_common::{Counter, FactKind, Segment, TcpState, flags, segment_options};

/// Jiffies after which a segment is surely past.
const TICKS_PAST: u32 = 2;

/// What came since a snapshot. Integers, so that it can be hidden from the verifier: it is found out in many ways.
#[derive(Clone, Copy)]
#[repr(C)]
struct Came {
    /// All that arrived, as one segment; one without flags if nothing did.
    segment: Segment,
    /// How long ago the silence ended, in jiffies, as far as the stamps tell.
    late: u32,
    /// 1 if this host's application handed data over.
    sent: u32,
    /// 1 if the peer spoke before this host did.
    peer_first: u32,
    /// Always zero.
    reserved: u32,
}

/// What is to be told of it. Likewise: it is decided in many ways, and told in one.
#[derive(Clone, Copy)]
#[repr(C)]
struct Verdict {
    /// The silence that ended.
    silence: Silence,
    /// The fact that tells its end, a [`FactKind`] number, or 0.
    kind: u32,
    /// The fact that tells what came after it, likewise.
    rest_kind: u32,
    path_id: u32,
    /// The bits that say how the peer is reached.
    route: u32,
    /// What has shown of both ways: bits of [`Suspect::seen`].
    seen: u32,
    /// 1 if the snapshot is of no use any more.
    over: u32,
}

/// Under the socket's lock: tells what a snapshot shows to have come since, and returns the suspect that the socket is
/// from then on, if its silence had passed the threshold. With `parsing` a segment is being processed, which does not
/// count; with `resent` one was sent again just now.
#[inline(always)]
pub fn in_hook(sock: TcpSock, parsing: bool, resent: bool) -> Option<&'static mut Suspect> {
    let snapshot = Snapshot::of(sock).filter(|snapshot| snapshot.is_whole())?;
    let came = Came::since(snapshot, sock, parsing, resent)?;
    let verdict = came.weigh(snapshot, sock, None)?;
    if verdict.kind == 0 {
        return None;
    }
    came.tell(sock, snapshot, &verdict);
    Suspect::put(sock, verdict.suspect(snapshot))
}

/// The silence of a socket until now where a snapshot shows that it lasts: what is being processed may have moved the
/// socket's own clocks.
#[inline(always)]
pub fn silence(sock: TcpSock) -> Silence {
    match Snapshot::of(sock) {
        Some(snapshot) if snapshot.is_whole() => snapshot.silence(),
        _ => Silence::of(sock),
    }
}

/// Looks at a socket of which a snapshot is kept or asked for, without its lock: tells what came since, and takes another
/// one, or none any more.
#[inline(always)]
pub fn revisit(sock: TcpSock) {
    let Some(snapshot) = Snapshot::of(sock) else {
        return;
    };
    let state = sock.state();
    if state == TcpState::Close as u32 || state == TcpState::SynSent as u32 {
        // It is over, or the socket is used for another connection.
        return Snapshot::forget(sock);
    }
    if !snapshot.is_whole() {
        return first_visit(sock, snapshot);
    }
    let suspect = Suspect::of(sock);
    let since_ns = suspect.as_ref().map_or(0, |suspect| suspect.since_ns);
    // Before what is read of the socket: what comes meanwhile is left for the next look.
    let told = Told::of(sock);
    let Some(came) = Came::since(snapshot, sock, false, false) else {
        snapshot.seen_again(sock);
        return;
    };
    let Some(mut verdict) = came.weigh(snapshot, sock, suspect.as_deref()) else {
        // It has left the scope: nothing is told of it, and its silence begins anew.
        return end_or_renew(sock, snapshot, true, &told);
    };
    let settled = verdict.seen == ACKED | ANSWERED;
    let another = verdict.kind != 0;
    match suspect {
        Some(suspect) => {
            if !another && verdict.rest_kind != 0 && !settled && !suspect.may_emit() {
                verdict.rest_kind = 0;
            }
            came.tell(sock, snapshot, &verdict);
            if settled || another {
                suspect.end_if_since(sock, since_ns);
            } else {
                suspect.seen = verdict.seen;
            }
        }
        None => {
            came.tell(sock, snapshot, &verdict);
            if settled && another {
                // A suspect, for as long as this look takes.
                count(Counter::SuspectsCreated);
                count(Counter::SuspectsRemoved);
            }
        }
    }
    if another && !settled {
        Suspect::put(sock, verdict.suspect(snapshot));
    }
    end_or_renew(sock, snapshot, verdict.over != 0, &told);
}

/// What is `over` needs no snapshot once it speaks. One of which only a clock moved that does not count is silent on.
#[inline(always)]
fn end_or_renew(sock: TcpSock, snapshot: &mut Snapshot, over: bool, told: &Told) {
    if over && silence::is_busy(sock) {
        Snapshot::forget(sock);
    } else {
        snapshot.take_anew(sock, told);
    }
}

/// Takes the snapshot that the sweep has asked for.
#[inline(always)]
fn first_visit(sock: TcpSock, snapshot: &mut Snapshot) {
    if snapshot.take(sock) {
        count(Counter::SnapshotsTaken);
        sock.ensure_cookie();
        log!("socket {}: a snapshot is kept", sock.cookie());
    } else if silence::is_busy(sock) {
        Snapshot::forget(sock);
    }
}

impl Came {
    /// `None` if nothing came that counts.
    #[inline(always)]
    fn since(snapshot: &Snapshot, sock: TcpSock, parsing: bool, resent: bool) -> Option<Self> {
        let grown = sock.write_seq().wrapping_sub(snapshot.write_seq);
        // Our own FIN takes a place too, and is nothing that the application sends.
        let sent = grown > u32::from(!is_open(sock.state()));
        let mut segment = snapshot.arrived(sock, parsing);
        // While a segment is being processed the stack has not read its timestamp yet: that there was none is believed
        // once it is past.
        let fresh = kernel::jiffies().wrapping_sub(sock.rcv_tstamp()) < TICKS_PAST;
        if fresh && segment.options == segment_options::READ {
            segment.options = 0;
        }
        if !sent && segment.tcp_flags == 0 {
            return None;
        }
        let peer_first = peer_first(snapshot, sock, sent, &segment);
        hidden(&Self {
            segment,
            late: late_jiffies(snapshot, sock, peer_first, &segment, resent),
            sent: u32::from(sent),
            peer_first: u32::from(peer_first),
            reserved: 0,
        })
    }

    /// What is to be told of it, of a suspect or of no suspect yet; `None` on loopback and outside the
    /// scope.
    #[inline(always)]
    fn weigh(
        &self,
        snapshot: &Snapshot,
        sock: TcpSock,
        suspect: Option<&Suspect>,
    ) -> Option<Verdict> {
        let (threshold, route) = paths::threshold(sock)?;
        let silence = hidden(&self.silence(snapshot))?;
        let peer_first = self.peer_first != 0;
        // With something on its way it is trouble, and no silence.
        let passed = snapshot.is_settled()
            && gap::passed(&silence, &threshold, |clock| {
                !peer_first || gap::moves(self.segment, clock)
            });
        let another = passed
            && suspect.is_none_or(|suspect| {
                suspect.began_before(&silence, silence.at_most(threshold.clock))
            });
        let known = match suspect {
            Some(suspect) if !another => suspect.seen,
            _ => 0,
        };
        let shown = self.shown(snapshot);
        let told = another || suspect.is_some();
        let seen = known | shown;
        let over = !told || seen == ACKED | ANSWERED;
        hidden(&Verdict {
            silence,
            kind: self.kind(another),
            rest_kind: if told {
                self.rest_kind(sock, another, shown, shown & !known)
            } else {
                0
            },
            path_id: threshold.path_id,
            route,
            seen,
            over: u32::from(over),
        })
    }

    /// Which fact tells the end of the silence.
    #[inline(always)]
    fn kind(&self, another: bool) -> u32 {
        if !another {
            0
        } else if self.peer_first != 0 {
            FactKind::GapEndedByReceive as u32
        } else {
            FactKind::GapEndedBySend as u32
        }
    }

    /// Which fact tells what came after it, of what has `shown` and is `news`.
    #[inline(always)]
    fn rest_kind(&self, sock: TcpSock, another: bool, shown: u32, news: u32) -> u32 {
        // What ended the silence is told, with its payload.
        let payload_told = another && self.peer_first != 0;
        let all_acked = shown & ACKED != 0 && sock.snd_una() == sock.write_seq();
        if news & ANSWERED != 0 && !payload_told {
            FactKind::PayloadArrived as u32
        } else if news & ACKED != 0 || all_acked {
            FactKind::AckArrived as u32
        } else if self.sent != 0 && (payload_told || !another) {
            FactKind::Sent as u32
        } else {
            0
        }
    }

    /// Tells what was decided.
    #[inline(always)]
    fn tell(&self, sock: TcpSock, snapshot: &Snapshot, verdict: &Verdict) {
        sock.ensure_cookie();
        if verdict.kind != 0 {
            let by_peer = verdict.kind == FactKind::GapEndedByReceive as u32;
            let context = Context {
                flags: verdict.route | flags::REVISITED,
                task: Some(snapshot.holder()).filter(|_| !by_peer),
                segment: Some(whole(self.word(snapshot))).filter(|_| by_peer),
                before: Some(snapshot),
                at_snapshot: true,
                ..Context::of_path(verdict.path_id)
            };
            emit_number(verdict.kind, sock, &verdict.silence, &context);
        }
        if verdict.rest_kind != 0 {
            let arrived = verdict.rest_kind != FactKind::Sent as u32;
            let after_word = verdict.kind == FactKind::GapEndedByReceive as u32;
            let context = Context {
                segment: Some(whole(self.rest(after_word))).filter(|_| arrived),
                before: Some(snapshot).filter(|_| arrived),
                flags: flags::REVISITED,
                ..Context::of_path(verdict.path_id)
            };
            emit_number(verdict.rest_kind, sock, &Silence::of(sock), &context);
        }
    }

    /// The silence that ended: no sooner than the snapshot was last found to hold.
    #[inline(always)]
    fn silence(&self, snapshot: &Snapshot) -> Silence {
        let silence = snapshot.silence();
        let late_ns = u64::from(self.late) * u64::from(setting(|settings| &settings.jiffy_ns));
        let unseen_ns = silence.now_ns.saturating_sub(snapshot.looked_ns);
        silence.earlier(late_ns.min(unseen_ns))
    }

    /// What it shows of both ways.
    #[inline(always)]
    fn shown(&self, snapshot: &Snapshot) -> u32 {
        let acked = self.segment.tcp_flags != 0 && is_after(self.segment.ack, snapshot.snd_una);
        let answered = self.segment.payload_len > 0;
        (u32::from(acked) * ACKED) | (u32::from(answered) * ANSWERED)
    }

    /// What arrived first, where the peer spoke first: it acknowledges nothing of what this host said to it.
    #[inline(always)]
    fn word(&self, snapshot: &Snapshot) -> Segment {
        let ack = if self.sent != 0 {
            snapshot.snd_una
        } else {
            self.segment.ack
        };
        Segment {
            ack,
            ..self.segment
        }
    }

    /// What arrived; `after_word` what arrived after the peer's first word, where this host has answered it: that the
    /// answer did.
    #[inline(always)]
    fn rest(&self, after_word: bool) -> Segment {
        let told = if after_word {
            self.segment.payload_len
        } else {
            0
        };
        Segment {
            seq: self.segment.seq.wrapping_add(told),
            payload_len: self.segment.payload_len - told,
            ..self.segment
        }
    }
}

impl Verdict {
    /// The suspect that the socket is from now on.
    #[inline(always)]
    fn suspect(&self, snapshot: &Snapshot) -> Suspect {
        Suspect::seen_since(snapshot, self.path_id, self.silence.now_ns, self.seen)
    }
}

/// How long ago the silence ended, in jiffies, by the stamps of what came last, which was the first in most cases. With
/// `resent` the stamp of the last send is a retransmission's.
#[inline(always)]
fn late_jiffies(
    snapshot: &Snapshot,
    sock: TcpSock,
    peer_first: bool,
    segment: &Segment,
    resent: bool,
) -> u32 {
    let stamp = if !peer_first {
        sock.lsndtime()
    } else if segment.payload_len > 0 {
        sock.lrcvtime()
    } else {
        sock.rcv_tstamp()
    };
    let since = kernel::jiffies().wrapping_sub(stamp);
    // A stamp of another CPU can be a moment ahead.
    let since = if (since as i32) < 0 { 0 } else { since };
    let again = resent || sock.retransmits() > 0 || sock.retrans_out() > 0;
    if again && !peer_first {
        since.max(snapshot.rto_jiffies)
    } else {
        since
    }
}

/// Whether the peer spoke before this host did, where both may have since the snapshot. In most cases it was one question
/// and one answer.
#[inline(always)]
fn peer_first(snapshot: &Snapshot, sock: TcpSock, sent: bool, segment: &Segment) -> bool {
    if !sent {
        return true;
    }
    if segment.payload_len == 0 {
        return false;
    }
    // An answer acknowledges what it answers.
    if sock.snd_una() == snapshot.snd_una {
        return true;
    }
    let (sent_at, received_at) = (sock.lsndtime(), sock.lrcvtime());
    if sent_at != received_at {
        return is_after(sent_at, received_at);
    }
    // Within one tick of the clock: see [`monitor_common::Socket::snd_wl1`].
    sock.snd_wl1() == sock.rcv_nxt()
}

/// A segment that no more can be read of.
#[inline(always)]
fn whole(segment: Segment) -> Arrival {
    Arrival {
        segment,
        skb: ptr::null(),
    }
}
