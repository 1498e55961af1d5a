//! The segment that arrived, read from its bytes in the socket buffer.

use crate::kernel::{guarded, read};
use crate::verifier::Hidden;
use core::ffi::c_void;
use monitor_common::{Segment, segment_options};

/// Bytes of a TCP header without options (RFC 9293, section 3.1).
const HEADER: u64 = 20;

/// How many options and paddings are read: two before a SACK option, two behind it, and the
/// timestamp. Each further step costs the verifier as much again (that of 6.1 did not get
/// through 16).
const MAX_STEPS: u32 = 6;

/// Kinds of options: RFC 9293, section 3.2, and RFC 7323, section 3.2.
const END: u8 = 0;
const NO_OPERATION: u8 = 1;
const TIMESTAMP: u8 = 8;
const TIMESTAMP_LEN: u8 = 10;

/// How nearly every stack begins its options: two bytes for the alignment, and then the
/// timestamp (RFC 7323, appendix A).
const ALIGNED: [u8; 4] = [NO_OPERATION, NO_OPERATION, TIMESTAMP, TIMESTAMP_LEN];

/// The segment in a hook's `struct sk_buff *`, whose data starts at the TCP header; `None` if
/// the header cannot be read. What [`details`] adds is not in there.
#[inline(always)]
pub fn segment(skb: *const c_void) -> Option<Segment> {
    let len: u32 = guarded(skb as u64, |offsets| &offsets.skb_len);
    let header: [u8; HEADER as usize] = read(data(skb))?;
    Some(Segment {
        seq: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
        ack: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
        payload_len: len.saturating_sub(header_len(header[12]) as u32),
        window: u16::from_be_bytes([header[14], header[15]]),
        tcp_flags: header[13],
        ..Segment::default()
    })
}

/// Adds to a segment what takes more reads: the timestamp option and the TTL. Only for a
/// segment that goes into a fact: `to` lies in the ring buffer.
#[inline(always)]
pub fn details(skb: *const c_void, to: &mut Segment) {
    to.ttl = ttl(skb);
    let data = data(skb);
    let Some(offset) = read::<u8>(data.wrapping_add(12)) else {
        return;
    };
    let end = header_len(offset);
    // Twelve bytes take the aligned layout.
    if end >= HEADER + 12
        && let Some(start) = read::<[u8; 8]>(data.wrapping_add(HEADER))
        && [start[0], start[1], start[2], start[3]] == ALIGNED
    {
        to.tsval = u32::from_be_bytes([start[4], start[5], start[6], start[7]]);
        to.options = segment_options::READ | segment_options::HAS_TIMESTAMP;
        return;
    }
    walk(data, end, to);
    to.reserved = [0; 3];
}

/// Searches a header of `end` bytes for the timestamp, option by option. Options that are
/// malformed, or too many, count as not read, so that nothing is concluded from them.
#[inline(always)]
fn walk(header: u64, end: u64, to: &mut Segment) {
    // Where the walk is, and where it ends. Were they not hidden, the verifier would follow
    // every path through every round, and give up (seen on 6.1).
    let [next, last, _] = &mut to.reserved;
    let (next, last) = (Hidden::at(next), Hidden::at(last));
    next.put(HEADER as u8);
    last.put(end as u8);
    for _ in 0..MAX_STEPS {
        let (at, end) = (u64::from(next.get()), u64::from(last.get()));
        if at >= end {
            to.options = segment_options::READ;
            return;
        }
        // Each is read from the buffer on its own, for the same reason. The second byte may
        // lie behind the options, but not behind the buffer (`skb_shared_info` follows it).
        let Some([kind, len]) = read::<[u8; 2]>(header.wrapping_add(at)) else {
            return;
        };
        let len = match kind {
            END => {
                to.options = segment_options::READ;
                return;
            }
            NO_OPERATION => 1,
            _ if len < 2 => return,
            _ => u64::from(len),
        };
        if at + len > end {
            return;
        }
        if kind == TIMESTAMP && len == u64::from(TIMESTAMP_LEN) {
            if let Some(tsval) = read::<[u8; 4]>(header.wrapping_add(at + 2)) {
                to.tsval = u32::from_be_bytes(tsval);
                to.options = segment_options::READ | segment_options::HAS_TIMESTAMP;
            }
            return;
        }
        next.put((at + len) as u8);
    }
}

/// IPv4 time to live or IPv6 hop limit; 0 where it cannot be read.
#[inline(always)]
fn ttl(skb: *const c_void) -> u8 {
    let head: u64 = guarded(skb as u64, |offsets| &offsets.skb_head);
    let network_header: u16 = guarded(skb as u64, |offsets| &offsets.skb_network_header);
    // All ones: not set (`skb_mac_header_was_set` and the like).
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

/// Length of a header in bytes, by the data offset in its byte 12.
#[inline(always)]
fn header_len(data_offset: u8) -> u64 {
    u64::from(data_offset >> 4) * 4
}
