//! Arithmetic on numbers that wrap: TCP sequence numbers and jiffies.

/// Whether sequence number `a` comes after `b` (RFC 1982 arithmetic).
pub(crate) const fn after(a: u32, b: u32) -> bool {
    let distance = a.wrapping_sub(b);
    distance != 0 && distance < 1 << 31
}

/// From sequence number `a` on to `b`; 0 where `b` does not come after `a`.
pub(crate) const fn distance(a: u32, b: u32) -> u32 {
    if after(b, a) { b.wrapping_sub(a) } else { 0 }
}

/// Jiffies from `then` to `now`. A moment in the near future (another CPU's
/// clock was read a little later) counts as now.
pub(crate) const fn jiffies_since(now: u32, then: u32) -> u32 {
    // A tenth of the range: 5 days at HZ=1000, far beyond any skew.
    const FUTURE: u32 = u32::MAX - u32::MAX / 10;
    let age = now.wrapping_sub(then);
    if age > FUTURE { 0 } else { age }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_wrap() {
        assert!(after(5, u32::MAX - 5));
        assert!(!after(u32::MAX - 5, 5));
        assert!(!after(7, 7));
        assert_eq!(distance(u32::MAX - 5, 5), 11);
        assert_eq!(distance(5, u32::MAX - 5), 0);
    }

    #[test]
    fn jiffies_wrap_and_the_near_future_is_now() {
        assert_eq!(jiffies_since(100, u32::MAX - 99), 200);
        assert_eq!(jiffies_since(100, 102), 0);
    }
}
