//! A server and its clients: one that walks away is a record, many that fail together are a page.

use super::story::{JIFFY_NS, MS, SECOND, Story, azure, evidence};
use crate::{Input, JudgedPath, PeerRole};
use monitor_common::{Fact, FactKind, NO_PATH, flags};
use monitor_model::finding::{Finding, Scope, Severity};

/// How another client fares in what a sweep shows.
#[derive(Clone, Copy, Debug)]
struct Client {
    /// Its address is 20.1.`net`.`host`.
    net: u8,
    host: u8,
    /// Which of its connections.
    port: u16,
    /// So long ago it was heard.
    heard_ns: u64,
    timeouts: u8,
}

/// One that was heard 20 ms ago.
fn moves(net: u8, host: u8) -> Client {
    Client {
        net,
        host,
        port: 40_000,
        heard_ns: 20 * MS,
        timeouts: 0,
    }
}

/// One that was heard 1.5 s ago, and whose data timed out twice since.
fn fails(net: u8, host: u8) -> Client {
    Client {
        heard_ns: 3 * SECOND / 2,
        timeouts: 2,
        ..moves(net, host)
    }
}

/// One that was heard so many seconds ago, and has nothing to hear.
fn quiet(net: u8, host: u8, seconds: u64) -> Client {
    Client {
        heard_ns: seconds * SECOND,
        ..moves(net, host)
    }
}

impl Client {
    fn row(self, story: &Story) -> Fact {
        let mut row = story.fact(FactKind::Swept);
        (row.packet_idle_ns, row.packet_idle_max_ns) = (self.heard_ns, self.heard_ns);
        row.payload_idle_ns = self.heard_ns;
        let socket = &mut row.socket;
        socket.cookie =
            0x1_0000 + u64::from(self.net) * 0x100_0000 + u64::from(self.host) * 0x1_0000;
        socket.cookie += u64::from(self.port);
        (socket.remote[2], socket.remote[3]) = (self.net, self.host);
        socket.remote_port = self.port;
        if self.timeouts == 0 {
            row.flags |= flags::SAMPLED;
        }
        let heard = socket
            .jiffies
            .wrapping_sub((self.heard_ns / JIFFY_NS) as u32);
        (socket.rcv_tstamp, socket.lrcvtime) = (heard, heard);
        let in_flight = u32::from(self.timeouts > 0);
        socket.lsndtime = if self.timeouts > 0 {
            socket.jiffies
        } else {
            heard
        };
        socket.snd_una = 10_000;
        socket.snd_nxt = 10_000 + 400 * in_flight;
        socket.write_seq = socket.snd_nxt;
        (socket.retransmits, socket.packets_out) = (self.timeouts, in_flight);
        socket.rto_jiffies = 50 << self.timeouts;
        row
    }
}

/// A server's end: port 5432, whose client is 20.1.2.3.
fn server(mut story: Story) -> Story {
    let socket = &mut story.socket;
    socket.accepted = 1;
    // The passive side counts no SYN.
    socket.bytes_acked = socket.bytes_sent;
    (socket.local_port, socket.remote_port) = (5_432, 40_000);
    story
}

/// All that a sweep shows of them.
fn shows(story: &mut Story, clients: &[Client]) {
    for client in clients {
        let row = client.row(story);
        story.judge.note_sibling(&row);
    }
}

/// The server speaks to a client that is gone, beside `clients`; it was silent for `silent` seconds before.
fn after(mut story: Story, silent: f64, clients: &[Client]) -> Story {
    story.wait(silent).sends(400);
    story
        .wait(0.42)
        .times_out()
        .wait(0.42)
        .times_out()
        .wait(0.5);
    shows(&mut story, clients);
    story.wait(0.34).times_out().wait(0.1);
    shows(&mut story, clients);
    story.sweep();
    story
}

/// The same without a silence.
fn vanishes(clients: &[Client]) -> Story {
    after(server(Story::on(azure())), 2.0, clients)
}

fn advice(finding: &Finding) -> &str {
    finding.advice.as_deref().unwrap_or_default()
}

/// So many that move, each in a /24 of its own.
fn that_move(count: u8) -> Vec<Client> {
    (0..count).map(|net| moves(100 + net, 7)).collect()
}

#[test]
fn one_client_that_walks_away_is_a_record() {
    let story = vanishes(&that_move(12));
    assert_eq!(story.said(), ["blackholed none"]);
    let finding = story.finding("blackholed");
    assert_eq!(evidence(finding, "client_vanished"), true);
    assert_eq!(evidence(finding, "clients_fine"), 12);
    assert_eq!(evidence(finding, "clients_failing"), 1);
    assert_eq!(finding.scope, None);
    assert!(
        finding
            .summary
            .ends_with("the client has vanished, 12 other clients of port 5432 are fine"),
        "{}",
        finding.summary
    );
    assert!(
        !advice(finding).contains("KEEPALIVE"),
        "{}",
        advice(finding)
    );
    assert!(
        !advice(finding).contains("whether others"),
        "{}",
        advice(finding)
    );
}

#[test]
fn two_of_thirteen_that_change_networks_are_records_also_from_one_network() {
    let mut clients = that_move(11);
    clients.push(fails(2, 9));
    let story = vanishes(&clients);
    assert_eq!(story.said(), ["blackholed none"]);
    assert_eq!(evidence(story.finding("blackholed"), "clients_failing"), 2);
}

#[test]
fn it_is_a_ticket_where_the_role_of_its_path_says_that_peers_stay() {
    let path = JudgedPath {
        role: PeerRole::Servers,
        ..azure()
    };
    let story = after(server(Story::on(path)), 2.0, &that_move(12));
    assert_eq!(story.said(), ["blackholed ticket"]);
}

#[test]
fn without_others_it_is_judged_as_ever() {
    assert_eq!(vanishes(&[]).said(), ["blackholed page"]);
}

#[test]
fn where_most_do_not_move_it_is_a_page() {
    for clients in [
        vec![fails(5, 1)],
        vec![moves(4, 1), fails(5, 1)],
        vec![moves(4, 1), fails(5, 1), fails(6, 1)],
    ] {
        assert_eq!(
            vanishes(&clients).said(),
            ["blackholed page"],
            "{clients:?}"
        );
    }
    let clients = [moves(4, 1), moves(7, 1), fails(5, 1)];
    assert_eq!(vanishes(&clients).said(), ["blackholed none"]);
}

#[test]
fn a_quarter_of_them_and_three_at_least_is_a_share() {
    for (move_on, fail, says) in [
        (10, 2, "blackholed none"),
        (9, 2, "blackholed page"),
        (3, 1, "blackholed none"),
        (30, 9, "blackholed page"),
        (31, 9, "blackholed none"),
    ] {
        let mut clients = that_move(move_on);
        clients.extend((0..fail).map(|host| fails(10 + host, 1)));
        let story = vanishes(&clients);
        assert_eq!(story.said(), [says], "{move_on} {fail}");
    }
    let mut clients = that_move(9);
    clients.extend([fails(5, 1), fails(6, 1)]);
    let story = vanishes(&clients);
    let finding = story.finding("blackholed");
    assert!(
        finding
            .summary
            .ends_with("3 of the 12 clients known of port 5432 fail"),
        "{}",
        finding.summary
    );
    let none = finding
        .evidence
        .iter()
        .all(|known| known.fact != "client_vanished");
    assert!(none, "{:?}", finding.evidence);
}

#[test]
fn a_client_is_one_however_many_connections_it_has() {
    let mut clients = that_move(12);
    for port in 1..20 {
        clients.push(Client {
            port,
            ..fails(2, 3)
        });
    }
    let story = vanishes(&clients);
    assert_eq!(story.said(), ["blackholed none"]);
    assert_eq!(story.finding("blackholed").scope, None);
    assert_eq!(
        evidence(story.finding("blackholed"), "siblings_failing"),
        19
    );
}

#[test]
fn a_whole_prefix_that_fails_is_a_page() {
    let mut clients = that_move(40);
    clients.extend([fails(2, 4), fails(2, 5), fails(2, 6)]);
    let story = vanishes(&clients);
    assert_eq!(story.said(), ["blackholed page"]);
    let finding = story.finding("blackholed");
    assert_eq!(finding.scope, Some(Scope::PeerOrNetwork));
    assert!(
        finding
            .summary
            .ends_with("all 4 clients known in 20.1.2.0/24 fail, 40 others of port 5432 are fine: the way there is down"),
        "{}",
        finding.summary
    );
    // Somebody there is heard: no.
    clients.push(moves(2, 7));
    assert_eq!(vanishes(&clients).said(), ["blackholed none"]);
}

#[test]
fn a_whole_path_that_fails_is_a_page() {
    let other = JudgedPath {
        id: 1,
        name: "elsewhere".into(),
        ..azure()
    };
    let mut story = server(Story::on(azure()));
    story.judge.set_paths(vec![azure(), other]);
    let mut rows = Vec::new();
    story.wait(2.0).sends(400);
    story
        .wait(0.42)
        .times_out()
        .wait(0.42)
        .times_out()
        .wait(0.5);
    for client in that_move(40) {
        let mut row = client.row(&story);
        row.path_id = 1;
        rows.push(row);
    }
    for client in [fails(5, 1), fails(6, 1)] {
        rows.push(client.row(&story));
    }
    for row in &rows {
        story.judge.note_sibling(row);
    }
    story.wait(0.34).times_out().wait(0.1).sweep();
    assert_eq!(story.said(), ["blackholed page"]);
    let finding = story.finding("blackholed");
    assert_eq!(finding.scope, Some(Scope::PeerOrNetwork));
    assert!(
        finding
            .summary
            .contains("all 3 clients known on azure-snat fail"),
        "{}",
        finding.summary
    );
}

#[test]
fn a_client_with_another_connection_that_moves_lives() {
    let mut clients = that_move(12);
    clients.push(Client {
        port: 41_000,
        ..moves(2, 3)
    });
    let story = vanishes(&clients);
    assert_eq!(story.said(), ["blackholed page"]);
    let finding = story.finding("blackholed");
    assert!(
        finding.summary.contains("1 other connection there is fine"),
        "{}",
        finding.summary
    );
    assert!(
        !advice(finding).contains("whether others"),
        "{}",
        advice(finding)
    );
}

#[test]
fn of_quiet_clients_one_alone_is_a_record_and_a_second_is_not() {
    let clients: Vec<_> = (0..12).map(|net| quiet(100 + net, 7, 170)).collect();
    assert_eq!(vanishes(&clients).said(), ["blackholed none"]);
    let clients = [&clients[..], &[fails(5, 1)]].concat();
    assert_eq!(vanishes(&clients).said(), ["blackholed page"]);
}

#[test]
fn what_was_told_as_a_record_becomes_a_page_with_those_that_follow() {
    let mut story = vanishes(&that_move(9));
    assert_eq!(story.said(), ["blackholed none"]);
    for _ in 0..3 {
        story.wait(5.0);
        shows(&mut story, &that_move(9));
        story.sweep();
    }
    assert_eq!(story.said().len(), 1, "it is told once");
    for others in [&[5][..], &[5, 6], &[5, 6]] {
        story.wait(1.0);
        shows(&mut story, &that_move(9));
        for net in others {
            let mut row = fails(*net, 1).row(&story);
            row.socket.retransmits = 3;
            row.socket.retrans_stamp = ((story.now - 3 * SECOND / 2) / MS) as u32;
            story.deliver(row);
        }
        story.sweep();
    }
    let told = ["none", "none", "page", "page", "page"];
    assert_eq!(
        story.said(),
        told.map(|severity| format!("blackholed {severity}"))
    );
    let of: Vec<_> = story
        .findings()
        .map(|finding| &finding.connection.remote)
        .collect();
    let [first, second, third] = ["20.1.2.3:40000", "20.1.5.1:40000", "20.1.6.1:40000"];
    assert_eq!(of, [first, second, third, first, second]);
    story.peer_acks().wait(1.0).sweep_without();
    assert_eq!(story.said()[5..], ["moves"; 3]);
}

#[test]
fn after_a_silence_that_reached_no_stated_timeout_it_is_a_record_too() {
    let guessed = JudgedPath {
        stated: false,
        ..azure()
    };
    for (story, silent) in [
        (Story::without_path(), 600.0),
        (Story::on(azure()), 200.0),
        (Story::on(guessed), 270.0),
    ] {
        let story = after(server(story), silent, &that_move(12));
        assert_eq!(
            story.said().last().map(String::as_str),
            Some("blackholed none")
        );
        let told = story
            .findings()
            .filter(|one| one.kind.name() == "blackholed")
            .count();
        assert_eq!(told, 1);
    }
}

#[test]
fn after_a_silence_that_reached_the_timeout_those_that_crossed_are_compared() {
    // Nobody else came out of such a silence: as ever.
    let story = after(server(Story::on(azure())), 270.0, &that_move(12));
    assert_eq!(story.said(), ["crossed none", "blackholed page"]);
    // One that did is fine.
    let mut story = server(Story::on(azure()));
    story.wait(269.0);
    shows(&mut story, &[quiet(9, 1, 250)]);
    let story = after(story, 1.0, &[moves(9, 1)]);
    assert_eq!(story.said(), ["crossed none", "blackholed ticket"]);
    assert_eq!(story.finding("blackholed").severity, Severity::Ticket);
}

/// Sweeps show one in 64 as a sample: all that move, of these rows.
fn on_a_large_host(clients: &[Client]) -> Story {
    let mut story = server(Story::on(azure()));
    let samples = Input::Samples { one_in: 64 };
    story.judge.take(&samples, &mut story.verdicts);
    after(story, 2.0, clients)
}

#[test]
fn where_a_share_is_shown_those_that_are_fine_are_estimated() {
    let failing = |count: u8| (0..count).map(|host| fails(10 + host, 1));
    let clients: Vec<_> = that_move(4).into_iter().chain(failing(60)).collect();
    // Of 317, not of 65.
    let story = on_a_large_host(&clients);
    assert_eq!(story.said(), ["blackholed none"]);
    assert_eq!(evidence(story.finding("blackholed"), "clients_fine"), 256);
    assert_eq!(vanishes(&clients).said(), ["blackholed page"]);
    let clients: Vec<_> = that_move(2).into_iter().chain(failing(60)).collect();
    assert_eq!(on_a_large_host(&clients).said(), ["blackholed page"]);
}

#[test]
fn where_a_share_is_shown_a_prefix_is_whole_only_if_one_that_is_fine_would_have_been_seen() {
    let failing = |count: u8| (0..count).map(|host| fails(2, 10 + host));
    let clients: Vec<_> = that_move(40).into_iter().chain(failing(14)).collect();
    assert_eq!(on_a_large_host(&clients).said(), ["blackholed none"]);
    let clients: Vec<_> = that_move(40).into_iter().chain(failing(15)).collect();
    assert_eq!(on_a_large_host(&clients).said(), ["blackholed page"]);
}

#[test]
fn those_that_died_long_ago_count_no_more_and_leave_room_for_those_that_move() {
    let mut story = server(Story::on(azure()));
    story.wait(2.0);
    for cookie in 0..5_000 {
        let mut row = fails(50, 1).row(&story);
        row.socket.cookie = 0x9_0000_0000 + cookie;
        row.socket.remote[1] = (cookie >> 8) as u8;
        row.socket.remote[3] = cookie as u8;
        // Ten timeouts, the last two minutes ago.
        (row.socket.retransmits, row.socket.rto_jiffies) = (10, 30_000);
        story.judge.note_sibling(&row);
    }
    assert_eq!(story.judge.stats().siblings, 2_048);
    assert_eq!(
        after(story, 1.0, &that_move(12)).said(),
        ["blackholed none"]
    );
}

#[test]
fn a_client_of_another_port_or_one_that_this_host_called_is_no_sibling() {
    let mut story = server(Story::without_path());
    story.path_id = NO_PATH;
    story.wait(2.0).sends(400);
    story
        .wait(0.42)
        .times_out()
        .wait(0.42)
        .times_out()
        .wait(0.5);
    for client in that_move(12) {
        let mut row = client.row(&story);
        row.socket.local_port = 22;
        story.judge.note_sibling(&row);
        let mut row = client.row(&story);
        row.socket.accepted = 0;
        row.socket.bytes_acked += 1;
        row.socket.cookie += 0x10_0000_0000;
        story.judge.note_sibling(&row);
    }
    story.wait(0.34).times_out().wait(0.1).sweep();
    assert_eq!(story.said(), ["blackholed page"]);
}
