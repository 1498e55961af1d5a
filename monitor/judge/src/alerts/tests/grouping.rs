//! What is one alert.

use super::*;

#[test]
fn ten_thousand_idle_connections_of_one_pool_are_one_alert() {
    let mut watch = Watch::new();
    for connection in 0..10_000 {
        watch.told(crossed(connection)).told(crossed(connection));
    }
    assert_eq!(watch.said(), ["crossed fires"]);
    let alert = watch.alert("crossed");
    assert_eq!((alert.connections, alert.count), (10_000, 10_000));
    assert_eq!(
        (alert.path.as_str(), alert.owner.as_str()),
        ("azure-snat", "api.service")
    );
    assert_eq!(
        (alert.summary.as_str(), alert.example.as_str()),
        ("connection 9999", "270f-flow")
    );
    watch.wait(200);
    for connection in 0..9_999 {
        watch.speaks(connection);
    }
    assert_eq!(watch.shown(), ["crossed ticket firing 1"]);
    watch.speaks(9_999).wait(2);
    assert_eq!(watch.said(), ["crossed over"]);
}

#[test]
fn pages_and_tickets_of_one_outcome_are_two_alerts() {
    let mut watch = Watch::new();
    let mut ticket = outcome(Outcome::Reset, 2);
    ticket.severity = Severity::Ticket;
    watch.told(outcome(Outcome::Reset, 1)).told(ticket);
    assert_eq!(
        watch.shown(),
        ["reset ticket firing 1", "reset page pending 1"]
    );
}

#[test]
fn a_connection_whose_owner_becomes_known_moves_to_its_alert_with_its_clock() {
    let mut watch = Watch::new();
    let mut nameless = hangs(1);
    nameless.owner = Owner::default();
    nameless.path = None;
    watch.told(nameless).wait(6);
    let alert = watch.alert("blackholed");
    assert_eq!(
        (alert.path.as_str(), alert.owner.as_str()),
        ("none", "unknown")
    );
    watch.told(hangs(1));
    assert_eq!(watch.shown(), ["blackholed page pending 1"]);
    assert_eq!(watch.alert("blackholed").owner, "api.service");
    watch.wait(4);
    assert_eq!(
        watch.said(),
        [
            "blackholed pending",
            "blackholed pending",
            "blackholed mended",
            "blackholed fires"
        ]
    );
    assert_eq!(watch.alert("blackholed").since, moment(0));
}

#[test]
fn an_alert_is_read_back_from_its_json() {
    let mut watch = Watch::new();
    watch.told(crossed(1));
    let json = serde_json::to_string(&watch.changes).expect("it serialises");
    assert!(
        json.starts_with(
            r#"[{"change":"firing","name":"crossed","severity":"ticket","state":"firing""#
        ),
        "{json}"
    );
    let back: Vec<AlertChange> = serde_json::from_str(&json).expect("it reads back");
    assert_eq!(back, watch.changes);
}
