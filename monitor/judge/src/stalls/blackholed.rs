//! Blackholed: what is due is not acknowledged, and no long gap went before.

use super::card::{Card, Case};
use super::network_loss;
use super::snapshot::{self, Snapshot};
use crate::advice;
use crate::fact_view::FactView;
use crate::heard::{Heard, heard};
use crate::keepalive::Settings;
use crate::lost::{self, Lost};
use crate::ruling::Ruling;
use crate::thresholds::{LEAST_WAIT_NS, PROBES, RESENT};
use crate::unanswered::{self, Sign, Unanswered, resent_for_ns};

pub(super) const CARD: Card = Card {
    gravity: 2,
    is_loss: true,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    match case.sending {
        Some(first) => sender(case, &first).or_else(|| receiver(case)),
        None => receiver(case),
    }
}

/// What this host sends is not acknowledged.
fn sender(case: &Case<'_>, first: &Snapshot) -> Option<Ruling> {
    let view = case.view;
    let socket = &view.fact.socket;
    let looked_ns = case.now.at_ns.saturating_sub(first.at_ns);
    let resent_ns = resent_for_ns(view);
    // Something came while it was being sent again, and one look does not say what.
    if looked_ns == 0 && resent_ns > 0 && snapshot::since_ack_ns(view) < resent_ns {
        return None;
    }
    let waited_ns = looked_ns.max(resent_ns);
    // Beyond the peer's window the kernel resends the head in place of probes, and counts no timeout.
    let beyond_window = snapshot::beyond_window(socket);
    let probes = if beyond_window {
        resent_unheard(case)
    } else if snapshot::since_ack_ns(view) >= LEAST_WAIT_NS {
        socket.probes_out
    } else {
        0
    };
    let timeouts = if beyond_window { 0 } else { socket.retransmits };
    let heard = heard(&first.since(), socket, view.jiffy_ns);
    let sign = Unanswered {
        timeouts,
        probes,
        in_flight: socket.packets_out > 0 && snapshot::waiting_bytes(socket) > 0,
        waited_ns,
        first_rto_ns: view.ns(first.rto_jiffies),
        // What is sent again into a closed window is no loss.
        lossy: !beyond_window && network_loss::lossy(socket, case.sent_again_in_outages),
        sacked: heard == Some(Heard::Sacked),
    }
    .sign()?;
    let length_ns = match sign {
        Sign::Probes => snapshot::since_ack_ns(view),
        _ => waited_ns,
    };
    let lost = Lost {
        view,
        settings: case.settings,
        sign,
        timeouts,
        probes,
        waited_ns: length_ns,
        // Unanswered probes are unanswered.
        heard: heard.filter(|_| sign != Sign::Probes),
        segments: case.now.segs_in.wrapping_sub(first.segs_in),
        sent_before_close: case.sent_before_close,
        began_ns: case.began_ns,
        advice: None,
    };
    Some(lost.ruling(length_ns))
}

/// The peer sends the same again and again: it hears no ACK of ours.
fn receiver(case: &Case<'_>) -> Option<Ruling> {
    let first = case.resent?;
    let resent = case.habits.resent(case.view);
    let lasted_ns = case.now.at_ns.saturating_sub(first.at_ns);
    // Where nothing came again since, what did was acknowledged at last.
    let goes_on = case.now.data_segs_in != first.data_segs_in;
    if resent < RESENT || lasted_ns < LEAST_WAIT_NS || !goes_on {
        return None;
    }
    let advice = advice::one_way(case.settings);
    Some(lost::unheard(
        resent,
        lasted_ns,
        case.settings,
        advice,
        lasted_ns,
    ))
}

/// How often the head was sent again since the peer was last heard.
fn resent_unheard(case: &Case<'_>) -> u8 {
    let resent = case.unheard.map_or(0, |first| {
        case.now.total_retrans.wrapping_sub(first.total_retrans)
    });
    u8::try_from(resent).unwrap_or(u8::MAX)
}

/// The connection was given up while nothing was acknowledged: `view` tells of its close,
/// and `waited_ns` is how long nothing had been at least.
pub(crate) fn given_up(
    view: &FactView<'_>,
    waited_ns: u64,
    heard: Option<Heard>,
    sent_before_close: bool,
    began_ns: u64,
    settings: &Settings,
) -> Option<Ruling> {
    let socket = &view.fact.socket;
    // A closed window can end like this while the peer answers every probe.
    if snapshot::window_closed(socket, false) && socket.probes_out < PROBES {
        return None;
    }
    let lost = Lost {
        view,
        settings,
        sign: Sign::Error(unanswered::given_up(socket)?),
        timeouts: socket.retransmits,
        probes: socket.probes_out,
        waited_ns,
        heard,
        segments: 0,
        sent_before_close,
        began_ns,
        advice: None,
    };
    Some(lost.ruling(waited_ns))
}
