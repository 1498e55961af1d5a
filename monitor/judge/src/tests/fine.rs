//! Which siblings are fine, which are new, and which a RST cut off.

use super::story::{MS, SECOND, Story, azure, evidence};
use monitor_common::{Fact, FactKind, Socket, TcpState, flags};
use monitor_model::finding::{Finding, Scope};

/// The row of sibling `cookie` to the same address and port, which exchanged payload 20 ms ago; then `changed`.
fn row(story: &Story, cookie: u64, change: impl FnOnce(&mut Socket)) -> Fact {
    let mut row = story.fact(FactKind::Swept);
    (
        row.packet_idle_ns,
        row.packet_idle_max_ns,
        row.payload_idle_ns,
    ) = (20 * MS, 20 * MS, 20 * MS);
    row.flags |= flags::SAMPLED;
    let socket = &mut row.socket;
    socket.cookie = cookie;
    socket.local_port = 1_000 + cookie as u16;
    let lately = ago(socket, 20 * MS);
    (socket.rcv_tstamp, socket.lrcvtime, socket.lsndtime) = (lately, lately, lately);
    (socket.retransmits, socket.packets_out, socket.rto_jiffies) = (0, 0, 50);
    (socket.snd_una, socket.snd_nxt, socket.write_seq) = (10_000, 10_000, 10_000);
    change(socket);
    row
}

fn ago(socket: &Socket, ns: u64) -> u32 {
    socket.jiffies.wrapping_sub((ns / (4 * MS)) as u32)
}

/// It sent 400 bytes, which timed out twice, after a silence so long.
fn fails_after(socket: &mut Socket, silence_ns: u64) {
    (socket.retransmits, socket.packets_out, socket.rto_jiffies) = (2, 1, 200);
    (socket.snd_nxt, socket.write_seq) = (10_400, 10_400);
    socket.lsndtime = ago(socket, 20 * MS);
    // Two timeouts took three quarters of the one that runs.
    let heard = ago(socket, silence_ns + 620 * MS);
    (socket.rcv_tstamp, socket.lrcvtime) = (heard, heard);
}

/// Data into a dead path after 270 s, `rows` shown by the sweep before the third timeout.
fn lost(rows: impl FnOnce(&Story) -> Vec<Fact>) -> Finding {
    let mut story = Story::on(azure());
    story.wait(270.0).sends(100);
    story.times_out_twice();
    for row in rows(&story) {
        story.judge.note_sibling(&row);
    }
    story.wait(0.34).times_out();
    story.finding("blackholed").clone()
}

#[test]
fn what_answers_after_the_fate_showed_is_fine() {
    let finding = lost(|story| {
        let long_ago = 300 * SECOND;
        vec![
            // Payload came, and nothing else.
            row(story, 1, |socket| {
                socket.rcv_tstamp = ago(socket, long_ago);
                socket.lsndtime = ago(socket, long_ago);
            }),
            // Its stream is acknowledged.
            row(story, 2, |socket| {
                socket.lrcvtime = ago(socket, long_ago);
                (socket.packets_out, socket.snd_nxt, socket.write_seq) = (3, 14_000, 14_000);
            }),
            // Its keepalive probe is answered.
            row(story, 3, |socket| {
                socket.lrcvtime = ago(socket, long_ago);
                socket.lsndtime = ago(socket, long_ago);
            }),
        ]
    });
    assert_eq!(evidence(&finding, "siblings_moving"), 3);
    assert!(
        finding
            .summary
            .ends_with("3 other connections there are fine")
    );
}

#[test]
fn the_dead_and_the_dying_are_not_fine() {
    let finding = lost(|story| {
        let half_open = |state: TcpState| move |socket: &mut Socket| socket.state = state as u32;
        let mut reset = row(story, 3, |_| ());
        reset.kind = FactKind::ResetReceived as u32;
        vec![
            row(story, 1, half_open(TcpState::CloseWait)),
            row(story, 2, half_open(TcpState::FinWait2)),
            row(story, 3, |_| ()),
            reset,
            // Each of its attempts is answered, and none acknowledged.
            row(story, 4, |socket| {
                fails_after(socket, SECOND);
                socket.retransmits = 1;
                socket.rcv_tstamp = ago(socket, 20 * MS);
            }),
        ]
    });
    assert_eq!(evidence(&finding, "siblings_moving"), 0);
    assert!(!finding.summary.contains("fine"), "{}", finding.summary);
}

#[test]
fn the_peers_own_probes_do_not_show_that_anything_reaches_it() {
    let finding = lost(|story| {
        let silent = |segs_in: u32| {
            move |socket: &mut Socket| {
                let heard = ago(socket, 40 * SECOND);
                (socket.rcv_tstamp, socket.lrcvtime, socket.lsndtime) = (heard, heard, heard);
                socket.segs_in = segs_in;
            }
        };
        let mut before = row(story, 1, silent(20));
        before.time_ns -= 100 * MS;
        vec![before, row(story, 1, silent(21))]
    });
    assert_eq!(evidence(&finding, "siblings_moving"), 0);
}

/// Sweeps show all connections, a busy one among them, for a while; then that one and ours fail, and `newcomers`
/// connect before the look that tells.
fn pool(newcomers: u64, whole: bool) -> Finding {
    let mut story = Story::on(azure());
    let busy = |story: &Story| row(story, 1, |_| ());
    story.wait(265.0);
    for _ in 0..3 {
        let rows = if whole {
            vec![busy(&story)]
        } else {
            Vec::new()
        };
        story.wait(1.0);
        rows.into_iter().for_each(|row| story.deliver(row));
        let started = story.now;
        story.sweep_is_over(started);
    }
    story.wait(2.0).sends(100);
    story.times_out_twice();
    story
        .judge
        .note_sibling(&row(&story, 1, |socket| fails_after(socket, SECOND)));
    for cookie in 0..newcomers {
        story
            .judge
            .note_sibling(&row(&story, 0x100 + cookie, |_| ()));
    }
    story.wait(0.34).times_out();
    story.finding("blackholed").clone()
}

#[test]
fn the_newborn_are_not_fine_and_do_not_cancel_the_scope() {
    let finding = pool(2, true);
    assert_eq!(finding.scope, Some(Scope::PeerOrNetwork));
    assert_eq!(evidence(&finding, "siblings_newer"), 2);
    assert_eq!(evidence(&finding, "siblings_moving"), 0);
    assert!(
        finding
            .summary
            .ends_with("; new connections reach the address: it may have changed hands"),
        "{}",
        finding.summary
    );
    assert!(!pool(0, true).summary.contains("changed hands"));
}

#[test]
fn where_sweeps_show_a_share_of_all_nobody_is_known_to_be_new() {
    let finding = pool(2, false);
    assert_eq!(finding.scope, None);
    assert_eq!(evidence(&finding, "siblings_moving"), 2);
}

#[test]
fn a_busy_one_that_its_application_gave_up_still_clears_the_silence() {
    let finding = lost(|story| {
        let mut closed = row(story, 1, |socket| fails_after(socket, SECOND));
        closed.kind = FactKind::StateChanged as u32;
        (closed.old_state, closed.new_state) = (TcpState::FinWait1 as u32, TcpState::Close as u32);
        vec![row(story, 1, |socket| fails_after(socket, SECOND)), closed]
    });
    assert_eq!(finding.scope, Some(Scope::PeerOrNetwork));
}

#[test]
fn connects_whose_syn_is_sent_again_are_counted() {
    let syn = |retransmits: u8| {
        move |socket: &mut Socket| {
            socket.state = TcpState::SynSent as u32;
            (socket.retransmits, socket.packets_out) = (retransmits, 1);
        }
    };
    let finding = lost(|story| vec![row(story, 1, syn(3)), row(story, 2, syn(0))]);
    assert_eq!(evidence(&finding, "connects_failing"), 1);
    assert_eq!(evidence(&finding, "siblings_failing"), 0);
    assert_eq!(finding.scope, None);
}

/// Ours is reset on the next packet after 270 s; 30 s before, a sibling was, as `changed`; then `after`.
fn reset(change: impl Fn(&mut Socket), after: impl FnOnce(&Story) -> Vec<Fact>) -> Finding {
    let mut story = Story::on(azure());
    story.wait(240.0);
    let mut cut = row(&story, 1, |socket| {
        (socket.snd_nxt, socket.write_seq, socket.packets_out) = (10_400, 10_400, 1);
    });
    change(&mut cut.socket);
    cut.kind = FactKind::ResetReceived as u32;
    story.deliver(cut);
    story.wait(30.0);
    for row in after(&story) {
        story.judge.note_sibling(&row);
    }
    story.sends(10).wait(0.002).peer_resets();
    story.finding("reset").clone()
}

#[test]
fn a_neighbour_that_was_cut_off_clears_the_silence() {
    let asked = |socket: &mut Socket| {
        (socket.snd_nxt, socket.write_seq, socket.packets_out) = (10_000, 10_000, 0);
        socket.lrcvtime = ago(socket, SECOND);
    };
    for finding in [reset(|_| (), |_| Vec::new()), reset(asked, |_| Vec::new())] {
        assert_eq!(finding.scope, Some(Scope::PeerOrNetwork));
        assert!(
            finding.summary.ends_with(
                "1 other connection there was cut off in mid-exchange: it was not the silence"
            ),
            "{}",
            finding.summary
        );
        let advice = finding.advice.as_deref().unwrap_or_default();
        assert!(advice.contains("not at keepalive"), "{advice}");
    }
}

#[test]
fn not_every_reset_of_a_neighbour_does() {
    let after_silence = |socket: &mut Socket| {
        let heard = ago(socket, 200 * SECOND);
        (socket.rcv_tstamp, socket.lrcvtime) = (heard, heard);
    };
    let idle = |socket: &mut Socket| {
        (socket.snd_nxt, socket.write_seq, socket.packets_out) = (10_000, 10_000, 0);
        socket.lsndtime = ago(socket, SECOND);
    };
    let accepted = |socket: &mut Socket| socket.accepted = 1;
    let elsewhere = |socket: &mut Socket| socket.remote_port = 8_080;
    for change in [
        &after_silence as &dyn Fn(&mut Socket),
        &idle,
        &accepted,
        &elsewhere,
    ] {
        assert_eq!(reset(change, |_| Vec::new()).scope, None);
    }
    let outlived = reset(|_| (), |story| vec![row(story, 2, |_| ())]);
    assert_eq!(outlived.scope, None);
}

#[test]
fn beside_a_reset_nobody_is_called_fine() {
    let mut story = Story::on(azure());
    story.wait(270.0);
    story.judge.note_sibling(&row(&story, 1, |_| ()));
    story.sends(10).wait(0.002).peer_resets();
    let finding = story.finding("reset");
    assert_eq!(evidence(finding, "siblings_moving"), 1);
    assert!(
        finding
            .summary
            .ends_with("1 other connection there moved within the last 10s"),
        "{}",
        finding.summary
    );
}

#[test]
fn a_neighbours_reset_of_long_ago_clears_nothing() {
    let mut story = Story::on(azure());
    story.wait(200.0);
    let mut cut = row(&story, 1, |socket| {
        (socket.snd_nxt, socket.write_seq, socket.packets_out) = (10_400, 10_400, 1);
    });
    cut.kind = FactKind::ResetReceived as u32;
    story.deliver(cut);
    story.wait(61.0).sends(10).wait(0.002).peer_resets();
    assert_eq!(story.finding("reset").scope, None);
}
