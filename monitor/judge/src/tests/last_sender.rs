//! Who spoke last, as a socket tells it.

use super::socket::socket;
use crate::peers::last_sender::{LastSender, last_sender};
use monitor_common::Socket;

#[test]
fn jiffies_that_differ_decide() {
    let base = socket();
    let asked = Socket {
        lsndtime: base.lrcvtime.wrapping_add(1),
        ..base
    };
    let reported = Socket {
        lrcvtime: base.lsndtime.wrapping_add(1),
        // Answers to keepalive probes make it look otherwise.
        snd_wl1: base.rcv_nxt,
        ..base
    };
    assert_eq!(last_sender(&asked), LastSender::Us);
    assert_eq!(last_sender(&reported), LastSender::Peer);
}

#[test]
fn within_a_jiffy_the_last_ack_decides_while_it_is_fresh() {
    let answered = socket();
    assert_eq!(last_sender(&answered), LastSender::Peer);
    let asked_again = Socket {
        snd_wl1: answered.rcv_nxt,
        ..answered
    };
    assert_eq!(last_sender(&asked_again), LastSender::Us);
    let unclear = Socket {
        // A second later a keepalive probe was answered.
        rcv_tstamp: answered.rcv_tstamp.wrapping_add(250),
        ..asked_again
    };
    assert_eq!(last_sender(&unclear), LastSender::Unknown);
    let unacknowledged = Socket {
        write_seq: answered.write_seq + 1,
        ..answered
    };
    assert_eq!(last_sender(&unacknowledged), LastSender::Unknown);
}
