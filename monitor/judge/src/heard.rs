//! How a peer is heard that acknowledges nothing new: what its segments say of where ours are lost.

use crate::serial::{after, jiffies_since};
use monitor_common::Socket;

/// The counters that tell it, as they were when the wait for an acknowledgment began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since {
    pub(crate) segs_in: u32,
    pub(crate) data_segs_in: u32,
    pub(crate) delivered: u32,
    pub(crate) retransmits: u8,
}

/// How the peer is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It selectively acknowledges what came after: one segment does not pass.
    Sacked,
    /// It answers each retransmission without acknowledging it: it arrives, and is dropped there.
    Refused,
    /// It speaks, and not in answer: the way there is dead, the way back is not.
    OneWay,
}

impl Heard {
    /// As evidence shows it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Sacked => "sacked",
            Self::Refused => "refused",
            Self::OneWay => "one_way",
        }
    }

    /// As a summary says it.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Sacked => "what came after it is acknowledged: one segment does not pass",
            Self::Refused => {
                "each attempt is answered and none acknowledged: it arrives, and is dropped there"
            }
            Self::OneWay => "the peer is heard, and acknowledges nothing",
        }
    }
}

/// How the peer was heard between `since` and now, in which nothing new was acknowledged; `None` if it
/// was not.
pub(crate) fn heard(since: &Since, socket: &Socket, jiffy_ns: u64) -> Option<Heard> {
    let segments = socket.segs_in.wrapping_sub(since.segs_in);
    // Where one segment is lost again and again, what followed it has arrived long since, and nothing more
    // is answered. Where the path died in mid-flight, most of what is in flight never arrived.
    let others_arrived =
        socket.sacked_out > 0 && socket.sacked_out.saturating_mul(2) >= socket.packets_out;
    if others_arrived || segments > 0 && socket.delivered != since.delivered {
        return Some(Heard::Sacked);
    }
    if segments == 0 {
        return None;
    }
    let bare = segments.saturating_sub(socket.data_segs_in.wrapping_sub(since.data_segs_in));
    let attempts = u32::from(socket.retransmits.saturating_sub(since.retransmits));
    // In step: an answer for each, or two where a tail-loss probe went before. One of one may be chance,
    // unless it came at once.
    let counted = (attempts..=attempts.saturating_add(1).saturating_mul(2)).contains(&bare);
    let in_step = counted && (attempts > 1 || attempts == 1 && at_once(socket, jiffy_ns));
    Some(if in_step {
        Heard::Refused
    } else {
        Heard::OneWay
    })
}

/// Whether what came last came within a round trip or two of the last attempt.
fn at_once(socket: &Socket, jiffy_ns: u64) -> bool {
    let took = jiffies_since(socket.rcv_tstamp, socket.lsndtime);
    let patience_ns = u64::from(socket.srtt_us) * 2_000 + 2 * jiffy_ns;
    !after(socket.lsndtime, socket.rcv_tstamp) && u64::from(took) * jiffy_ns <= patience_ns
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: Since = Since {
        segs_in: 20,
        data_segs_in: 8,
        delivered: 5,
        retransmits: 0,
    };

    fn after_three_timeouts(segments: u32, with_data: u32) -> Socket {
        Socket {
            segs_in: SINCE.segs_in + segments,
            data_segs_in: SINCE.data_segs_in + with_data,
            delivered: SINCE.delivered,
            retransmits: 3,
            ..Socket::default()
        }
    }

    #[test]
    fn what_the_peer_sends_tells_where_ours_is_lost() {
        for (segments, with_data, says) in [
            (0, 0, None),
            (3, 0, Some(Heard::Refused)),
            (4, 0, Some(Heard::Refused)),
            (2, 0, Some(Heard::OneWay)),
            (9, 0, Some(Heard::OneWay)),
            (3, 3, Some(Heard::OneWay)),
            (6, 3, Some(Heard::Refused)),
        ] {
            let socket = after_three_timeouts(segments, with_data);
            assert_eq!(
                heard(&SINCE, &socket, 4_000_000),
                says,
                "{segments} {with_data}"
            );
        }
    }

    #[test]
    fn selective_acknowledgments_say_that_one_segment_does_not_pass() {
        let mut socket = after_three_timeouts(0, 0);
        (socket.packets_out, socket.sacked_out) = (10, 9);
        assert_eq!(heard(&SINCE, &socket, 4_000_000), Some(Heard::Sacked));
        socket.sacked_out = 2;
        assert_eq!(
            heard(&SINCE, &socket, 4_000_000),
            None,
            "the path died behind them"
        );
        let mut socket = after_three_timeouts(3, 0);
        socket.delivered += 1;
        assert_eq!(heard(&SINCE, &socket, 4_000_000), Some(Heard::Sacked));
    }
}
