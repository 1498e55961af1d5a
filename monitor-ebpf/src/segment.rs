//! The segment that arrived, as its bytes in the socket buffer tell.

use crate::kernel::{guarded, read};
use core::ffi::c_void;
use monitor_common::{Segment, segment_options};

/// Bytes of a TCP header without options, and of all options at most (RFC 9293,
/// section 3.1: the data offset counts up to 15 words of four bytes).
const HEADER: u64 = 20;
const MAX_OPTIONS: u64 = 40;

/// Kinds of options: RFC 9293, section 3.2, and RFC 7323, section 3.2.
const END: u8 = 0;
const NO_OPERATION: u8 = 1;
const TIMESTAMP: u8 = 8;
const TIMESTAMP_LEN: u8 = 10;

/// How nearly every stack begins its options: two for the alignment and then the
/// timestamp (RFC 7323, appendix A).
const ALIGNED: [u8; 4] = [NO_OPERATION, NO_OPERATION, TIMESTAMP, TIMESTAMP_LEN];

/// The segment behind a hook's `struct sk_buff *`, whose data starts at the TCP
/// header there; `None` where it cannot be read whole. Without what [`details`]
/// adds.
#[inline(always)]
pub fn segment(skb: *const c_void) -> Option<Segment> {
    let len: u32 = guarded(skb as u64, |offsets| &offsets.skb_len);
    let header: [u8; HEADER as usize] = read(data(skb))?;
    Some(Segment {
        seq: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
        ack: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
        payload_len: len.saturating_sub(words(header[12]) as u32),
        window: u16::from_be_bytes([header[14], header[15]]),
        tcp_flags: header[13],
        ..Segment::default()
    })
}

/// Adds to a segment what takes more reads: the timestamp option, and how far it
/// came. Only for a segment that is told.
#[inline(always)]
pub fn details(skb: *const c_void, to: &mut Segment) {
    to.ttl = ttl(skb);
    let data = data(skb);
    let Some(offset) = read::<u8>(data.wrapping_add(12)) else {
        return;
    };
    let end = words(offset);
    if !(HEADER..=HEADER + MAX_OPTIONS).contains(&end) {
        return;
    }
    match timestamp(data, end) {
        Options::Timestamp(tsval) => {
            to.tsval = tsval;
            to.options = segment_options::READ | segment_options::HAS_TIMESTAMP;
        }
        Options::NoTimestamp => to.options = segment_options::READ,
        Options::Unreadable => {}
    }
}

enum Options {
    /// With this TSval.
    Timestamp(u32),
    NoTimestamp,
    /// Not read to their end: nothing may be concluded.
    Unreadable,
}

/// Looks for the timestamp among the options of a header of `end` bytes.
#[inline(always)]
fn timestamp(header: u64, end: u64) -> Options {
    // Twelve bytes take the aligned layout.
    if end >= HEADER + 12
        && let Some(start) = read::<[u8; 8]>(header.wrapping_add(HEADER))
        && [start[0], start[1], start[2], start[3]] == ALIGNED
    {
        return Options::Timestamp(u32::from_be_bytes([start[4], start[5], start[6], start[7]]));
    }
    let mut at = HEADER;
    // Each option takes a byte at least.
    for _ in 0..MAX_OPTIONS {
        at = below_64(at);
        if at >= end {
            return Options::NoTimestamp;
        }
        // Read one by one: the verifier needs no bounds of an address that it does
        // not follow. The second byte may lie behind the options, but not behind the
        // buffer (`skb_shared_info` follows it).
        let Some([kind, len]) = read::<[u8; 2]>(header.wrapping_add(at)) else {
            return Options::Unreadable;
        };
        match kind {
            END => return Options::NoTimestamp,
            NO_OPERATION => at += 1,
            _ if len < 2 || at + u64::from(len) > end => return Options::Unreadable,
            TIMESTAMP if len == TIMESTAMP_LEN => {
                return match read::<[u8; 4]>(header.wrapping_add(at + 2)) {
                    Some(tsval) => Options::Timestamp(u32::from_be_bytes(tsval)),
                    None => Options::Unreadable,
                };
            }
            _ => at += u64::from(len),
        }
    }
    if at >= end {
        Options::NoTimestamp
    } else {
        Options::Unreadable
    }
}

/// A number below 64 as it is, and to the verifier any number below 64: however a
/// turn of the loop went, the next begins the same to it. Without this it follows
/// every way through all turns, and gives up.
#[inline(always)]
fn below_64(mut number: u64) -> u64 {
    // In assembly, because the compiler knows that it changes nothing.
    #[cfg(target_arch = "bpf")]
    // SAFETY: changes one register.
    unsafe {
        core::arch::asm!("{number} &= 63", number = inout(reg) number);
    }
    // Only lints are run for another target.
    #[cfg(not(target_arch = "bpf"))]
    {
        number &= 63;
    }
    number
}

/// IPv4 time to live or IPv6 hop limit; 0 where it cannot be read.
#[inline(always)]
fn ttl(skb: *const c_void) -> u8 {
    let head: u64 = guarded(skb as u64, |offsets| &offsets.skb_head);
    let network_header: u16 = guarded(skb as u64, |offsets| &offsets.skb_network_header);
    // All ones: not set (`skb_mac_header_was_set` and its kin).
    if head == 0 || network_header == 0 || network_header == u16::MAX {
        return 0;
    }
    let Some(ip) = read::<[u8; 9]>(head.wrapping_add(u64::from(network_header))) else {
        return 0;
    };
    // The version is the upper half of the first byte: RFC 791, section 3.1, and
    // RFC 8200, section 3, which also say where the other byte is.
    match ip[0] >> 4 {
        4 => ip[8],
        6 => ip[7],
        _ => 0,
    }
}

/// Where the TCP header begins.
#[inline(always)]
fn data(skb: *const c_void) -> u64 {
    guarded(skb as u64, |offsets| &offsets.skb_data)
}

/// Bytes by the data offset in byte 12 of a header.
#[inline(always)]
fn words(data_offset: u8) -> u64 {
    u64::from(data_offset >> 4) * 4
}
