//! What each program costs the verifier, and whether it has grown.

use crate::error::Error;
use crate::{files, workspace};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

/// The committed costs: by series of kernels, then by program, the instructions that the verifier processed.
const FILE: &str = "monitor/tests/verifier-costs.json";

/// The command that writes the file anew.
pub const UPDATE: &str = "cargo xtask vm --update-verifier-costs";

/// Growth beyond this fails, in percent: the verifier takes a million instructions and no more, and time to load grows
/// with them.
const TOLERATED: u64 = 25;

/// What one program cost, as `tcplull check --json` reports it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Cost {
    /// The program.
    pub program: String,
    /// Instructions that the verifier processed; unknown before 5.16.
    pub instructions: Option<u64>,
    /// How long loading took, in us.
    pub load_us: u64,
}

/// The costs that are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept(BTreeMap<String, BTreeMap<String, u64>>);

impl Kept {
    /// Reads the committed file.
    pub fn read() -> Result<Self, Error> {
        let file = file();
        let kept = serde_json::from_slice(&files::read(&file)?).map_err(io::Error::from);
        files::with_path("read", &file, kept).map(Self)
    }

    /// Writes it.
    pub fn write(&self) -> Result<(), Error> {
        let file = file();
        let text = serde_json::to_string_pretty(&self.0).map_err(io::Error::from);
        files::write(&file, files::with_path("write", &file, text)? + "\n")
    }

    /// Whether this series is kept at all.
    pub fn knows(&self, series: &str) -> bool {
        self.0.contains_key(series)
    }

    /// Whether the cost of this program is kept of this series.
    pub fn has(&self, series: &str, program: &str) -> bool {
        let programs = self.0.get(series);
        programs.is_some_and(|programs| programs.contains_key(program))
    }

    /// Forgets the series and keeps these costs of it.
    pub fn replace<'a>(&mut self, series: &str, costs: impl IntoIterator<Item = &'a Cost>) {
        let costs = costs.into_iter();
        let known = costs.filter_map(|cost| Some((cost.program.clone(), cost.instructions?)));
        self.0.insert(series.to_owned(), known.collect());
    }

    /// What is wrong with these costs of a kernel of `series`, one line each.
    pub fn complaints(&self, series: &str, costs: &[Cost]) -> Vec<String> {
        let nothing = BTreeMap::new();
        let kept = self.0.get(series).unwrap_or(&nothing);
        costs
            .iter()
            .filter_map(|cost| {
                let now = cost.instructions?;
                match kept.get(&cost.program) {
                    None => Some(format!(
                        "the verifier's cost of {} on {series} is not in {FILE}: `{UPDATE}` adds it",
                        cost.program
                    )),
                    Some(then) if now * 100 > then * (100 + TOLERATED) => Some(format!(
                        "{} costs the verifier {now} instructions on {series}, {then} before: more than {TOLERATED} % \
                         more; if that must be, `{UPDATE}`",
                        cost.program
                    )),
                    Some(_) => None,
                }
            })
            .collect()
    }
}

fn file() -> PathBuf {
    workspace::root().join(FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(program: &str, instructions: Option<u64>) -> Cost {
        Cost {
            program: program.into(),
            instructions,
            load_us: 1000,
        }
    }

    fn kept() -> Kept {
        let mut kept = Kept::default();
        kept.replace("6.1", &[cost("send_fentry", Some(1000))]);
        kept
    }

    #[test]
    fn growth_by_a_quarter_is_tolerated_and_more_is_not() {
        for (now, complaints) in [(900, 0), (1250, 0), (1251, 1)] {
            let found = kept().complaints("6.1", &[cost("send_fentry", Some(now))]);
            assert_eq!(found.len(), complaints, "{now}: {found:?}");
            assert!(found.iter().all(|complaint| complaint.contains(UPDATE)));
        }
    }

    #[test]
    fn a_program_that_is_not_kept_is_a_complaint_where_the_kernel_tells_its_cost() {
        let found = kept().complaints("6.1", &[cost("new", Some(1)), cost("silent", None)]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("new"));
    }

    #[test]
    fn a_series_is_replaced_as_a_whole() {
        let mut kept = kept();
        kept.replace("6.1", &[cost("other", Some(5)), cost("silent", None)]);
        assert!(kept.complaints("6.1", &[cost("other", Some(5))]).is_empty());
        assert_eq!(
            kept.complaints("6.1", &[cost("send_fentry", Some(5))])
                .len(),
            1
        );
        assert!(kept.knows("6.1") && !kept.knows("5.10"));
    }
}
