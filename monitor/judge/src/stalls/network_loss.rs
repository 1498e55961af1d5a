//! Network loss: much has to be sent again, yet ACKs move.

use super::card::{Card, Case, Stands};
use super::loss::Loss;
use crate::evidence::EvidenceList;
use crate::ruling::Ruling;
use crate::thresholds::{LOSSY_PERCENT, LOSSY_SEGMENTS};
use monitor_common::Socket;
use monitor_model::format;

/// Whether a connection lost so much before its present timeouts that a few of
/// them in a row mean little. What was sent again `in_outages` does not count: it was
/// no loss here and there.
pub(crate) fn lossy(socket: &Socket, in_outages: u32) -> bool {
    // Each timeout sends one segment again, and a tail-loss probe goes before them.
    let now = u32::from(socket.retransmits).saturating_add(1);
    let before = socket
        .total_retrans
        .saturating_sub(now)
        .saturating_sub(in_outages);
    before >= LOSSY_SEGMENTS
        && u64::from(before) * 100 >= u64::from(socket.data_segs_out) * LOSSY_PERCENT
}

pub(super) const CARD: Card = Card {
    stands: Stands::Loss,
    moves: true,
    ..Card::new(judge)
};

fn judge(case: &Case<'_>) -> Option<Ruling> {
    let loss = case.loss.filter(Loss::much)?;
    let mut evidence = EvidenceList::default();
    evidence
        .count("retransmitted_percent", loss.percent())
        .count("retransmitted_segments", loss.segments())
        .count("retransmitted_bytes", loss.again())
        .count("sent_bytes", loss.sent())
        .count("ack_progress_bytes", loss.progress())
        .seconds("measured_seconds", loss.span_ns())
        .count("rtt_us", case.view.fact.socket.srtt_us);
    Some(Ruling {
        evidence,
        advice: Some(
            "the way to this peer loses packets: compare other peers, look at interface errors \
             (ip -s link), policers and shapers, and the path's MTU"
                .into(),
        ),
        summary_tail: format!(
            "{} % of what was sent in {} had to be sent again ({}), yet ACKs come",
            loss.percent(),
            format::duration(loss.span_ns()),
            format::count(loss.segments().into(), "segment")
        ),
        ..Ruling::of(0)
    })
}
