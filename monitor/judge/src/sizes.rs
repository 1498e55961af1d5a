//! Which sizes of segments a connection got through: a path that lets small ones pass and no full
//! ones looks like a peer that is heard and acknowledges nothing.

use crate::thresholds::SURELY_PASSES;
use monitor_common::Socket;

/// Segments in flight that are larger than any that was ever acknowledged on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge {
    /// Their mean payload, in bytes.
    pub(crate) in_flight: u64,
    /// The most that a segment can have had that was acknowledged, in bytes.
    pub(crate) acknowledged_at_most: u64,
}

/// Whether what is in flight is larger than any segment that was ever acknowledged. `None` where that
/// is not so, where it cannot be known, and where every path lets such segments pass.
///
/// `data_segs_out` counts every segment with data, those sent again included (`__tcp_transmit_skb`), so
/// it says into how many segments what is acknowledged was cut. Each had a byte at least.
pub(crate) fn too_large(socket: &Socket) -> Option<TooLarge> {
    if socket.packets_out == 0 || socket.data_segs_out == 0 {
        return None;
    }
    let unacknowledged = u64::from(socket.snd_nxt.wrapping_sub(socket.snd_una));
    let in_flight = unacknowledged / u64::from(socket.packets_out);
    let acknowledged = socket
        .bytes_sent
        .checked_sub(socket.bytes_retrans)?
        .checked_sub(unacknowledged)?;
    let segments = socket
        .data_segs_out
        .checked_sub(socket.total_retrans)?
        .checked_sub(socket.packets_out)?;
    let acknowledged_at_most = acknowledged.saturating_sub(u64::from(segments.saturating_sub(1)));
    let larger = in_flight > u64::from(SURELY_PASSES) && in_flight > acknowledged_at_most;
    larger.then_some(TooLarge {
        in_flight,
        acknowledged_at_most,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Full segments in flight, after some small ones that were acknowledged.
    fn bulk(acknowledged: u32, in_segments: u32) -> Socket {
        Socket {
            snd_una: 10_000,
            snd_nxt: 10_000 + 10 * 1_448,
            packets_out: 10,
            bytes_sent: u64::from(acknowledged) + 11 * 1_448,
            bytes_retrans: 1_448,
            total_retrans: 1,
            data_segs_out: in_segments + 11,
            ..Socket::default()
        }
    }

    #[test]
    fn full_segments_are_too_large_where_only_small_ones_were_acknowledged() {
        let seen = too_large(&bulk(700, 2));
        let too_large = TooLarge {
            in_flight: 1_448,
            acknowledged_at_most: 699,
        };
        assert_eq!(seen, Some(too_large));
    }

    #[test]
    fn nothing_is_said_where_a_full_one_may_have_been_acknowledged() {
        assert_eq!(too_large(&bulk(5_000, 20)), None);
    }

    #[test]
    fn nothing_is_said_of_segments_that_pass_everywhere() {
        let mut socket = bulk(0, 0);
        socket.snd_nxt = socket.snd_una + 10 * 500;
        socket.bytes_sent = 11 * 500;
        socket.bytes_retrans = 500;
        assert_eq!(too_large(&socket), None);
    }

    #[test]
    fn nothing_is_said_where_the_counters_contradict_each_other() {
        assert_eq!(
            too_large(&Socket {
                packets_out: 3,
                data_segs_out: 1,
                ..bulk(0, 0)
            }),
            None
        );
        assert_eq!(too_large(&Socket::default()), None);
    }
}
