//! What a machine's lines say: which hooks are served how, which scenarios passed, what failed.

use super::costs::Cost;
use super::guest::{CHECK, LAB, SELF_TEST, step_name};
use super::machine::Outcome;
use super::report::Report;
use super::series::Series;
use super::variant::Variant;
use std::time::Duration;
use vm_contract::{Ending, Line};

/// What came of one kernel.
#[derive(Debug)]
pub struct Verdict {
    /// The series.
    pub series: &'static Series,
    /// The kernel: its release and the version of its package; empty where none could be had.
    pub kernel: String,
    /// What came of each variant.
    pub runs: Vec<Run>,
    /// tcplull's own words where it refuses this kernel, as it must.
    pub refusal: Option<String>,
    /// Everything that is wrong, one line each.
    pub failures: Vec<String>,
    /// The last lines on the console, where something is wrong with the machine itself.
    pub console: Vec<String>,
    /// How long booting took, and all of it.
    pub times: Option<(Duration, Duration)>,
}

/// One variant on one kernel.
#[derive(Debug, Default)]
pub struct Run {
    /// The variant.
    pub variant: &'static str,
    /// Each hook with the mechanism that serves it, such as `tp_btf/tcp_probe`.
    pub hooks: Vec<(String, Option<String>)>,
    /// Mechanisms that there are besides: refused by this kernel, or not needed.
    pub others: Vec<String>,
    /// What each program costs the verifier.
    pub costs: Vec<Cost>,
    /// Each scenario and whether it passed.
    pub scenarios: Vec<(&'static str, bool)>,
}

impl Verdict {
    /// A kernel that could not even be started.
    pub fn of_nothing(series: &'static Series, failure: String) -> Self {
        Self {
            series,
            kernel: String::new(),
            runs: Vec::new(),
            refusal: None,
            failures: vec![failure],
            console: Vec::new(),
            times: None,
        }
    }

    /// What `outcome` says.
    pub fn of(series: &'static Series, kernel: String, outcome: &Outcome) -> Self {
        let mut verdict = Self {
            kernel,
            failures: outcome.failure.iter().cloned().collect(),
            times: outcome.boot.map(|boot| (boot, outcome.took)),
            ..Self::of_nothing(series, String::new())
        };
        if outcome.failure.is_some() {
            verdict.console.clone_from(&outcome.console);
        }
        // What was never up has nothing more to tell.
        if outcome.boot.is_none() {
            return verdict;
        }
        if series.is_too_old() {
            verdict.read_refusal(&outcome.lines);
        }
        for variant in series.variants {
            verdict.read_run(variant, &outcome.lines);
        }
        verdict
    }

    /// On a kernel that is too old, one line says so, and what is needed.
    fn read_refusal(&mut self, lines: &[Line]) {
        let printed = output(lines, CHECK, true);
        match (ending(lines, CHECK), printed.as_slice()) {
            (Some(Ending::Code(3)), [line]) if line.contains("too old") => {
                self.refusal = Some((*line).to_owned());
            }
            (None, _) => self.failures.push("tcplull was not tried".to_owned()),
            (Some(ending), printed) => self.failures.push(format!(
                "tcplull was to refuse this kernel in one line; it ended with {ending} and said: {}",
                printed.join(" / ")
            )),
        }
    }

    fn read_run(&mut self, variant: &Variant, lines: &[Line]) {
        let mut run = Run {
            variant: variant.name,
            ..Run::default()
        };
        let mut wrong = |what: String| self.failures.push(format!("{}: {what}", variant.name));

        let check = step_name(variant, CHECK);
        let report: Option<Report> = output(lines, &check, false)
            .iter()
            .find_map(|line| serde_json::from_str(line).ok());
        match (ending(lines, &check), report) {
            (Some(ending), Some(report)) => {
                run.read_report(report);
                if !ending.is_success() {
                    wrong(format!("tcplull check: {ending}"));
                }
            }
            (Some(ending), None) => wrong(format!(
                "tcplull check: {ending}: {}",
                output(lines, &check, true).join(" / ")
            )),
            (None, _) => wrong("tcplull check did not end".to_owned()),
        }

        let own = step_name(variant, SELF_TEST);
        match ending(lines, &own) {
            _ if !variant.tests_itself() => {}
            Some(ending) if ending.is_success() => {}
            Some(ending) => wrong(format!(
                "tcplull check --self-test: {ending}: {}",
                [false, true]
                    .map(|errors| output(lines, &own, errors).join(" / "))
                    .concat()
            )),
            None => wrong("tcplull check --self-test did not end".to_owned()),
        }

        let lab = step_name(variant, LAB);
        let printed = output(lines, &lab, false);
        for scenario in variant.scenarios {
            let passed = printed.iter().any(|line| is_report(line, "ok", scenario));
            if !passed {
                let why = reason(&printed, scenario);
                wrong(format!("{scenario}: {why}"));
            }
            run.scenarios.push((scenario, passed));
        }
        match ending(lines, &lab) {
            // What it complains of is reported by scenario.
            Some(Ending::Code(_)) => {}
            Some(ending) => wrong(format!("monitor-lab: {ending}")),
            None => wrong("monitor-lab did not end".to_owned()),
        }
        self.runs.push(run);
    }
}

impl Run {
    /// Takes over what `tcplull check --json` reports.
    fn read_report(&mut self, report: Report) {
        self.costs = report.costs();
        for hook in report.hooks {
            self.others.extend(hook.others().cloned());
            self.hooks.push((hook.hook, hook.mechanism));
        }
    }
}

fn ending(lines: &[Line], wanted: &str) -> Option<Ending> {
    lines.iter().find_map(|line| match line {
        Line::Ended { step, ending, .. } if step == wanted => Some(*ending),
        _ => None,
    })
}

fn output<'a>(lines: &'a [Line], wanted: &str, of_stderr: bool) -> Vec<&'a str> {
    lines
        .iter()
        .filter_map(|line| match line {
            Line::Output { step, stderr, text } if step == wanted && *stderr == of_stderr => {
                Some(text.as_str())
            }
            _ => None,
        })
        .collect()
}

// "ok   nat-silent-drop (run 1), verdict after 1.70 s", "FAIL nat-silent-drop (run 1)"
fn is_report(line: &str, word: &str, scenario: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some(word) && words.next() == Some(scenario)
}

/// What the lab says of a scenario that did not pass.
fn reason(printed: &[&str], scenario: &str) -> String {
    let Some(at) = printed.iter().position(|line| {
        ["FAIL", "skip"]
            .iter()
            .any(|word| is_report(line, word, scenario))
    }) else {
        return "no word of it".to_owned();
    };
    let more = printed[at + 1..]
        .iter()
        .take_while(|line| line.starts_with("     "));
    let first = printed[at].split_once("): ").map(|(_, reason)| reason);
    let parts: Vec<&str> = first
        .into_iter()
        .chain(more.map(|line| line.trim()))
        .collect();
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::{series, variant};

    fn printed(step: &str, stderr: bool, text: &str) -> Line {
        Line::Output {
            step: step.into(),
            stderr,
            text: text.into(),
        }
    }

    fn ended(step: &str, ending: Ending) -> Line {
        Line::Ended {
            step: step.into(),
            ending,
            seconds: 1.0,
        }
    }

    fn outcome(lines: Vec<Line>) -> Outcome {
        Outcome {
            lines,
            failure: None,
            console: Vec::new(),
            boot: Some(Duration::from_secs(4)),
            took: Duration::from_secs(60),
            pauses: 0,
        }
    }

    const TOO_OLD: &str =
        "tcplull: kernel 5.10.0 is too old: it lacks something; tcplull runs on 5.15 and later";

    #[test]
    fn a_refusal_in_one_line_is_what_an_old_kernel_is_for() {
        let series = series::named("5.10").unwrap();
        let refused = outcome(vec![
            printed(CHECK, true, TOO_OLD),
            ended(CHECK, Ending::Code(3)),
        ]);
        let verdict = Verdict::of(series, "5.10".into(), &refused);
        assert_eq!(verdict.refusal.as_deref(), Some(TOO_OLD));
        assert!(verdict.failures.is_empty());

        for lines in [
            vec![printed(CHECK, false, "{}"), ended(CHECK, Ending::Code(0))],
            vec![
                printed(CHECK, true, TOO_OLD),
                printed(CHECK, true, "and more"),
                ended(CHECK, Ending::Code(3)),
            ],
            Vec::new(),
        ] {
            let verdict = Verdict::of(series, "5.10".into(), &outcome(lines));
            assert_eq!(verdict.failures.len(), 1, "{:?}", verdict.failures);
        }
    }

    #[test]
    fn a_scenario_that_fails_or_is_never_heard_of_is_a_failure_with_its_reason() {
        let series = series::named("6.1").unwrap();
        let lab = step_name(&variant::BEST, LAB);
        let verdict = Verdict::of(
            series,
            "6.1".into(),
            &outcome(vec![
                printed(&lab, false, "ok   survives (run 1), verdict after 0.10 s"),
                printed(&lab, false, "FAIL nat-silent-drop (run 1)"),
                printed(&lab, false, "     said reset, was blackholed"),
                printed(&lab, false, "FAIL forged-acks (run 1): `nft` failed"),
                ended(&lab, Ending::Code(1)),
            ]),
        );
        let has = |text: &str| verdict.failures.iter().any(|failure| failure == text);
        assert!(has("best: nat-silent-drop: said reset, was blackholed"));
        assert!(has("best: forged-acks: `nft` failed"));
        assert!(has("best: older-connection: no word of it"));
        assert!(has("best: tcplull check did not end"));
        assert!(has("best: tcplull check --self-test did not end"));
        assert!(verdict.runs[0].scenarios.contains(&("survives", true)));
        assert!(verdict.runs[0].scenarios.contains(&("forged-acks", false)));
    }

    #[test]
    fn a_report_tells_hooks_other_mechanisms_and_costs() {
        let report = serde_json::json!({"works": true, "hooks": [
            {"hook": "receive", "mechanism": "tp_btf/tcp_probe", "refused": [], "untried": ["fentry/x"],
             "programs": [{"program": "receive_tracepoint", "instructions": 900, "load_us": 12500}]},
            {"hook": "send", "mechanism": null, "refused": [{"mechanism": "fentry/y", "reason": "no"}]}]});
        let mut run = Run::default();
        run.read_report(serde_json::from_value(report).unwrap());
        assert_eq!(
            run.hooks,
            [
                ("receive".to_owned(), Some("tp_btf/tcp_probe".to_owned())),
                ("send".to_owned(), None)
            ]
        );
        assert_eq!(run.others, ["fentry/x", "fentry/y"]);
        assert_eq!(run.costs[0].instructions, Some(900));
    }
}
