//! Which connections are told of, where that is not all of the host's.

use crate::Record;

/// Bits of [`crate::Settings::scope`]: by what connections are chosen. With several, all must hold.
pub mod scope_kinds {
    /// [`crate::Scope::cgroup`] and the cgroups below it.
    pub const CGROUP: u32 = 1 << 0;
    /// [`crate::Scope::unit`] and the cgroups below it.
    pub const UNIT: u32 = 1 << 1;
    /// [`crate::Scope::netns`].
    pub const NETNS: u32 = 1 << 2;
    /// [`crate::Scope::pid`].
    pub const PID: u32 = 1 << 3;
}

/// A cgroup of the v2 hierarchy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ScopeGroup {
    /// Its id (`kernfs_node.id`); 0 while there is none, and then no socket is in it.
    pub id: u64,
    /// How many cgroups are above it (`cgroup.level`): 0 for the root.
    pub level: u32,
    /// Always zero.
    pub reserved: u32,
}

/// What the kinds that are set stand for now. User space looks it up again before each sweep: a unit that is started
/// anew has another cgroup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Scope {
    /// For [`scope_kinds::CGROUP`].
    pub cgroup: ScopeGroup,
    /// For [`scope_kinds::UNIT`].
    pub unit: ScopeGroup,
    /// For [`scope_kinds::NETNS`]: inode of the network namespace; 0 while there is none.
    pub netns: u32,
    /// For [`scope_kinds::PID`]: the process (thread group), as the host numbers it; 0 once it has ended.
    pub pid: u32,
    /// Goes up by one with each sweep: what a sweep saw the process hold is believed until the next but one.
    pub sweep: u32,
    /// Always zero.
    pub reserved: u32,
}

// SAFETY: repr(C), 16 + 16 + 4 * 4 bytes, no padding.
unsafe impl Record for Scope {}

/// Sockets of one process that are remembered, at most, where a process is the scope: of more, those seen longest ago
/// are forgotten until the next sweep.
pub const MAX_SCOPE_SOCKETS: u32 = 65_536;
