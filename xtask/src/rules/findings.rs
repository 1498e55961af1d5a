//! Alerts on what was found. The daemon has waited (`page_after`) and holds what fired for two minutes: so no rule waits,
//! and each goes on for a while without a scrape.

use super::case::{at, none, on, on_each, one, over_all};
use super::rule::{Alert, Case, Group, Series, Severity};

/// A finding that may alert: its name as `tcplull alerts` has it, what it means, and whom it may wake.
struct Kind(&'static str, &'static str, &'static [Severity]);

const PAGE: &[Severity] = &[Severity::Critical];
const TICKET: &[Severity] = &[Severity::Warning];
const EITHER: &[Severity] = &[Severity::Critical, Severity::Warning];

/// Each, the gravest first, in the words that the daemon sends to Alertmanager.
const KINDS: [Kind; 14] = [
    Kind("unreachable", "A peer or a network is down", PAGE),
    Kind(
        "blackholed",
        "Connections hang: what they send is not acknowledged",
        EITHER,
    ),
    Kind(
        "undelivered",
        "Data was acknowledged, and by all signs not by the peer",
        PAGE,
    ),
    Kind("reset", "Connections were reset after a silence", EITHER),
    Kind(
        "crossed",
        "Connections are silent for longer than their path remembers them",
        TICKET,
    ),
    Kind(
        "closed",
        "Connections were closed after a silence, and something was lost by it",
        TICKET,
    ),
    Kind(
        "close_wait",
        "One owner keeps connections that their peers have closed",
        TICKET,
    ),
    Kind(
        "deadlock",
        "Connections stand still: neither end reads",
        TICKET,
    ),
    Kind(
        "awaiting_reply",
        "Requests were acknowledged, and their answers are overdue",
        TICKET,
    ),
    Kind("mtu", "Full segments do not pass, smaller ones do", TICKET),
    Kind(
        "unexplained",
        "Connections are due to move and do not, and nothing explains it",
        TICKET,
    ),
    Kind(
        "interrupted",
        "Connections were in trouble again and again, each time too briefly to page",
        TICKET,
    ),
    Kind(
        "misstated",
        "A path forgets connections sooner than is stated",
        TICKET,
    ),
    Kind(
        "more",
        "One owner has more alerts than its share of them",
        EITHER,
    ),
];

/// All of them.
pub fn group() -> Group {
    let mut alerts = Vec::new();
    for severity in [Severity::Critical, Severity::Warning] {
        let kinds = KINDS.iter().filter(|kind| kind.2.contains(&severity));
        alerts.extend(kinds.map(|kind| of_kind(kind, severity)));
        alerts.push(of_others(severity));
    }
    alerts.push(at_risk());
    alerts.push(stalls());
    Group {
        name: "tcplull-findings",
        about: "What was found on a node, by kind. Each is also in `tcplull alerts` there, with its owner.",
        interval: "",
        records: Vec::new(),
        alerts,
    }
}

/// How the daemon calls an alert of this severity.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "page",
        _ => "ticket",
    }
}

/// An alert's name: `close_wait` is `TcplullCloseWait`.
fn named(kind: &str) -> String {
    let words = kind.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + rest
    });
    format!("Tcplull{}", words.collect::<String>())
}

const DESCRIPTION: &str = "On {{ $labels.instance }}, path {{ $labels.path }}: {{ $value }} of them. `tcplull alerts` there shows whose connections, how many, and since when.";

fn described(path: &str, count: u32) -> String {
    DESCRIPTION
        .replace("{{ $labels.instance }}", &at(1))
        .replace("{{ $labels.path }}", path)
        .replace("{{ $value }}", &count.to_string())
}

/// `tcplull_alerts_firing` on node 1.
fn firing(kind: &str, severity: Severity, values: &str) -> Series {
    let word = word(severity);
    let labels = format!("alert=\"{kind}\", path=\"nat\", severity=\"{word}\"");
    on(1, "tcplull_alerts_firing", &labels, values)
}

fn of_kind(Kind(kind, summary, severities): &Kind, severity: Severity) -> Alert {
    let word = word(severity);
    let fires = |name, values, minute, count| {
        one(
            name,
            vec![firing(kind, severity, values)],
            minute,
            &[("alert", kind), ("path", "nat")],
            &described("nat", count),
        )
    };
    let rests = |name, values, minute| none(name, vec![firing(kind, severity, values)], minute);
    let other = match severity {
        Severity::Critical => Severity::Warning,
        _ => Severity::Critical,
    };
    let other = none(
        "another severity does not",
        vec![firing(kind, other, "1x10")],
        "5m",
    );
    // Where both are alerts of this name, the other one fires.
    let other = (severities.len() == 1).then_some(other);
    Alert {
        name: named(kind),
        why: "",
        expression: format!(
            "tcplull_alerts_firing{{%job%, alert=\"{kind}\", severity=\"{word}\"}} > 0"
        ),
        hold: "",
        keep: "%keep%",
        severity,
        summary: (*summary).to_owned(),
        description: DESCRIPTION.to_owned(),
        runbook: format!("docs/findings.md#{kind}"),
        fires: vec![
            fires("fires at once", "0 0 2 2", "2m", 2),
            fires(
                "outlives a scrape that failed",
                "1 1 1 stale _ 1 1",
                "4m",
                1,
            ),
            fires("stays for two minutes more", "1 1 1 0 0 0 0 0", "4m", 1),
        ],
        rests: [
            Some(rests("does not fire on none", "0x10", "5m")),
            Some(rests("is over after that", "1 1 1 0 0 0 0 0", "6m")),
            other,
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}

/// What no rule above has: a daemon may be newer than these rules.
fn of_others(severity: Severity) -> Alert {
    let word = word(severity);
    let known: Vec<&str> = KINDS
        .iter()
        .filter(|kind| kind.2.contains(&severity))
        .map(|kind| kind.0)
        .collect();
    let name = match severity {
        Severity::Critical => "TcplullOtherPage",
        _ => "TcplullOtherTicket",
    };
    let new = "later";
    Alert {
        name: name.to_owned(),
        why: "For daemons that are newer than these rules: nothing that fires there is left out here.",
        expression: format!(
            "tcplull_alerts_firing{{%job%, alert!~\"{}\", severity=\"{word}\"}} > 0",
            known.join("|")
        ),
        hold: "",
        keep: "%keep%",
        severity,
        summary: "Connections are in trouble, by a name that these rules do not know".to_owned(),
        description: format!("{DESCRIPTION} Its name there: {{{{ $labels.alert }}}}."),
        runbook: "docs/findings.md#findings-and-what-to-do-about-them".to_owned(),
        fires: vec![one(
            "fires on a kind that is new",
            vec![firing(new, severity, "1x5")],
            "2m",
            &[("alert", new), ("path", "nat")],
            &format!("{} Its name there: {new}.", described("nat", 1)),
        )],
        rests: vec![
            none(
                "leaves those alone that have their own",
                known
                    .iter()
                    .map(|kind| firing(kind, severity, "1x5"))
                    .collect(),
                "2m",
            ),
            none(
                "does not fire on none",
                vec![firing(new, severity, "0x5")],
                "2m",
            ),
        ],
    }
}

/// What nobody need act on is told once for the whole fleet: Alertmanager has enough to do.
const WHY_ONE: &str = "One for the whole fleet: nobody need act on it.";

fn at_risk() -> Alert {
    let silent = |silence: &str, values| {
        let labels = format!("path=\"nat\", silence=\"{silence}\"");
        on_each(2, "tcplull_connections", &labels, values)
    };
    Alert {
        name: "TcplullAtRisk".to_owned(),
        why: WHY_ONE,
        expression: "sum without (%node%) (tcplull_connections{%job%, silence=\"at_risk\"}) > 0".to_owned(),
        hold: "%info_for%",
        keep: "",
        severity: Severity::Info,
        summary: "Silent connections are about to cross their path's timeout, and no keepalive will prevent it".to_owned(),
        description: "On path {{ $labels.path }}: {{ $value }} connections. `tcplull ls` on their nodes shows them with their owners and their keepalive.".to_owned(),
        runbook: "docs/findings.md#at_risk".to_owned(),
        fires: vec![over_all(
            "fires where it lasts",
            silent("at_risk", "7x10"),
            "6m",
            &[("path", "nat"), ("silence", "at_risk")],
            "On path nat: 14 connections. `tcplull ls` on their nodes shows them with their owners and their keepalive.",
        )],
        rests: vec![
            none("waits", silent("at_risk", "7x10"), "4m"),
            none("leaves those alone that have crossed", silent("crossed", "7x10"), "6m"),
        ],
    }
}

/// Causes of stalls that never alert by themselves.
const RECORDS: &str = "zero_window|local_reader|fin_unread|network_loss|sender_limited";

fn stalls() -> Alert {
    let stalled = |cause: &str, values| {
        let labels = format!("cause=\"{cause}\", path=\"nat\"");
        on_each(2, "tcplull_stalls_total", &labels, values)
    };
    let fires = |cause: &'static str| -> Case {
        over_all(
            "fires on causes that are no alerts of the daemon's",
            stalled(cause, "0x10 3x20"),
            "12m",
            &[("cause", cause), ("path", "nat")],
            &format!(
                "On path nat: {cause}, in the last 15m. `tcplull watch` on their nodes shows those to come, the daemon's log those that were."
            ),
        )
    };
    Alert {
        name: "TcplullStalls".to_owned(),
        why: WHY_ONE,
        expression: format!("sum without (%node%) (increase(tcplull_stalls_total{{%job%, cause=~\"{RECORDS}\"}}[%window%])) > 0"),
        hold: "",
        keep: "",
        severity: Severity::Info,
        summary: "Connections were due to move and did not, for a reason that is known".to_owned(),
        description: "On path {{ $labels.path }}: {{ $labels.cause }}, in the last %window%. `tcplull watch` on their nodes shows those to come, the daemon's log those that were.".to_owned(),
        runbook: "docs/findings.md#stalls".to_owned(),
        fires: vec![fires("zero_window"), fires("network_loss")],
        rests: vec![
            none("looks at what is new only", stalled("zero_window", "3x20"), "16m"),
            none("leaves those alone that alert by themselves", stalled("blackholed", "0x10 3x20"), "12m"),
        ],
    }
}
