//! What is kept with a socket whose traffic is watched one by one.

use crate::Record;

/// The callbacks that a socket is watched by: bits of
/// `tcp_sock.bpf_sock_ops_cb_flags` (`BPF_SOCK_OPS_*_CB_FLAG` in
/// include/uapi/linux/bpf.h).
pub mod callbacks {
    /// Each sample of the round-trip time: an ACK of new data.
    pub const RTT: u32 = 1 << 3;
    /// Each received segment that does not take the fast path.
    pub const PARSE_ALL_HDR_OPT: u32 = 1 << 4;
    /// Each segment that is sent, and each computation of the segment size before a send. It
    /// asks for the length of the header options only; as tcplull reserves none, what is
    /// sent stays as it was.
    pub const WRITE_HDR_OPT: u32 = 1 << 6;
    /// All that tcplull sets.
    pub const ALL: u32 = RTT | PARSE_ALL_HDR_OPT | WRITE_HDR_OPT;
}

/// Which callbacks of a socket are tcplull's. Kept with the socket in a map that is pinned,
/// so that after a killed daemon the next one knows what to clear. Hence this layout never
/// changes; another one needs a pin of another name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct WatchedSocket {
    /// The bits of [`callbacks`] that were not set before.
    pub ours: u32,
    /// 1 once the socket is watched, 0 while that is only requested.
    pub active: u32,
}

// SAFETY: repr(C), two u32.
unsafe impl Record for WatchedSocket {}

/// Network namespaces with requested sockets that one sweep can remember, at most.
pub const MAX_WANTED: u32 = 1024;
