//! Which connection it is.

use super::story::{Story, azure, socket};
use crate::connection;
use monitor_common::{Socket, TcpState};
use monitor_model::finding::{Family, Role};

/// The two ends of the pair that the design names.
fn pair() -> (Socket, Socket) {
    let mut client = socket();
    client.bytes_acked = 301;
    client.bytes_sent = 300;
    client.snd_una = 0x4942_8552_u32.wrapping_add(301);
    client.snd_nxt = client.snd_una;
    client.write_seq = client.snd_una;
    client.bytes_received = 70;
    client.rcv_nxt = 0xe833_6855_u32.wrapping_add(70);
    let mut server = socket();
    server.bytes_acked = 70;
    server.bytes_sent = 70;
    server.snd_una = client.rcv_nxt;
    server.snd_nxt = server.snd_una;
    server.write_seq = server.snd_una;
    server.bytes_received = 300;
    server.rcv_nxt = client.snd_una;
    (client, server)
}

#[test]
fn both_ends_see_one_flow_id() {
    let (client, server) = pair();
    let (client, server) = (connection(&client), connection(&server));
    assert_eq!(client.flow_id, "49428553-e8336855");
    assert_eq!(server.flow_id, client.flow_id);
    assert_eq!((client.role, server.role), (Role::Client, Role::Server));
    assert_eq!(client.id, "51-49428553-e8336855");
}

#[test]
fn data_in_flight_retransmissions_and_wrapped_counters_change_nothing() {
    let (mut client, _) = pair();
    let before = connection(&client);
    let wrapped = (1_u64 << 32) - 200;
    client.bytes_sent += wrapped + 90 + 40;
    client.bytes_retrans += 40;
    client.bytes_acked += wrapped;
    client.snd_una = client.snd_una.wrapping_add(wrapped as u32);
    client.snd_nxt = client.snd_una.wrapping_add(90);
    client.bytes_received += wrapped;
    client.rcv_nxt = client.rcv_nxt.wrapping_add(wrapped as u32);
    assert_eq!(connection(&client), before);
}

#[test]
fn our_own_fin_does_not_pass_for_a_syn() {
    let (_, mut server) = pair();
    server.accepted = 1;
    server.state = TcpState::FinWait2 as u32;
    server.snd_una = server.snd_una.wrapping_add(1);
    server.snd_nxt = server.snd_una;
    server.bytes_acked += 1;
    assert_eq!(connection(&server).role, Role::Server);
    assert_eq!(connection(&server).flow_id, "49428553-e8336855");
    let (mut client, _) = pair();
    client.state = TcpState::FinWait2 as u32;
    client.snd_una = client.snd_una.wrapping_add(1);
    client.snd_nxt = client.snd_una;
    client.bytes_acked += 1;
    assert_eq!(connection(&client).role, Role::Client);
    assert_eq!(connection(&client).flow_id, "49428553-e8336855");
}

#[test]
fn what_this_host_refused_to_let_out_changes_neither_role_nor_id() {
    let (mut client, mut server) = pair();
    server.accepted = 1;
    let before = (connection(&client), connection(&server));
    // Three attempts of 400 bytes, none of which left: a full queue, a firewall.
    client.bytes_sent += 1_200;
    server.bytes_sent += 1_200;
    assert_eq!((connection(&client), connection(&server)), before);
}

#[test]
fn one_byte_that_this_host_refused_changes_neither() {
    let (mut client, _) = pair();
    client.snd_nxt = client.snd_una;
    client.bytes_sent = client.bytes_acked - 1;
    client.bytes_retrans = 0;
    client.write_seq = client.snd_nxt;
    let before = connection(&client);
    assert_eq!(before.role, Role::Client);
    client.write_seq = client.snd_nxt.wrapping_add(1);
    client.bytes_sent += 1;
    assert_eq!(connection(&client), before);
}

#[test]
fn addresses_read_as_people_write_them() {
    let mut six = socket();
    six.family = 6;
    six.local = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4];
    six.remote = [0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    let shown = connection(&six);
    assert_eq!(
        (shown.family, shown.local.as_str()),
        (Family::Ipv6, "[2001:db8::4]:51234")
    );
    assert_eq!(shown.remote, "[2001:db8:1::9]:443");
    let four = connection(&socket());
    assert_eq!(
        (four.family, four.local.as_str()),
        (Family::Ipv4, "10.0.0.4:51234")
    );
}

#[test]
fn an_ipv6_story_is_told_like_any_other() {
    let mut story = Story::on(azure());
    story.socket.family = 6;
    story.socket.remote = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    story.wait(250.0).sends(1).times_out_thrice();
    assert!(
        story
            .finding("blackholed")
            .summary
            .starts_with("api (pid 1234) → [fd00::7]:443: ")
    );
}

#[test]
fn the_id_stays_when_later_facts_show_less() {
    let mut story = Story::on(azure());
    story.wait(185.0).sweep().wait(65.0).sends(1).wait(0.01);
    // Closed sockets have lost their port, and their counters tell another role.
    story.socket.local_port = 0;
    story.socket.bytes_acked += 77;
    story.peer_resets();
    assert_eq!(
        story.finding("at_risk").connection,
        story.finding("reset").connection
    );
}
