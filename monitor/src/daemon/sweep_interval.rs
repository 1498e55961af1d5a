//! How often to sweep.

use crate::config::Config;
use crate::surfaces::readiness::TooRare;
use monitor_model::format;
use std::time::{Duration, Instant};

/// A sweep that the judge asks for comes no sooner after the last one than this: three
/// timeouts of a connection take 1.7 s, and one look before the third is enough.
const LEAST: Duration = Duration::from_secs(1);

/// No interval is longer: nobody waits for what a sweep of the day after tomorrow shows.
const MOST: Duration = Duration::from_secs(24 * 3600);

/// The interval where sweeps are all that is left, unless they may not come so rarely: five fit into the time after which the
/// judge forgets what hangs and nobody looked at.
const STRETCHED: Duration = Duration::from_secs(60);

/// What the configuration says of sweeps, and what the last one took.
#[derive(Clone, Copy, Debug)]
pub struct SweepPace {
    /// The least time from the end of a sweep to the next.
    configured: Duration,
    /// Beyond this, sweeps come too rarely.
    most: Duration,
    /// Share of a core that they may take.
    budget: f64,
    /// CPU time of the last one.
    cpu: Duration,
    /// How long it took.
    took: Duration,
    /// When the last one began, it was said that the next one follows its end after so long, and went by that: so it
    /// does, whatever the last one took. What it took too much, the next interval makes up for.
    promised: Duration,
    /// When the next one is due, going by that.
    due: Option<Instant>,
    /// By how much sweeps came too late of late: the last one, or half of what was before it, whichever is more. No more
    /// than an interval: a host that stood still for an hour does not stand still each time.
    late: Duration,
    /// Until then, what crosses has been shown already: an interval that is shorter than the last takes back nothing.
    foreseen: Option<Instant>,
    /// It was said that sweeps come too rarely.
    said: bool,
    /// They are all that is left to see by, and are to cost less: they come as rarely as they may.
    stretched: bool,
}

impl SweepPace {
    /// Before the first sweep.
    pub fn new(config: &Config) -> Self {
        Self {
            configured: config.sweep_interval,
            most: config.sweep_interval_max,
            budget: config.sweep_budget,
            cpu: Duration::ZERO,
            took: Duration::ZERO,
            promised: config.sweep_interval,
            due: None,
            late: Duration::ZERO,
            foreseen: None,
            said: false,
            stretched: false,
        }
    }

    /// Has sweeps come once a minute from the next one on, or every `sweep_interval_max` where that is less; or as often as
    /// is configured.
    pub fn stretch(&mut self, stretched: bool) {
        self.stretched = stretched;
    }

    /// Goes by another configuration from now on.
    pub fn configure(&mut self, config: &Config) {
        let before = *self;
        *self = Self {
            cpu: before.cpu,
            took: before.took,
            late: before.late,
            foreseen: before.foreseen,
            said: before.said,
            stretched: before.stretched,
            ..Self::new(config)
        };
        // Sooner than was promised is as good.
        self.promised = before.promised.min(self.affordable());
    }

    /// A sweep begins at `now`. Answers within how much time the next one will have come by everywhere, at the latest.
    pub fn begin(&mut self, now: Instant) -> Duration {
        let late = self
            .due
            .map_or(Duration::ZERO, |due| now.saturating_duration_since(due));
        self.late = late.max(self.late / 2).min(self.promised);
        self.promised = self.affordable();
        self.foresee(now)
    }

    /// The sweep that began at `begun` is over. Answers within how much time after a look of it the next sweep looks
    /// again, at the latest.
    pub fn swept(&mut self, begun: Instant, cpu: Duration, took: Duration) -> Duration {
        self.cpu = cpu;
        self.took = took;
        self.due = begun.checked_add(took.saturating_add(self.promised));
        self.foresee(begun);
        self.next_look()
    }

    /// The time from the end of the last sweep to the next.
    pub fn interval(&self) -> Duration {
        self.promised
    }

    /// What the configuration asks for, stretched so that sweeps like the last one stay within their share of a core.
    fn affordable(&self) -> Duration {
        let least = if self.stretched {
            self.most.min(STRETCHED).max(self.configured)
        } else {
            self.configured
        };
        self.within_budget(least)
    }

    /// The interval, and that after it, whichever is longer.
    fn longest(&self) -> Duration {
        self.promised.max(self.affordable())
    }

    /// From a look to the next, at the latest: a sweep may come by a socket first, and the next one last. Timers and a
    /// busy host have a sixteenth of the interval, or what they took of late.
    fn next_look(&self) -> Duration {
        let late = self.late.max(self.promised / 16);
        let walks = self.took.saturating_mul(2);
        self.promised.saturating_add(late).saturating_add(walks)
    }

    fn foresee(&mut self, now: Instant) -> Duration {
        let until = now.checked_add(self.next_look());
        self.foreseen = self.foreseen.max(until);
        self.foreseen
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }

    /// How soon after the last sweep another may come, at the judge's wish: the share of a core holds for it too.
    pub fn least_interval(&self) -> Duration {
        if self.stretched {
            self.affordable()
        } else {
            self.within_budget(LEAST)
        }
    }

    /// From one look at a connection to the next.
    pub fn between_looks(&self) -> Duration {
        self.longest().saturating_add(self.took)
    }

    /// That sweeps come more rarely than they should, or take too long.
    pub fn too_rare(&self) -> Option<TooRare> {
        let (interval, most) = (self.longest(), self.most);
        (interval > most || self.took > most).then(|| TooRare {
            interval,
            took: self.took,
            most,
            // In hundredths of a percent, which is the least that can be configured, and so that it suffices.
            needs: (self.took <= most && self.cpu <= most)
                .then(|| (self.cpu.as_secs_f64() / most.as_secs_f64() * 1e4).ceil() / 1e4),
        })
    }

    /// Says once that sweeps come too rarely, and once that they do no more. Answers within how much time nothing is
    /// seen then.
    pub fn tell(&mut self) -> Duration {
        let rare = self.too_rare();
        match rare {
            Some(rare) if !self.said => tracing::warn!("{rare}"),
            None if self.said => tracing::info!(
                "sweeps come every {} now, often enough",
                format::duration_of(self.interval().as_secs_f64())
            ),
            _ => {}
        }
        self.said = rare.is_some();
        rare.map_or(Duration::ZERO, |rare| rare.unseen())
    }

    /// Time until silent sockets are to be looked at again after a revisit that took so much CPU time: a share of a core
    /// as large as that of sweeps.
    pub fn after_revisit(&self, cpu: Duration) -> Duration {
        self.share(cpu)
    }

    fn within_budget(&self, least: Duration) -> Duration {
        least.max(self.share(self.cpu))
    }

    /// How long to wait after so much CPU time, so that it is the budget's share of a core.
    fn share(&self, cpu: Duration) -> Duration {
        let stretched = Duration::try_from_secs_f64(cpu.as_secs_f64() / self.budget);
        stretched.unwrap_or(MOST).min(MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Before the first sweep, to come every 5 s, and every minute at least.
    fn pace(budget: f64) -> SweepPace {
        SweepPace {
            configured: SECOND * 5,
            most: SECOND * 60,
            budget,
            cpu: Duration::ZERO,
            took: Duration::ZERO,
            promised: SECOND * 5,
            due: None,
            late: Duration::ZERO,
            foreseen: None,
            said: false,
            stretched: false,
        }
    }

    /// After a sweep that took so much.
    fn after(budget: f64, cpu_ms: u64, took_ms: u64) -> SweepPace {
        let mut pace = pace(budget);
        sweep(&mut pace, Instant::now(), cpu_ms, took_ms);
        pace
    }

    /// One sweep: within how much time what is to cross was shown, and within how much the next look comes.
    fn sweep(
        pace: &mut SweepPace,
        now: Instant,
        cpu_ms: u64,
        took_ms: u64,
    ) -> (Duration, Duration) {
        let shown = pace.begin(now);
        let ms = Duration::from_millis;
        (shown, pace.swept(now, ms(cpu_ms), ms(took_ms)))
    }

    #[test]
    fn a_cheap_sweep_keeps_the_configured_interval() {
        for cpu_ms in [0, 2, 50] {
            let mut pace = after(0.01, cpu_ms, cpu_ms);
            pace.begin(Instant::now());
            assert_eq!(pace.interval(), SECOND * 5);
            assert_eq!(pace.too_rare(), None);
        }
    }

    #[test]
    fn a_sweep_of_a_huge_host_stretches_it_to_its_share_of_a_core() {
        let interval = |budget, cpu_ms, took_ms| {
            let mut pace = after(budget, cpu_ms, took_ms);
            pace.begin(Instant::now());
            pace.interval()
        };
        assert_eq!(interval(0.01, 600, 700), SECOND * 60);
        assert_eq!(interval(0.1, 600, 700), SECOND * 6);
        assert_eq!(interval(1.0, 600, 700), SECOND * 5);
        assert_eq!(interval(1.0, 9_800, 9_900), SECOND * 49 / 5);
        let pace = after(0.01, 600, 700);
        assert_eq!(pace.least_interval(), SECOND * 60);
        assert_eq!(pace.too_rare(), None, "as often as it has to");
    }

    #[test]
    fn what_a_sweep_takes_too_much_the_interval_after_the_next_makes_up_for() {
        let mut pace = pace(0.01);
        let (mut now, mut cpu, mut waited) = (Instant::now(), Duration::ZERO, Duration::ZERO);
        for cpu_ms in [9_800, 100, 100, 2_000, 100, 100, 100] {
            sweep(&mut pace, now, cpu_ms, cpu_ms);
            cpu += Duration::from_millis(cpu_ms);
            waited += pace.interval();
            now += pace.interval();
        }
        assert!(waited * 101 >= cpu * 10_000, "{cpu:?} in {waited:?}");
    }

    #[test]
    fn the_next_look_comes_no_later_than_was_gone_by_whatever_sweeps_take() {
        let mut pace = pace(0.01);
        let mut now = Instant::now();
        let mut last: Option<(Instant, Duration)> = None;
        for took_ms in [10, 10, 900, 900, 30, 30, 700, 10, 10] {
            let took = Duration::from_millis(took_ms);
            let (shown, next_look) = sweep(&mut pace, now, took_ms, took_ms);
            if let Some((at, within)) = last {
                // What was foreseen once stays so.
                assert!(now + shown >= at + within, "{took:?}");
                // A sweep that takes much longer than the last one could not know: it may come by late.
                assert!(now <= at + within, "{took:?}");
            }
            last = Some((now, shown.max(next_look)));
            now += took + pace.interval();
        }
    }

    #[test]
    fn a_host_too_busy_for_its_timers_is_warned_so_much_the_sooner() {
        let mut pace = pace(0.01);
        let mut now = Instant::now();
        let usual = sweep(&mut pace, now, 10, 10).1;
        let late = SECOND * 2;
        now += Duration::from_millis(10) + pace.interval() + late;
        let busy = sweep(&mut pace, now, 10, 10).1;
        assert_eq!(busy, usual + late - SECOND * 5 / 16);
        // It is forgotten by and by, and an hour in which all stood still counts as one interval.
        for _ in 0..5 {
            now += Duration::from_millis(10) + pace.interval();
            sweep(&mut pace, now, 10, 10);
        }
        assert_eq!(pace.next_look(), usual);
        now += SECOND * 3600;
        assert_eq!(
            sweep(&mut pace, now, 10, 10).1,
            SECOND * 10 + SECOND / 50,
            "an interval twice, and two walks"
        );
    }

    #[test]
    fn beyond_the_most_it_is_too_rare_and_names_the_budget_that_would_do() {
        let mut pace = after(0.01, 9_800, 9_900);
        let rare = pace.too_rare().unwrap();
        assert_eq!(rare.interval, SECOND * 980);
        assert_eq!(rare.needs, Some(0.1634));
        // The next one is cheap. Still it is long until that after it.
        sweep(&mut pace, Instant::now(), 10, 10);
        assert_eq!(pace.interval(), SECOND * 980);
        assert_eq!(pace.too_rare().unwrap().interval, SECOND * 980);
        sweep(&mut pace, Instant::now(), 10, 10);
        assert_eq!(pace.too_rare(), None);
        let mut enough = after(0.1634, 9_800, 9_900);
        enough.begin(Instant::now());
        assert_eq!(enough.too_rare(), None);
        assert!(enough.interval() > SECOND * 59);
    }

    #[test]
    fn a_sweep_that_takes_longer_than_the_most_is_not_mended_by_a_budget() {
        let waits = after(0.5, 2_000, 61_000);
        assert_eq!(waits.too_rare().unwrap().interval, SECOND * 5);
        assert_eq!(waits.too_rare().unwrap().needs, None);
        let works = after(0.01, 70_000, 70_000);
        assert_eq!(works.too_rare().unwrap().needs, None);
    }

    #[test]
    fn stretched_they_come_as_rarely_as_they_may_and_nobody_hurries_them() {
        let mut pace = pace(0.01);
        let now = Instant::now();
        sweep(&mut pace, now, 10, 10);
        pace.stretch(true);
        assert_eq!(pace.interval(), SECOND * 5, "as was promised");
        let (_, next_look) = sweep(&mut pace, now + SECOND * 5, 10, 10);
        assert_eq!(pace.interval(), SECOND * 60);
        assert!(next_look > SECOND * 60, "{next_look:?}");
        assert_eq!(pace.least_interval(), SECOND * 60);
        assert_eq!(pace.too_rare(), None);
        pace.stretch(false);
        sweep(&mut pace, now + SECOND * 65, 10, 10);
        assert_eq!(pace.interval(), SECOND * 5);
    }

    #[test]
    fn no_time_is_too_long_to_be_waited_for() {
        let mut pace = pace(0.0001);
        let now = Instant::now();
        pace.begin(now);
        pace.swept(now, Duration::MAX, Duration::MAX);
        pace.begin(now);
        assert_eq!(pace.interval(), MOST);
        assert_eq!(pace.between_looks(), Duration::MAX);
    }
}
