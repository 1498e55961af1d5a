//! An alert as Prometheus and Alertmanager know alerts: labels, which say what it is and by which it is routed, grouped and
//! silenced, and annotations, which are read. One mapping for all who show or send it.
//!
//! Labels never change while an alert lasts: another label is another alert, and the first would stay until its lease ends.
//! So what changes, such as the count, is an annotation; and never is a label an address, a port, a process's number or a
//! pod's name.

use monitor_model::alert::Alert;
use monitor_model::finding::Severity;
use monitor_model::format::{count, printable};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// What the names of alerts begin with: in Alertmanager they stand among those of others.
const PREFIX: &str = "Tcplull";

/// The runbook; its section has the alert's name as `tcplull alerts` shows it.
pub const RUNBOOK: &str = "docs/findings.md";

/// Of each name what it means, in words that never change.
const SUMMARIES: [(&str, &str); 14] = [
    (
        "awaiting_reply",
        "Requests were acknowledged, and their answers are overdue",
    ),
    (
        "blackholed",
        "Connections hang: what they send is not acknowledged",
    ),
    (
        "close_wait",
        "One owner keeps connections that their peers have closed",
    ),
    (
        "closed",
        "Connections were closed after a silence, and something was lost by it",
    ),
    (
        "crossed",
        "Connections are silent for longer than their path remembers them",
    ),
    ("deadlock", "Connections stand still: neither end reads"),
    (
        "interrupted",
        "Connections were in trouble again and again, each time too briefly to page",
    ),
    (
        "misstated",
        "A path forgets connections sooner than is stated",
    ),
    ("more", "One owner has more alerts than its share of them"),
    ("mtu", "Full segments do not pass, smaller ones do"),
    ("reset", "Connections were reset after a silence"),
    (
        "undelivered",
        "Data was acknowledged, and by all signs not by the peer",
    ),
    (
        "unexplained",
        "Connections are due to move and do not, and nothing explains it",
    ),
    ("unreachable", "A peer or a network is down"),
];

/// What an alert of any other name says of itself.
const ANY_SUMMARY: &str = "Connections are in trouble";

/// One alert's labels and annotations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct PrometheusAlert {
    /// `alertname`, `severity`, `path` and `owner`, and where the rules of the path name one, `path_owner`; none of them is
    /// ever empty.
    pub labels: BTreeMap<&'static str, String>,
    /// `summary` (the same for all of a name), `description`, `runbook_url`, `count` (connections that were told since it
    /// began), `connections` (those in trouble now).
    pub annotations: BTreeMap<&'static str, String>,
}

impl PrometheusAlert {
    /// As [`Self::of`], without what the latest finding says: no address, and no process but the owner.
    pub fn without_example(alert: &Alert) -> Self {
        let summary = String::new();
        Self::of(&Alert {
            summary,
            ..alert.clone()
        })
    }

    /// How `alert` is told. The labels rest on its name, severity, path and owners alone: an alert of a path that changes
    /// hands is over, and begins anew.
    pub fn of(alert: &Alert) -> Self {
        let labels = [
            ("alertname", alert_name(&alert.name)),
            ("severity", severity(alert.severity).to_owned()),
            ("path", label(&alert.path)),
            ("owner", label(&alert.owner)),
        ];
        let path_owner = alert.path_owner.as_deref();
        let path_owner = path_owner.map(|owner| ("path_owner", label(owner)));
        let annotations = [
            ("summary", summary(&alert.name).to_owned()),
            ("description", description(alert)),
            ("runbook_url", format!("{RUNBOOK}#{}", alert.name)),
            ("count", alert.count.to_string()),
            ("connections", alert.connections.to_string()),
        ];
        Self {
            labels: labels.into_iter().chain(path_owner).collect(),
            annotations: annotations
                .map(|(name, text)| (name, printable(&text)))
                .into(),
        }
    }
}

/// An alert's name there: `close_wait` is `TcplullCloseWait`.
pub fn alert_name(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric());
    let capitals = words.map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    PREFIX.to_owned() + &capitals.collect::<String>()
}

/// Whom it wakes, in the words of rules that others ship (kubernetes-mixin): `critical` now, `warning` in working hours.
pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Page => "critical",
        Severity::Ticket => "warning",
        Severity::None => "info",
    }
}

fn summary(name: &str) -> &'static str {
    let mut all = SUMMARIES.iter();
    all.find(|(known, _)| *known == name)
        .map_or(ANY_SUMMARY, |(_, summary)| summary)
}

fn description(alert: &Alert) -> String {
    let Alert { owner, path, .. } = alert;
    let told = match alert.name.as_str() {
        "interrupted" | "misstated" => count(alert.count, "time"),
        _ => format!(
            "{} of {} in trouble now",
            alert.connections,
            count(alert.count, "connection")
        ),
    };
    // The end of an alert has no summary.
    let latest = match alert.summary.as_str() {
        "" => String::new(),
        summary => format!("; the latest: {summary}"),
    };
    format!("{owner} on path {path}: {told}{latest}")
}

/// A label's value: Alertmanager takes an empty one for none.
fn label(text: &str) -> String {
    match printable(text) {
        text if text.is_empty() => "unknown".to_owned(),
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::firing;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    /// Every name that an alert may have, as the table at the top of the runbook has them.
    fn names() -> BTreeSet<String> {
        let page = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(RUNBOOK);
        let page = fs::read_to_string(page).unwrap();
        let table = page.lines().skip_while(|line| !line.starts_with("| ---"));
        let rows = table.skip(1).take_while(|line| line.starts_with("| `"));
        rows.map(|row| row.split('`').nth(1).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn who_owns_the_path_has_a_label_beside_who_holds_the_connections() {
        let told = PrometheusAlert::of(&Alert {
            path_owner: Some("team-payments".to_owned()),
            ..firing()
        });
        assert_eq!(told.labels["owner"], "api.service");
        assert_eq!(told.labels["path_owner"], "team-payments");
        let without = PrometheusAlert::of(&firing());
        assert!(!without.labels.contains_key("path_owner"));
    }

    #[test]
    fn labels_say_what_it_is_and_annotations_how_it_fares() {
        let told = PrometheusAlert::of(&firing());
        let labels: Vec<_> = told.labels.iter().map(|(k, v)| (*k, v.as_str())).collect();
        assert_eq!(
            labels,
            [
                ("alertname", "TcplullBlackholed"),
                ("owner", "api.service"),
                ("path", "nat"),
                ("severity", "critical"),
            ]
        );
        assert_eq!(told.annotations["count"], "10000");
        assert_eq!(
            told.annotations["runbook_url"],
            "docs/findings.md#blackholed"
        );
        assert_eq!(
            told.annotations["description"],
            "api.service on path nat: 10000 of 10000 connections in trouble now; the latest: 10000 connections to \
             20.1.2.3:443"
        );
    }

    #[test]
    fn without_an_example_no_address_is_told() {
        let (whole, without) = (
            PrometheusAlert::of(&firing()),
            PrometheusAlert::without_example(&firing()),
        );
        assert_eq!(whole.labels, without.labels);
        assert_eq!(
            without.annotations["description"],
            "api.service on path nat: 10000 of 10000 connections in trouble now"
        );
        let texts = without.annotations.values();
        assert!(texts.clone().all(|text| !text.contains("20.1.2.3")));
    }

    #[test]
    fn what_changes_while_it_lasts_is_in_no_label() {
        let later = Alert {
            connections: 1,
            count: 10_001,
            summary: "pid 4321 → 198.51.100.1:80".into(),
            example: "2f-ccdd".into(),
            fired: Some(firing().since),
            ..firing()
        };
        let (before, after) = (PrometheusAlert::of(&firing()), PrometheusAlert::of(&later));
        assert_eq!(before.labels, after.labels);
        assert_ne!(before.annotations, after.annotations);
    }

    #[test]
    fn every_name_has_its_words_and_its_section_in_the_runbook() {
        let names = names();
        let page = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(RUNBOOK);
        let page = fs::read_to_string(page).unwrap();
        let told: BTreeSet<String> = SUMMARIES.map(|(name, _)| name.to_owned()).into();
        assert_eq!(names, told);
        for name in &names {
            assert!(page.contains(&format!("\n### {name}\n")), "{name}");
        }
        assert!(SUMMARIES.iter().all(|(_, summary)| !summary.ends_with('.')));
    }

    #[test]
    fn names_are_in_camel_case_whatever_they_are() {
        for (name, told) in [
            ("close_wait", "TcplullCloseWait"),
            ("mtu", "TcplullMtu"),
            ("", "Tcplull"),
            ("a\n b_é", "TcplullAB"),
        ] {
            assert_eq!(alert_name(name), told);
        }
    }

    #[test]
    fn nothing_unseen_goes_out_and_no_label_is_empty() {
        let hostile = Alert {
            owner: "x\n\u{202e}\u{1b}[2J".into(),
            path: String::new(),
            summary: "a\nb".into(),
            ..firing()
        };
        let told = PrometheusAlert::of(&hostile);
        let texts = told.labels.values().chain(told.annotations.values());
        for text in texts {
            assert!(!text.is_empty() && *text == printable(text), "{text:?}");
        }
    }
}
