//! When what is due counts as lost: the arithmetic of timeouts and probes, for gaps
//! and stalls alike.

use crate::fact_view::FactView;
use crate::thresholds::{
    LEAST_RTO_NS, LEAST_WAIT_NS, LOSSY_TIMEOUTS, OPEN_EXPIRY_NS, PROBES, SACKED_TIMEOUTS, TIMEOUTS,
    TIMEOUTS_IN_RTO,
};
use monitor_common::Socket;
use monitor_model::format;
use nix::errno::Errno;

/// What shows that nothing comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Enough retransmission timeouts without an ACK.
    Timeouts,
    /// Enough unanswered keepalive or window probes.
    Probes,
    /// The time that the timeouts would have taken.
    Time,
    /// The kernel gave the connection up with this error.
    Error(Errno),
}

/// What is without an answer, since a wait began in which nothing new was acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unanswered {
    /// Retransmission timeouts.
    pub(crate) timeouts: u8,
    /// Keepalive or window probes.
    pub(crate) probes: u8,
    /// Data is on its way.
    pub(crate) in_flight: bool,
    /// How long the wait is known to last, in ns.
    pub(crate) waited_ns: u64,
    /// The retransmission timeout when the wait began, in ns.
    pub(crate) first_rto_ns: u64,
    /// So much was lost before that a few in a row mean little.
    pub(crate) lossy: bool,
    /// What came after it is acknowledged: the way works, and this segment alone is lost.
    pub(crate) sacked: bool,
}

impl Unanswered {
    /// What shows that nothing new is acknowledged, if anything does. Time counts only where
    /// the usual number does: it stands for just that many.
    pub(crate) fn sign(&self) -> Option<Sign> {
        let (timeouts, probes) = match (self.lossy, self.sacked) {
            (true, _) => (LOSSY_TIMEOUTS, LOSSY_TIMEOUTS),
            (false, true) => (SACKED_TIMEOUTS, PROBES),
            (false, false) => (TIMEOUTS, PROBES),
        };
        let as_usual = !self.lossy && !self.sacked;
        if self.in_flight && self.timeouts >= timeouts && self.waited_ns >= LEAST_WAIT_NS {
            Some(Sign::Timeouts)
        } else if self.in_flight && self.timeouts > 0 && as_usual && self.waited_long() {
            Some(Sign::Time)
        } else if self.probes >= probes {
            Some(Sign::Probes)
        } else {
            None
        }
    }

    /// Whether the time that the timeouts would have taken is over.
    fn waited_long(&self) -> bool {
        let first = self.first_rto_ns.max(LEAST_RTO_NS);
        self.waited_ns >= first.saturating_mul(TIMEOUTS_IN_RTO)
    }
}

/// How long what is due has been sent again, at least, in ns: since the first segment of the present
/// recovery was; 0 where nothing was, or where that cannot be known.
pub(crate) fn resent_for_ns(view: &FactView<'_>) -> u64 {
    let socket = &view.fact.socket;
    if socket.retransmits == 0 || socket.retrans_stamp == 0 {
        return 0;
    }
    // The kernel keeps milliseconds of CLOCK_MONOTONIC, their low half.
    let now = (view.at.ns / 1_000_000) as u32;
    let since_ns = u64::from(now.wrapping_sub(socket.retrans_stamp)) * 1_000_000;
    // No sender tries for longer: this is a stamp of another kind.
    if since_ns > OPEN_EXPIRY_NS {
        0
    } else {
        since_ns
    }
}

/// What the kernel leaves when it gives up: ETIMEDOUT, or the last ICMP error
/// (`icmp_err_convert` in net/ipv4/icmp.c, `tab_unreach` in net/ipv6/icmp.c).
const GIVEN_UP: [Errno; 9] = [
    Errno::ETIMEDOUT,
    Errno::EHOSTUNREACH,
    Errno::ENETUNREACH,
    Errno::ECONNREFUSED,
    Errno::ENOPROTOOPT,
    Errno::EHOSTDOWN,
    Errno::ENONET,
    Errno::EACCES,
    Errno::EPROTO,
];

/// The error with which the kernel gave the connection up, if it did.
pub(crate) fn given_up(socket: &Socket) -> Option<Errno> {
    GIVEN_UP
        .into_iter()
        .find(|errno| socket.sk_err == *errno as u32)
}

/// In words, that this host refused to let out so many attempts.
pub(crate) fn refused(probes: u8) -> String {
    format!(
        "{} to send refused by this host itself",
        format::count(probes.into(), "attempt")
    )
}
