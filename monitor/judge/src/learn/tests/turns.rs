//! When it is certain that a stated timeout is wrong, and that nothing but this makes it so.

use super::super::turns::Turns;
use super::Told;
use super::simulated::Random;
use crate::thresholds::SECOND;
use monitor_model::time::Timestamp;
use proptest::prelude::*;

/// What is stated, in seconds.
const STATED: u64 = 300;

/// How a box, or what is beside it, ends connections.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It forgets after so many seconds, and nothing else happens.
    Timeout(u64),
    /// Any silence is fatal for this share of connections: peers that die, paths that fail.
    Share(f64),
    /// Entries live for so many seconds on average, whatever their age: the longer the silence, the likelier it is fatal.
    Rate(f64),
    /// A full table keeps entries for the less time the more load there is: this much on average, and by this share more or
    /// less over a day.
    Full(f64, f64),
    /// For so many hours in a day everything silent is fatal; else nothing.
    Hours(u64),
}

impl Fate {
    fn is_fatal(self, seconds: u64, now_s: u64, random: &mut Random) -> bool {
        let day = now_s as f64 / 86_400.0;
        match self {
            Self::Timeout(timeout) => seconds >= timeout,
            Self::Share(share) => random.share() < share,
            Self::Rate(life) => random.share() > (-(seconds as f64) / life).exp(),
            Self::Full(life, swing) => {
                let load = (day * std::f64::consts::TAU).sin();
                seconds as f64 >= life * (1.0 + swing * load)
            }
            Self::Hours(hours) => now_s % 86_400 < hours * 3_600,
        }
    }
}

/// Whether it became certain within so many days, where a silence ends every `every_s` seconds.
fn certain(fate: Fate, lengths: (f64, f64), days: u64, every_s: u64, mut random: Random) -> bool {
    let (mut turns, stated_ns) = (Turns::default(), Some(STATED * SECOND));
    for now_s in (0..days * 86_400).step_by(every_s as usize) {
        let seconds = random.length(lengths.0, lengths.1).max(1);
        let at = Timestamp::of((now_s * SECOND) as i64);
        if !fate.is_fatal(seconds, now_s, &mut random) {
            turns.survived(seconds * SECOND, stated_ns);
        } else if turns.died(seconds * SECOND, stated_ns, at).is_some() {
            return true;
        }
    }
    false
}

#[test]
fn a_shorter_timeout_becomes_certain_within_days() {
    for timeout in [60, 120, 250] {
        for seed in 0..10 {
            let fate = Fate::Timeout(timeout);
            assert!(
                certain(fate, (20.0, 600.0), 4, 120, Random(seed)),
                "{timeout} {seed}"
            );
        }
    }
}

#[test]
fn it_takes_half_a_day_however_much_dies() {
    let mut told = Told {
        stated_s: Some(STATED),
        ..Told::default()
    };
    while !told.certain {
        told.lives(95);
        told.dies(100);
        assert!(told.now_s < 86_400, "it is certain by then");
    }
    assert!(told.now_s > 43_200, "after {} s", told.now_s);
    let first = told.now_s;
    told.certain = false;
    while !told.certain {
        told.lives(95);
        told.dies(100);
    }
    assert!(
        (3_600..4_200).contains(&(told.now_s - first)),
        "it is told again after an hour"
    );
}

#[test]
fn it_goes_on_over_a_restart_and_begins_anew_where_another_timeout_is_stated() {
    let mut told = Told {
        stated_s: Some(STATED),
        ..Told::default()
    };
    let turns = |told: &mut Told, seconds: u64| {
        let until = told.now_s + seconds;
        while told.now_s < until {
            told.lives(95);
            told.dies(100);
            if told.certain {
                return true;
            }
        }
        false
    };
    assert!(!turns(&mut told, 36_000));
    told.restarts();
    assert!(turns(&mut told, 10_800), "twelve hours, together");
    told.stated_s = Some(STATED + 1);
    assert!(!turns(&mut told, 36_000));
    told.stated_s = None;
    assert!(!turns(&mut told, 200_000), "nothing is stated");
}

#[test]
fn one_thing_that_no_timeout_explains_and_it_begins_anew() {
    let odd: [fn(&mut Told); 4] = [
        |told| told.dies(50),
        |told| told.lives(110),
        |told| told.lived.doubted(),
        |told| {
            told.dies(100);
            told.lived.retract(told.cookie);
        },
    ];
    for (number, odd) in odd.into_iter().enumerate() {
        let mut told = Told {
            stated_s: Some(STATED),
            ..Told::default()
        };
        for _ in 0..8 {
            let until = told.now_s + 36_000;
            while told.now_s < until {
                told.lives(95);
                told.dies(100);
                assert!(!told.certain, "odd thing {number}");
            }
            odd(&mut told);
        }
    }
}

#[test]
fn what_is_stated_within_five_percent_is_never_wrong() {
    for timeout in [286, 300, 301, 900] {
        for seed in 0..10 {
            assert!(!certain(
                Fate::Timeout(timeout),
                (20.0, 1_200.0),
                30,
                120,
                Random(seed)
            ));
        }
    }
}

fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        (0.001..1.0_f64).prop_map(Fate::Share),
        (20.0..5_000.0_f64).prop_map(Fate::Rate),
        ((50.0..280.0_f64), (0.15..0.9_f64)).prop_map(|(life, swing)| Fate::Full(life, swing)),
        (1..24_u64).prop_map(Fate::Hours),
        (286..5_000_u64).prop_map(Fate::Timeout),
    ]
}

proptest! {
    /// No eviction, dead peer or hour of trouble ever makes a ticket: a month of each, with silences of any length or of
    /// nearly one.
    #[test]
    fn evictions_and_peers_that_die_are_never_a_wrong_timeout(
        fate in fates(),
        seed in any::<u64>(),
        shortest in 5.0..280.0_f64,
        wide in 1.05..40.0_f64,
        every_s in prop_oneof![Just(120_u64), Just(600), Just(3_600)],
    ) {
        let lengths = (shortest, shortest * wide);
        prop_assert!(!certain(fate, lengths, 30, every_s, Random(seed)));
    }
}
