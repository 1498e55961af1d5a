//! Every number that the judge decides by, with the reason for its value.

/// Nanoseconds in a second.
pub(crate) const SECOND: u64 = 1_000_000_000;

/// Retransmission timeouts without an ACK until a connection counts as
/// blackholed. One or two happen on a lossy path; a third in a row, each after
/// twice the wait, does not.
pub(crate) const TIMEOUTS: u8 = 3;

/// Unanswered keepalive or window probes until a connection counts as
/// blackholed: the same count, for the same reason.
pub(crate) const PROBES: u8 = 3;

/// The time that [`TIMEOUTS`] doubling timeouts take, in units of the first: a
/// tail-loss probe goes before them, so they come at 2.1, 4.2 and 8.4 (seen on
/// Linux 6.18). ICMP unreachable takes the backoff back, so time counts too.
pub(crate) const TIMEOUTS_IN_RTO: u64 = 9;

/// Three timeouts count only after so long without an answer, or once the next
/// one waits so long: where
/// `tcp_rto_min_us` is small they pass within the blink of a rerouted link.
pub(crate) const LEAST_WAIT_NS: u64 = SECOND;

/// A gap whose bounds lie further apart than this shows both.
pub(crate) const DOUBT_NS: u64 = SECOND / 10;

/// The least initial retransmission timeout of Linux (`TCP_RTO_MIN`): 200 ms.
pub(crate) const LEAST_RTO_NS: u64 = SECOND / 5;

/// After everything was acknowledged, how long payload may take until the
/// outcome is "acknowledged": well above the think time of a healthy service,
/// and below the patience of a caller.
pub(crate) const ANSWER_GRACE_NS: u64 = 3 * SECOND;

/// A FIN counts as the timeout's doing within this share of the timeout...
pub(crate) const CLOSED_WITHIN_PERCENT: u64 = 5;

/// ...or within this, whichever is wider: boxes sweep their tables every
/// second or two.
pub(crate) const CLOSED_WITHIN_NS: u64 = 2 * SECOND;

/// How long a polite FIN is held to see whether this host writes and meets
/// RST. A client that still has a request to make makes it within a minute;
/// one that has none closes.
pub(crate) const CLOSED_GRACE_NS: u64 = 60 * SECOND;

/// How long after a close without an error, or after a reset of our own, the
/// rest of the story may come: a local abort tells its reset after its close,
/// a keepalive death before it. Both within one call in the kernel.
pub(crate) const SETTLE_GRACE_NS: u64 = SECOND;

/// How long an ended connection is remembered, so that facts still under way
/// (a sweep read beside the ring) do not start its story again.
pub(crate) const LINGER_NS: u64 = 10 * SECOND;

/// How long a connection is remembered after its last fact once all is said.
pub(crate) const SETTLED_EXPIRY_NS: u64 = 60 * SECOND;

/// How long a connection is remembered after its last fact while something is
/// open: past the 924.6 s that a sender retries by default
/// ([`RETRIES_HANG_SECONDS`]), whose end is always told.
pub(crate) const OPEN_EXPIRY_NS: u64 = 1_200 * SECOND;

/// How far two clocks may disagree on one moment: two jiffies at HZ=100, the
/// coarsest in use.
pub(crate) const CLOCK_SLACK_NS: u64 = SECOND / 50;

/// The default hang of a sender over a dead path, in seconds: 15 retries
/// (`net.ipv4.tcp_retries2`) at 200 ms doubling up to 120 s give 924.6 s
/// (kernel documentation, ip-sysctl).
pub(crate) const RETRIES_HANG_SECONDS: f64 = 924.6;

/// Connections tracked at once: far more than are ever suspects together.
pub(crate) const MAX_CONNECTIONS: usize = 65_536;

/// Of every this many places in the table one is kept for connections whose
/// silence ended: ten thousands of idle ones must not blind the judge to the
/// outcome of another.
pub(crate) const RESERVED_SHARE: usize = 4;

/// Remote prefixes whose longest survived and shortest failed gap are kept.
pub(crate) const MAX_CONTRASTS: usize = 4_096;
