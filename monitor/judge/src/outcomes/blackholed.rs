//! Blackholed: nothing comes back.

use super::card::{Card, Case, Event};
use crate::advice;
use crate::counters::Counters;
use crate::evidence::EvidenceList;
use crate::fact_view::FactView;
use crate::ruling::{Bearing, Ruling};
use crate::stalls::snapshot::refused_here;
use crate::thresholds::OVERDUE_NS;
use crate::unanswered::{self, Sign, Unanswered};
use monitor_common::{FactKind, TcpState};
use monitor_model::finding::Severity;
use monitor_model::format;

pub(super) const CARD: Card = Card {
    is_loss: true,
    even_if_doubtful: true,
    outlives_gap: true,
    siblings_since: |gap, _| {
        let since = gap.wait.map_or(gap.ended_ns, |wait| wait.since_ns);
        Some(since.saturating_add(OVERDUE_NS))
    },
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let Event::Fact(view) = case.event else {
        return None;
    };
    let gap = case.gap;
    if gap.progress() > 0 || gap.payload_ns.is_some() {
        return None;
    }
    let sign = sign(case, view)?;
    let wait = gap.wait.map_or(gap.ended_ns, |wait| wait.since_ns);
    let without_ack = case.now_ns.saturating_sub(wait);
    let socket = &view.fact.socket;
    let mut evidence = EvidenceList::default();
    evidence
        .count("timeouts", gap.timeouts)
        .count("ack_progress_bytes", gap.progress())
        .count("segments_received", 0_u32)
        .count(
            "unacknowledged_bytes",
            socket.write_seq.wrapping_sub(socket.snd_una),
        )
        .seconds("seconds_without_ack", without_ack);
    if gap.probes > 0 {
        evidence.count("unanswered_probes", gap.probes);
    }
    let refused = sign == Sign::Probes && refused_here(socket);
    if refused {
        evidence.flag("refused_by_this_host", true);
    }
    let summary_tail = match sign {
        Sign::Timeouts => format!(
            "{}, no ACK since",
            format::count(gap.timeouts.into(), "timeout")
        ),
        Sign::Probes if refused => unanswered::refused(gap.probes),
        Sign::Probes => format!("{} unanswered", format::count(gap.probes.into(), "probe")),
        Sign::Time => format!("no ACK for {}", format::duration(without_ack)),
        Sign::Error(errno) => {
            evidence.text("error", format!("{errno:?}"));
            format!("given up with {errno:?}, no ACK since")
        }
    };
    case.settings.add_to(&mut evidence);
    Some(Ruling {
        severity: Severity::Page,
        // What this host refuses never came to the box.
        bearing: if refused {
            Bearing::Neutral
        } else {
            Bearing::Failed
        },
        evidence,
        advice: Some(if refused {
            advice::refused_here(case.settings)
        } else {
            advice::outlived(gap.path.as_deref(), case.settings)
        }),
        summary_tail,
        ..Ruling::of(case.gap.length_ns)
    })
}

fn sign(case: &Case<'_>, view: &FactView<'_>) -> Option<Sign> {
    if view.new_state() == Some(TcpState::Close) {
        // A closed window can end like this while the peer answers every probe.
        let heard = case.gap.before.heard(&Counters::of(&view.fact.socket));
        return unanswered::given_up(&view.fact.socket)
            .filter(|_| !heard)
            .map(Sign::Error);
    }
    if !matches!(view.kind, FactKind::Retransmitted | FactKind::Swept) {
        return None;
    }
    // The gap begins its wait anew with whatever comes from the peer: what is
    // counted from there on, nothing interrupted.
    let wait = case.gap.wait?;
    let socket = &view.fact.socket;
    Unanswered {
        timeouts: socket.retransmits.saturating_sub(wait.counters.retransmits),
        probes: socket.probes_out.saturating_sub(wait.counters.probes_out),
        in_flight: socket.packets_out > 0 || view.kind == FactKind::Retransmitted,
        waited_ns: case.now_ns.saturating_sub(wait.since_ns),
        rto_ns: view.ns(socket.rto_jiffies),
        first_rto_ns: view.ns(wait.counters.rto_jiffies),
    }
    .sign()
}
