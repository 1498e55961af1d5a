//! What the connections beside it say of a failure.

use super::story::{MS, SECOND, Story, azure, evidence};
use monitor_common::{Fact, FactKind, TcpState};
use monitor_model::finding::Scope;

/// How a sibling fares in what a sweep shows.
#[derive(Clone, Copy)]
pub(super) enum Fares {
    /// It was heard 20 ms ago.
    StallEnded,
    /// It was heard 1.5 s ago, and its data timed out twice since.
    Fails,
    /// It was heard 1.5 s ago, and this host cannot let out what it sends: one timeout
    /// is counted, and no more.
    StuckHere,
    /// The same, and nothing left from the first attempt on: only probes are counted.
    NeverLeft,
    /// Silent as it was, it probes in vain.
    KeptAlive,
    /// It was heard 5 minutes ago, and fails since it sent again.
    FailsAfterSilence,
}

/// The row of sibling `cookie` at 20.1.2.`host`.
fn row(story: &Story, cookie: u64, host: u8, fares: Fares) -> Fact {
    let mut row = story.fact(FactKind::Swept);
    let age_ns = match fares {
        Fares::StallEnded => 20 * MS,
        Fares::Fails | Fares::StuckHere | Fares::NeverLeft | Fares::KeptAlive => 3 * SECOND / 2,
        Fares::FailsAfterSilence => 300 * SECOND,
    };
    row.packet_idle_ns = 20 * MS;
    row.packet_idle_max_ns = 20 * MS;
    row.payload_idle_ns = 20 * MS;
    let socket = &mut row.socket;
    socket.cookie = cookie;
    socket.local_port = 1_000 + cookie as u16;
    socket.remote[3] = host;
    let heard = socket.jiffies.wrapping_sub((age_ns / (4 * MS)) as u32);
    (socket.rcv_tstamp, socket.lrcvtime) = (heard, heard);
    (socket.retransmits, socket.rto_jiffies) = match fares {
        Fares::StallEnded | Fares::NeverLeft | Fares::KeptAlive => (0, 50),
        Fares::StuckHere => (1, 50),
        Fares::Fails | Fares::FailsAfterSilence => (2, 200),
    };
    socket.packets_out = u32::from(socket.retransmits > 0);
    if matches!(fares, Fares::NeverLeft | Fares::KeptAlive) {
        socket.probes_out = 2;
    }
    if matches!(fares, Fares::NeverLeft) {
        socket.write_seq = socket.snd_nxt.wrapping_add(400);
    }
    row
}

/// Data into a dead path after 270 s; the sweep between its second timeout and the
/// third shows `siblings`.
pub(super) fn lost(siblings: &[(u8, Fares)]) -> Story {
    lost_in(Story::on(azure()), siblings)
}

/// The same in a story that has begun.
pub(super) fn lost_in(mut story: Story, siblings: &[(u8, Fares)]) -> Story {
    story.wait(270.0).sends(100);
    story.wait(0.42).times_out().wait(0.42).times_out();
    let wanted = story.judge.next_sweep_at().expect("a sweep is wanted");
    assert!(wanted > story.now && wanted < story.now + 840 * MS);
    story.wait(0.5);
    for (index, (host, fares)) in siblings.iter().enumerate() {
        let row = row(&story, 0x100 + index as u64, *host, *fares);
        story.judge.note_sibling(&row);
    }
    story.wait(0.34).times_out();
    story
}

#[test]
fn siblings_that_are_fine_make_it_the_silences_doing() {
    let story = lost(&[
        (3, Fares::StallEnded),
        (3, Fares::StallEnded),
        (9, Fares::StallEnded),
    ]);
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "siblings_moving"), 2);
    assert_eq!(evidence(finding, "siblings_failing"), 0);
    assert_eq!(finding.scope, None);
    assert!(
        finding
            .summary
            .ends_with("3 timeouts, no ACK since; 2 other connections there are fine"),
        "{}",
        finding.summary
    );
}

#[test]
fn a_fresh_neighbour_that_fails_too_makes_it_the_peer_or_the_network() {
    let mut story = lost(&[(3, Fares::Fails)]);
    let finding = story.finding("blackholed");
    assert_eq!(finding.scope, Some(Scope::PeerOrNetwork));
    assert_eq!(evidence(finding, "siblings_failing"), 1);
    assert!(
        finding
            .summary
            .ends_with("the peer or the network is down, it was not the silence"),
        "{}",
        finding.summary
    );
    let advice = finding.advice.as_deref().unwrap_or_default();
    assert!(advice.contains("not at keepalive"), "{advice}");
    // Nothing is learned of how long a silence may be.
    story
        .wait(10.0)
        .peer_sends(10)
        .wait(200.0)
        .sends(5)
        .wait(0.03)
        .peer_sends(5);
    let survived = story.finding("survived");
    let learned = |fact: &str| survived.evidence.iter().any(|known| known.fact == fact);
    assert!(!learned("shortest_failed_gap_seconds"));
}

#[test]
fn what_one_neighbour_shows_another_that_moves_outweighs() {
    let story = lost(&[(3, Fares::Fails), (3, Fares::StallEnded)]);
    assert_eq!(story.finding("blackholed").scope, None);
}

#[test]
fn siblings_that_fail_after_silences_too_do_not_acquit_the_silence() {
    let story = lost(&[(3, Fares::FailsAfterSilence); 5]);
    let finding = story.finding("blackholed");
    assert_eq!(finding.scope, None);
    assert_eq!(evidence(finding, "siblings_failing"), 5);
}

#[test]
fn elsewhere_on_the_path_it_takes_more_than_one_and_none_that_moves() {
    for (siblings, scope) in [
        (vec![(9, Fares::Fails)], None),
        (
            vec![(9, Fares::Fails), (10, Fares::Fails)],
            Some(Scope::PeerOrNetwork),
        ),
        (
            vec![
                (9, Fares::Fails),
                (10, Fares::Fails),
                (11, Fares::StallEnded),
            ],
            None,
        ),
    ] {
        let story = lost(&siblings);
        assert_eq!(
            story.finding("blackholed").scope,
            scope,
            "{}",
            siblings.len()
        );
    }
}

#[test]
fn the_same_address_in_another_network_namespace_is_another_host() {
    let mut story = Story::on(azure());
    story.wait(270.0).sends(100).wait(1.3);
    let mut row = row(&story, 0x100, 3, Fares::StallEnded);
    row.socket.netns = 7;
    story.judge.note_sibling(&row);
    for _ in 0..3 {
        story.times_out();
    }
    assert_eq!(evidence(story.finding("blackholed"), "siblings_moving"), 0);
}

#[test]
fn what_was_heard_before_the_answer_was_overdue_does_not_count() {
    let mut story = Story::on(azure());
    story.wait(270.0).sends(100).wait(0.1);
    let row = row(&story, 0x100, 3, Fares::StallEnded);
    story.judge.note_sibling(&row);
    story.wait(1.4);
    for _ in 0..3 {
        story.times_out();
    }
    assert_eq!(evidence(story.finding("blackholed"), "siblings_moving"), 0);
}

#[test]
fn siblings_are_forgotten_and_their_number_is_bounded() {
    let mut story = Story::on(azure());
    story.wait(1.0);
    for cookie in 0..5_000 {
        let row = row(&story, 0x100 + cookie, 3, Fares::StallEnded);
        story.judge.note_sibling(&row);
    }
    let stats = story.judge.stats();
    assert_eq!((stats.siblings, stats.siblings_full_total), (4_096, 904));
    story.wait(61.0);
    assert_eq!(story.judge.stats().siblings, 0);
}

#[test]
fn closes_on_a_lossy_path_leave_room_for_those_that_are_a_contrast() {
    let mut story = Story::on(azure());
    story.wait(1.0).sends(5_000);
    for cookie in 0..5_000 {
        let mut close = story.fact(FactKind::StateChanged);
        (close.old_state, close.new_state) =
            (TcpState::Established as u32, TcpState::FinWait1 as u32);
        close.socket.retrans_out = 1;
        close.socket.cookie = 0x1_0000 + cookie;
        close.socket.rcv_tstamp = close.socket.jiffies;
        story.deliver(close);
    }
    assert_eq!(story.judge.stats().siblings, 2_048);
    let row = row(&story, 0x100, 3, Fares::StallEnded);
    story.judge.note_sibling(&row);
    let stats = story.judge.stats();
    assert_eq!((stats.siblings, stats.siblings_full_total), (2_049, 0));
}

#[test]
fn what_this_host_cannot_let_out_fails_although_no_more_timeouts_are_counted() {
    for fares in [Fares::StuckHere, Fares::NeverLeft] {
        let story = lost(&[(3, fares)]);
        let finding = story.finding("blackholed");
        assert_eq!(finding.scope, Some(Scope::PeerOrNetwork));
        assert_eq!(evidence(finding, "siblings_failing"), 1);
    }
}

#[test]
fn a_neighbour_that_only_probes_may_have_died_of_its_own_silence() {
    let story = lost(&[(3, Fares::KeptAlive)]);
    let finding = story.finding("blackholed");
    assert_eq!(finding.scope, None);
    assert_eq!(evidence(finding, "siblings_failing"), 1);
}

#[test]
fn one_timeout_of_a_neighbour_is_commonplace() {
    let mut story = Story::on(azure());
    story.wait(270.0).sends(100);
    story.wait(0.42).times_out().wait(0.42).times_out();
    let mut row = row(&story, 0x100, 3, Fares::StuckHere);
    let lately = row.socket.jiffies.wrapping_sub(100);
    (row.socket.rcv_tstamp, row.socket.lrcvtime) = (lately, lately);
    story.judge.note_sibling(&row);
    story.wait(0.84).times_out();
    assert_eq!(story.finding("blackholed").scope, None);
}

#[test]
fn a_look_that_was_taken_is_wanted_no_more() {
    let mut story = Story::on(azure());
    story.wait(270.0).sends(100);
    story.wait(0.42).times_out().wait(0.42).times_out();
    let wanted = story.judge.next_sweep_at().expect("a sweep is wanted");
    story.judge.swept_since(wanted - 1);
    assert!(
        story.judge.next_sweep_at().is_some(),
        "that one came too early"
    );
    story.judge.swept_since(wanted);
    assert_eq!(story.judge.next_sweep_at(), None);
}
