//! What holds for whole lives of connections, with siblings beside them and with
//! facts lost, told twice or told late. That these lives come to everything that the
//! judge can say is a test of its own: a property that no life reaches holds nothing.

mod turns;

use super::story::{SECOND, Story, azure};
use crate::thresholds::LINGER_NS;
use crate::{End, JudgedPath, Limits, Verdict};
use monitor_common::{FactKind, TcpState, flags};
use monitor_model::finding::{Cause, Certainty, Evidence, Finding, FindingKind, Outcome, Severity};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};
use turns::{Turn, turns};

/// The path's timeout, in s: lives are long in timeouts, short in tests.
const TIMEOUT: u64 = 4;

/// A connection, and how many of its silences were long enough to speak of.
struct Life {
    story: Story,
    silences: BTreeMap<u64, usize>,
    born: u64,
    /// A stall that lasts was told once more.
    reported_anew: bool,
    /// What was acknowledged when a snapshot was taken last.
    looked_una: u32,
    /// The peer has sent its FIN, and this host its own: nothing comes behind one.
    peer_is_done: bool,
    is_done: bool,
}

impl Life {
    fn new() -> Self {
        let hasty = JudgedPath {
            timeout_ns: TIMEOUT * SECOND,
            warn_ns: 3 * SECOND,
            ..azure()
        };
        Self {
            story: Story::on(hasty),
            silences: BTreeMap::new(),
            born: 0,
            reported_anew: false,
            looked_una: 0,
            peer_is_done: false,
            is_done: false,
        }
    }

    fn of(turns: &[Turn]) -> Story {
        let mut life = Self::new();
        for turn in turns {
            life.live(*turn);
        }
        life.story
    }

    fn live(&mut self, turn: Turn) {
        let cookie = self.story.socket.cookie;
        let before = self.story.wire;
        let over = self.act(turn);
        // What follows a silence ends it, whatever that is: a probe, a segment, a death.
        let probed = matches!(turn, Turn::Probes);
        let ended = over || probed || self.story.wire != before;
        let long = self.story.now - before >= 3 * SECOND;
        *self.silences.entry(cookie).or_default() += usize::from(ended && long);
        if over {
            self.another();
        }
    }

    /// The next connection begins as the last one did, on a socket of its own.
    fn another(&mut self) {
        self.born += 1;
        let story = &mut self.story;
        let begun = super::story::socket();
        let (jiffies, cookie) = (story.socket.jiffies, begun.cookie + self.born);
        story.socket = monitor_common::Socket {
            cookie,
            jiffies,
            lsndtime: jiffies,
            lrcvtime: jiffies,
            rcv_tstamp: jiffies,
            ..begun
        };
        (story.wire, story.data) = (story.now, story.now);
        (self.peer_is_done, self.is_done) = (false, false);
    }

    /// Answers whether the connection is over.
    fn act(&mut self, turn: Turn) -> bool {
        let told_lately = self.told_lately();
        let untroubled = self.untroubled();
        let (peer_is_done, is_done) = (self.peer_is_done, self.is_done);
        self.peer_is_done |= matches!(turn, Turn::PeerCloses);
        self.is_done |= matches!(turn, Turn::Closes);
        let story = &mut self.story;
        match turn {
            Turn::Speaks | Turn::Unread | Turn::IsAnswered | Turn::PeerCloses if peer_is_done => {
                story
            }
            Turn::Waits(ms) => story.wait(f64::from(ms) / 1_000.0),
            Turn::Sweeps(count) => {
                for _ in 0..count {
                    self.on_sweep();
                }
                &mut self.story
            }
            Turn::MissedBySweep => story.sweep_without(),
            Turn::RingIsFull(full) => {
                story.ring_is_full = full;
                story
            }
            // No fact comes again after the judge has forgotten its connection.
            Turn::ToldTwice if told_lately => story.again(),
            Turn::ToldTwice => story,
            Turn::Sends | Turn::Queues | Turn::Asks | Turn::Loses | Turn::Closes if is_done => {
                story
            }
            Turn::Sends => story.sends(400),
            // Nothing times out that was not sent.
            Turn::TimesOut(_) if story.socket.packets_out == 0 => story,
            Turn::TimesOut(times) => {
                for _ in 0..times {
                    story.socket.retransmits = story.socket.retransmits.min(20);
                    story.socket.rto_jiffies = story.socket.rto_jiffies.min(400);
                    story.wait(0.42).times_out();
                }
                story
            }
            Turn::Acks => story.peer_acks(),
            Turn::Speaks => story.peer_sends(800),
            Turn::Heard => story.is_heard(),
            Turn::Resegments => {
                story.socket.mss_cache = story.socket.mss_cache.saturating_sub(400).max(500);
                story.peer_acks().next_snapshot()
            }
            Turn::Touched => story.touches_the_clock(),
            Turn::Probes => {
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
            Turn::BothStuck => {
                story.leaves_unread(65_000).peer_window(0).queues(5_000);
                for _ in 0..8 {
                    self.story.probes();
                    self.on_sweep();
                }
                &mut self.story
            }
            Turn::IsAnswered => story.is_answered(3, 0.05),
            Turn::Asks => story.wait(1.0).asks(),
            Turn::Loses => {
                for _ in 0..8 {
                    story.transfers(10, 4).next_snapshot();
                }
                story
            }
            Turn::Forger(there) => {
                story.peer.timestamps = !there;
                story
            }
            Turn::Closes => story.closes(),
            Turn::PeerCloses => story.peer_closes(),
            // The kernel side lets only those go with which nothing is wrong.
            Turn::ProbationOver if untroubled => story.probation_over(),
            Turn::ProbationOver => story,
            Turn::NeighbourFails => self.sibling(FactKind::Swept, 2, TcpState::Established),
            Turn::NeighbourMoves => self.sibling(FactKind::Swept, 0, TcpState::Established),
            Turn::NeighbourIsCut => self.sibling(FactKind::ResetReceived, 0, TcpState::Established),
            Turn::NeighbourConnects => self.sibling(FactKind::Swept, 1, TcpState::SynSent),
            Turn::OthersAreLeft => self.others_are_left(),
            Turn::PeerResets => {
                story.peer_resets();
                return true;
            }
            Turn::Resets => {
                story.becomes(TcpState::Close, 0).resets();
                return true;
            }
            Turn::Dies(error) => {
                story.becomes(TcpState::Close, error);
                return true;
            }
        };
        false
    }

    /// A second passes, and a sweep shows it: what stands is not told anew, unless the
    /// data that was due then is acknowledged, and later data is not.
    fn on_sweep(&mut self) {
        let stall_of = |verdict: &Verdict| match verdict {
            Verdict::Finding(finding) => match finding.kind {
                // Of an owner, which may show another connection.
                FindingKind::Stall {
                    cause: Cause::CloseWait,
                } => None,
                // The next connection may have it, too.
                FindingKind::Stall { cause } => Some((finding.connection.id.clone(), cause)),
                _ => None,
            },
            _ => None,
        };
        let story = &mut self.story;
        story.wait(1.0);
        let known = story.verdicts.len();
        story.sweep();
        let (before, now) = story.verdicts.split_at(known);
        // Not of the owner's others.
        let cookie = story.socket.cookie;
        let moves = |verdict: &Verdict| match verdict {
            Verdict::StallEnded { connection_id } | Verdict::Over { connection_id, .. } => {
                is_of(connection_id, cookie)
            }
            _ => false,
        };
        let una = story.socket.snd_una;
        let stands = std::mem::replace(&mut self.looked_una, una) == una;
        if stands && now.iter().any(moves) {
            let last = before.iter().rev().find_map(stall_of);
            let next = now.iter().find_map(stall_of);
            self.reported_anew |= next.is_some() && last == next;
        }
    }

    fn told_lately(&self) -> bool {
        let last = self.story.last;
        last.is_some_and(|fact| self.story.now - fact.time_ns < LINGER_NS)
    }

    fn untroubled(&self) -> bool {
        let socket = &self.story.socket;
        let answered = socket.snd_una == socket.write_seq && socket.probes_out == 0;
        self.story.suspect && answered && socket.packets_out == 0
    }

    /// Two sweeps show that the same owner keeps more connections than the bound that their peers have closed.
    fn others_are_left(&mut self) -> &mut Story {
        for _ in 0..2 {
            let story = &mut self.story;
            for number in 0..Limits::CLOSE_WAIT_TICKET {
                let mut row = story.fact(FactKind::Swept);
                row.flags = flags::CLOSE_WAIT | flags::SAMPLED;
                row.socket.cookie = 1 << 41 | number;
                row.socket.state = TcpState::CloseWait as u32;
                row.socket.copied_seq = row.socket.rcv_nxt;
                story.deliver(row);
            }
            self.on_sweep();
        }
        &mut self.story
    }

    /// Another connection of the same owner to the same peer is shown, or reset.
    fn sibling(&mut self, kind: FactKind, timeouts: u8, state: TcpState) -> &mut Story {
        let story = &mut self.story;
        let mut row = story.fact(kind);
        row.packet_idle_ns = 0;
        row.packet_idle_max_ns = 0;
        row.payload_idle_ns = 0;
        let socket = &mut row.socket;
        socket.cookie = 1 << 40 | u64::from(kind == FactKind::ResetReceived);
        socket.state = state as u32;
        socket.retransmits = timeouts;
        socket.packets_out = timeouts.into();
        let heard = socket.jiffies.wrapping_sub(u32::from(timeouts) * 100);
        (socket.rcv_tstamp, socket.lrcvtime) = (heard, heard);
        if kind == FactKind::ResetReceived {
            (socket.snd_una, socket.snd_nxt, socket.write_seq) = (10_000, 10_400, 10_400);
            socket.lsndtime = socket.jiffies;
        }
        story.judge.note_sibling(&row);
        // Whose it is shows only where it is observed.
        if timeouts == 0 && kind == FactKind::Swept {
            row.socket.snd_una = row.socket.write_seq;
            row.socket.snd_nxt = row.socket.write_seq;
            row.socket.probes_out = 0;
            row.socket.copied_seq = row.socket.rcv_nxt;
            story.deliver(row);
        }
        story
    }
}

/// Of the connection with this cookie.
fn is_of(id: &str, cookie: u64) -> bool {
    id.split('-').next() == Some(&*format!("{cookie:x}"))
}

/// Whether the silence comes to no other outcome after this one.
fn is_final(outcome: Outcome, finding: &Finding) -> bool {
    // Where nobody looks at a FIN, a write may yet meet RST.
    let unread = finding.evidence.iter().any(|one| one.fact == "fin_unread");
    !matches!(outcome, Outcome::Acknowledged | Outcome::Blackholed)
        && !unread
        && !under_closed_window(finding)
}

/// A reset that ends a stall, and not the silence before it.
fn under_closed_window(finding: &Finding) -> bool {
    let came = |fact: &Evidence| fact.fact == "reset_came" && fact.value == "under_closed_window";
    finding.evidence.iter().any(came)
}

/// No silence has more than one final outcome or crosses twice, and nothing ends of
/// which nothing was told.
fn holds(verdicts: &[Verdict], cookie: u64, silences: usize) -> Result<(), TestCaseError> {
    let mut crossed = 0;
    let (mut finals, mut silent, mut over) = (0, false, false);
    let (mut unread, mut pile) = (false, false);
    let mut stalled: Option<(Cause, Severity)> = None;
    for verdict in verdicts {
        match verdict {
            Verdict::Finding(finding) if is_of(&finding.connection.id, cookie) => {
                // The fact of its end that is told after a sweep has shown it is a record more, and wakes nobody.
                let wakes = finding.severity > Severity::None;
                crossed += usize::from(finding.kind == FindingKind::Crossed && wakes);
                match finding.kind {
                    // It is about the path.
                    FindingKind::Misstated => {}
                    FindingKind::Outcome { outcome } => {
                        finals += usize::from(is_final(outcome, finding));
                    }
                    // Nothing that moves: the one is told once, the other of an owner.
                    FindingKind::Stall {
                        cause: Cause::FinUnread,
                    } => {
                        prop_assert!(!unread, "told twice: {}", finding.summary);
                        unread = true;
                    }
                    FindingKind::Stall {
                        cause: Cause::CloseWait,
                    } => pile = true,
                    FindingKind::Stall { cause } => {
                        // The same once more where it is graver by now.
                        let severity = finding.severity;
                        let graver =
                            stalled.is_none_or(|(told, was)| told == cause && was < severity);
                        prop_assert!(graver, "a second stall within one: {}", finding.summary);
                        stalled = Some((cause, severity));
                    }
                    FindingKind::AtRisk | FindingKind::Crossed => silent = true,
                }
            }
            Verdict::SilenceEnded { connection_id } if is_of(connection_id, cookie) => {
                // Twice of one silence where a sweep missed it, which does no harm.
                prop_assert!(silent, "ended, but nothing was told");
            }
            // Of a stall or of an outcome: a stall that was told before such an outcome may end later.
            Verdict::Over { connection_id, .. } if is_of(connection_id, cookie) => {
                stalled = None;
                over = true;
            }
            Verdict::StallEnded { connection_id } if is_of(connection_id, cookie) => {
                let told = stalled.take().is_some() || over;
                prop_assert!(told, "moves, but no stall was told");
            }
            Verdict::PileEnded { connection_id } if is_of(connection_id, cookie) => {
                prop_assert!(
                    std::mem::take(&mut pile),
                    "too many no more, but never were"
                );
            }
            _ => {}
        }
    }
    prop_assert!(
        crossed <= silences,
        "{crossed} times crossed in {silences} silences"
    );
    prop_assert!(
        finals <= silences,
        "{finals} final outcomes of {silences} silences"
    );
    Ok(())
}

/// Who connects anew had ended badly before, and is told once.
fn reconnects_once(verdicts: &[Verdict]) -> Result<(), TestCaseError> {
    let mut ended = BTreeSet::new();
    for verdict in verdicts {
        match verdict {
            Verdict::Finding(finding) => {
                let over = matches!(finding.kind.name(), "reset" | "closed") || finding.given_up;
                if over && finding.severity > Severity::None {
                    ended.insert(&finding.connection.id);
                }
            }
            Verdict::Over {
                connection_id,
                end: End::Badly | End::Left,
            } => {
                ended.insert(connection_id);
            }
            Verdict::Reconnected { connection_id } => {
                let waited_for = ended.remove(connection_id);
                prop_assert!(
                    waited_for,
                    "{} connects anew, and had not ended badly",
                    connection_id
                );
            }
            _ => {}
        }
    }
    Ok(())
}

/// What holds for each finding by itself.
fn is_sound(verdicts: &[Verdict]) -> Result<(), TestCaseError> {
    for verdict in verdicts {
        let Verdict::Finding(finding) = verdict else {
            continue;
        };
        let (name, certainty) = (finding.kind.name(), finding.certainty);
        let suspected =
            matches!(name, "undelivered" | "awaiting_reply") || under_closed_window(finding);
        prop_assert_eq!(certainty == Certainty::Suspected, suspected, "{}", name);
        prop_assert!(!finding.evidence.is_empty(), "{}", name);
        prop_assert!(finding.gap_seconds.is_finite(), "{}", name);
        let alarms = finding.severity == Severity::Page;
        let may = matches!(name, "blackholed" | "undelivered" | "reset");
        prop_assert!(may || !alarms, "{} pages", name);
        let reaches = finding.scope.is_some();
        let may_reach = matches!(name, "blackholed" | "reset");
        prop_assert!(!reaches || may_reach, "{} has a scope", name);
    }
    Ok(())
}

proptest! {
    #[test]
    fn whatever_a_connection_lives_through_each_thing_is_told_once(turns in turns()) {
        let mut life = Life::new();
        for turn in turns {
            life.live(turn);
        }
        is_sound(&life.story.verdicts)?;
        reconnects_once(&life.story.verdicts)?;
        prop_assert!(!life.reported_anew, "a stall was told anew: {:?}", life.story.said());
        // The one that still lasts: it may have crossed.
        *life.silences.entry(life.story.socket.cookie).or_default() += 1;
        for (cookie, silences) in &life.silences {
            holds(&life.story.verdicts, *cookie, *silences)?;
        }
    }
}

#[test]
fn these_lives_come_to_everything_that_can_be_said() {
    let mut runner = TestRunner::deterministic();
    let mut said = BTreeSet::new();
    for _ in 0..2_000 {
        let turns = turns().new_tree(&mut runner).expect("no filter").current();
        let story = Life::of(&turns);
        if story.said().contains(&"reconnected".to_owned()) {
            said.insert("reconnected");
        }
        for finding in story.findings() {
            said.insert(finding.kind.name());
            if finding.scope.is_some() {
                said.insert(if finding.kind.name() == "reset" {
                    "cut"
                } else {
                    "unreachable"
                });
            }
            if finding.summary.contains("a longer one survived") {
                said.insert("cleared");
            }
            if finding.summary.contains("below the timeout") {
                said.insert("below");
            }
            // By the signs alone, not because answers are missed.
            let by_signs =
                |fact: &Evidence| fact.fact == "used_to_be_answered" && fact.value == false;
            if finding.evidence.iter().any(by_signs) {
                said.insert("forged");
            }
        }
    }
    let all = [
        "at_risk",
        "crossed",
        "unreachable",
        "forged",
        "cut",
        "cleared",
        "below",
        "reconnected",
    ];
    let outcomes = Outcome::ALL.iter().map(|outcome| outcome.name());
    let causes = Cause::ALL.iter().map(|cause| cause.name());
    for name in all.into_iter().chain(outcomes).chain(causes) {
        assert!(said.contains(name), "no life came to {name}: {said:?}");
    }
}
