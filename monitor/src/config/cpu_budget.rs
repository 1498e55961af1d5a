//! How much of a core daemon and kernel programs may take before less is watched.

use super::error::{Fault, Place, Problem};
use super::table::Lined;

/// Half a core, for half a minute on end: what an ordinary host never comes to. By docs/performance.md sweeps and
/// revisits take 2 % at the most, programs on every segment of a host that moves a million segments a second some 13 %
/// (134 ns a run, of two a round trip), and 5,000 facts a second, which take as many connections in trouble, 10 %.
const DEFAULT: f64 = 0.5;

/// A tenth of a percent: less than an idle daemon takes that sweeps a small host.
const LEAST: f64 = 0.001;

/// A hundred cores. More is `"off"`.
const MOST: f64 = 100.0;

/// What the key and the flag take.
pub(super) const WANT: &str = "a share of one core in quotes such as \"50%\", or \"off\"";

/// Of sweeps, and again of looks at silent sockets: each has `sweep_budget`.
const SWEEPS: f64 = 2.0;

/// A budget: a share of one core, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CpuBudget(Option<f64>);

impl CpuBudget {
    /// The share of one core, 0.001 to 100; `None` where it is off.
    pub fn share(self) -> Option<f64> {
        self.0
    }

    /// Of so much of a core.
    #[cfg(test)]
    pub(crate) fn of(share: Option<f64>) -> Self {
        Self(share)
    }
}

/// Reads a budget as people write it: "50%", "off".
///
/// # Errors
/// Anything else, and what is out of bounds.
pub fn parse_cpu_budget(text: &str) -> Result<CpuBudget, Problem> {
    let text = text.trim();
    if text == "off" {
        return Ok(CpuBudget(None));
    }
    let percent = text.strip_suffix('%').map(str::trim_end);
    let share = percent.and_then(|number| number.parse::<f64>().ok());
    let share = share.map(|percent| percent / 100.0);
    match share.filter(|share| (LEAST..=MOST).contains(share)) {
        Some(share) => Ok(CpuBudget(Some(share))),
        None => Err(Problem::CpuBudget {
            text: text.to_owned(),
            least: LEAST * 100.0,
            most: MOST * 100.0,
        }),
    }
}

/// `cpu_budget`: what the flag says goes before the file. Sweeps that keep to their own budget are not to use it up.
pub(super) fn merge(
    flag: Option<CpuBudget>,
    file: Option<Lined<CpuBudget>>,
    sweep_budget: f64,
) -> Result<CpuBudget, Fault> {
    let sweeps = SWEEPS * sweep_budget;
    let flag = flag.map(|value| (value, Place::Flag("--cpu-budget")));
    let file = file.map(|found| (found.value, Place::Line(found.line)));
    let Some((budget, place)) = flag.or(file) else {
        return Ok(CpuBudget(Some(DEFAULT.max(2.0 * sweeps))));
    };
    match budget.0 {
        Some(share) if share <= sweeps => Err(place.fault(Problem::CpuBudgetOfSweeps {
            percent: rounded(share),
            sweeps: rounded(sweeps),
            sweep_budget,
        })),
        _ => Ok(budget),
    }
}

/// As percent, to a hundredth.
fn rounded(share: f64) -> f64 {
    (share * 1e4).round() / 1e2
}

#[cfg(test)]
mod tests {
    use super::super::sweeps;
    use super::*;

    #[test]
    fn a_budget_is_written_in_percent_of_one_core_or_off() {
        let share = |text| parse_cpu_budget(text).map(CpuBudget::share);
        assert_eq!(share("50%"), Ok(Some(0.5)));
        assert_eq!(share(" 12.5 % "), Ok(Some(0.125)));
        assert_eq!(share("0.1%"), Ok(Some(0.001)));
        assert_eq!(share("10000%"), Ok(Some(100.0)));
        assert_eq!(share("off"), Ok(None));
        for wrong in [
            "", "50", "0%", "0.09%", "10001%", "-5%", "nan%", "inf%", "%", "5%%", "Off", "none",
        ] {
            let problem = share(wrong).unwrap_err().to_string();
            assert!(problem.contains("\"50%\""), "{wrong}: {problem}");
        }
    }

    #[test]
    fn by_default_it_leaves_room_for_whatever_sweeps_may_take() {
        let default = |sweep_budget| merge(None, None, sweep_budget).unwrap().share();
        assert_eq!(default(sweeps::DEFAULT_BUDGET), Some(DEFAULT));
        assert_eq!(default(1.0), Some(4.0));
    }

    #[test]
    fn the_flag_goes_before_the_file_and_neither_below_what_sweeps_may_take() {
        let lined = |share| {
            Some(Lined {
                line: 7,
                value: CpuBudget(Some(share)),
            })
        };
        let flag = Some(CpuBudget(Some(0.3)));
        assert_eq!(merge(flag, lined(0.01), 0.01).unwrap().share(), Some(0.3));
        let of_file = merge(None, lined(0.02), 0.01).unwrap_err();
        assert_eq!(of_file.place, Place::Line(7));
        let of_flag = merge(flag, lined(9.0), 0.2).unwrap_err();
        assert_eq!(of_flag.place, Place::Flag("--cpu-budget"));
        let off = Some(CpuBudget(None));
        assert_eq!(merge(off, lined(0.01), 1.0).unwrap().share(), None);
    }
}
