//! What holds for any facts in any order.

use super::story::{JIFFY_NS, SECOND, azure, owner, socket, wall};
use crate::{Input, Judge, JudgedPath, Limits, Observation, Verdict};
use monitor_common::{Fact, FactKind, NO_PATH, Segment, Socket};
use monitor_model::finding::{Certainty, Clock, FindingKind, Outcome};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::sync::Arc;

fn paths() -> Vec<JudgedPath> {
    vec![
        azure(),
        JudgedPath {
            id: 1,
            clock: Clock::Payload,
            stated: false,
            ..azure()
        },
    ]
}

/// Close to numbers that mean something, or anything.
///
/// Boxed, as facts are: what makes a fact is too large for a test's stack.
fn number() -> BoxedStrategy<u32> {
    prop_oneof![
        4 => 0..12_u32,
        4 => 9_990..10_020_u32,
        4 => 89_990..90_020_u32,
        1 => u32::MAX - 5..=u32::MAX,
        1 => any::<u32>(),
    ]
    .boxed()
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![8 => (0..3_000_u64).prop_map(|s| (1_000 + s) * SECOND), 1 => any::<u64>()]
}

fn idle() -> impl Strategy<Value = u64> {
    prop_oneof![8 => (0..400_u64).prop_map(|s| s * SECOND), 1 => any::<u64>()]
}

prop_compose! {
    fn sockets()(
        cookie in 0..4_u64,
        sequence in [number(), number(), number(), number()],
        segs in [number(), number()],
        small in [0..6_u8, 0..6_u8],
        state in prop_oneof![6 => Just(1_u32), 3 => 0..14_u32],
        error in select(vec![0_u32, 32, 101, 103, 104, 110, 113]),
        bytes in (any::<u64>(), 500..520_u64, 800..820_u64),
        jiffies in [number(), number(), number(), number()],
        own in [number(), number(), number(), number(), number(), number()],
        family in select(vec![4_u16, 6, 9]),
        wild in any::<[u32; 6]>(),
        clocks in (number(), select(vec![20_u16, 32]), 0..17_u8, number()),
    ) -> Socket {
        Socket {
            cookie,
            family,
            rcv_tsval: clocks.0,
            tcp_header_len: clocks.1,
            snd_wscale: clocks.2,
            rtt_min_us: clocks.3,
            snd_una: sequence[0],
            snd_nxt: sequence[1],
            write_seq: sequence[2],
            rcv_nxt: sequence[3],
            segs_in: segs[0],
            segs_out: segs[1],
            retransmits: small[0],
            probes_out: small[1],
            packets_out: u32::from(small[0] ^ small[1]),
            state,
            sk_err: error,
            bytes_retrans: bytes.0,
            bytes_sent: bytes.1,
            bytes_received: bytes.2,
            jiffies: jiffies[0],
            rcv_tstamp: jiffies[1],
            lrcvtime: jiffies[2],
            keepalive_time: wild[0],
            keepalive_intvl: wild[1],
            rto_jiffies: wild[2],
            user_timeout_ms: wild[3],
            remote_port: if wild[4] % 4 == 0 { wild[4] as u16 } else { 443 },
            lsndtime: jiffies[3],
            copied_seq: own[0],
            rcv_wup: own[1],
            rcv_wnd: own[2],
            snd_wnd: own[3],
            snd_wl1: own[4],
            total_retrans: own[5],
            pacing_rate: bytes.1,
            keepalive_probes: wild[5],
            ..socket()
        }
    }
}

prop_compose! {
    fn facts()(
        kind in 0..13_u32,
        flags in prop_oneof![8 => Just(1_u32), 1 => 0..256_u32],
        time_ns in time(),
        idles in [idle(), idle()],
        path_id in select(vec![0, 1, 7, NO_PATH]),
        states in [0..14_u32, 0..14_u32],
        segment in (number(), number(), 0..10_u32),
        options in (number(), 0..4_u8, 0..3_u8, any::<u16>()),
        tcp_flags in any::<u8>(),
        socket in sockets().boxed(),
    ) -> Fact {
        Fact {
            kind,
            flags,
            time_ns,
            packet_idle_ns: idles[0],
            packet_idle_max_ns: idles[0].max(idles[1]),
            payload_idle_ns: idles[1],
            path_id,
            pid: 0,
            comm: [0; 16],
            old_state: states[0],
            new_state: states[1],
            segment: Segment {
                seq: segment.0,
                ack: segment.1,
                payload_len: segment.2,
                tcp_flags,
                tsval: options.0,
                options: options.1,
                ttl: options.2,
                window: options.3,
                ..Segment::default()
            },
            socket,
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Fact(Box<Fact>, u64),
    SweepDone(u64, u64),
    Tick(u64),
    NextLook(u64),
    Reload,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => (facts().boxed(), prop_oneof![9 => Just(0), 1 => any::<u64>()])
            .prop_map(|(fact, slept)| Step::Fact(Box::new(fact), slept)),
        2 => (time(), time()).prop_map(|(started, now)| Step::SweepDone(started, now)),
        4 => time().prop_map(Step::Tick),
        2 => idle().prop_map(Step::NextLook),
        1 => Just(Step::Reload),
    ];
    vec(step, 0..60)
}

fn judged(steps: &[Step], limits: Limits) -> (Judge, Vec<Verdict>) {
    let mut judge = Judge::new(paths(), limits);
    let mut out = Vec::new();
    for step in steps {
        match step {
            Step::Fact(fact, suspended_ns) => {
                if let Some((netns, address)) = judge.asks(fact) {
                    let answer = Input::OwnAddress {
                        now_ns: fact.time_ns,
                        netns,
                        address,
                        there: fact.socket.segs_out % 2 == 0,
                    };
                    judge.take(&answer, &mut out);
                }
                let observation = Observation {
                    fact,
                    wall_unix_ns: wall(fact.time_ns % (1 << 60)),
                    suspended_ns: *suspended_ns,
                    owner: Arc::new(owner()),
                };
                let input = match fact.kind() {
                    // Rows are judged late: with the end of a sweep, or when the next portion is due.
                    Some(FactKind::Swept) => Input::Row {
                        number: fact.flags % 8,
                        row: observation,
                    },
                    _ => Input::Fact(observation),
                };
                judge.take(&input, &mut out);
                let below = fact.socket.segs_in % 8;
                judge.take(&Input::JudgeRows { below }, &mut out);
            }
            Step::SweepDone(started, now) => {
                let done = Input::SweepDone {
                    started_ns: *started,
                    now_ns: *now,
                    wall_unix_ns: 0,
                    complete: true,
                };
                judge.take(&done, &mut out);
            }
            Step::Tick(now) => judge.tick(*now, i64::MAX, &mut out),
            Step::NextLook(within) => {
                let next = Input::NextLook { within_ns: *within };
                judge.take(&next, &mut out);
            }
            Step::Reload => judge.set_paths(paths()),
        }
    }
    (judge, out)
}

/// Outcomes that nothing may follow within their gap. (Where nobody looks at a FIN, a write may yet meet RST.)
fn finals(verdicts: &[Verdict]) -> Vec<Outcome> {
    verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            // One under a closed window ends a stall.
            Verdict::Finding(finding)
                if finding
                    .evidence
                    .iter()
                    .any(|fact| fact.value == "under_closed_window") =>
            {
                None
            }
            Verdict::Finding(finding) => match finding.kind {
                FindingKind::Outcome { outcome } => {
                    let mut evidence = finding.evidence.iter();
                    let unread = evidence.any(|one| one.fact == "fin_unread");
                    (!unread).then_some(outcome)
                }
                _ => None,
            },
            Verdict::Rules(_)
            | Verdict::SilenceEnded { .. }
            | Verdict::StallEnded { .. }
            | Verdict::PileEnded { .. }
            | Verdict::Over { .. }
            | Verdict::Unanswered { .. }
            | Verdict::Answered { .. }
            | Verdict::Reconnected { .. } => None,
        })
        .filter(|outcome| !matches!(outcome, Outcome::Acknowledged | Outcome::Blackholed))
        .collect()
}

/// Makes of any facts those of one gap: the first ends it, and whatever follows
/// shows silences of less than a second.
fn one_gap(facts: Vec<Fact>, first: FactKind, order: &[u64]) -> Vec<Step> {
    let mut time_ns = 2_000 * SECOND;
    let mut steps = Vec::new();
    for (index, mut fact) in facts.into_iter().enumerate() {
        time_ns += order.get(index).copied().unwrap_or(0);
        fact.time_ns = time_ns;
        fact.socket.cookie = 1;
        fact.socket.remote_port = 443;
        fact.flags = 1;
        fact.path_id = 0;
        if index == 0 {
            fact.kind = first as u32;
            fact.socket.state = 1;
            fact.socket.packets_out = 0;
            fact.packet_idle_ns = 250 * SECOND;
        } else {
            fact.packet_idle_ns %= SECOND;
            fact.packet_idle_max_ns %= SECOND;
            fact.payload_idle_ns %= SECOND;
            // Such a fact would say that another gap ended, or another
            // connection began.
            if matches!(
                fact.kind(),
                Some(FactKind::GapEndedBySend | FactKind::GapEndedByReceive)
            ) {
                fact.kind = FactKind::Sent as u32;
            }
            if matches!(fact.new_state, 1 | 2) {
                fact.new_state = 8;
            }
        }
        steps.push(Step::Fact(Box::new(fact), 0));
        steps.push(Step::Tick(time_ns));
    }
    steps
}

proptest! {
    #[test]
    fn any_facts_are_judged_without_panic_within_bounds_and_with_evidence(steps in steps()) {
        let limits = Limits {
            max_connections: 2,
            max_contrasts: 1,
            max_stalls: 1,
            max_habits: 2,
            max_workloads: 1,
            close_wait_ticket: 4,
            jiffy_ns: JIFFY_NS,
            scoped: false,
        };
        let (judge, out) = judged(&steps, limits);
        prop_assert!(judge.stats().tracked <= 2);
        prop_assert!(judge.stats().contrasts <= 1);
        prop_assert!(judge.stats().stalls <= 1);
        // Two connections, two more whose long answers are known, and a workload.
        prop_assert!(judge.stats().habits <= 5);
        for verdict in &out {
            if let Verdict::Finding(finding) = verdict {
                prop_assert!(!finding.evidence.is_empty());
                prop_assert!(finding.gap_seconds.is_finite());
                prop_assert!(!finding.summary.is_empty());
                let suspected = matches!(finding.kind.name(), "undelivered" | "awaiting_reply")
                    || finding.evidence.iter().any(|fact| fact.value == "under_closed_window");
                prop_assert_eq!(finding.certainty == Certainty::Suspected, suspected);
            }
        }
    }

    #[test]
    fn one_gap_has_at_most_one_final_outcome(
        facts in vec(facts(), 1..40),
        first in select(vec![FactKind::GapEndedBySend, FactKind::GapEndedByReceive]),
        order in vec(0..2 * SECOND, 40),
        lost in vec(any::<bool>(), 80),
    ) {
        let steps: Vec<Step> = one_gap(facts, first, &order)
            .into_iter()
            .enumerate()
            .filter(|(index, _)| *index == 0 || !lost.get(*index).copied().unwrap_or(false))
            .map(|(_, step)| step)
            .collect();
        let (_, out) = judged(&steps, Limits::new(JIFFY_NS));
        let outcomes = finals(&out);
        prop_assert!(outcomes.len() <= 1, "{outcomes:?}");
    }

    #[test]
    fn facts_told_twice_say_no_more(facts in vec(facts(), 1..20), order in vec(0..2 * SECOND, 20)) {
        let once = one_gap(facts, FactKind::GapEndedBySend, &order);
        let twice: Vec<Step> = once.iter().flat_map(|step| [step.clone(), step.clone()]).collect();
        let (_, out) = judged(&once, Limits::new(JIFFY_NS));
        let (_, repeated) = judged(&twice, Limits::new(JIFFY_NS));
        prop_assert_eq!(finals(&out), finals(&repeated));
    }

    #[test]
    fn everything_is_forgotten_in_the_end(steps in steps()) {
        let (mut judge, mut out) = judged(&steps, Limits::new(JIFFY_NS));
        // The first call says what time it is, to a fact from the future too.
        judge.tick(5_000 * SECOND, 0, &mut out);
        judge.tick(10_000 * SECOND, 0, &mut out);
        prop_assert_eq!(judge.stats().tracked, 0);
        prop_assert_eq!(judge.stats().stalls, 0);
        judge.tick(100_000 * SECOND, 0, &mut out);
        prop_assert_eq!(judge.stats().habits, 0);
    }
}
