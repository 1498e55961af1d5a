//! What a restart of the daemon leaves as it was.

use super::*;

#[test]
fn a_page_comes_back_with_the_time_it_began_and_pages_once() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(12);
    watch.said();
    watch.restarts_after(5).tick().told(hangs(1)).sweeps(60);
    assert!(watch.said().is_empty());
    let alert = watch.alert("blackholed");
    assert_eq!((alert.since, alert.fired), (moment(0), Some(moment(10))));
    assert_eq!((alert.connections, alert.count), (1, 1));
    watch.moves(1).wait(100);
    assert_eq!(watch.said(), ["blackholed over"]);
}

#[test]
fn a_restart_within_the_wait_goes_on_counting() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(4).restarts_after(2).wait(5);
    assert_eq!(watch.shown(), ["blackholed page pending 1"]);
    assert_eq!(watch.said(), ["blackholed pending"]);
    watch.told(hangs(1));
    assert_eq!(
        watch.said(),
        ["blackholed fires"],
        "at second 11, when it is known to hang still"
    );
    assert_eq!(watch.alert("blackholed").since, moment(0));
}

#[test]
fn what_nobody_finds_stuck_again_has_ended_in_peace() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(4).restarts_after(2).sweeps(30);
    assert_eq!(
        watch.shown(),
        ["blackholed page pending 1"],
        "it is looked for"
    );
    watch.sweeps(10);
    assert_eq!(
        watch.said(),
        [
            "blackholed pending",
            "blackholed mended",
            "interrupted fires"
        ]
    );
}

#[test]
fn a_page_that_nobody_confirms_is_over_once_it_was_seen() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(300).restarts_after(2).sweeps(34);
    assert_eq!(watch.shown(), ["blackholed page firing 1"]);
    watch.sweeps(3);
    assert_eq!(
        watch.said(),
        ["blackholed pending", "blackholed fires", "blackholed over"]
    );
}

#[test]
fn without_sweeps_nobody_knows() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(300).restarts_after(2).wait(600);
    assert_eq!(watch.shown(), ["blackholed page firing 1"]);
}

#[test]
fn one_that_mended_while_nobody_looked_lends_its_clock_to_no_other() {
    let mut watch = Watch::new();
    watch
        .told(hangs(1))
        .wait(4)
        .restarts_after(20)
        .tick()
        .told(hangs(2))
        .wait(9);
    assert_eq!(watch.shown(), ["blackholed page pending 2"]);
    watch.wait(1);
    assert_eq!(
        watch.said(),
        ["blackholed pending", "blackholed fires"],
        "ten seconds of its own"
    );
}

#[test]
fn what_ended_badly_just_before_is_still_affected_after() {
    let mut watch = Watch::new();
    watch
        .told(outcome(Outcome::Reset, 1))
        .wait(4)
        .restarts_after(2)
        .wait(1);
    watch.told(outcome(Outcome::Reset, 2)).wait(3);
    assert_eq!(watch.said(), ["reset pending", "reset fires"]);
}

#[test]
fn tickets_what_is_over_and_what_mended_come_back_too() {
    let mut watch = Watch::new();
    watch.told(hangs(9)).wait(2).moves(9).wait(2);
    watch
        .told(outcome(Outcome::Undelivered, 1))
        .over(1, End::InPeace)
        .wait(150);
    watch.told(crossed(2)).told(unreachable(3)).wait(11);
    let before: Vec<Alert> = watch.alerts.all().collect();
    assert_eq!(before.len(), 4);
    watch.restarts_after(3);
    assert_eq!(watch.alerts.all().collect::<Vec<_>>(), before);
}

#[test]
fn nothing_is_saved_where_nothing_changed() {
    let mut watch = Watch::new();
    assert!(watch.alerts.to_save(watch.now_ns()).is_none());
    watch.told(hangs(1)).wait(20);
    assert!(watch.alerts.to_save(watch.now_ns()).is_some());
    watch.wait(20);
    assert!(watch.alerts.to_save(watch.now_ns()).is_none());
    watch.alerts.not_saved();
    assert!(watch.alerts.to_save(watch.now_ns()).is_some());
}

#[test]
fn what_is_saved_is_bounded_and_pages_go_first() {
    let mut watch = Watch::new();
    for connection in 0..20_000 {
        let mut silent = crossed(connection);
        silent.owner.unit = Some(format!("{}.service", connection % 700));
        watch.told(silent);
    }
    watch.told(hangs(30_000));
    let saved = watch.alerts.to_save(watch.now_ns());
    let text = serde_json::to_string(&saved).expect("JSON");
    assert!(text.len() < 1 << 20, "{} bytes", text.len());
    watch.alerts.not_saved();
    watch.restarts_after(1);
    assert_eq!(watch.shown()[0], "blackholed page pending 1");
    assert_eq!(watch.alerts.all().count(), 512);
}

#[test]
fn a_file_from_the_future_is_taken_for_now() {
    let mut watch = Watch::new();
    watch.now = 500;
    watch.told(hangs(1)).wait(20);
    let saved = watch.alerts.to_save(watch.now_ns()).expect("it changed");
    let mut early = Alerts::restored(saved, Limits::default(), 10 * SECOND);
    assert!(early.tick(11 * SECOND).is_empty());
    assert_eq!(early.all().count(), 1);
}

#[test]
fn what_no_sweep_ever_finds_again_does_not_page_for_ever() {
    let mut watch = Watch::new();
    watch.told(hangs(1)).wait(20).restarts_after(5);
    watch.wait(1_100);
    assert_eq!(watch.shown(), ["blackholed page firing 1"]);
    watch.wait(110);
    // It is over since it was last known to hang, which is longer ago than what is over is shown.
    assert!(watch.shown().is_empty());
}

#[test]
fn one_more_that_gets_stuck_before_the_others_are_found_again_starts_no_clock_anew() {
    let mut watch = Watch::new();
    watch
        .told(hangs(1))
        .wait(1)
        .moves(1)
        .told(hangs(2))
        .told(hangs(3));
    watch.tick().restarts_after(1).tick().told(hangs(4)).wait(1);
    watch.told(hangs(2)).told(hangs(3)).wait(6);
    assert_eq!(watch.shown(), ["blackholed page pending 3"]);
    watch.wait(1);
    assert_eq!(watch.shown(), ["blackholed page firing 3"]);
}
