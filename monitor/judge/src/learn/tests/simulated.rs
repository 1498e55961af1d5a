//! Boxes with a timeout, and with entries that are evicted before it: how often the interval holds the truth, and how soon
//! it is narrow.

use super::Told;
use crate::thresholds::SECOND;

/// Numbers that look random and are the same in every run (SplitMix64, by Steele, Lea and Flood, 2014).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to 1.
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Between two lengths, each order of magnitude as likely as any other.
    pub(super) fn length(&mut self, from: f64, to: f64) -> u64 {
        (from * (to / from).powf(self.share())) as u64
    }
}

/// How connections on a path are silent.
#[derive(Clone, Copy, Debug)]
enum Habit {
    /// For any time.
    Any,
    /// Always for about as long, as pools and heartbeats are, and now and then for longer.
    Regular,
    /// Hardly ever for long.
    Short,
}

impl Habit {
    const ALL: [Self; 3] = [Self::Any, Self::Regular, Self::Short];

    fn length(self, timeout: u64, random: &mut Random) -> u64 {
        let timeout = timeout as f64;
        match self {
            Self::Any => random.length(timeout / 20.0, timeout * 4.0),
            Self::Regular if random.share() < 0.7 => random.length(timeout * 0.5, timeout * 0.52),
            Self::Regular => random.length(timeout * 0.6, timeout * 6.0),
            Self::Short if random.share() < 0.97 => random.length(1.0, timeout * 0.1),
            Self::Short => random.length(timeout * 0.1, timeout * 3.0),
        }
    }
}

/// A box that forgets after `timeout` seconds, and this share of entries before that.
struct Box {
    timeout: u64,
    evicts: f64,
    habit: Habit,
    random: Random,
}

impl Box {
    /// A silence, and what came of it.
    fn tell(&mut self, told: &mut Told) {
        let seconds = self.habit.length(self.timeout, &mut self.random).max(1);
        let evicted = self.random.share() < self.evicts;
        if evicted || seconds >= self.timeout {
            told.dies(seconds);
        } else {
            told.lives(seconds);
        }
    }
}

/// What was known of many boxes after so many silences.
struct Known {
    boxes: u64,
    /// Lower bounds that are true, and upper ones, of those that there are.
    lower: u64,
    upper: u64,
    with_upper: u64,
    /// Both within so many percent of each other.
    narrow: u64,
}

fn known(evicts: f64, habit: Habit, silences: u32) -> Known {
    let mut sum = Known {
        boxes: 200,
        lower: 0,
        upper: 0,
        with_upper: 0,
        narrow: 0,
    };
    for number in 0..sum.boxes {
        let mut random = Random(number * 7_919 + u64::from(silences));
        let timeout = random.length(60.0, 7_200.0);
        let mut one = Box {
            timeout,
            evicts,
            habit,
            random,
        };
        let mut told = Told::default();
        for _ in 0..silences {
            one.tell(&mut told);
        }
        let (least, most) = told.bounds();
        sum.lower += u64::from(least < timeout);
        if most > 0 {
            sum.with_upper += 1;
            sum.upper += u64::from(most >= timeout);
            sum.narrow += u64::from(least as f64 * 1.2 >= most as f64);
        }
    }
    sum
}

#[test]
fn without_evictions_the_interval_always_holds_the_timeout() {
    for habit in Habit::ALL {
        for silences in [3, 10, 30, 100, 400] {
            let known = known(0.0, habit, silences);
            let right = (known.lower, known.upper);
            assert_eq!(
                right,
                (known.boxes, known.with_upper),
                "{habit:?} {silences}"
            );
        }
    }
}

#[test]
fn with_evictions_it_holds_it_in_ninety_five_of_a_hundred() {
    for habit in Habit::ALL {
        for evicts in [0.02, 0.1, 0.2] {
            for silences in [10, 30, 100, 400] {
                let known = known(evicts, habit, silences);
                let wrong = known.boxes - known.lower + known.with_upper - known.upper;
                assert!(
                    wrong * 20 <= known.boxes,
                    "{habit:?}, {evicts} evicted, {silences} silences: {wrong} of {} are wrong",
                    known.boxes
                );
            }
        }
    }
}

#[test]
fn silences_of_any_length_soon_bring_it_within_a_fifth() {
    for (evicts, silences, of_ten) in [(0.0, 100, 7), (0.1, 100, 6), (0.0, 400, 9), (0.1, 400, 9)] {
        let known = known(evicts, Habit::Any, silences);
        assert!(
            known.narrow * 10 >= known.boxes * of_ten,
            "{evicts} evicted, {silences} silences: {} of {} are narrow",
            known.narrow,
            known.boxes
        );
    }
}

#[test]
fn what_only_lives_has_no_upper_bound() {
    let mut told = Told::default();
    let mut random = Random(1);
    for _ in 0..2_000 {
        told.lives(random.length(1.0, 86_400.0).max(1));
    }
    assert_eq!(told.bounds().1, 0);
    assert_eq!(
        told.lived
            .known()
            .at_least_ns
            .map(|ns| ns >= 80_000 * SECOND),
        Some(true)
    );
}
