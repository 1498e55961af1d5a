//! Who spoke last on a connection.

use crate::serial::{after, jiffies_since};
use monitor_common::Socket;

/// The side whose payload came last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastSender {
    /// This host.
    Us,
    /// The peer.
    Peer,
    /// Cannot be told, or nobody spoke yet.
    Unknown,
}

/// Who spoke last on `socket`.
///
/// The jiffies decide where they differ. Within one jiffy only this is sure:
/// with everything acknowledged, a segment that last acknowledged new data and
/// that lies before `rcv_nxt` brought payload, or payload followed it. The
/// opposite shows that this host spoke last only while that ACK came as soon as
/// one does: answers to keepalive probes move it too, a second later at the least.
pub(crate) fn last_sender(socket: &Socket) -> LastSender {
    let spoken = socket.bytes_sent > 0;
    let heard = socket.bytes_received > 0;
    match (spoken, heard) {
        (false, false) => LastSender::Unknown,
        (true, false) => LastSender::Us,
        (false, true) => LastSender::Peer,
        (true, true) if after(socket.lsndtime, socket.lrcvtime) => LastSender::Us,
        (true, true) if after(socket.lrcvtime, socket.lsndtime) => LastSender::Peer,
        (true, true) => {
            let acknowledged = socket.snd_una == socket.write_seq;
            if acknowledged && after(socket.rcv_nxt, socket.snd_wl1) {
                LastSender::Peer
            } else if acknowledged && soon_acknowledged(socket) {
                LastSender::Us
            } else {
                LastSender::Unknown
            }
        }
    }
}

/// Whether nothing came from the peer since what was sent last was acknowledged: the last ACK came within a
/// retransmission timeout of it.
fn soon_acknowledged(socket: &Socket) -> bool {
    jiffies_since(socket.rcv_tstamp, socket.lsndtime) <= socket.rto_jiffies
}
