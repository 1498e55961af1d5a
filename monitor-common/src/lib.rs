//! The contract between tcplull's kernel side and its user space.
//!
//! Plain `repr(C)` records without pointers and without padding: every byte is
//! written by the kernel side and may be read as it is. One record a file.
#![no_std]

#[macro_use]
mod members;
#[macro_use]
mod numbered;

mod bytes;
mod counter;
mod fact;
mod heal;
mod histogram;
mod offsets;
mod path;
mod scope;
mod settings;
mod snapshots;
mod socket;
mod swept;
mod times;
mod watched;

pub use bytes::Record;
pub use counter::Counter;
pub use fact::{Fact, FactKind, Segment, flags, segment_options, tcp_flags};
pub use heal::{MAX_TIMER_ORDERS, SocketTimers, TimerOrder, timer_task, timers_done};
pub use histogram::{GAP_BOUNDS_MS, GAP_BUCKETS, GapHistogram};
pub use offsets::{MISSING, Member, MemberPart, Offsets};
pub use path::{
    ANY_PORT, MAX_PATHS, NO_PATH, NO_PATH_WARN_NS, PathClock, PathEntry, PathKey, PathMatch,
};
pub use scope::{MAX_SCOPE_SOCKETS, Scope, ScopeGroup, scope_kinds};
pub use settings::{
    AWAITED_BITS, Awaited, RING_BYTES, Settings, SilentSockets, SweepMode, SweepOrder, SweepOrders,
};
pub use snapshots::{MAX_SNAPSHOTS, REVISITS_AT_ONCE, SNAPSHOT_BYTES};
pub use socket::{Family, Socket, TcpState, UNKNOWN_WSCALE};
pub use swept::{NEW_PROCESS_NS, SweptSocket, is_new};
pub use times::{CLOSE_WAIT_NS, GOODBYE_WITHIN_NS, NOT_SILENT_NS};
pub use watched::{MAX_WANTED, WatchedSocket, callbacks};
