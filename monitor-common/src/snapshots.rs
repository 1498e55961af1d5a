//! Bounds of the snapshots that are kept of silent sockets.

/// Snapshots at once, at most. Each takes [`SNAPSHOT_BYTES`] and what the kernel keeps around it; what is silent beyond
/// it is seen by sweeps alone.
pub const MAX_SNAPSHOTS: u64 = 262_144;

/// Snapshots that are looked at in one piece. The kernel holds an RCU read lock meanwhile, and lets nothing else run on
/// that CPU: three to four milliseconds (0.8 us each). Less at once is more in all: after each pause it walks to where it was.
pub const REVISITS_AT_ONCE: u64 = 4_096;

/// Size of a snapshot in bytes.
pub const SNAPSHOT_BYTES: usize = 152;
