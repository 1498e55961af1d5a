//! What fails with its peer or network.

use super::*;

#[test]
fn whatever_fails_with_its_peer_or_network_is_one_page() {
    let mut watch = Watch::new();
    for connection in 0..20 {
        let mut fails = match connection % 2 {
            0 => hangs(connection),
            _ => outcome(Outcome::Blackholed, connection),
        };
        fails.scope = Some(Scope::PeerOrNetwork);
        fails.owner.unit = Some(format!("{connection}.service"));
        watch.told(fails);
    }
    watch.wait(10);
    assert_eq!(watch.said(), ["unreachable pending", "unreachable fires"]);
    let alert = watch.alert("unreachable");
    assert_eq!((alert.owner.as_str(), alert.connections), ("any", 20));
    watch.wait(200);
    for connection in 0..20 {
        match connection % 2 {
            0 => watch.moves(connection),
            _ => watch.told(outcome(Outcome::Recovered, connection)),
        };
    }
    watch.wait(2);
    assert_eq!(watch.said(), ["unreachable over"]);
}

#[test]
fn what_failed_just_before_the_outage_showed_is_part_of_it_and_brings_its_clock() {
    let mut watch = Watch::new();
    watch.told(outcome(Outcome::Blackholed, 1)).wait(3);
    let mut second = outcome(Outcome::Blackholed, 2);
    second.scope = Some(Scope::PeerOrNetwork);
    watch.told(second);
    assert_eq!(
        watch.said(),
        [
            "blackholed pending",
            "unreachable pending",
            "blackholed mended"
        ]
    );
    assert_eq!(watch.shown(), ["unreachable page pending 2"]);
    let alert = watch.alert("unreachable");
    assert_eq!((alert.since, alert.count), (moment(0), 2));
    watch.wait(7);
    assert_eq!(watch.said(), ["unreachable fires"]);
    watch.told(outcome(Outcome::Recovered, 1));
    assert_eq!(watch.shown(), ["unreachable page firing 1"]);
}

#[test]
fn a_loss_of_long_ago_stays_apart_but_one_that_lasts_does_not() {
    let mut watch = Watch::new();
    watch
        .told(outcome(Outcome::Blackholed, 1))
        .told(hangs(2))
        .wait(60);
    watch.told(unreachable(3));
    assert_eq!(
        watch.shown(),
        ["blackholed page firing 1", "unreachable page firing 2"]
    );
}

#[test]
fn a_page_that_fired_and_is_part_of_an_outage_now_is_one_page() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(12).told(unreachable(2));
    assert_eq!(watch.shown(), ["unreachable page firing 2"]);
    assert_eq!(
        watch.said(),
        [
            "blackholed pending",
            "blackholed fires",
            "unreachable pending",
            "unreachable fires",
            "blackholed over"
        ]
    );
    assert_eq!(watch.alert("unreachable").since, moment(0));
}

#[test]
fn who_is_part_of_an_outage_stays_so_until_it_moves() {
    let mut watch = Watch::new();
    watch
        .told(unreachable(1))
        .told(unreachable(2))
        .wait(1)
        .told(hangs(1));
    assert_eq!(watch.shown(), ["unreachable page pending 2"]);
    watch.moves(1).wait(1).told(hangs(1));
    assert_eq!(
        watch.shown(),
        ["blackholed page pending 1", "unreachable page pending 1"]
    );
}
