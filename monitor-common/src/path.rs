//! Paths, as the kernel side knows them.

use crate::Record;

/// Entries of the path table. The paths before a reload and those after it share it, at most
/// half as many each, so that there is no moment without paths.
pub const MAX_PATHS: u32 = 256;

/// The path id of a connection to which no path applies.
pub const NO_PATH: u32 = u32::MAX;

/// The port in a [`PathKey`] that stands for all ports.
pub const ANY_PORT: u16 = 0;

/// A connection without a path is a suspect from this silence on, in ns: 60 s, the shortest
/// default of a cloud balancer (AWS Classic ELB).
pub const NO_PATH_WARN_NS: u64 = 60_000_000_000;

/// Which clock a path's middlebox counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum PathClock {
    /// Any segment counts, keepalive probes too (L4 boxes).
    Packets = 0,
    /// Only application data counts (L7 proxies).
    Payload = 1,
}

/// Key of the longest-prefix table, without the leading prefix length.
///
/// The fixed part (family and port) always matches whole, so a prefix of `n`
/// address bits has the prefix length [`PathKey::FIXED_BITS`]` + n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct PathKey {
    /// 4 or 6, big endian. IPv4-mapped IPv6 peers count as 4.
    pub family: [u8; 2],
    /// Remote port, big endian; [`ANY_PORT`] for an entry without ports.
    pub port: [u8; 2],
    /// Remote address in network order; an IPv4 address fills the first four bytes.
    pub address: [u8; 16],
}

// SAFETY: repr(C), bytes only.
unsafe impl Record for PathKey {}

impl PathKey {
    /// Bits before the address.
    pub const FIXED_BITS: u32 = 32;
    /// Prefix length of a lookup by the whole key.
    pub const FULL_BITS: u32 = Self::FIXED_BITS + 128;
}

/// Value of the longest-prefix table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct PathMatch {
    /// Index into the path table.
    pub path_id: u32,
    /// Address bits of the prefix that matched (0 to 128). There are two look-ups, with the
    /// port and without: the longer prefix wins, and on a tie the one with the port.
    pub prefix_bits: u32,
}

// SAFETY: repr(C), two u32.
unsafe impl Record for PathMatch {}

/// What the kernel side knows of a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct PathEntry {
    /// A connection is a suspect from this silence on, in ns by `clock`; 0 in an unused
    /// entry.
    pub warn_ns: u64,
    /// The idle timeout in ns.
    pub timeout_ns: u64,
    /// A [`PathClock`] as its number.
    pub clock: u32,
    /// Always zero.
    pub reserved: u32,
}

// SAFETY: repr(C), 8 + 8 + 4 + 4 bytes, no padding.
unsafe impl Record for PathEntry {}
