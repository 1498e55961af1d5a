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

/// Connections remembered as neighbours of others: a sweep shows 256 to 512 as
/// samples, and each is remembered for [`NEIGHBOUR_EXPIRY_NS`], twelve sweeps.
pub(crate) const MAX_NEIGHBOURS: usize = 4_096;

/// How long a neighbour is remembered after the last fact of it. Only what moved
/// lately is a contrast.
pub(crate) const NEIGHBOUR_EXPIRY_NS: u64 = 60 * SECOND;

/// Timeouts, or unanswered probes, from which on a neighbour counts as failing: one
/// is commonplace. It is no verdict, so it need not wait for [`TIMEOUTS`].
pub(crate) const FAILING: u8 = 2;

/// A neighbour counts as moving if it was heard so long after the unanswered send,
/// when the first answer to that was overdue ([`LEAST_RTO_NS`]): what arrived
/// before it may have left before the path died.
pub(crate) const OVERDUE_NS: u64 = LEAST_RTO_NS;

/// Where nothing waits unanswered (a reset, a FIN, a forged ACK come at once), a
/// neighbour that was heard so lately counts as moving: two sweeps.
pub(crate) const LATELY_NS: u64 = 10 * SECOND;

/// Connections to other peers that must fail without a silence before, with none
/// on the path moving, until the network counts as down: one may have an ailing
/// peer of its own.
pub(crate) const FRESH_ELSEWHERE: u64 = 2;

/// A timestamp clock may seem to have moved so much less, because the last segment
/// waited less on its way than this one: more than queues hold back.
pub(crate) const TRANSIT_SPREAD_NS: u64 = SECOND;

/// Beyond this silence a timestamp clock says nothing: at a tick a ms it has passed
/// half of its circle (RFC 7323, section 5.5).
pub(crate) const MOST_TSVAL_NS: u64 = 24 * 86_400 * SECOND;

/// A window counts as another's from this factor on. Receive buffers double in a
/// round trip at most, and in an idle connection's window one doubling may be
/// unannounced; twice that is not the peer that was.
pub(crate) const WINDOW_FACTOR: u64 = 4;

/// A round trip counts as another's below one part in this many of the smallest
/// seen: a better route saves some of the way, hardly half of it.
pub(crate) const ROUND_TRIP_FACTOR: u64 = 2;

/// Smallest round trips below this, in us, tell nothing: what the peer's scheduler
/// adds is as large.
pub(crate) const LEAST_ROUND_TRIP_US: u32 = 1_000;

/// Sends without an answer until they count as undelivered where answers used to
/// come: a second attempt shows that the first was missed by the application too.
pub(crate) const UNANSWERED_SENDS: u32 = 2;

/// The first and the last of these sends lie so far apart: the same patience as
/// [`ANSWER_GRACE_NS`].
pub(crate) const UNANSWERED_FOR_NS: u64 = ANSWER_GRACE_NS;
