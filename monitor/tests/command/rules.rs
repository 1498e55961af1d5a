//! The shipped rules and configurations, tried by the programs that read them.

use crate::common::run::{Ended, finish, finish_within, program};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::network::block::Block;
use monitor_lab::real::monitoring::{ALERTMANAGER, AMTOOL, Alertmanager, JSONNET, PROMTOOL};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long a test of the rules may take: hours of series cost 7 s of a core, and a busy machine has many other tests to do.
const TESTED: Duration = Duration::from_secs(300);

pub const TESTS: &[Test] = &[
    Test::with_monitoring("promtool_takes_the_rules_and_the_configuration", check),
    Test::with_monitoring(
        "every_alert_fires_and_does_not_fire_when_it_should",
        both_ways,
    ),
    Test::with_monitoring("a_test_of_the_rules_fails_when_a_rule_is_wrong", wrong),
    Test::with_monitoring("amtool_takes_what_is_shipped_and_what_is_shown", shown),
    Test::with_monitoring(
        "a_mixin_makes_the_same_rules_and_others_by_its_settings",
        mixed,
    ),
    Test::with_monitoring("every_severity_goes_to_whom_it_is_for", routed),
    Test::with_monitoring("the_fleet_s_alert_holds_back_those_of_its_nodes", inhibited),
];

/// A file of `deploy/prometheus`.
pub fn shipped(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/prometheus");
    folder.join(name)
}

fn promtool(arguments: &[&str], file: &Path) -> Result<Command, Failed> {
    let mut command = Command::new(program(PROMTOOL)?);
    command.args(arguments).arg(file);
    Ok(command)
}

/// Has the rules tested by this file.
fn tested(file: &Path) -> Result<Ended, Failed> {
    let mut command = promtool(&["test", "rules"], file)?;
    Ok(finish_within(TESTED, &mut command, "")?)
}

fn check() -> Tested {
    for (what, file) in [("rules", "tcplull.rules.yml"), ("config", "prometheus.yml")] {
        let ended = finish(&mut promtool(&["check", what], &shipped(file))?)?;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(!ended.stdout.contains("FAILED"), "{ended:?}");
        assert_eq!(ended.stderr, "", "{ended:?}");
    }
    Ok(())
}

fn both_ways() -> Tested {
    let ended = tested(&shipped("tcplull.tests.yml"))?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("SUCCESS"), "{ended:?}");
    Ok(())
}

/// What a test says is worth what it says of a rule that was changed.
fn wrong() -> Tested {
    let rules = fs::read_to_string(shipped("tcplull.rules.yml"))?;
    let tests = fs::read_to_string(shipped("tcplull.tests.yml"))?;
    let place = tempfile::tempdir()?;
    let (file, tried) = (
        place.path().join("tcplull.rules.yml"),
        place.path().join("tests.yml"),
    );
    fs::write(&tried, tests)?;
    // What is changed, into what, and the test that must complain.
    let changes = [
        (
            "alert=\"undelivered\", severity=\"page\"} > 0",
            "alert=\"undelivered\", severity=\"page\"} > 5",
            "TcplullUndelivered (critical) fires at once",
        ),
        (
            "keep_firing_for: 2m",
            "keep_firing_for: 1s",
            "TcplullBlackholed (critical) outlives a scrape that failed",
        ),
        (
            "path:tcplull_paging_nodes:count{job=\"tcplull\"} >= 3",
            "path:tcplull_paging_nodes:count{job=\"tcplull\"} >= 2",
            "TcplullFleetFailing (critical) two nodes are two nodes",
        ),
        (
            "for: 15m",
            "for: 1m",
            "TcplullHookMissing (warning) does not",
        ),
        (
            "severity: info",
            "severity: warning",
            "TcplullStalls (info) fires",
        ),
    ];
    let changed = changes.iter().fold(rules, |rules, (right, wrong, _)| {
        assert!(rules.contains(right), "{right} is in no rule");
        rules.replace(right, wrong)
    });
    fs::write(&file, changed)?;
    let ended = tested(&tried)?;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let said = ended.stdout + &ended.stderr;
    for (right, wrong, test) in changes {
        assert!(
            said.contains(test),
            "{right} → {wrong}: {test} has not failed"
        );
    }
    Ok(())
}

/// The rules that the mixin makes with these settings.
fn made(settings: &str) -> Result<Value, Failed> {
    let program_text = format!(
        "local mixin = (import 'mixin.libsonnet') + {{ _config+:: {{ {settings} }} }};\n\
         {{ groups: mixin.prometheusAlerts.groups + mixin.prometheusRules.groups,\n\
         dashboard:: mixin.grafanaDashboards['tcplull.json'], assert self.dashboard.uid == 'tcplull' }}"
    );
    let mut command = Command::new(program(JSONNET)?);
    let folder = shipped("");
    let ended = finish(command.arg("-J").arg(folder).args(["-e", &program_text]))?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    Ok(serde_json::from_str(&ended.stdout)?)
}

fn mixed() -> Tested {
    let rules = fs::read_to_string(shipped("tcplull.rules.yml"))?;
    let read = |text: &str| serde_saphyr::from_str::<Value>(text);
    assert_eq!(made("")?, read(&rules)?);

    let changed = rules
        .replace("job=\"tcplull\"", "job=\"edge\", team=\"a\"")
        .replace(
            "runbook_url: \"docs/",
            "runbook_url: \"https://wiki.example/docs/",
        )
        .replace("keep_firing_for: 2m", "keep_firing_for: 5m")
        .replace("} >= 0.01", "} >= 0.05");
    let settings = "job: 'job=\"edge\", team=\"a\"', runbooks: 'https://wiki.example/', keep: '5m', share: '0.05'";
    let made = made(settings)?;
    assert_eq!(made, read(&changed)?);

    // JSON is YAML: this is a rules file.
    let place = tempfile::tempdir()?;
    let file = place.path().join("rules.json");
    fs::write(&file, made.to_string())?;
    let ended = finish(&mut promtool(&["check", "rules"], &file)?)?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    Ok(())
}

/// What amtool says of a configuration of Alertmanager.
fn amtool(text: &str) -> Result<Ended, Failed> {
    let place = tempfile::tempdir()?;
    let file = place.path().join("alertmanager.yml");
    fs::write(&file, text)?;
    let mut command = Command::new(program(AMTOOL)?);
    Ok(finish(command.arg("check-config").arg(file))?)
}

/// The parts of a configuration of Alertmanager on a page: what is indented, or fenced, and has one of its sections.
fn parts(page: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut fenced = false;
    for line in page.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let indented = line.strip_prefix("    ");
        match indented.or(Some(line).filter(|line| fenced && !line.starts_with("```"))) {
            Some(line) => parts.last_mut().into_iter().for_each(|part| {
                part.push_str(line);
                part.push('\n');
            }),
            None => parts.push(String::new()),
        }
    }
    let sections = ["route:", "inhibit_rules:", "receivers:"];
    parts.retain(|part| sections.iter().any(|section| part.contains(section)));
    parts
}

fn shown() -> Tested {
    let shipped_text = fs::read_to_string(shipped("alertmanager.yml"))?;
    let ended = amtool(&shipped_text)?;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("4 inhibit rules"), "{ended:?}");
    // It would say so.
    let ended = amtool(&shipped_text.replace("- name: pager", "- name: nobody-else"))?;
    assert_eq!(ended.code, Some(1), "{ended:?}");

    let mut seen = 0;
    for entry in fs::read_dir(shipped("../../docs"))? {
        let page = entry?.path();
        if page.extension().is_none_or(|kind| kind != "md") {
            continue;
        }
        for part in parts(&fs::read_to_string(&page)?) {
            let mut whole = part.clone();
            if !part.contains("route:") {
                whole += "route: {receiver: pager}\n";
            }
            if !part.contains("receivers:") {
                whole += "receivers: [{name: pager}]\n";
            }
            let ended = amtool(&whole)?;
            assert_eq!(ended.code, Some(0), "{}: {ended:?}", page.display());
            assert!(
                shipped_text.contains(&part.replace("inhibit_rules:\n", "")),
                "{} shows what is not shipped: {part}",
                page.display()
            );
            seen += 1;
        }
    }
    assert!(seen > 0, "docs/prometheus.md shows the inhibition");
    Ok(())
}

fn routed() -> Tested {
    for (labels, receiver) in [
        (
            &["alertname=TcplullReset", "severity=critical"][..],
            "pager",
        ),
        (
            &["alertname=TcplullFleetFailing", "severity=critical"],
            "pager",
        ),
        (&["alertname=TcplullReset", "severity=warning"], "tickets"),
        (
            &["alertname=TcplullFleetTickets", "severity=warning"],
            "tickets",
        ),
        (&["alertname=TcplullStalls", "severity=info"], "nobody"),
        (
            &["alertname=TcplullWatchdog", "severity=none"],
            "dead-mans-switch",
        ),
        (&["alertname=SomebodyElses", "severity=critical"], "nobody"),
    ] {
        let mut command = Command::new(program(AMTOOL)?);
        let file = shipped("alertmanager.yml").display().to_string();
        command.args(["config", "routes", "test", "--config.file", &file]);
        let ended = finish(command.args(labels))?;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.stdout.trim(), receiver, "{labels:?}");
    }
    Ok(())
}

/// An alert's name, severity, and further labels.
type Named<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// Alerts as Prometheus sends them.
fn alerts(all: &[Named<'_>]) -> Value {
    let alert = |(name, severity, more): &Named<'_>| {
        let mut labels: BTreeMap<&str, &str> = more.iter().copied().collect();
        labels.extend([
            ("alertname", *name),
            ("severity", *severity),
            ("job", "tcplull"),
        ]);
        json!({"labels": labels})
    };
    all.iter().map(alert).collect()
}

/// Name and node of each alert there that is held back, or of each that is not.
fn told(alertmanager: &Alertmanager, held_back: bool) -> Result<Vec<String>, Failed> {
    let mut names: Vec<String> = alertmanager
        .alerts()?
        .iter()
        .filter(|alert| (alert["status"]["state"] == "suppressed") == held_back)
        .map(|alert| {
            let label = |name: &str| alert["labels"][name].as_str().unwrap_or("-").to_owned();
            format!(
                "{} {} {}",
                label("alertname"),
                label("instance"),
                label("path")
            )
        })
        .collect();
    names.sort();
    Ok(names)
}

fn inhibited() -> Tested {
    let block = Block::claim()?;
    let configuration = fs::read_to_string(shipped("alertmanager.yml"))?;
    let alertmanager = Alertmanager::start(
        &program(ALERTMANAGER)?,
        block.loopback().into(),
        &configuration,
    )?;
    let on = |instance, path, alert| [("instance", instance), ("path", path), ("alert", alert)];
    let nodes = [
        (
            "TcplullBlackholed",
            "critical",
            &on("a", "nat", "blackholed")[..],
        ),
        (
            "TcplullUnreachable",
            "critical",
            &on("b", "nat", "unreachable")[..],
        ),
        ("TcplullCrossed", "warning", &on("a", "nat", "crossed")[..]),
        ("TcplullReset", "critical", &on("c", "far", "reset")[..]),
        ("TcplullDown", "warning", &[("instance", "d")][..]),
    ];
    alertmanager.take(&alerts(&nodes))?;
    let is = |held_back: bool, wanted: &[&str]| {
        eventually(
            &format!("{wanted:?} and no other is held back: {held_back}"),
            || {
                let told = told(&alertmanager, held_back)?;
                Ok(if told == wanted {
                    Ok(())
                } else {
                    Err(format!("{told:?}"))
                })
            },
        )
    };
    is(true, &[])?;
    let fleet = [
        ("TcplullFleetFailing", "critical", &[("path", "nat")][..]),
        (
            "TcplullFleetTickets",
            "warning",
            &[("path", "nat"), ("alert", "crossed")][..],
        ),
        ("TcplullFleetDown", "warning", &[][..]),
    ];
    alertmanager.take(&alerts(&fleet))?;
    is(
        true,
        &[
            "TcplullBlackholed a nat",
            "TcplullCrossed a nat",
            "TcplullDown d -",
            "TcplullUnreachable b nat",
        ],
    )?;
    is(
        false,
        &[
            "TcplullFleetDown - -",
            "TcplullFleetFailing - nat",
            "TcplullFleetTickets - nat",
            "TcplullReset c far",
        ],
    )
}
