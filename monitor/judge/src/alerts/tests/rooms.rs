//! Who has how much room.

use super::*;

/// A silent connection of this user, in a process of its own name.
fn crossed_by(uid: u32, connection: u32) -> Finding {
    let mut finding = crossed(connection);
    finding.owner = Owner {
        uid: Some(uid),
        comm: Some(format!("p{connection}")),
        ..Owner::default()
    };
    finding
}

#[test]
fn a_user_with_a_thousand_process_names_has_an_eighth_and_one_alert_for_the_rest() {
    let mut watch = Watch::new();
    for connection in 0..1_050 {
        watch.told(crossed_by(1_000, connection));
    }
    let alerts: Vec<Alert> = watch.alerts.all().collect();
    assert_eq!(alerts.len(), 126);
    let more = watch.alert("more");
    assert_eq!(
        (more.owner.as_str(), more.path.as_str()),
        ("uid 1000", "any")
    );
    assert_eq!((more.connections, more.severity), (925, Severity::Ticket));
    assert_eq!(
        more.summary,
        "and 925 more of uid 1000, beyond its share; the latest: connection 1049"
    );
    assert_eq!(watch.alerts.stats().share_full_total, 925);
    // Others have their own.
    watch.told(crossed(2_000)).told(hangs(2_001));
    assert_eq!(watch.alert("crossed").connections, 1);
    assert_eq!(watch.alert("blackholed").connections, 1);
    // Those beyond the share leave as others do.
    for connection in 0..1_050 {
        watch.speaks(connection);
    }
    watch.wait(130);
    assert_eq!(
        watch.shown(),
        ["blackholed page firing 1", "crossed ticket firing 1"]
    );
}

#[test]
fn tickets_do_not_crowd_out_pages() {
    let mut watch = Watch::new();
    for uid in 1..=20 {
        for connection in 0..200 {
            watch.told(crossed_by(uid, uid * 1_000 + connection));
        }
    }
    let full = watch.alerts.stats();
    assert!(
        full.alerts_full_total > 0 && full.share_full_total > 0,
        "{full:?}"
    );
    let tickets = watch.alerts.all().filter(|alert| alert.name == "crossed");
    assert_eq!(tickets.count(), 1_000);
    watch.told(hangs(1)).wait(10);
    assert_eq!(watch.shown()[0], "blackholed page firing 1");
    // Who comes too late for a place is counted under its own name, and at last with all others.
    let more = watch.alerts.all().filter(|alert| alert.name == "more");
    let owners: Vec<String> = more.map(|alert| alert.owner).collect();
    assert_eq!(owners.len(), 17);
    assert_eq!(owners.iter().filter(|owner| *owner == "any").count(), 1);
}

#[test]
fn pages_beyond_a_share_page_together() {
    let mut watch = Watch::with(Limits {
        max_alerts: 8,
        ..Limits::default()
    });
    for connection in 0..3 {
        let mut fails = hangs(connection);
        fails.owner.unit = None;
        fails.owner.uid = Some(7);
        fails.owner.comm = Some(format!("p{connection}"));
        watch.told(fails);
    }
    watch.wait(10);
    assert_eq!(
        watch.shown(),
        ["blackholed page firing 1", "more page firing 2"]
    );
    let mut lost = outcome(Outcome::Undelivered, 9);
    lost.owner.unit = None;
    lost.owner.uid = Some(7);
    watch.told(lost);
    assert_eq!(watch.alert("more").connections, 3);
}

#[test]
fn root_has_a_share_for_each_of_its_services_and_a_container_has_one() {
    let mut watch = Watch::with(Limits {
        max_alerts: 8,
        ..Limits::default()
    });
    for (connection, (unit, container)) in
        [("a", None), ("b", None), ("c", Some("x")), ("d", Some("x"))]
            .into_iter()
            .enumerate()
    {
        let mut silent = crossed(u32::try_from(connection).expect("four"));
        silent.owner.uid = Some(0);
        silent.owner.unit = Some(unit.into());
        silent.owner.container = container.map(str::to_owned);
        watch.told(silent);
    }
    let shown: Vec<(String, String)> = watch
        .alerts
        .all()
        .map(|alert| (alert.name, alert.owner))
        .collect();
    let expected = [
        ("crossed", "a"),
        ("crossed", "b"),
        ("crossed", "c"),
        ("more", "x"),
    ];
    assert_eq!(
        shown,
        expected.map(|(name, owner)| (name.to_owned(), owner.to_owned()))
    );
}

#[test]
fn connections_beyond_the_bound_are_counted_and_keep_their_alert_for_a_while() {
    let mut watch = Watch::with(Limits {
        max_members: 2,
        ..Limits::default()
    });
    for connection in 0..5 {
        watch.told(crossed(connection));
    }
    assert_eq!(watch.shown(), ["crossed ticket firing 5"]);
    assert_eq!(watch.alerts.stats().members_full_total, 3);
    watch.speaks(0).speaks(1).wait(899);
    assert_eq!(
        watch.shown(),
        ["crossed ticket firing 3"],
        "unknown by name"
    );
    watch.wait(2);
    assert_eq!(watch.said(), ["crossed fires", "crossed over"]);
}

#[test]
fn what_is_known_of_all_alerts_is_bounded_for_tickets_and_pages_apart() {
    let mut watch = Watch::with(Limits {
        max_known: 3,
        ..Limits::default()
    });
    for connection in 0..5 {
        watch.told(crossed(connection));
    }
    watch.told(hangs(10));
    assert_eq!(watch.alerts.stats().members_full_total, 2);
    watch.moves(10).wait(2);
    assert_eq!(watch.alert("interrupted").count, 1, "it was known by name");
}
