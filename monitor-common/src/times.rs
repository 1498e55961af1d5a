//! Times by which both sides decide: the kernel side what to tell, user space what it means.

/// What is in flight for longer than this at a close is no goodbye, in ns. A goodbye leaves with the close, or the
/// application waits for it to be sent; 200 ms is the least retransmission timeout of Linux (`TCP_RTO_MIN`).
pub const GOODBYE_WITHIN_NS: u64 = 200_000_000;

/// A connection in CLOSE_WAIT whose packet clock has stood for so long, in ns, is shown for that: applications that look
/// close within milliseconds of the peer's FIN.
pub const CLOSE_WAIT_NS: u64 = 1_000_000_000;

/// A connection was not silent before it failed, or was cut off, where what was unanswered then had been asked within
/// so long after the last word of the peer, in ns: no box forgets TCP so soon, and a request follows its answer
/// sooner. The shortest timeout of any preset is a multiple of it.
pub const NOT_SILENT_NS: u64 = 5_000_000_000;
