//! Whether an answer is due to what this host said: by what is stated or known of the connection's dialogue, by what it
//! was seen to do, or by the kernel's own counters of what went both ways.

use crate::connection;
use crate::dialogue::Known;
use crate::fact_view::FactView;
use crate::peers::habit::{HabitOf, Habits, Usual};
use crate::peers::last_sender::{LastSender, last_sender};
use crate::serial::{distance, jiffies_since};
use crate::thresholds::{COUNTED_ANSWERS, FOLLOW_UP_NS, HEARTBEATS_NS};
use monitor_common::{FactKind, Socket, TcpState};

/// An answer that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// How it is used to be answered.
    pub(crate) usual: Usual,
    /// What is known of its dialogue, where it rests on that and not on what was seen.
    pub(crate) dialogue: Known,
    /// So long it is waited for at the least, in ns.
    pub(crate) least_ns: u64,
}

/// Whether the answer is due for which the client that `view` shows may wait; `None` where it may wait in peace.
pub(crate) fn due(view: &FactView<'_>, habits: &Habits) -> Option<Due> {
    let socket = &view.fact.socket;
    let stated = view.path.and_then(|path| path.dialogue);
    let program = view.owner.comm.as_deref().unwrap_or_default();
    let dialogue = Known::of(stated, socket.remote_port, program);
    if dialogue == Known::Open || !connection::is_client(socket) {
        return None;
    }
    let due = |usual, dialogue, least_ns| {
        Some(Due {
            usual,
            dialogue,
            least_ns,
        })
    };
    let follows = follows(view) && dialogue != Known::Stated;
    if let Some(usual) = habits.usual(view).filter(|_| !follows) {
        return due(usual, Known::Nothing, 0);
    }
    let answered = exchanges(socket);
    let usual = |of| Usual {
        of,
        answered,
        mean_ns: 0,
        longest_ns: habits.longest_ns(view),
    };
    match dialogue {
        Known::Stated => due(usual(HabitOf::None), dialogue, 0),
        Known::Service(_) if answered >= 1 && !habits.spoke_twice(socket.cookie) => {
            due(usual(HabitOf::None), dialogue, HEARTBEATS_NS)
        }
        Known::Nothing
            if !follows
                && answered >= COUNTED_ANSWERS
                && requests(socket) <= socket.data_segs_in.saturating_add(1)
                && !habits.spoke_in_vain(socket.cookie) =>
        {
            due(usual(HabitOf::Counters), dialogue, 0)
        }
        Known::Service(_) | Known::Nothing | Known::Open => None,
    }
}

/// How long this host has waited since it spoke, in ns, if it spoke last, and all it said has arrived: whether an answer
/// is due is for [`due`] to say.
pub(crate) fn waits_ns(view: &FactView<'_>, habits: &Habits) -> Option<u64> {
    let socket = &view.fact.socket;
    let delivered = socket.snd_una == socket.write_seq
        && socket.packets_out == 0
        && socket.retransmits == 0
        && socket.probes_out == 0;
    // The peer's FIN takes a place, and nobody can have read it: before it came the socket was so.
    let fin = u32::from(view.new_state() == Some(TcpState::CloseWait));
    let read = distance(socket.copied_seq, socket.rcv_nxt) <= fin;
    let before = Socket {
        rcv_nxt: socket.rcv_nxt.wrapping_sub(fin),
        ..*socket
    };
    let last = match last_sender(&before) {
        LastSender::Unknown if habits.spoke_last(view) => LastSender::Us,
        last => last,
    };
    if view.state() != Some(TcpState::Established) || !delivered || !read || last != LastSender::Us
    {
        return None;
    }
    Some(if view.kind == FactKind::Swept {
        view.ns(jiffies_since(socket.jiffies, socket.lsndtime))
    } else {
        view.fact.payload_idle_ns
    })
}

/// Whether what this host said last came so soon after the peer's word that it may follow from it and ask nothing.
fn follows(view: &FactView<'_>) -> bool {
    let socket = &view.fact.socket;
    let thought = view.ns(jiffies_since(socket.lsndtime, socket.lrcvtime));
    socket.bytes_received > 0 && thought < FOLLOW_UP_NS
}

/// Segments with data that this host has sent, each once.
fn requests(socket: &Socket) -> u32 {
    socket.data_segs_out.saturating_sub(socket.total_retrans)
}

/// How many exchanges there can have been before what was said last: an answer and a request take a segment each.
fn exchanges(socket: &Socket) -> u32 {
    requests(socket).saturating_sub(1).min(socket.data_segs_in)
}
