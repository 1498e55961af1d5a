//! A RST that came while the peer's window was closed: what it says of the peer's application.

use crate::evidence::EvidenceList;
use crate::fact_view::FactView;
use crate::ruling::Ruling;
use crate::serial::{distance, jiffies_since};
use crate::stalls::snapshot::{
    idle_sender_ns, queued_bytes, since_ack_ns, waiting_bytes, window_closed,
};
use crate::thresholds::{CLOSED_WITHIN_NS, CLOSED_WITHIN_PERCENT};
use monitor_common::{NO_PATH_WARN_NS, Socket, TcpState};
use monitor_model::finding::{Certainty, Clock, Role, Severity};
use monitor_model::format;

/// What an accepted RST says that came while the peer's window was closed over what waits: a process that does not
/// read and is killed leaves one (`tcp_close`). `None` where it was open, or where a box may have sent it that has
/// forgotten the connection. `stood_ns`: how long nothing had moved at least, as looks showed it.
pub(crate) fn reset(view: &FactView<'_>, role: Role, stood_ns: u64) -> Option<Ruling> {
    let socket = &view.fact.socket;
    let waiting = waiting_bytes(socket);
    if view.state() != Some(TcpState::Established)
        || waiting == 0
        || !was_closed(socket)
        || a_box_may_have(view)
    {
        return None;
    }
    let stood_ns = stood_ns.max(idle_sender_ns(view));
    let stood = format::duration(stood_ns);
    let mut evidence = EvidenceList::default();
    evidence
        .text("reset_came", "under_closed_window")
        .count("peer_window_bytes", socket.snd_wnd)
        .count("unacknowledged_bytes", waiting)
        .count("queued_bytes", queued_bytes(socket))
        .count("lost_bytes_at_most", waiting)
        .flag("data_due", true)
        .seconds("seconds_without_ack", since_ack_ns(view));
    Some(Ruling {
        certainty: Some(Certainty::Suspected),
        // Who downloads and walks away takes nothing from a server.
        severity: match role {
            Role::Client => Severity::Ticket,
            Role::Server => Severity::None,
        },
        evidence,
        advice: Some(
            "the peer's application did not read, and is gone: look there who ended it (a restart, a deadline, the \
             out-of-memory killer) and why it hung; what it had not confirmed has to be sent again"
                .into(),
        ),
        head: Some(format!("had not moved for {stood}")),
        summary_tail: format!(
            "RST from the peer under its closed window: suspect its application, ended while it did not read; {} are \
             lost, and what it had not read",
            format::bytes(waiting.into())
        ),
        ..Ruling::of(stood_ns)
    })
}

/// Whether the peer's window was closed when the connection ended: the kernel counts nothing in flight by then.
fn was_closed(socket: &Socket) -> bool {
    let in_flight = distance(socket.snd_una, socket.snd_nxt);
    socket.snd_wnd == 0 || in_flight == 0 && window_closed(socket, false)
}

/// Whether the RST may be a box's: the path may have forgotten the connection since the peer was last heard, and the
/// RST answers a probe of ours, or came when the timeout was over.
fn a_box_may_have(view: &FactView<'_>) -> bool {
    let socket = &view.fact.socket;
    let probed = socket.probes_out > 0;
    let unheard_ns = match view.clock() {
        Clock::Packets => view.ns(jiffies_since(socket.jiffies, socket.rcv_tstamp)
            .min(jiffies_since(socket.jiffies, socket.lrcvtime))),
        Clock::Payload => view.idle_ns(),
    };
    let Some(path) = view.path else {
        return probed && unheard_ns >= NO_PATH_WARN_NS;
    };
    // Divided first: a timeout may be anything.
    let about = (path.timeout_ns / 100 * CLOSED_WITHIN_PERCENT).max(CLOSED_WITHIN_NS);
    let at_timeout = unheard_ns.abs_diff(path.timeout_ns) <= about;
    unheard_ns >= path.warn_ns && (at_timeout || probed && path.clock == Clock::Packets)
}
