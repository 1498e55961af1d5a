//! Bounds of the snapshots that are kept of silent sockets.

/// Snapshots at once, at most. Each takes some 450 bytes of kernel memory with its socket's storage; what is silent
/// beyond it is seen by sweeps alone.
pub const MAX_SNAPSHOTS: u64 = 262_144;

/// Snapshots that are looked at in one piece. The kernel holds an RCU read lock meanwhile, and lets nothing else run on
/// that CPU: two milliseconds. Less at once is more in all: after each pause it walks to where it was.
pub const REVISITS_AT_ONCE: u64 = 4_096;

/// Size of a snapshot in bytes.
pub const SNAPSHOT_BYTES: usize = 152;
