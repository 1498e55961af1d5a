//! Counts results as test programs and the lab print them.

use std::fmt;

/// How many lines of what a failed test said are kept for the end, so that nobody has to look for them.
const REASON_LINES: usize = 12;

/// What passed, failed and was skipped so far.
#[derive(Debug, Default)]
pub struct Results {
    passed: usize,
    /// How many failed.
    pub failed: usize,
    /// How many were skipped.
    pub skipped: usize,
    /// Each failure by name, in the order of their coming.
    pub failed_names: Vec<String>,
    /// Each skipped test by name, in the order of their coming.
    pub skipped_names: Vec<String>,
    /// What failed tests said, each under its name.
    pub reasons: Vec<String>,
    /// How many more lines belong to the last of them.
    of_reason: usize,
}

impl Results {
    /// Counts a failure that no test program reported.
    pub fn fail(&mut self, what: String) {
        self.failed += 1;
        self.failed_names.push(what);
    }

    /// Counts tests that passed and were reported by no test program.
    pub fn pass(&mut self, tests: usize) {
        self.passed += tests;
    }

    /// Counts a test that was not run, and why.
    pub fn skip(&mut self, what: String) {
        self.skipped += 1;
        self.skipped_names.push(what);
    }

    /// Counts what `others` counted, too.
    pub fn join(&mut self, others: Self) {
        self.passed += others.passed;
        self.failed += others.failed;
        self.skipped += others.skipped;
        self.failed_names.extend(others.failed_names);
        self.skipped_names.extend(others.skipped_names);
        self.reasons.extend(others.reasons);
    }

    /// Reads a line of a test program: a test's own line gives the name, the closing line the counts; what a failed one
    /// said stands between, under `---- NAME ----`.
    pub fn read_test_line(&mut self, line: &str) {
        self.read_reason(
            line.starts_with("---- ") && line.ends_with(" ----"),
            line == "failures:",
            line,
        );
        if let Some(summary) = line.strip_prefix("test result: ") {
            // "ok. 12 passed; 0 failed; 3 ignored; 0 measured; 0 filtered out; finished in 0.10s"
            let (_, counts) = summary.split_once(". ").unwrap_or_default();
            self.add(counts, ';', "ignored");
        } else if let Some((name, outcome)) = line
            .strip_prefix("test ")
            .and_then(|test| test.rsplit_once(" ... "))
        {
            self.remember(name.trim(), outcome.trim());
        }
    }

    /// Reads a line that the lab prints for people: `ok NAME …`, `FAIL NAME …`, `skip NAME …` give the name, indented
    /// lines after it say why, and the closing line `lab: …` gives the counts.
    pub fn read_lab_line(&mut self, line: &str) {
        self.read_reason(line.starts_with("FAIL "), !line.starts_with(' '), line);
        if let Some(counts) = line.strip_prefix("lab: ") {
            self.add(counts, ',', "skipped");
        } else if let Some(scenario) = line.strip_prefix("FAIL ") {
            self.failed_names.push(format!("lab: {}", scenario.trim()));
        } else if let Some(scenario) = line.strip_prefix("skip ") {
            self.skipped_names.push(format!("lab: {}", scenario.trim()));
        }
    }

    /// Keeps a line that `begins` what a failed test said, or goes on with it.
    fn read_reason(&mut self, begins: bool, ends: bool, line: &str) {
        if begins {
            self.of_reason = REASON_LINES;
        } else if ends {
            self.of_reason = 0;
        }
        if self.of_reason > 0 && !line.is_empty() {
            self.reasons.push(line.to_owned());
            self.of_reason -= 1;
        }
    }

    fn add(&mut self, counts: &str, separator: char, skipped_word: &str) {
        for part in counts.split(separator) {
            let Some((number, word)) = part.trim().split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<usize>() else {
                continue;
            };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                word if word == skipped_word => self.skipped += number,
                _ => {}
            }
        }
    }

    fn remember(&mut self, name: &str, outcome: &str) {
        if outcome == "FAILED" {
            self.failed_names.push(name.to_owned());
        } else if outcome == "ignored" {
            self.skipped_names.push(name.to_owned());
        } else if let Some(reason) = outcome.strip_prefix("ignored, ") {
            self.skipped_names.push(format!("{name} ({reason})"));
        }
    }

    /// Whether nothing was tested at all.
    pub fn is_empty(&self) -> bool {
        self.passed + self.failed + self.skipped == 0
    }

    /// Whether the run as a whole is good: something was tested, nothing failed, and in CI nothing was skipped.
    pub fn are_good(&self, in_ci: bool) -> bool {
        !self.is_empty() && self.failed == 0 && !(in_ci && self.skipped > 0)
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str) -> Results {
        let mut results = Results::default();
        output.lines().for_each(|line| results.read_test_line(line));
        results
    }

    #[test]
    fn the_closing_lines_of_all_test_programs_are_summed() {
        let results = read(
            "running 2 tests\ntest a ... ok\ntest b ... ok\n\n\
             test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
             \n   Doc-tests monitor_common\n\
             test result: FAILED. 10 passed; 1 failed; 3 ignored; 0 measured; 7 filtered out; finished in 2.50s\n",
        );
        assert_eq!(results.to_string(), "12 passed, 1 failed, 3 skipped");
    }

    #[test]
    fn skipped_and_failed_tests_are_kept_by_name() {
        let results = read(
            "test needs root: a second daemon is refused ... ignored\n\
             test slow   ... ignored, takes an hour\n\
             test [lab] broken ... FAILED\n\
             test monitor/src/lib.rs - thing (line 3) ... ok\n",
        );
        assert_eq!(
            results.skipped_names,
            [
                "needs root: a second daemon is refused",
                "slow (takes an hour)"
            ]
        );
        assert_eq!(results.failed_names, ["[lab] broken"]);
    }

    #[test]
    fn what_a_failed_test_said_is_kept_under_its_name() {
        let results = read(
            "test a ... FAILED\n\nfailures:\n\n---- a ----\nwaited in vain\n\n---- b stdout ----\n\nthread 'b' \
             panicked\n\n\nfailures:\n    a\n    b\n\ntest result: FAILED. 1 passed; 2 failed\n",
        );
        assert_eq!(
            results.reasons,
            [
                "---- a ----",
                "waited in vain",
                "---- b stdout ----",
                "thread 'b' panicked"
            ]
        );
        let long = format!("---- a ----\n{}", "and more\n".repeat(100));
        assert_eq!(read(&long).reasons.len(), REASON_LINES);
    }

    #[test]
    fn what_a_test_prints_is_no_result() {
        let results = read("testing 3 passed; 4 failed\nresult: 3 passed\ntest result: soon\n");
        assert!(results.is_empty());
    }

    #[test]
    fn every_lab_scenario_counts_as_a_test() {
        let mut results = Results::default();
        for line in [
            "ok   survives (run 1), verdict after 6.01 s",
            "FAIL nat-silent-drop (run 1)",
            "     said reset, was blackholed",
            "skip keepalive-saves (run 1): needs root",
            "lab: 1 passed, 1 failed, 1 skipped",
        ] {
            results.read_lab_line(line);
        }
        assert_eq!(results.to_string(), "1 passed, 1 failed, 1 skipped");
        assert_eq!(results.failed_names, ["lab: nat-silent-drop (run 1)"]);
        assert_eq!(
            results.reasons,
            [
                "FAIL nat-silent-drop (run 1)",
                "     said reset, was blackholed"
            ]
        );
        assert_eq!(
            results.skipped_names,
            ["lab: keepalive-saves (run 1): needs root"]
        );
    }

    #[test]
    fn a_skip_fails_only_in_ci() {
        let results = read("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured");
        assert!(results.are_good(false));
        assert!(!results.are_good(true));
    }

    #[test]
    fn a_failure_always_fails_and_so_does_an_empty_run() {
        let mut results = read("test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured");
        assert!(results.are_good(true));
        results.fail("cargo fmt --all --check".into());
        assert!(!results.are_good(false));
        assert!(!Results::default().are_good(false));
    }
}
