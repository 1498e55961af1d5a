//! The valve by itself: when it opens and shuts, and that it never flaps.

use super::*;
use proptest::prelude::*;

const HOUR: Duration = Duration::from_secs(3600);
const BUDGET: f64 = 0.5;

/// A valve above so many levels, with what becomes of its turns.
struct Host {
    valve: Valve,
    now: Instant,
    steps: Vec<(Instant, Turn)>,
}

impl Host {
    fn new(deepest: usize) -> Self {
        Self {
            valve: Valve::new(CpuBudget::of(Some(BUDGET)), ValveTimes::default(), deepest),
            now: Instant::now(),
            steps: Vec::new(),
        }
    }

    fn depth(&self) -> usize {
        self.valve.depth
    }

    /// One part passes that takes so much.
    fn part(&mut self, share: f64) -> Turn {
        self.now += self.valve.times.part;
        let turn = self.valve.part(self.now, share);
        let depth = match turn {
            Turn::Stay => return turn,
            Turn::Down => self.depth() + 1,
            Turn::Up => self.depth() - 1,
        };
        self.steps.push((self.now, turn));
        self.valve.reached(self.now, depth);
        turn
    }

    /// As many parts as fit into this time.
    fn for_time(&mut self, time: Duration, share: f64) -> &mut Self {
        let until = self.now + time;
        while self.now < until {
            self.part(share);
        }
        self
    }
}

#[test]
fn three_parts_above_the_budget_are_a_step_down_and_two_are_none() {
    let mut host = Host::new(3);
    assert_eq!(host.part(0.9), Turn::Stay);
    assert_eq!(host.part(0.9), Turn::Stay);
    assert_eq!(
        host.part(0.5),
        Turn::Stay,
        "the budget itself is not above it"
    );
    assert_eq!(host.part(0.6), Turn::Stay);
    assert_eq!(host.part(0.7), Turn::Stay);
    assert_eq!(host.valve.why(), None);
    assert_eq!(host.part(0.8), Turn::Down);
    let why = host.valve.why().unwrap();
    assert!((why.share - 0.7).abs() < 1e-9, "{why:?}");
    assert_eq!(why.budget, BUDGET);
}

#[test]
fn a_storm_that_lasts_leads_down_step_by_step_and_no_further_than_there_are_levels() {
    let mut host = Host::new(3);
    host.for_time(Duration::from_secs(90), 2.0);
    assert_eq!(host.depth(), 3);
    host.for_time(HOUR, 2.0);
    assert_eq!(host.depth(), 3);
    assert_eq!(host.steps.len(), 3);
}

#[test]
fn after_the_storm_it_comes_up_by_a_step_each_ten_minutes() {
    let mut host = Host::new(3);
    host.for_time(Duration::from_secs(90), 2.0);
    let storm_over = host.now;
    host.for_time(Duration::from_secs(31 * 60), 0.01);
    assert_eq!(host.depth(), 0);
    assert_eq!(host.valve.why(), None);
    let ups: Vec<u64> = host.steps[3..]
        .iter()
        .map(|(at, _)| (*at - storm_over).as_secs())
        .collect();
    assert_eq!(ups, [600, 1200, 1800]);
}

#[test]
fn without_room_it_stays_below() {
    let mut host = Host::new(3);
    host.for_time(Duration::from_secs(30), 2.0);
    host.for_time(HOUR * 10, 0.3);
    assert_eq!(
        host.depth(),
        1,
        "within the budget, but more than half of it"
    );
    host.for_time(Duration::from_secs(30), 0.2);
    assert_eq!(host.depth(), 0);
}

#[test]
fn what_is_too_dear_above_each_time_is_tried_more_and_more_rarely() {
    let mut host = Host::new(1);
    for _ in 0..20_000 {
        let share = if host.depth() == 0 { 0.9 } else { 0.1 };
        host.part(share);
    }
    let ups: Vec<Instant> = host
        .steps
        .iter()
        .filter(|(_, turn)| *turn == Turn::Up)
        .map(|(at, _)| *at)
        .collect();
    let minutes: Vec<u64> = ups
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_secs() / 60)
        .collect();
    assert_eq!(minutes[..5], [20, 40, 80, 120, 120]);
}

#[test]
fn a_level_that_lasts_brings_the_first_waiting_back() {
    let mut host = Host::new(1);
    let relapse = |host: &mut Host| {
        host.for_time(Duration::from_secs(30), 0.9);
        assert_eq!(host.depth(), 1);
        host.valve.wait
    };
    let first = relapse(&mut host);
    host.for_time(first, 0.1);
    let second = relapse(&mut host);
    assert_eq!(second, first * 2);
    host.for_time(second, 0.1);
    assert_eq!(host.depth(), 0);
    host.for_time(second, 0.1);
    assert_eq!(relapse(&mut host), first);
}

#[test]
fn another_budget_ends_the_waiting_and_none_at_all_needs_no_room() {
    let mut host = Host::new(3);
    host.for_time(Duration::from_secs(90), 2.0);
    host.valve.configure(CpuBudget::of(Some(10.0)));
    host.for_time(Duration::from_secs(30), 2.0);
    assert_eq!(host.depth(), 2);
    host.valve.configure(CpuBudget::of(Some(10.0)));
    host.for_time(Duration::from_secs(300), 2.0);
    assert_eq!(host.depth(), 2, "the same budget changes nothing");
    host.valve.configure(CpuBudget::of(None));
    host.for_time(Duration::from_secs(20), 99.0);
    assert_eq!(host.depth(), 0);
    host.for_time(HOUR, 99.0);
    assert_eq!(host.depth(), 0);
}

#[test]
fn a_step_up_that_fails_is_tried_again_later() {
    let mut host = Host::new(3);
    host.for_time(Duration::from_secs(30), 2.0);
    host.now += HOUR;
    for _ in 0..2 {
        assert_eq!(host.valve.part(host.now, 0.1), Turn::Stay);
    }
    assert_eq!(host.valve.part(host.now, 0.1), Turn::Up);
    host.valve.failed(host.now);
    assert_eq!(host.valve.waits(host.now), Duration::from_secs(1200));
    assert!(host.valve.why().is_some());
}

proptest! {
    /// Whatever is measured: levels stay within bounds, each step up has waited, each step down has three parts above
    /// the budget just before it, and none within an hour exceeds the bound.
    #[test]
    fn it_never_flaps(
        deepest in 1usize..4,
        shares in prop::collection::vec(prop_oneof![Just(0.0), Just(0.24), Just(0.4), Just(0.51), Just(8.0)], 1..40),
        runs in prop::collection::vec(1u32..90, 40),
    ) {
        let mut host = Host::new(deepest);
        let mut told = Vec::new();
        for (share, run) in shares.iter().cycle().zip(runs.iter().cycle()).take(400) {
            for _ in 0..*run {
                told.push(*share);
                let before = host.depth();
                let turn = host.part(*share);
                prop_assert!(host.depth() <= deepest);
                prop_assert!(host.depth().abs_diff(before) <= 1);
                match turn {
                    Turn::Stay => prop_assert_eq!(host.depth(), before),
                    Turn::Down => prop_assert!(told.iter().rev().take(3).all(|share| *share > BUDGET)),
                    Turn::Up => prop_assert!(told.iter().rev().take(3).all(|share| *share <= BUDGET / 2.0)),
                }
                prop_assert!(host.valve.wait <= HOUR * 2);
                prop_assert_eq!(host.valve.why().is_some(), host.depth() > 0);
            }
        }
        for pair in host.steps.windows(2) {
            let apart = pair[1].0 - pair[0].0;
            let least = if pair[1].1 == Turn::Up { Duration::from_secs(600) } else { Duration::from_secs(30) };
            prop_assert!(apart >= least, "{:?}", apart);
        }
        for (at, _) in &host.steps {
            let within = |turn: Turn| {
                let steps = host.steps.iter().filter(|(when, what)| *what == turn && *when >= *at && *when - *at <= HOUR);
                steps.count()
            };
            prop_assert!(within(Turn::Up) <= 7);
            prop_assert!(within(Turn::Down) <= within(Turn::Up) + deepest);
        }
    }
}
