//! Who got its timeout or its RST, and has connected anew.

use super::siblings::{Fares, lost};
use super::story::{SECOND, Story, azure, socket};
use crate::Verdict;
use monitor_common::{FactKind, Socket, TcpState};
use monitor_model::owner::Owner;

/// A connection died of its silence by RST; then its owner, pid 77, opens another, and `changed` says how that one
/// differs.
fn after_a_reset(changed: impl FnOnce(&mut Story)) -> Story {
    let mut story = Story::on(azure());
    story.owner.unit = Some("api.service".into());
    story.wait(270.0).sends(10).wait(0.002).peer_resets();
    assert_eq!(story.judge.stats().ended, 1);
    story.connects(0x99).socket.local_port = 40_000;
    story.owner.pid = Some(77);
    story.wait(1.0);
    changed(&mut story);
    let fact = story.fact(FactKind::Swept);
    story.deliver(fact);
    story
}

fn reconnected(story: &Story) -> Vec<&str> {
    let ids = story.verdicts.iter().filter_map(|verdict| match verdict {
        Verdict::Reconnected { connection_id } => Some(&**connection_id),
        _ => None,
    });
    ids.collect()
}

#[test]
fn it_is_told_once_when_the_owner_moves_again_towards_the_same_address() {
    let mut story = after_a_reset(|story| {
        story.wait(0.1).peer_sends(20);
    });
    let ended = story.finding("reset").connection.id.clone();
    assert_eq!(reconnected(&story), [ended.as_str()]);
    assert_eq!(story.judge.stats().ended, 0);
    story.wait(1.0).peer_sends(20);
    let fact = story.fact(FactKind::Swept);
    story.deliver(fact);
    assert_eq!(reconnected(&story).len(), 1);
}

#[test]
fn an_ack_of_new_data_is_a_sign_of_it_and_a_handshake_is_none() {
    let story = after_a_reset(|story| {
        story.sends(20).wait(0.02).peer_acks();
    });
    assert_eq!(reconnected(&story).len(), 1);
    assert!(reconnected(&after_a_reset(|_| ())).is_empty());
    let unanswered = after_a_reset(|story| {
        story.sends(20);
    });
    assert!(reconnected(&unanswered).is_empty());
}

#[test]
fn another_address_port_namespace_or_owner_is_another_matter() {
    let changes: [fn(&mut Story); 5] = [
        |story| story.socket.remote[3] = 9,
        |story| story.socket.remote_port = 8_080,
        |story| story.socket.netns = 7,
        |story| story.owner.unit = Some("batch.service".into()),
        |story| story.owner = Owner::default(),
    ];
    for change in changes {
        let story = after_a_reset(|story| {
            change(story);
            story.wait(0.1).peer_sends(20);
        });
        assert!(reconnected(&story).is_empty());
    }
}

#[test]
fn what_moved_before_the_end_only_does_not_count() {
    let mut story = Story::on(azure());
    story.wait(260.0);
    let mut other = story.fact(FactKind::Swept);
    other.socket.cookie = 0x99;
    other.socket.lrcvtime = other.socket.jiffies;
    story.deliver(other);
    story.wait(10.0).sends(10).wait(0.002).peer_resets();
    other.time_ns = story.now + SECOND;
    other.socket.jiffies = other.socket.jiffies.wrapping_add(11 * 250);
    story.deliver(other);
    assert!(reconnected(&story).is_empty());
}

#[test]
fn who_was_told_to_be_over_and_lives_on_has_not_connected_anew() {
    let mut story = Story::on(azure());
    story.wait(270.0).sends(10).wait(0.002).peer_resets();
    story.socket.state = TcpState::Established as u32;
    // Its counters, and so its id, look other than they did.
    story.socket.bytes_acked += 5;
    story.wait(11.0).peer_sends(20);
    let fact = story.fact(FactKind::Swept);
    story.deliver(fact);
    assert!(reconnected(&story).is_empty());
}

#[test]
fn it_is_not_waited_for_for_ever_and_the_number_is_bounded() {
    let mut story = after_a_reset(|_| ());
    story.wait(119.0);
    assert_eq!(story.judge.stats().ended, 0);
    let mut story = Story::on(azure());
    for cookie in 0..4_100 {
        story.socket = Socket {
            cookie: 0x1000 + cookie,
            jiffies: story.socket.jiffies,
            ..socket()
        };
        story.suspect = false;
        let mut fact = story.fact(FactKind::ResetReceived);
        (fact.packet_idle_ns, fact.packet_idle_max_ns) = (270 * SECOND, 270 * SECOND);
        fact.payload_idle_ns = 270 * SECOND;
        story.deliver(fact);
    }
    let stats = story.judge.stats();
    assert_eq!((stats.ended, stats.ended_full_total), (4_096, 4));
}

/// As [`after_a_reset`], at a server: its client comes again, from another port.
fn after_a_reset_of_a_client(changed: impl FnOnce(&mut Story)) -> Story {
    let mut story = Story::on(azure());
    (story.socket.accepted, story.socket.local_port) = (1, 5_432);
    story.owner.unit = Some("db.service".into());
    story.wait(270.0).sends(10).wait(0.002).peer_resets();
    assert_eq!(story.judge.stats().ended, 1);
    story.connects(0x99).socket.remote_port = 40_001;
    (story.socket.accepted, story.socket.local_port) = (1, 5_432);
    and_moves(story, changed)
}

#[test]
fn at_a_server_it_is_the_client_that_comes_again_from_whatever_port() {
    let story = after_a_reset_of_a_client(|_| ());
    assert_eq!(reconnected(&story).len(), 1);
    let changes: [fn(&mut Story); 3] = [
        |story| story.socket.remote[3] = 9,
        |story| story.socket.local_port = 8_080,
        |story| story.owner.unit = Some("batch.service".into()),
    ];
    for change in changes {
        assert!(reconnected(&after_a_reset_of_a_client(change)).is_empty());
    }
}

/// The connection that has just come, changed so, moves.
fn and_moves(mut story: Story, changed: impl FnOnce(&mut Story)) -> Story {
    story.wait(1.0);
    changed(&mut story);
    story.wait(0.1).peer_sends(20);
    let fact = story.fact(FactKind::Swept);
    story.deliver(fact);
    story
}

/// A connection fails with its peer, and is given up; then another owner's connection to another port of the peer moves,
/// and `changed` says how that one differs.
fn after_an_outage(beside: (u8, Fares), changed: impl FnOnce(&mut Story)) -> Story {
    let mut story = lost(&[beside]);
    story.wait(3.0).becomes(TcpState::Close, 110);
    story.connects(0x99).socket.remote_port = 8_080;
    story.owner.unit = Some("batch.service".into());
    and_moves(story, changed)
}

#[test]
fn where_the_peer_was_down_for_all_it_is_over_when_anybody_moves_there() {
    let story = after_an_outage((3, Fares::Fails), |_| ());
    let ended = story.finding("blackholed").connection.id.clone();
    assert_eq!(reconnected(&story), [ended.as_str()]);
    let changes: [fn(&mut Story); 2] = [
        |story| story.socket.remote[3] = 9,
        |story| story.socket.netns = 7,
    ];
    for change in changes {
        assert!(reconnected(&after_an_outage((3, Fares::Fails), change)).is_empty());
    }
    // One that failed alone is its owner's matter.
    let alone = after_an_outage((3, Fares::StallEnded), |_| ());
    assert!(reconnected(&alone).is_empty());
}
