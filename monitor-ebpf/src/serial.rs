//! Order of sequence numbers, and of any 32-bit stamps that go round.

/// Serial number arithmetic (RFC 9293, section 3.4): `a` comes after `b`.
#[inline(always)]
pub fn is_after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}
