//! What holds for stalls, whatever a connection goes through and whatever of it
//! is seen.

use super::story::{SECOND, Story, azure};
use crate::{JudgedPath, Verdict};
use monitor_common::{FactKind, TcpState};
use monitor_model::finding::{Cause, Certainty, FindingKind, Severity};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::HashMap;

/// What may happen on a connection, or to what is seen of it.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Wait(u32),
    Sweep,
    MissedBySweep,
    Sends,
    TimesOut,
    Acks,
    Heard,
    Probe,
    Queues,
    Drains,
    Window(u32),
    Unread,
    Reads,
    Transfers(u32),
    Asks,
    Hears,
    Ends,
    Another,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    use Turn::*;
    let other = select(vec![
        MissedBySweep,
        Sends,
        TimesOut,
        TimesOut,
        TimesOut,
        Acks,
        Heard,
        Probe,
        Probe,
        Queues,
        Drains,
        Window(0),
        Window(400),
        Window(65_535),
        Unread,
        Reads,
        Transfers(0),
        Transfers(4),
        Asks,
        Hears,
        Ends,
        Another,
    ]);
    let turn = prop_oneof![
        4 => (1..6_000_u32).prop_map(Wait),
        1 => (6_000..60_000_u32).prop_map(Wait),
        6 => Just(Sweep),
        8 => other,
    ];
    vec(turn, 0..120)
}

fn live(story: &mut Story, turn: Turn) {
    match turn {
        Turn::Wait(ms) => story.wait(f64::from(ms) / 1_000.0),
        Turn::Sweep => story.sweep(),
        Turn::MissedBySweep => story.sweep_without(),
        Turn::Sends => story.sends(400),
        Turn::TimesOut => {
            story.socket.retransmits = story.socket.retransmits.min(20);
            story.socket.rto_jiffies = story.socket.rto_jiffies.min(15_000);
            story.times_out()
        }
        Turn::Acks => story.peer_acks(),
        Turn::Heard => story.is_heard(),
        Turn::Probe => {
            story.socket.probes_out = story.socket.probes_out.min(20);
            story.probes_in_vain()
        }
        Turn::Queues => story.queues(5_000),
        Turn::Drains => story.drains(),
        Turn::Window(bytes) => story.peer_window(bytes),
        Turn::Unread => story.leaves_unread(65_000),
        Turn::Reads => {
            let unread = story.socket.rcv_nxt.wrapping_sub(story.socket.copied_seq);
            story.reads(unread)
        }
        Turn::Transfers(again) => story.transfers(10, again),
        Turn::Asks => story.asks(),
        Turn::Hears => story.hears(),
        Turn::Ends => story
            .becomes(TcpState::Close, 110)
            .becomes(TcpState::Established, 0),
        Turn::Another => {
            story.socket.cookie ^= 1;
            story
        }
    };
}

/// Each stall is told once, of one cause that a later word ends or that a graver
/// one takes the place of, and "moves" follows only what was told.
fn holds(verdicts: &[Verdict]) -> Result<(), TestCaseError> {
    let mut open: HashMap<String, (Cause, Severity)> = HashMap::new();
    for verdict in verdicts {
        match verdict {
            Verdict::Finding(finding) => {
                let FindingKind::Stall { cause } = finding.kind else {
                    continue;
                };
                let suspected = cause == Cause::AwaitingReply;
                prop_assert_eq!(finding.certainty == Certainty::Suspected, suspected);
                prop_assert!(!finding.evidence.is_empty());
                prop_assert!(finding.gap_seconds.is_finite());
                let severity = finding.severity;
                let before = open.insert(finding.connection.id.clone(), (cause, severity));
                // A connection that was given up is told after its end. The same may be graver by now.
                let graver = before.is_none_or(|(told, was)| told == cause && was < severity);
                prop_assert!(graver, "{:?}", before);
            }
            Verdict::StallEnded { connection_id } => {
                prop_assert!(
                    open.remove(connection_id).is_some(),
                    "moves, but nothing was told"
                );
            }
            Verdict::Rules(_)
            | Verdict::SilenceEnded { .. }
            | Verdict::PileEnded { .. }
            | Verdict::Over { .. }
            | Verdict::Unanswered { .. }
            | Verdict::Answered { .. }
            | Verdict::Reconnected { .. } => {}
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn each_stall_is_told_once_and_moves_only_after_it(turns in turns(), ring_is_full in any::<bool>()) {
        let hasty = JudgedPath { timeout_ns: 4 * SECOND, warn_ns: 3 * SECOND, ..azure() };
        let mut story = Story::on(hasty);
        story.ring_is_full = ring_is_full;
        let mut ended = 0;
        for turn in turns {
            live(&mut story, turn);
            if matches!(turn, Turn::Ends) {
                // Ends it for the judge, whose tables go by cookie.
                ended += 2;
                story.socket.cookie = story.socket.cookie & 1 | ended << 1;
            }
        }
        holds(&story.verdicts)?;
    }

    #[test]
    fn snapshots_in_any_order_say_no_more_than_in_theirs(turns in turns(), shuffle in vec(any::<u16>(), 120)) {
        let mut story = Story::on(azure());
        let mut snapshots = Vec::new();
        for turn in turns {
            live(&mut story, turn);
            snapshots.push(story.fact(FactKind::Swept));
        }
        let mut order: Vec<usize> = (0..snapshots.len()).collect();
        order.sort_by_key(|index| shuffle.get(*index).copied().unwrap_or(0));
        let mut other = Story::on(azure());
        for index in order {
            if let Some(fact) = snapshots.get(index) {
                other.deliver(*fact);
            }
        }
        holds(&other.verdicts)?;
    }
}
