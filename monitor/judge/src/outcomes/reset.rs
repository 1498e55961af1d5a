//! Reset: the peer, or a box in its name, reset the connection.

use super::card::{Card, Case, Event};
use crate::advice;
use crate::closed_window;
use crate::connection;
use crate::evidence::EvidenceList;
use crate::fact_view::FactView;
use crate::farewell::{Farewell, farewell};
use crate::outcomes::closed::near_timeout;
use crate::ruling::{Bearing, Ruling};
use crate::thresholds::LATELY_NS;
use crate::tracked::gap::Gap;
use monitor_common::{FactKind, TcpState};
use monitor_model::finding::{Role, Severity};
use monitor_model::format;
use nix::errno::Errno;

pub(super) const CARD: Card = Card {
    ends_stalls: true,
    // It is told at once: nobody can have moved since.
    siblings_since: |_, now_ns| Some(now_ns.saturating_sub(LATELY_NS)),
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let Event::Fact(view) = case.event else {
        return None;
    };
    let gap = case.gap;
    // In any other state the peer has closed or we have: its RST is manners.
    // After a FIN that ended the silence the outcome is "closed".
    let said_goodbye = gap.seldom.fin.is_some_and(|fin| fin.in_silence);
    if !is_reset(view) || gap.state != Some(TcpState::Established) || said_goodbye {
        return None;
    }
    // An ACK came after the gap, so the path has passed its test: who resets now is
    // the peer's application.
    if gap.progress() > 0 {
        return None;
    }
    let socket = &view.fact.socket;
    if let Some(ruling) = closed_window::reset(view, connection::role(socket), 0) {
        return Some(ruling);
    }
    let unacknowledged = socket
        .write_seq
        .wrapping_sub(socket.snd_una)
        .saturating_sub(u32::from(own_fin_in_flight(view)));
    let data_due = unacknowledged > 0;
    let mut evidence = EvidenceList::default();
    let summary_tail = match gap.sent_between_ns() {
        Some((_, sent)) => {
            let after = case.now_ns.saturating_sub(sent);
            evidence
                .text("reset_came", "after_send")
                .count("reset_after_send_ms", after / 1_000_000);
            format!(
                "RST from the peer {} after the next send",
                format::duration(after)
            )
        }
        None if gap.sent() => {
            evidence.text("reset_came", "after_send");
            "RST from the peer after the next send".into()
        }
        None => {
            evidence.text("reset_came", "during_silence");
            "RST from the peer, nothing was sent before it".into()
        }
    };
    evidence
        .count("ack_progress_bytes", gap.progress())
        .count("unacknowledged_bytes", unacknowledged)
        .flag("data_due", data_due);
    let farewell = farewell(view, gap.sent_before_close);
    if farewell.is_some() {
        evidence.flag("nobody_waits", true);
    }
    let by_peer = by_peer(gap, view);
    if by_peer {
        evidence.text("reset_by", "peer");
    }
    let left = by_peer && case.role == Role::Server;
    case.settings.add_to(&mut evidence);
    Some(Ruling {
        severity: match farewell {
            // Nobody waits for what was due.
            Some(Farewell::Goodbye) => Severity::None,
            // Clients that leave in haste are everyday life of a server.
            _ if left => Severity::None,
            None if data_due => Severity::Page,
            Some(Farewell::Lost { .. }) | None => Severity::Ticket,
        },
        bearing: if by_peer {
            Bearing::Neutral
        } else {
            Bearing::Failed
        },
        may_be_silence: !by_peer,
        evidence,
        advice: match (by_peer, left) {
            (_, true) => None,
            (true, false) => Some(advice::reset_there()),
            (false, false) => Some(advice::keep_awake(gap.path.as_deref(), case.settings)),
        },
        summary_tail: if by_peer {
            format!(
                "{summary_tail}; its own kernel sent it: the application there has left, it was not the silence"
            )
        } else {
            summary_tail
        },
        ..Ruling::of(case.gap.length_ns)
    })
}

/// Whether the peer's own kernel reset a connection that it still had, by its timestamp clock: its application left with
/// something unread, aborted, or was cut off there (`tcp_send_active_reset`). Close to the timeout it may be the box
/// itself that ends connections there.
fn by_peer(gap: &Gap, view: &FactView<'_>) -> bool {
    let by_its_clock = gap
        .peer_clock
        .is_by_its_clock(view.fact.socket.rcv_tsval, view.at.ns);
    by_its_clock && !near_timeout(gap)
}

/// A reset was accepted, told as such or by the error that it left.
fn is_reset(view: &FactView<'_>) -> bool {
    // EPIPE is what a reset leaves after the peer's FIN.
    let error = [Errno::ECONNRESET, Errno::EPIPE]
        .into_iter()
        .any(|errno| view.fact.socket.sk_err == errno as u32);
    view.kind == FactKind::ResetReceived || view.new_state() == Some(TcpState::Close) && error
}

/// Our FIN takes one place in the sequence, but is no data.
fn own_fin_in_flight(view: &FactView<'_>) -> bool {
    matches!(
        view.state(),
        Some(TcpState::FinWait1 | TcpState::Closing | TcpState::LastAck)
    )
}
