//! What is kept with a socket whose traffic is watched one by one.

use crate::Record;

/// The callbacks that a marked socket's traffic is watched by: bits of
/// `tcp_sock.bpf_sock_ops_cb_flags` (`BPF_SOCK_OPS_*_CB_FLAG` in
/// include/uapi/linux/bpf.h).
pub mod callbacks {
    /// Each sample of the round-trip time: an ACK of new data.
    pub const RTT: u32 = 1 << 3;
    /// Each received segment that does not take the fast path.
    pub const PARSE_ALL_HDR_OPT: u32 = 1 << 4;
    /// Each segment that is sent, and each look at the segment size before a send.
    /// Only the length of the header options is asked for, and none are reserved: what
    /// is sent stays as it was.
    pub const WRITE_HDR_OPT: u32 = 1 << 6;
    /// All that tcplull sets.
    pub const ALL: u32 = RTT | PARSE_ALL_HDR_OPT | WRITE_HDR_OPT;
}

/// Which callbacks of a socket are tcplull's. Kept with the socket in a map that is
/// pinned: also after a daemon that was killed, the next one knows what to clear. So
/// this layout never changes; another one needs a pin of another name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Mark {
    /// The bits of [`callbacks`] that were not set before.
    pub ours: u32,
    /// 1 once the socket is watched, 0 while that is only asked for.
    pub set: u32,
}

// SAFETY: repr(C), two u32.
unsafe impl Record for Mark {}

/// Network namespaces with newly silent sockets of which one sweep keeps note, at most.
pub const MAX_WANTED: u32 = 1024;
