//! Blackholed: nothing comes back, and no long gap went before.

use super::card::{Card, Case};
use super::{network_loss, snapshot};
use crate::advice;
use crate::evidence::EvidenceList;
use crate::fact_view::FactView;
use crate::keepalive::Settings;
use crate::ruling::Ruling;
use crate::serial::jiffies_since;
use crate::thresholds::{LEAST_WAIT_NS, LOSSY_TIMEOUTS, PROBES, TIMEOUTS};
use crate::unanswered::{self, Sign, Unanswered};
use monitor_model::finding::Severity;
use monitor_model::format;

pub(super) const CARD: Card = Card {
    gravity: 2,
    is_loss: true,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let first = case.unheard?;
    let view = case.view;
    let socket = &view.fact.socket;
    let waited_ns = case.now.at_ns.saturating_sub(first.at_ns);
    let unanswered = Unanswered {
        timeouts: if unheard_while_trying(view) {
            socket.retransmits
        } else {
            0
        },
        probes: if snapshot::since_ack_ns(view) >= LEAST_WAIT_NS {
            socket.probes_out
        } else {
            0
        },
        in_flight: socket.packets_out > 0 && snapshot::waiting_bytes(socket) > 0,
        waited_ns,
        rto_ns: view.ns(socket.rto_jiffies),
        first_rto_ns: view.ns(first.rto_jiffies),
    };
    let sign =
        unanswered.sign_after(if network_loss::lossy(socket, case.sent_again_in_outages) {
            LOSSY_TIMEOUTS
        } else {
            TIMEOUTS
        })?;
    let length_ns = match sign {
        Sign::Probes => snapshot::since_ack_ns(view),
        _ => waited_ns
            .max(tried_ns(view))
            .min(snapshot::since_ack_ns(view).max(waited_ns)),
    };
    Some(ruling(view, sign, length_ns, case.settings))
}

/// The connection was given up while nothing came: `view` tells of its close,
/// and `waited_ns` is how long nothing had come at least.
pub(crate) fn given_up(view: &FactView<'_>, waited_ns: u64, settings: &Settings) -> Option<Ruling> {
    let socket = &view.fact.socket;
    // A closed window can end like this while the peer answers every probe.
    if snapshot::window_closed(socket, false) && socket.probes_out < PROBES {
        return None;
    }
    let errno = unanswered::given_up(socket)?;
    Some(ruling(view, Sign::Error(errno), waited_ns, settings))
}

fn ruling(view: &FactView<'_>, sign: Sign, length_ns: u64, settings: &Settings) -> Ruling {
    let socket = &view.fact.socket;
    let (timeouts, probes) = (socket.retransmits, socket.probes_out);
    let mut evidence = EvidenceList::default();
    evidence
        .count("timeouts", timeouts)
        .count("unanswered_probes", probes)
        .count("ack_progress_bytes", 0_u32)
        .count("unacknowledged_bytes", snapshot::waiting_bytes(socket))
        .seconds("seconds_without_ack", length_ns);
    let refused = sign == Sign::Probes && snapshot::refused_here(socket);
    if refused {
        evidence.flag("refused_by_this_host", true);
    }
    let summary_tail = match sign {
        Sign::Timeouts => format!(
            "{}, no ACK since",
            format::count(timeouts.into(), "timeout")
        ),
        Sign::Probes if refused => unanswered::refused(probes),
        Sign::Probes => format!("{} unanswered", format::count(probes.into(), "probe")),
        Sign::Time => format!("no ACK for {}", format::duration(length_ns)),
        Sign::Error(errno) => {
            evidence.text("error", format!("{errno:?}"));
            format!("given up with {errno:?}, no ACK since")
        }
    };
    settings.add_to(&mut evidence);
    Ruling {
        severity: Severity::Page,
        given_up: matches!(sign, Sign::Error(_)),
        evidence,
        advice: Some(if refused {
            advice::refused_here(settings)
        } else {
            advice::gone(settings)
        }),
        summary_tail,
        ..Ruling::of(length_ns)
    }
}

/// Whether nothing came from the peer since the timeouts began, as one snapshot
/// shows it: they double, so that from the first to the third passes three
/// quarters of the next.
fn unheard_while_trying(view: &FactView<'_>) -> bool {
    let socket = &view.fact.socket;
    let last_try = jiffies_since(socket.jiffies, socket.lsndtime);
    let last_ack = jiffies_since(socket.jiffies, socket.rcv_tstamp);
    let after_first = u32::from(socket.retransmits.saturating_sub(1)).min(31);
    let trying = socket.rto_jiffies - (socket.rto_jiffies >> after_first);
    last_ack >= last_try.saturating_add(trying)
}

/// How long the timeouts took so far, at least, in ns: they double up to here.
fn tried_ns(view: &FactView<'_>) -> u64 {
    let socket = &view.fact.socket;
    let since = jiffies_since(socket.jiffies, socket.lsndtime);
    let tries = socket.rto_jiffies - (socket.rto_jiffies >> socket.retransmits.min(31));
    u64::from(since)
        .saturating_add(tries.into())
        .saturating_mul(view.jiffy_ns)
}
