//! Blackholed: nothing comes back.

use super::{Bearing, Case, Event, Ruling};
use crate::judge::{
    advice,
    evidence::EvidenceList,
    finding::{Outcome, Severity},
    gap::Wait,
    marks::Marks,
    seen::Seen,
    thresholds::{LEAST_RTO_NS, LEAST_WAIT_NS, PROBES, TIMEOUTS, TIMEOUTS_IN_RTO},
    words,
};
use monitor_common::{FactKind, TcpState};
use nix::errno::Errno;

pub(super) fn judge(case: &Case<'_>) -> Option<Ruling> {
    let Event::Fact(seen) = case.event else {
        return None;
    };
    let gap = case.gap;
    if gap.progress() > 0 || gap.payload_ns.is_some() {
        return None;
    }
    let sign = sign(case, seen)?;
    let wait = gap.wait.map_or(gap.ended_ns, |wait| wait.since_ns);
    let without_ack = case.now_ns.saturating_sub(wait);
    let socket = &seen.fact.socket;
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
    let said = match sign {
        Sign::Timeouts => format!(
            "{}, no ACK since",
            words::count(gap.timeouts.into(), "timeout")
        ),
        Sign::Probes => format!("{} unanswered", words::count(gap.probes.into(), "probe")),
        Sign::Time => format!("no ACK for {}", words::duration(without_ack)),
        Sign::Error(errno) => {
            evidence.text("error", format!("{errno:?}"));
            format!("given up with {errno:?}, no ACK since")
        }
    };
    case.settings.tell(&mut evidence);
    Some(Ruling {
        outcome: Outcome::Blackholed,
        severity: Severity::Page,
        bearing: Bearing::Failed,
        evidence,
        advice: Some(advice::outlived(gap.path.as_deref(), case.settings)),
        said,
    })
}

/// What shows it.
enum Sign {
    Timeouts,
    Probes,
    Time,
    Error(Errno),
}

fn sign(case: &Case<'_>, seen: &Seen<'_>) -> Option<Sign> {
    if seen.new_state() == Some(TcpState::Close) {
        // A closed window can end like this while the peer answers every probe.
        let heard = case.gap.before.heard(&Marks::of(&seen.fact.socket));
        return given_up(seen).filter(|_| !heard).map(Sign::Error);
    }
    if !matches!(seen.kind, FactKind::Retransmitted | FactKind::Swept) {
        return None;
    }
    // The gap begins its wait anew with whatever comes from the peer: what is
    // counted from there on, nothing interrupted.
    let wait = case.gap.wait?;
    let socket = &seen.fact.socket;
    let timeouts = socket.retransmits.saturating_sub(wait.marks.retransmits);
    let in_flight = socket.packets_out > 0 || seen.kind == FactKind::Retransmitted;
    let waited = case.now_ns.saturating_sub(wait.since_ns);
    let lasted = waited.max(u64::from(socket.rto_jiffies).saturating_mul(case.jiffy_ns));
    if in_flight && timeouts >= TIMEOUTS && lasted >= LEAST_WAIT_NS {
        Some(Sign::Timeouts)
    } else if in_flight && timeouts > 0 && waited_long(case, &wait) {
        Some(Sign::Time)
    } else if socket.probes_out.saturating_sub(wait.marks.probes_out) >= PROBES {
        Some(Sign::Probes)
    } else {
        None
    }
}

/// Whether the time that the timeouts would have taken is over.
fn waited_long(case: &Case<'_>, wait: &Wait) -> bool {
    let rto = u64::from(wait.marks.rto_jiffies)
        .saturating_mul(case.jiffy_ns)
        .max(LEAST_RTO_NS);
    case.now_ns.saturating_sub(wait.since_ns) >= rto.saturating_mul(TIMEOUTS_IN_RTO)
}

/// What the kernel leaves when it gives up: ETIMEDOUT, or the last ICMP error
/// (`icmp_err_convert` in net/ipv4/icmp.c, `tab_unreach` in net/ipv6/icmp.c).
const GIVEN_UP: [Errno; 9] = [
    Errno::ETIMEDOUT,
    Errno::EHOSTUNREACH,
    Errno::ENETUNREACH,
    Errno::ECONNREFUSED,
    Errno::ENOPROTOOPT,
    Errno::EHOSTDOWN,
    Errno::ENONET,
    Errno::EACCES,
    Errno::EPROTO,
];

/// The error with which the kernel gave the connection up, if it did.
fn given_up(seen: &Seen<'_>) -> Option<Errno> {
    GIVEN_UP
        .into_iter()
        .find(|errno| seen.fact.socket.sk_err == *errno as u32)
}
