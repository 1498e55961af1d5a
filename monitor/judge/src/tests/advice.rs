//! What is advised comes from what is known: of others, of who closed, of who still waits.

use super::story::{MS, SECOND, Story, azure, evidence};
use crate::advice::ss_kill;
use monitor_common::{Fact, FactKind, TcpState};
use monitor_model::finding::{Finding, Scope};
use std::net::SocketAddr;

fn advice(finding: &Finding) -> &str {
    finding.advice.as_deref().unwrap_or_default()
}

/// The row of another connection to the same address: it moves, or its data timed out twice.
pub(super) fn other(story: &Story, fails: bool) -> Fact {
    let mut row = story.fact(FactKind::Swept);
    let age_ns = if fails { 3 * SECOND / 2 } else { 20 * MS };
    let socket = &mut row.socket;
    socket.cookie = 0x100 + u64::from(fails);
    socket.local_port = 1_000 + u16::from(fails);
    let heard = socket.jiffies.wrapping_sub((age_ns / (4 * MS)) as u32);
    (socket.rcv_tstamp, socket.lrcvtime) = (heard, heard);
    (socket.retransmits, socket.rto_jiffies) = if fails { (2, 200) } else { (0, 50) };
    socket.packets_out = u32::from(fails);
    if !fails {
        (socket.snd_nxt, socket.write_seq) = (socket.snd_una, socket.snd_una);
    }
    row
}

/// A stall, beside others to the same address, each of which fails or moves.
fn stalls(change: impl FnOnce(&mut Story), others: &[bool]) -> Story {
    let mut story = Story::on(azure());
    story.wait(2.0).sends(400);
    change(&mut story);
    story
        .wait(0.42)
        .times_out()
        .wait(0.42)
        .times_out()
        .wait(0.5);
    for fails in others {
        let row = other(&story, *fails);
        story.judge.note_sibling(&row);
    }
    story.wait(0.34).times_out().wait(0.1).sweep();
    story
}

#[test]
fn nobody_is_sent_to_see_what_is_known_of_others() {
    let story = stalls(|_| (), &[]);
    let alone = story.finding("blackholed");
    assert!(
        advice(alone).contains("see whether others reach it"),
        "{}",
        advice(alone)
    );
    let story = stalls(|_| (), &[false]);
    let beside = story.finding("blackholed");
    assert_eq!(evidence(beside, "siblings_moving"), 1);
    assert!(
        !advice(beside).contains("whether others"),
        "{}",
        advice(beside)
    );
    assert!(
        advice(beside).starts_with("others to the same address are fine"),
        "{}",
        advice(beside)
    );
    let story = stalls(|_| (), &[true]);
    let down = story.finding("blackholed");
    assert_eq!(down.scope, Some(Scope::PeerOrNetwork));
    assert!(!advice(down).contains("whether others"), "{}", advice(down));
}

#[test]
fn what_a_client_leaves_behind_is_told_to_need_no_keepalive() {
    for (mut story, silent) in [
        (Story::on(azure()), 2.0),
        (Story::on(azure()), 200.0),
        (Story::without_path(), 600.0),
    ] {
        story.socket.accepted = 1;
        story.socket.bytes_acked = story.socket.bytes_sent;
        story
            .wait(silent)
            .sends(400)
            .times_out_thrice()
            .wait(0.1)
            .sweep();
        let finding = story.finding("blackholed");
        assert!(
            !advice(finding).contains("KEEPALIVE"),
            "{}",
            advice(finding)
        );
        assert!(!advice(finding).contains("hangs"), "{}", advice(finding));
        assert!(
            advice(finding).contains("what is left of it stays"),
            "{}",
            advice(finding)
        );
    }
}

#[test]
fn who_closed_is_part_of_it() {
    let story = stalls(|story| story.socket.state = TcpState::CloseWait as u32, &[]);
    let finding = story.finding("blackholed");
    assert!(
        advice(finding).contains("(its FIN came)"),
        "{}",
        advice(finding)
    );
    let story = stalls(|_| (), &[]);
    assert!(!advice(story.finding("blackholed")).contains("FIN"));
}

#[test]
fn where_nobody_holds_the_socket_nobody_hangs_whatever_others_meet() {
    let orphan = |story: &mut Story| {
        story.socket.orphan = 1;
        story.socket.state = TcpState::FinWait1 as u32;
    };
    for others in [&[][..], &[true]] {
        let story = stalls(orphan, others);
        let finding = story.finding("blackholed");
        assert_eq!(evidence(finding, "nobody_waits"), true);
        assert!(
            advice(finding).starts_with("no error will tell anybody"),
            "{}",
            advice(finding)
        );
        for wrong in ["TCP_USER_TIMEOUT", "ss -tK", "hangs"] {
            assert!(!advice(finding).contains(wrong), "{}", advice(finding));
        }
    }
}

#[test]
fn the_command_names_one_connection_and_is_there_while_it_hangs() {
    let story = stalls(|_| (), &[]);
    let id = &story.finding("blackholed").connection.id;
    let cut = format!("to end it now: `tcplull cut {id}`, or `ss -tK ");
    assert!(advice(story.finding("blackholed")).contains(&cut));
    assert!(
        advice(story.finding("blackholed")).ends_with(
            "`, or `ss -tK src 10.0.0.4 sport = :51234 dst 20.1.2.3 dport = :443` (root, in its network \
             namespace; matches this connection alone)"
        ),
        "{}",
        advice(story.finding("blackholed"))
    );
    let mut story = Story::on(azure());
    story
        .wait(2.0)
        .sends(400)
        .wait(0.3)
        .becomes(TcpState::Close, 110)
        .wait(5.0);
    assert!(!advice(story.finding("blackholed")).contains("ss -tK"));
    let at = |text: &str| text.parse::<SocketAddr>().expect("a socket address");
    assert_eq!(
        ss_kill(at("[2001:db8::4]:5432"), at("[2001:db8:1::9]:40000")),
        "ss -tK src 2001:db8::4/128 sport = :5432 dst 2001:db8:1::9/128 dport = :40000"
    );
}
