//! MTU: what was due is acknowledged since the kernel made its segments smaller, after timeouts. So full ones do not
//! pass, and nobody says so.

use super::card::{Card, Case, Fell, Stands};
use crate::advice;
use crate::evidence::EvidenceList;
use crate::ruling::Ruling;
use monitor_model::finding::Severity;

pub(super) const CARD: Card = Card {
    stands: Stands::Nothing,
    moves: true,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let Fell {
        before,
        now,
        lasted_ns,
    } = case.mss_fell?;
    let mut evidence = EvidenceList::default();
    evidence
        .text("mtu", "observed")
        .count("segment_bytes_before", before)
        .count("segment_bytes", now);
    Some(Ruling {
        severity: Severity::Ticket,
        evidence,
        advice: Some(advice::mtu()),
        summary_tail: format!(
            "segments of {before} bytes did not pass, those of {now} do (tcp_mtu_probing): the path's MTU is smaller \
             than its ends are told"
        ),
        ..Ruling::of(lasted_ns)
    })
}
