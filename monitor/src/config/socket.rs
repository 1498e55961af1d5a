//! Where the daemon is asked.

/// Where the live inspection socket lies unless configured otherwise.
pub const DEFAULT_SOCKET: &str = "/run/tcplull/tcplull.sock";
