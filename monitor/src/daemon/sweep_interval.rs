//! How often to sweep.

use crate::config::Config;
use crate::surfaces::readiness::TooRare;
use monitor_model::format;
use std::time::Duration;

/// A sweep that the judge asks for comes no sooner after the last one than this: three
/// timeouts of a connection take 1.7 s, and one look before the third is enough.
const LEAST: Duration = Duration::from_secs(1);

/// No interval is longer: nobody waits for what a sweep of the day after tomorrow shows.
const MOST: Duration = Duration::from_secs(24 * 3600);

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
    /// It was said that sweeps come too rarely.
    said: bool,
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
            said: false,
        }
    }

    /// Goes by another configuration from now on.
    pub fn configure(&mut self, config: &Config) {
        *self = Self {
            cpu: self.cpu,
            took: self.took,
            said: self.said,
            ..Self::new(config)
        };
    }

    /// A sweep is over.
    pub fn swept(&mut self, cpu: Duration, took: Duration) {
        self.cpu = cpu;
        self.took = took;
    }

    /// The time until the next sweep: what the configuration asks for, stretched so that sweeps like the last one stay
    /// within their share of a core.
    pub fn interval(&self) -> Duration {
        self.within_budget(self.configured)
    }

    /// How soon after the last sweep another may come, at the judge's wish: the share of a core holds for it too.
    pub fn least_interval(&self) -> Duration {
        self.within_budget(LEAST)
    }

    /// From one look at a connection to the next.
    pub fn between_looks(&self) -> Duration {
        self.interval().saturating_add(self.took)
    }

    /// That sweeps come more rarely than they should, or take too long.
    pub fn too_rare(&self) -> Option<TooRare> {
        let (interval, most) = (self.interval(), self.most);
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

    fn within_budget(&self, least: Duration) -> Duration {
        let stretched = Duration::try_from_secs_f64(self.cpu.as_secs_f64() / self.budget);
        least.max(stretched.unwrap_or(MOST).min(MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace(budget: f64) -> SweepPace {
        SweepPace {
            configured: SECOND * 5,
            most: SECOND * 60,
            budget,
            cpu: Duration::ZERO,
            took: Duration::ZERO,
            said: false,
        }
    }

    fn after(budget: f64, cpu_ms: u64, took_ms: u64) -> SweepPace {
        let mut pace = pace(budget);
        let ms = Duration::from_millis;
        pace.swept(ms(cpu_ms), ms(took_ms));
        pace
    }

    #[test]
    fn a_cheap_sweep_keeps_the_configured_interval() {
        for cpu_ms in [0, 2, 50] {
            let pace = after(0.01, cpu_ms, cpu_ms);
            assert_eq!(pace.interval(), SECOND * 5);
            assert_eq!(pace.too_rare(), None);
        }
    }

    #[test]
    fn a_sweep_of_a_huge_host_stretches_it_to_its_share_of_a_core() {
        let pace = after(0.01, 600, 700);
        assert_eq!(pace.interval(), SECOND * 60);
        assert_eq!(pace.least_interval(), SECOND * 60);
        assert_eq!(pace.too_rare(), None, "as often as it has to");
        assert_eq!(after(0.1, 600, 700).interval(), SECOND * 6);
        assert_eq!(after(1.0, 600, 700).interval(), SECOND * 5);
        assert_eq!(after(1.0, 9_800, 9_900).interval(), SECOND * 49 / 5);
    }

    #[test]
    fn beyond_the_most_it_is_too_rare_and_names_the_budget_that_would_do() {
        let pace = after(0.01, 9_800, 9_900);
        let rare = pace.too_rare().unwrap();
        assert_eq!(rare.interval, SECOND * 980);
        assert_eq!(rare.needs, Some(0.1634));
        let enough = after(0.1634, 9_800, 9_900);
        assert_eq!(enough.too_rare(), None);
        assert!(enough.interval() > SECOND * 59);
    }

    #[test]
    fn a_sweep_that_takes_longer_than_the_most_is_not_mended_by_a_budget() {
        let waits = after(0.5, 2_000, 61_000);
        assert_eq!(waits.interval(), SECOND * 5);
        assert_eq!(waits.too_rare().unwrap().needs, None);
        let works = after(0.01, 70_000, 70_000);
        assert_eq!(works.too_rare().unwrap().needs, None);
    }

    #[test]
    fn no_time_is_too_long_to_be_waited_for() {
        let mut pace = pace(0.0001);
        pace.swept(Duration::MAX, Duration::MAX);
        assert_eq!(pace.interval(), MOST);
        assert_eq!(pace.between_looks(), Duration::MAX);
    }
}
