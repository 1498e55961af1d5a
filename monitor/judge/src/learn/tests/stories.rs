//! Single stories: what becomes of the bounds.

use super::Told;

#[test]
fn what_lived_is_a_lower_bound_and_what_died_an_upper_one() {
    let mut told = Told::default();
    for seconds in [30, 200, 340, 100] {
        told.lives(seconds);
    }
    assert_eq!(told.bounds(), (340, 0));
    told.dies(400);
    assert_eq!(told.bounds(), (340, 0), "one death may be of anything");
    told.dies(360);
    assert_eq!(told.bounds(), (340, 400));
    told.dies(352);
    assert_eq!(told.bounds(), (340, 360));
    assert_eq!(told.unfit(), 0);
}

#[test]
fn a_hundred_deaths_at_once_are_one_occasion() {
    let mut told = Told::default();
    told.lives(100);
    for cookie in 1_000..1_100 {
        told.cookie = cookie;
        let (ended, at) = told.ended(200);
        told.lived.died(&ended, None, at);
    }
    assert_eq!(told.bounds(), (100, 0), "the box may have started anew");
    told.dies(210);
    assert_eq!(told.bounds(), (100, 210));
}

#[test]
fn evictions_are_not_the_timeout() {
    let mut told = Told::default();
    for turn in 0..40 {
        told.lives(150 + turn * 5);
        if turn % 8 == 0 {
            told.dies(60 + turn);
        }
    }
    assert_eq!(told.bounds(), (345, 0));
    assert_eq!(told.unfit(), 5);
    told.dies(360);
    told.dies(362);
    told.dies(364);
    let (least, most) = told.bounds();
    assert!(
        least == 345 && (360..=364).contains(&most),
        "{least} {most}"
    );
    assert_eq!(told.unfit(), 5, "and it is told how much does not fit");
}

#[test]
fn a_box_that_is_given_a_shorter_timeout_is_noticed() {
    let mut told = Told::default();
    for seconds in (30..350).step_by(10) {
        told.lives(seconds);
    }
    told.dies(352);
    told.dies(360);
    assert_eq!(told.bounds(), (340, 360));
    let mut deaths = 0;
    while told.lived.changed.is_none() {
        told.lives(90);
        told.dies(150 + deaths);
        deaths += 1;
        assert!(
            deaths < 10,
            "after {deaths} deaths it still says {:?}",
            told.bounds()
        );
    }
    told.lives(95);
    assert_eq!(told.bounds().0, 95, "what was survived before is forgotten");
    assert!(
        (150..=160).contains(&told.bounds().1),
        "{:?}",
        told.bounds()
    );
}

#[test]
fn what_a_connection_survived_before_that_is_no_bound_either() {
    let mut told = Told::default();
    for seconds in (100..350).step_by(10) {
        told.lives(seconds);
    }
    // Each had survived 140 s when that was possible.
    let mut deaths = 0;
    while told.lived.changed.is_none() {
        told.lives(140 - deaths);
        let (ended, at) = told.ended(150 + deaths);
        told.now_s += 120;
        told.lived.died(&ended, None, at);
        deaths += 1;
        assert!(deaths < 10, "after {deaths} deaths it is not noticed");
    }
    assert_eq!(told.bounds().0, 0, "{:?}", told.bounds());
}

#[test]
fn a_box_that_is_given_a_longer_timeout_is_noticed() {
    let mut told = Told::default();
    told.lives(100);
    for seconds in [125, 130, 128, 140] {
        told.dies(seconds);
    }
    assert_eq!(told.bounds(), (100, 128));
    for seconds in [200, 210, 205] {
        told.lives(seconds);
    }
    assert!(told.lived.changed.is_some());
    told.lives(220);
    assert_eq!(told.bounds(), (220, 0));
}

#[test]
fn one_that_lived_too_long_does_not_undo_what_many_died_of() {
    let mut told = Told::default();
    told.lives(110);
    for turn in 0..40 {
        told.dies(121 + turn % 10);
    }
    told.lives(170);
    for turn in 0..4 {
        told.dies(121 + turn);
    }
    let (least, most) = told.bounds();
    assert!(
        least == 110 && (121..=125).contains(&most),
        "{least} {most}"
    );
    assert_eq!(told.unfit(), 1);
    assert_eq!(told.lived.changed, None);
}

#[test]
fn a_death_that_was_none_is_taken_back() {
    let mut told = Told::default();
    told.lives(100);
    told.dies(120);
    told.dies(125);
    assert_eq!(told.bounds(), (100, 125));
    told.lived.retract(told.cookie);
    assert_eq!(told.bounds(), (100, 0));
}

#[test]
fn a_burst_is_one_occasion_whatever_the_wall_clock_does() {
    let mut told = Told::default();
    told.lives(100);
    told.dies(120);
    let (ended, _) = told.ended(125);
    let an_hour_later = monitor_model::time::Timestamp::of(i64::MAX / 2);
    told.lived.died(&ended, None, an_hour_later);
    assert_eq!(told.bounds(), (100, 0));
}
