//! How much a node serves: at its start, and where every bound is full. docs/fleet.md says it to those who plan for many.

use super::*;
use monitor_common::MAX_PATHS;
use monitor_model::finding::{Cause, FindingClass};
use monitor_model::owner::Owner;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Paths that a configuration may have: of the places half, so that a reload finds room.
const MOST_PATHS: u32 = MAX_PATHS / 2;

/// Workloads that may have a name, and so many more that have none.
const MOST_WORKLOADS: usize = 250;
const MANY: usize = 400;

/// The longest name of a path, and of a workload, in bytes.
const LONGEST: usize = 63;

/// What may page, and what may be a ticket.
const PAGES: [&str; 5] = ["blackholed", "more", "reset", "undelivered", "unreachable"];
const TICKETS: [&str; 12] = [
    "awaiting_reply",
    "blackholed",
    "close_wait",
    "closed",
    "crossed",
    "deadlock",
    "interrupted",
    "misstated",
    "more",
    "mtu",
    "reset",
    "unexplained",
];

/// A name of the full length.
fn long(what: &str, number: u32) -> String {
    format!("{what}-{number:0>width$}", width = LONGEST - 1 - what.len())
}

/// A workload's name of the full length: numbers in it would count as an instance's.
fn workload(number: usize) -> String {
    let letter = |place: u32| char::from(b'g' + (number / 16_usize.pow(place) % 16) as u8);
    let word: String = (0..3).map(letter).collect();
    format!("{}{word}", "x".repeat(LONGEST - 3))
}

/// A path of this name.
fn numbers(name: &str) -> PathNumbers<'_> {
    PathNumbers {
        name,
        timeout: Duration::from_secs(240),
    }
}

/// Every conclusion that there is.
fn kinds() -> impl Iterator<Item = FindingKind> {
    let outcomes = Outcome::ALL
        .iter()
        .map(|&outcome| FindingKind::Outcome { outcome });
    let causes = Cause::ALL.iter().map(|&cause| FindingKind::Stall { cause });
    [FindingKind::AtRisk, FindingKind::Crossed]
        .into_iter()
        .chain(outcomes)
        .chain(causes)
}

/// A node on which all happened that can happen, on every path, to more owners than there is room for.
fn full() -> Metrics {
    let paths: Vec<String> = (0..MOST_PATHS).map(|number| long("path", number)).collect();
    let mut metrics = Metrics::new(paths.iter().map(|path| numbers(path)));
    metrics.count_by_workload(ByWorkload {
        kinds: FindingClass::ALL.to_vec(),
        most: MOST_WORKLOADS,
    });
    let all: Vec<Option<&str>> = paths
        .iter()
        .map(|path| Some(path.as_str()))
        .chain([None])
        .collect();
    // Each workload fails in some way on some path, and those without a name in every way on every path.
    for number in 0..MANY * all.len() {
        let kind = kinds().nth(number % kinds().count());
        let found = Finding {
            owner: Owner {
                comm: Some(workload(number % MANY)),
                ..Owner::default()
            },
            ..finding(kind.expect("one of them"), all[number / MANY])
        };
        metrics.on_finding(&found).expect("metrics take it");
    }
    for path in &all {
        metrics.learned(*path, [Some(Duration::from_millis(118_004)); 2]);
        let alerts = |names: &[&str], severity, state| -> Vec<Alert> {
            let of = |name: &&str| Alert {
                name: (*name).to_owned(),
                severity,
                state,
                path: path.unwrap_or("none").to_owned(),
                ..alert("api.service")
            };
            names.iter().map(of).collect()
        };
        let firing = [
            alerts(&PAGES, Severity::Page, AlertState::Firing),
            alerts(&TICKETS, Severity::Ticket, AlertState::Firing),
            alerts(&PAGES, Severity::Page, AlertState::Pending),
        ];
        metrics.count_alerts(firing.concat());
    }
    let hooks = (0..16)
        .map(|number| format!("hook{number}"))
        .collect::<Vec<_>>();
    metrics.hooks(hooks.iter().map(|hook| (hook.as_str(), Some("tracepoint"))));
    let programs = (0..24).map(|number| format!("program{number}"));
    metrics.program_misses = programs.clone().map(|program| (program, 0)).collect();
    metrics.program_stats_enabled = true;
    metrics.program_runs = programs
        .map(|program| (program, (0, Duration::ZERO)))
        .collect();
    metrics.about_to_show(Instant::now());
    metrics
}

/// Series and bytes of what is served.
fn size(text: &str) -> [usize; 2] {
    let series = text.lines().filter(|line| !line.starts_with('#'));
    [series.count(), text.len()]
}

/// The row of the page for so many series and bytes.
fn row(of: &str, [series, bytes]: [usize; 2]) -> String {
    format!("| {of} | {series} | {} |", bytes.div_ceil(1024))
}

#[test]
fn the_page_on_fleets_says_how_much_a_node_serves() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file| fs::read_to_string(root.join(file)).expect("a file of the project");
    let with_paths =
        |paths: &[&str]| size(&Metrics::new(paths.iter().map(|path| numbers(path))).render());
    let (two, three) = (
        with_paths(&["nat", "gateway"]),
        with_paths(&["nat", "gateway", "another"]),
    );
    let [series, bytes] = size(&full().render());
    assert!(bytes < 2 << 20, "a scrape takes {bytes} bytes");
    let page = read("../docs/fleet.md");
    for row in [
        row("at its start, with two paths", two),
        row(
            "more for each path more",
            [three[0] - two[0], three[1] - two[1]],
        ),
        row("with every bound full", [series, bytes]),
    ] {
        assert!(
            page.contains(&format!("\n{row}\n")),
            "docs/fleet.md wants this row: {row}"
        );
    }
}
