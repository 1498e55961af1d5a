//! Who asks is stated, or known of the service, or shown by what the kernel counts: whether or not anybody looked before.

use super::story::{JIFFY_NS, SECOND, Story, azure, evidence};
use crate::{Dialogue, Judge, JudgedPath, Limits};
use monitor_common::{Socket, flags};

const NOTHING: [&str; 0] = [];

/// A box that forgets after 4 s.
fn hasty() -> JudgedPath {
    JudgedPath {
        timeout_ns: 4 * SECOND,
        warn_ns: 3 * SECOND,
        ..azure()
    }
}

/// The same, where somebody states that the client asks.
fn stated() -> JudgedPath {
    JudgedPath {
        dialogue: Some(Dialogue::ClientAsks),
        ..hasty()
    }
}

/// A connection to this port, on which so many exchanges went both ways that nobody looked at.
fn used(path: JudgedPath, port: u16, exchanges: u32) -> Story {
    let mut story = Story::on(path);
    use_it(&mut story, port, exchanges);
    story
}

fn use_it(story: &mut Story, port: u16, exchanges: u32) {
    story.connects(0x60);
    story.socket.remote_port = port;
    for _ in 0..exchanges {
        story.wait(0.3).asks().wait(0.012).hears();
    }
}

impl Story {
    /// A request that leaves so soon after the last answer that it may follow from it.
    fn asks_at_once(&mut self) -> &mut Self {
        self.wait(0.02).asks()
    }

    /// The answer comes, and is read.
    fn answered_by(&mut self, bytes: u32) -> &mut Self {
        self.peer_sends(bytes).reads(bytes)
    }
}

#[test]
fn a_batch_client_of_a_known_service_whose_reply_is_lost_is_told() {
    for exchanges in [1, 40] {
        let mut story = used(hasty(), 5432, exchanges);
        story.asks_at_once().snapshots(14);
        assert_eq!(story.stalls(), NOTHING, "heartbeats come every 10 s");
        story.snapshots(4);
        assert_eq!(story.stalls(), ["awaiting_reply ticket"], "{exchanges}");
        let finding = story.finding("awaiting_reply");
        assert_eq!(evidence(finding, "habit_of"), "none");
        assert_eq!(evidence(finding, "dialogue"), "postgresql");
        assert_eq!(evidence(finding, "answered_exchanges"), exchanges);
        assert!(
            finding
                .summary
                .contains("at a port of postgresql the client asks, silent for"),
            "{}",
            finding.summary
        );
    }
}

#[test]
fn it_is_told_also_where_answer_and_next_request_share_a_jiffy() {
    let mut story = used(hasty(), 5432, 5);
    story.asks().snapshots(20);
    assert_eq!(story.stalls(), ["awaiting_reply ticket"]);

    // Keepalive is answered from the second second on: what was seen before stands.
    let mut kept = used(hasty(), 5432, 5);
    kept.asks().wait(0.5).sweep();
    for _ in 0..20 {
        kept.probes().next_snapshot();
    }
    assert_eq!(kept.stalls(), ["awaiting_reply ticket"]);
}

#[test]
fn a_first_request_of_a_known_service_has_no_answer_before_it() {
    let mut story = used(hasty(), 11211, 0);
    story.asks().snapshots(60);
    assert_eq!(story.stalls(), NOTHING);
}

#[test]
fn where_the_path_states_that_the_client_asks_no_answer_is_needed() {
    let mut story = used(stated(), 7000, 0);
    story.asks().snapshots(6);
    assert_eq!(story.stalls(), ["awaiting_reply ticket"]);
    let finding = story.finding("awaiting_reply");
    assert_eq!(evidence(finding, "dialogue"), "stated");
    assert_eq!(evidence(finding, "answered_exchanges"), 0);
    assert!(
        finding
            .summary
            .ends_with("the path states that the client asks, silent for 5s"),
        "{}",
        finding.summary
    );
    // Whatever is known of the service.
    let mut redis = used(stated(), 6379, 0);
    redis.asks().snapshots(6);
    assert_eq!(redis.stalls(), ["awaiting_reply ticket"]);
}

#[test]
fn where_the_path_states_that_either_speaks_nobody_waits_in_vain() {
    let either = JudgedPath {
        dialogue: Some(Dialogue::EitherSpeaks),
        ..hasty()
    };
    let mut story = used(either, 5432, 40);
    story.is_answered(5, 0.012).wait(1.0).asks().snapshots(300);
    assert_eq!(story.stalls(), NOTHING);
}

#[test]
fn four_equal_slow_requests_are_told_once() {
    for port in [5432, 7000] {
        let mut story = used(stated(), port, 3);
        for _ in 0..4 {
            story.asks_at_once().snapshots(20).answered_by(800);
        }
        story.wait(1.0);
        assert_eq!(story.stalls(), ["awaiting_reply ticket", "moves"], "{port}");
    }
}

#[test]
fn an_answer_of_a_few_bytes_counts_too() {
    let mut story = used(stated(), 7000, 3);
    for _ in 0..4 {
        story.asks_at_once().snapshots(20).answered_by(5);
    }
    assert_eq!(story.stalls(), ["awaiting_reply ticket", "moves"]);
}

#[test]
fn what_one_connection_has_learnt_the_others_of_its_kind_know() {
    let mut story = used(stated(), 5432, 1);
    story.asks_at_once().snapshots(20).answered_by(800);
    story.wait(1.0);
    for cookie in 0x70..0x74 {
        story.connects(cookie);
        story.socket.remote_port = 5432;
        story.asks().snapshots(20).answered_by(800).wait(1.0);
    }
    assert_eq!(story.stalls(), ["awaiting_reply ticket", "moves"]);
}

#[test]
fn the_longest_answer_is_said_where_it_is_far_from_the_usual() {
    let mut story = Story::on(hasty());
    story.is_answered(5, 0.012);
    story.wait(1.0).asks().snapshots(20).answered_by(800);
    story.wait(1.0).asks().snapshots(230);
    let summaries: Vec<&str> = story
        .findings()
        .filter(|finding| finding.kind.name() == "awaiting_reply")
        .map(|finding| finding.summary.as_str())
        .collect();
    assert_eq!(summaries.len(), 2, "{summaries:?}");
    assert!(
        summaries[1].contains("in 20s at the longest (seen 6 times)"),
        "{summaries:?}"
    );
}

#[test]
fn of_other_services_the_counters_speak_where_they_leave_room_for_many_answers() {
    let mut few = used(hasty(), 443, 7);
    few.wait(1.0).asks().snapshots(60);
    assert_eq!(few.stalls(), NOTHING);

    let mut many = used(hasty(), 443, 8);
    many.wait(1.0).asks().snapshots(6);
    assert_eq!(many.stalls(), ["awaiting_reply ticket"]);
    let finding = many.finding("awaiting_reply");
    assert_eq!(evidence(finding, "habit_of"), "counters");
    assert!(
        finding
            .summary
            .contains("it asked and was answered before (up to 8 times)"),
        "{}",
        finding.summary
    );
}

#[test]
fn more_requests_than_answers_are_no_dialogue() {
    let mut story = used(hasty(), 443, 20);
    story.socket.data_segs_out += 1;
    story.wait(1.0).asks().snapshots(60);
    assert_eq!(story.stalls(), NOTHING);
    // What was sent again counts once.
    story.socket.total_retrans += 1;
    story.snapshots(2);
    assert_eq!(story.stalls(), ["awaiting_reply ticket"]);
}

/// Ports, and who waits there by design after answers: BLPOP, QoS 0 after QoS 1, prefetch 1, a subscription.
#[test]
fn where_waiting_is_the_design_nobody_is_told() {
    for port in [6379, 1883, 5672, 4222, 9092] {
        let mut story = used(hasty(), port, 40);
        story.is_answered(5, 0.012).wait(1.0).asks().snapshots(300);
        assert_eq!(story.stalls(), NOTHING, "port {port}");
    }
}

#[test]
fn who_was_told_that_it_listens_waits_in_peace() {
    // LISTEN, START_REPLICATION, COM_BINLOG_DUMP, a change stream's cursor, syncrepl, REGISTER: each is answered.
    for port in [5432, 3306, 27017, 389, 9042, 80] {
        let mut story = used(hasty(), port, 3);
        story.snapshots(30);
        // Events.
        story.hears().snapshots(30).hears().snapshots(300);
        assert_eq!(story.stalls(), NOTHING, "port {port}");
    }
}

#[test]
fn a_change_stream_asks_again_and_again() {
    let mut story = used(hasty(), 27017, 3);
    // getMore waits for 10 s, and asks again at once.
    for _ in 0..20 {
        story.asks_at_once().snapshots(10).answered_by(300);
    }
    assert_eq!(story.stalls(), NOTHING);
}

#[test]
fn a_replica_reports_where_it_is_and_is_not_answered() {
    // PostgreSQL's walreceiver, pgjdbc, psycopg: a status every 10 s; WAL comes when there is some.
    for wal_every in [3, 1_000] {
        let mut story = used(hasty(), 5432, 3);
        story.asks_at_once();
        for status in 1..30 {
            story.snapshots(10).asks();
            if status % wal_every == 0 {
                story.wait(0.1).hears().asks_at_once();
            }
        }
        assert_eq!(story.stalls(), NOTHING, "WAL after {wal_every}");
    }
}

#[test]
fn a_server_of_the_same_kind_follows_and_asks_nothing() {
    for (port, program) in [(5432, "postgres"), (3306, "mysqld"), (389, "slapd")] {
        let mut story = used(hasty(), port, 9);
        story.owner.comm = Some(program.into());
        story.wait(1.0).asks().snapshots(300);
        assert_eq!(story.stalls(), NOTHING, "{program}");
    }
}

#[test]
fn a_long_poll_and_an_event_stream_wait_in_peace() {
    let mut poll = used(hasty(), 443, 0);
    for _ in 0..5 {
        poll.asks_at_once().snapshots(25).answered_by(300);
    }
    poll.asks_at_once().snapshots(300);
    assert_eq!(poll.stalls(), NOTHING);

    let mut events = used(hasty(), 80, 1);
    for _ in 0..5 {
        events.hears().snapshots(20);
    }
    assert_eq!(events.stalls(), NOTHING);
}

#[test]
fn a_web_socket_that_speaks_without_an_answer_waits_in_peace() {
    let mut story = used(hasty(), 443, 2);
    for _ in 0..10 {
        story.wait(1.0).asks();
    }
    story.hears().wait(1.0).asks().snapshots(60);
    assert_eq!(story.stalls(), NOTHING);
}

/// A host of very many connections: no sample has shown the victim before, and the tables are full of others.
#[test]
fn among_a_hundred_thousand_others_the_victim_is_told() {
    let limits = Limits {
        max_habits: 64,
        max_workloads: 8,
        ..Limits::new(JIFFY_NS)
    };
    let mut story = Story::on(hasty());
    story.judge = Judge::new(vec![hasty()], limits);
    let others = |story: &mut Story, from: u64| {
        let (own, marks) = (story.socket, story.flags);
        story.flags |= flags::SAMPLED;
        for cookie in from..from + 25_000 {
            story.socket = Socket {
                cookie,
                local_port: cookie as u16,
                remote_port: 7_000 + (cookie % 50) as u16,
                lrcvtime: own.jiffies,
                ..own
            };
            let fact = story.fact(monitor_common::FactKind::Swept);
            story.deliver(fact);
        }
        (story.socket, story.flags) = (own, marks);
    };
    use_it(&mut story, 5432, 40);
    others(&mut story, 1 << 20);
    // The first of two slow requests is told, and answered.
    story.asks_at_once().snapshots(10);
    others(&mut story, 2 << 20);
    story.snapshots(10).answered_by(800).wait(0.05);
    others(&mut story, 3 << 20);
    // The second one is as slow, and no news.
    story.asks_at_once().snapshots(20).answered_by(800);
    others(&mut story, 4 << 20);
    assert_eq!(story.stalls(), ["awaiting_reply ticket", "moves"]);
    // The third one's reply is lost.
    story.asks_at_once().snapshots(230);
    assert_eq!(
        story.stalls(),
        ["awaiting_reply ticket", "moves", "awaiting_reply ticket"]
    );
    let stats = story.judge.stats();
    assert!(stats.habits <= 64 * 2 + 8, "{stats:?}");
    assert!(stats.habits_full_total > 90_000, "{stats:?}");
}
