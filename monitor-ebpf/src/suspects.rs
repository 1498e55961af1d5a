//! Suspects: sockets whose silence has passed its threshold. State is kept of them alone.

use crate::counters::{add, count};
use crate::globals::setting;
use crate::paths::Threshold;
use crate::serial::is_after;
use crate::silence::Silence;
use crate::snapshot::Snapshot;
use crate::sock::TcpSock;
use crate::storage;
use crate::verifier::Hidden;
use aya_ebpf::btf_maps::SkStorage;
use aya_ebpf::macros::{btf_map, map};
use aya_ebpf::maps::Array;
use monitor_common::{Counter, FactKind, Record};

/// Which fact of a suspect a hook has decided to emit.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Decision {
    /// A [`FactKind`] as its number.
    pub kind: u32,
    /// Bits of [`monitor_common::flags`].
    pub flags: u32,
    /// 1 if the suspicion ends with it.
    pub ends: u32,
}

impl Decision {
    /// This fact, and nothing else.
    #[inline(always)]
    pub fn of(kind: FactKind) -> Self {
        Self {
            kind: kind as u32,
            flags: 0,
            ends: 0,
        }
    }

    /// The same, with the bits of the route in its flags.
    #[inline(always)]
    pub fn on(self, route: u32) -> Self {
        Self {
            flags: self.flags | route,
            ..self
        }
    }

    /// The same; with `ends` the suspicion ends with it.
    #[inline(always)]
    pub fn ending(self, ends: bool) -> Self {
        Self {
            ends: u32::from(ends),
            ..self
        }
    }
}

/// Something sent since the gap was acknowledged: the way there works.
pub const ACKED: u32 = 1 << 0;
/// Payload came since the gap: the way back works.
pub const ANSWERED: u32 = 1 << 1;

/// How long a suspect whose peer spoke and was not answered stays one, in ns: until sweeps have shown whether
/// the peer sends the same again, because it hears no ACK.
const HEARD_WITHIN_NS: u64 = 10_000_000_000;

/// How far apart the sends are that are told of a suspect whose way there works, in ns: a stream of them says no more
/// than one a second does, and would use the budget up.
const SENDS_APART_NS: u64 = 1_000_000_000;

/// What is kept of a suspect between two facts.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Suspect {
    /// When the gap ended, CLOCK_MONOTONIC in ns.
    pub since_ns: u64,
    /// When a send was told last, CLOCK_MONOTONIC in ns.
    sent_ns: u64,
    /// Index into the path table, or `NO_PATH`.
    pub path_id: u32,
    /// `snd_una` when the gap ended.
    snd_una: u32,
    /// 1 if user space was told of a send and not yet that all is acknowledged.
    due: u32,
    /// `rcv_nxt` when the gap ended.
    pub rcv_nxt: u32,
    /// `data_segs_in` when the gap ended.
    pub data_segs_in: u32,
    /// Facts emitted so far.
    pub facts: u32,
    /// What was seen since the gap ended: [`ACKED`] and [`ANSWERED`].
    pub seen: u32,
    /// 1 if the sweep made it a suspect because it was half-closed and silent.
    pub half_closed: u32,
    /// The fact about to be emitted. One hook at a time: each holds the socket's lock.
    decision: Hidden<Decision>,
}

/// Half-closed suspects at once. Each stays for as long as its connection, and one that
/// nobody answers can stay forever.
const MAX_HALF_CLOSED: u64 = 4096;

/// How many there are.
#[map]
static HALF_CLOSED: Array<u64> = Array::with_max_entries(1, 0);

#[btf_map]
static SUSPECTS: SkStorage<Suspect> = SkStorage::new();

// SAFETY: repr(C), integers only, without padding.
unsafe impl Record for Suspect {}

impl Suspect {
    /// What is kept of a socket, if it is a suspect.
    #[inline(always)]
    pub fn of(sock: TcpSock) -> Option<&'static mut Self> {
        storage::get(&SUSPECTS, sock)
    }

    /// Makes a socket a suspect: its silence has passed the threshold and ended now.
    #[inline(always)]
    pub fn begin(sock: TcpSock, threshold: Threshold, now_ns: u64) -> Option<&'static mut Self> {
        Self::put(sock, Self::new(sock, threshold, now_ns))
    }

    /// The same with this to be kept of it. Whole from the start: the sweep does not hold the socket's lock, and a hook
    /// may come by at any time. Where one was quicker it is that one's suspect that is returned.
    #[inline(always)]
    pub fn put(sock: TcpSock, initial: Self) -> Option<&'static mut Self> {
        let Some(suspect) = storage::get_or_put(&SUSPECTS, sock, &initial) else {
            count(Counter::SuspectsRefused);
            log!("socket {}: refused as a suspect", sock.cookie());
            return None;
        };
        if suspect.since_ns == initial.since_ns {
            count(Counter::SuspectsCreated);
            log!(
                "socket {}: a suspect on path {}",
                sock.cookie(),
                initial.path_id
            );
        }
        Some(suspect)
    }

    /// What is kept of one from the beginning.
    #[inline(always)]
    pub fn new(sock: TcpSock, threshold: Threshold, now_ns: u64) -> Self {
        Self {
            since_ns: now_ns,
            sent_ns: now_ns,
            path_id: threshold.path_id,
            snd_una: sock.snd_una(),
            due: 1,
            rcv_nxt: sock.rcv_nxt(),
            data_segs_in: sock.data_segs_in(),
            facts: 0,
            seen: 0,
            half_closed: 0,
            decision: Hidden::default(),
        }
    }

    /// What is kept of one whose silence was seen to have ended at `ended_ns` by what came since its snapshot.
    #[inline(always)]
    pub fn seen_since(snapshot: &Snapshot, path_id: u32, ended_ns: u64, seen: u32) -> Self {
        Self {
            since_ns: ended_ns,
            sent_ns: ended_ns,
            path_id,
            snd_una: snapshot.snd_una,
            due: 1,
            rcv_nxt: snapshot.rcv_nxt,
            data_segs_in: snapshot.data_segs_in,
            facts: 1,
            seen,
            half_closed: 0,
            decision: Hidden::default(),
        }
    }

    /// Makes a half-closed socket a suspect in the midst of its silence: no hook but that on
    /// its next change of state will see what comes next.
    #[inline(always)]
    pub fn begin_half_closed(sock: TcpSock, threshold: Threshold, now_ns: u64) {
        let Some(number) = HALF_CLOSED.get_ptr_mut(0) else {
            return;
        };
        // SAFETY: a value of the map's, read in one load. Two CPUs at once may go over the
        // limit by one, which does no harm.
        if unsafe { core::ptr::read_volatile(number) } >= MAX_HALF_CLOSED {
            count(Counter::SuspectsRefused);
            return;
        }
        let half_closed = Self {
            half_closed: 1,
            ..Self::new(sock, threshold, now_ns)
        };
        if let Some(suspect) = Self::put(sock, half_closed)
            && suspect.since_ns == now_ns
        {
            add(number, 1);
        }
    }

    /// Begins the suspicion anew: another silence has passed its threshold and ended now.
    #[inline(always)]
    pub fn renew(&mut self, sock: TcpSock, threshold: Threshold, now_ns: u64) {
        *self = Self {
            // Kept, as `HALF_CLOSED` counts by it.
            half_closed: self.half_closed,
            ..Self::new(sock, threshold, now_ns)
        };
    }

    /// Keeps what was decided until it is emitted.
    #[inline(always)]
    pub fn decide(&mut self, decision: Decision) {
        self.decision.put(decision);
    }

    /// What was decided.
    #[inline(always)]
    pub fn decided(&self) -> Decision {
        self.decision.get()
    }

    /// Whether a silence of at most `gap_ns` that ends now began after the suspicion did. If
    /// not, it is the same silence again: a large send runs the hook once for each chunk, and
    /// the clocks move only when the first one leaves.
    #[inline(always)]
    pub fn began_before(&self, silence: &Silence, gap_ns: u64) -> bool {
        let since_ns = silence.now_ns.saturating_sub(self.since_ns);
        // The longest silence is measured in jiffies: each end is off by up to one.
        let slack_ns = 2 * u64::from(setting(|settings| &settings.jiffy_ns));
        gap_ns <= since_ns + slack_ns
    }

    /// Whether payload came since the gap ended. (A FIN moves `rcv_nxt` too, but is no data
    /// segment.)
    #[inline(always)]
    pub fn was_answered(&self, sock: TcpSock) -> bool {
        sock.rcv_nxt() != self.rcv_nxt && sock.data_segs_in() != self.data_segs_in
    }

    /// Whether something that was sent since the gap was acknowledged. Whatever is sent again from then on is a
    /// stream's own business.
    #[inline(always)]
    pub fn way_there_works(&self, sock: TcpSock) -> bool {
        self.seen & ACKED != 0 || is_after(sock.snd_una(), self.snd_una)
    }

    /// Whether a send now is news: nothing before it waits, and where the way there works none was told just now. Notes
    /// that it will be told.
    #[inline(always)]
    pub fn is_news(&mut self, sock: TcpSock, now_ns: u64) -> bool {
        let settled = sock.packets_out() == 0 && sock.snd_una() == sock.write_seq();
        let lately = now_ns.saturating_sub(self.sent_ns) < SENDS_APART_NS;
        if !settled || self.seen & ACKED != 0 && lately {
            return false;
        }
        self.sent_ns = now_ns;
        self.due = 1;
        true
    }

    /// Whether it is news that all is acknowledged: notes that it will be told.
    #[inline(always)]
    pub fn is_settled_at_last(&mut self) -> bool {
        let due = self.due != 0;
        self.due = 0;
        due
    }

    /// Ends the suspicion.
    #[inline(always)]
    pub fn end(&self, sock: TcpSock) {
        let half_closed = self.half_closed != 0;
        if !storage::remove(&SUSPECTS, sock) {
            return;
        }
        count(Counter::SuspectsRemoved);
        log!("socket {}: no suspect any more", sock.cookie());
        if half_closed && let Some(number) = HALF_CLOSED.get_ptr_mut(0) {
            add(number, u64::MAX);
        }
    }

    /// Ends it unless it is another since `since_ns` was read of it: for who does not hold the socket's lock. Returns
    /// whether it has. (Between the last look and the end is one instruction. What a suspicion that begins just there
    /// loses, later timeouts and sweeps show.)
    #[inline(always)]
    pub fn end_if_since(&self, sock: TcpSock, since_ns: u64) -> bool {
        // SAFETY: a reference is valid. Volatile, so that it is read anew.
        let same = unsafe { core::ptr::read_volatile(&raw const self.since_ns) } == since_ns;
        if same {
            self.end(sock);
        }
        same
    }

    /// Whether the probation is over and nothing is wrong: all data is acknowledged, or some was since the gap and
    /// none timed out; and no probe is unanswered. A half-closed suspect has no probation: it waits for an answer or
    /// for its end.
    #[inline(always)]
    pub fn is_done(&self, sock: TcpSock, now_ns: u64) -> bool {
        let probation_ns = if self.seen == ANSWERED {
            HEARD_WITHIN_NS
        } else {
            setting(|settings| &settings.probation_ns)
        };
        self.half_closed == 0
            && now_ns.saturating_sub(self.since_ns) > probation_ns
            && sock.probes_out() == 0
            && (sock.packets_out() == 0 && sock.snd_una() == sock.write_seq()
                || self.seen & ACKED != 0 && sock.retransmits() == 0)
    }

    /// Whether one more fact of this suspect may be emitted. Counts the fact, or its drop if
    /// the budget is used up.
    #[inline(always)]
    pub fn may_emit(&mut self) -> bool {
        if self.facts >= setting(|settings| &settings.fact_budget) {
            count(Counter::FactsSeen);
            count(Counter::FactsDroppedBudget);
            log!("a suspect on path {}: its facts are used up", self.path_id);
            return false;
        }
        self.facts += 1;
        true
    }
}
