//! What came since a silent socket's snapshot, told as the hooks on every segment tell it.
//!
//! A retransmission, a reset and a change of state ask under the socket's lock. A revisit asks without it.

use crate::counters::count;
use crate::emit::{Arrival, Context, emit};
use crate::gap;
use crate::globals::setting;
use crate::hooks::receive::{is_after, moves};
use crate::kernel;
use crate::paths::{self, Threshold};
use crate::silence::{self, Silence};
use crate::snapshot::Snapshot;
use crate::sock::{Route, TcpSock, is_open};
use crate::suspects::{ACKED, ANSWERED, Suspect};
use core::ptr;
use monitor_common::{Counter, FactKind, Segment};

/// What a socket did since its snapshot.
#[derive(Clone, Copy)]
struct Missed {
    /// Its application handed data over.
    sent: bool,
    /// All that arrived, as one segment; one without flags if nothing did.
    segment: Segment,
    /// The peer spoke before this host did.
    peer_first: bool,
}

impl Missed {
    /// `None` if nothing came that counts. With `parsing` a segment is being processed, which does not count.
    #[inline(always)]
    fn since(snapshot: &Snapshot, sock: TcpSock, parsing: bool) -> Option<Self> {
        let grown = sock.write_seq().wrapping_sub(snapshot.write_seq);
        // Our own FIN takes a place too, and is nothing that the application sends.
        let sent = grown > u32::from(!is_open(sock.state()));
        let segment = snapshot.arrived(sock, parsing);
        if !sent && segment.tcp_flags == 0 {
            return None;
        }
        Some(Self {
            sent,
            segment,
            peer_first: peer_first(snapshot, sock, sent, &segment),
        })
    }

    /// The silence that ended. When is known by the stamps of what came last, which was the first in most cases, and no
    /// sooner than the snapshot was last found to hold. With `resent` the stamp of the last send is a retransmission's.
    #[inline(always)]
    fn silence(&self, snapshot: &Snapshot, sock: TcpSock, resent: bool) -> Silence {
        let stamp = if !self.peer_first {
            sock.lsndtime()
        } else if self.segment.payload_len > 0 {
            sock.lrcvtime()
        } else {
            sock.rcv_tstamp()
        };
        let since = kernel::jiffies().wrapping_sub(stamp);
        // A stamp of another CPU can be a moment ahead.
        let since = if (since as i32) < 0 { 0 } else { since };
        let again = resent || sock.retransmits() > 0 || sock.retrans_out() > 0;
        let late = if again && !self.peer_first {
            since.max(snapshot.rto_jiffies)
        } else {
            since
        };
        let silence = snapshot.silence();
        let late_ns = u64::from(late) * u64::from(setting(|settings| &settings.jiffy_ns));
        let unseen_ns = silence.now_ns.saturating_sub(snapshot.looked_ns);
        silence.earlier(late_ns.min(unseen_ns))
    }

    /// Whether what ended `silence` moves the clock that counts, and it passed its threshold.
    #[inline(always)]
    fn passed(&self, silence: &Silence, threshold: &Threshold) -> bool {
        gap::passed(silence, threshold, |clock| {
            !self.peer_first || moves(self.segment, clock)
        })
    }

    /// What arrived first, where the peer spoke first: it acknowledges nothing of what this host said to it.
    #[inline(always)]
    fn word(&self, snapshot: &Snapshot) -> Segment {
        let ack = if self.sent {
            snapshot.snd_una
        } else {
            self.segment.ack
        };
        Segment {
            ack,
            ..self.segment
        }
    }

    /// What arrived after it, where this host has answered: that the answer did.
    #[inline(always)]
    fn receipt(&self) -> Segment {
        Segment {
            seq: self.segment.seq.wrapping_add(self.segment.payload_len),
            payload_len: 0,
            ..self.segment
        }
    }

    /// What has shown of both ways.
    #[inline(always)]
    fn seen(&self, snapshot: &Snapshot) -> u32 {
        let mut seen = 0;
        if self.segment.tcp_flags != 0 && is_after(self.segment.ack, snapshot.snd_una) {
            seen |= ACKED;
        }
        if self.segment.payload_len > 0 {
            seen |= ANSWERED;
        }
        seen
    }

    /// Tells the end of the silence.
    #[inline(always)]
    fn tell_gap(&self, sock: TcpSock, snapshot: &Snapshot, silence: &Silence, on: On) {
        let context = Context {
            route: Some(on.route),
            task: if self.peer_first {
                None
            } else {
                snapshot.holder()
            },
            segment: self.peer_first.then_some(whole(self.word(snapshot))),
            before: Some(snapshot),
            at_snapshot: true,
            ..Context::of_path(on.threshold.path_id)
        };
        let kind = if self.peer_first {
            FactKind::GapEndedByReceive
        } else {
            FactKind::GapEndedBySend
        };
        emit(kind, sock, silence, &context);
    }

    /// The suspect that the socket is from now on.
    #[inline(always)]
    fn suspect(&self, sock: TcpSock, snapshot: &Snapshot, silence: &Silence, on: On) -> Suspect {
        let mut suspect = Suspect::new(sock, on.threshold, silence.now_ns);
        suspect.rcv_nxt = snapshot.rcv_nxt;
        suspect.data_segs_in = snapshot.data_segs_in;
        suspect.facts = 1;
        suspect.seen = self.seen(snapshot);
        suspect
    }
}

/// The path that a socket is on.
#[derive(Clone, Copy)]
struct On {
    threshold: Threshold,
    route: Route,
}

impl On {
    #[inline(always)]
    fn path_of(sock: TcpSock) -> Option<Self> {
        let (threshold, route) = paths::threshold(sock)?;
        Some(Self { threshold, route })
    }
}

/// Under the socket's lock: tells of a silence that a snapshot shows to be over, and returns the suspect that the
/// socket is from then on. With `parsing` a segment is being processed, with `resent` one was sent again just now.
#[inline(always)]
pub fn in_hook(sock: TcpSock, parsing: bool, resent: bool) -> Option<&'static mut Suspect> {
    let snapshot = Snapshot::of(sock).filter(|snapshot| snapshot.is_whole())?;
    let missed = Missed::since(snapshot, sock, parsing)?;
    let on = On::path_of(sock)?;
    let silence = missed.silence(snapshot, sock, resent);
    if !missed.passed(&silence, &on.threshold) {
        return None;
    }
    sock.ensure_cookie();
    missed.tell_gap(sock, snapshot, &silence, on);
    tell_rest(sock, snapshot, &missed, on, 0, true);
    Suspect::put(sock, missed.suspect(sock, snapshot, &silence, on))
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

/// Looks at a socket of which a snapshot is kept, without its lock: tells what came since, and takes another one, or
/// none any more.
#[inline(always)]
pub fn revisit(sock: TcpSock) {
    let Some(snapshot) = Snapshot::of(sock).filter(|snapshot| snapshot.is_whole()) else {
        return;
    };
    let suspect = Suspect::of(sock);
    let Some(missed) = Missed::since(snapshot, sock, false) else {
        snapshot.seen_at(kernel::now_ns());
        return;
    };
    let Some(on) = On::path_of(sock) else {
        return Snapshot::forget(sock);
    };
    let silence = missed.silence(snapshot, sock, false);
    let passed = missed.passed(&silence, &on.threshold);
    let known = suspect.as_ref().map_or(0, |suspect| suspect.seen);
    let another = match &suspect {
        Some(suspect) => {
            passed && suspect.began_before(&silence, silence.at_most(on.threshold.clock))
        }
        None => passed,
    };
    if suspect.is_none() && !another {
        return end_or_renew(sock, snapshot);
    }
    sock.ensure_cookie();
    if another {
        missed.tell_gap(sock, snapshot, &silence, on);
    }
    let known = if another { 0 } else { known };
    let seen = known | missed.seen(snapshot);
    tell_rest(sock, snapshot, &missed, on, known, another);
    let settled = seen == ACKED | ANSWERED;
    match suspect {
        Some(suspect) if settled || another => {
            suspect.end_if_since(sock, suspect.since_ns);
        }
        Some(suspect) => suspect.seen = seen,
        None => {}
    }
    if another && !settled {
        Suspect::put(sock, missed.suspect(sock, snapshot, &silence, on));
    } else if another {
        // A suspect, for as long as this look takes.
        count(Counter::SuspectsCreated);
        count(Counter::SuspectsRemoved);
    }
    if settled {
        end_or_renew(sock, snapshot);
    } else {
        snapshot.keep_anew(sock);
    }
}

/// Tells what came after the end of the silence, if it was told just now (`another`), or since the last look at a suspect
/// of which so much was `known`.
#[inline(always)]
fn tell_rest(
    sock: TcpSock,
    snapshot: &Snapshot,
    missed: &Missed,
    on: On,
    known: u32,
    another: bool,
) {
    let news = missed.seen(snapshot) & !known;
    let all_acked = sock.snd_una() == sock.write_seq();
    // What ended the silence is told, with its payload.
    let payload_told = another && missed.peer_first;
    let kind = if news & ANSWERED != 0 && !payload_told {
        FactKind::PayloadArrived
    } else if news & ACKED != 0 || all_acked && missed.seen(snapshot) & ACKED != 0 {
        FactKind::AckArrived
    } else if missed.sent && (payload_told || !another) {
        FactKind::Sent
    } else {
        return;
    };
    let arrived = !matches!(kind, FactKind::Sent);
    let segment = if payload_told {
        missed.receipt()
    } else {
        missed.segment
    };
    let context = Context {
        segment: arrived.then_some(whole(segment)),
        before: arrived.then_some(snapshot),
        task: if arrived { None } else { snapshot.holder() },
        ..Context::of_path(on.threshold.path_id)
    };
    emit(kind, sock, &Silence::of(sock), &context);
}

/// A socket that speaks again needs no snapshot. One of which only a clock moved that does not count is silent on.
#[inline(always)]
fn end_or_renew(sock: TcpSock, snapshot: &mut Snapshot) {
    if silence::is_busy(sock) {
        Snapshot::forget(sock);
    } else {
        snapshot.keep_anew(sock);
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
