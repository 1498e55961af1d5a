//! The series of one node that rules read, and those of many as text that promtool makes blocks of.

use super::{JOB, instance};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::ops::Range;

/// How far apart the samples of a series are, in seconds.
const STEP: u64 = 60;

/// Counters that stand still on no node: it works.
const MOVING: [&str; 3] = [
    "tcplull_sweeps_total",
    "tcplull_facts_seen_total",
    "tcplull_facts_submitted_total",
];

/// What a node has besides what a daemon serves at its start: that it is there, and its hooks and programs (by snapshots, on
/// Linux 6.18).
const RUNNING: [&str; 12] = [
    "up 1",
    "tcplull_hook_info{hook=\"reset_received\",mechanism=\"tp_btf/tcp_receive_reset\"} 1",
    "tcplull_hook_info{hook=\"reset_sent\",mechanism=\"tp_btf/tcp_send_reset\"} 1",
    "tcplull_hook_info{hook=\"retransmit\",mechanism=\"tp_btf/tcp_retransmit_skb\"} 1",
    "tcplull_hook_info{hook=\"revisit\",mechanism=\"iter/bpf_sk_storage_map\"} 1",
    "tcplull_hook_info{hook=\"state\",mechanism=\"tp_btf/inet_sock_set_state\"} 1",
    "tcplull_hook_info{hook=\"sweep_task_file\",mechanism=\"iter/task_file\"} 1",
    "tcplull_hook_info{hook=\"sweep_tcp\",mechanism=\"iter/tcp\"} 1",
    "tcplull_program_misses_total{program=\"reset_received_tracepoint\"} 0",
    "tcplull_program_misses_total{program=\"reset_sent_tracepoint\"} 0",
    "tcplull_program_misses_total{program=\"retransmit_tracepoint\"} 0",
    "tcplull_program_misses_total{program=\"state_tracepoint\"} 0",
];

/// What a node has besides when many fail at once: its page, as the metric says it.
const PAGE: &str =
    "tcplull_alerts_firing{alert=\"unreachable\",path=\"gateway\",severity=\"page\"} 1";

/// A series of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Series {
    name: String,
    /// As between the braces, with a comma at the end where there are any.
    labels: String,
    value: String,
}

/// The series of a node that serves `metrics` which `rules` read, in order.
pub(super) fn read_by(rules: &str, metrics: &str, event: bool) -> Vec<Series> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words: BTreeSet<&str> = rules.split(|c| !is_word(c)).collect();
    let lines = metrics.lines().chain(RUNNING);
    let lines = lines.chain(event.then_some(PAGE));
    let series = lines
        .filter(|line| !line.starts_with('#'))
        .filter_map(series);
    let read: BTreeSet<Series> = series
        .filter(|series| words.contains(series.name.as_str()))
        .collect();
    read.into_iter().collect()
}

fn series(line: &str) -> Option<Series> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, format!("{},", labels.strip_suffix('}')?)),
        None => (series, String::new()),
    };
    Some(Series {
        name: name.to_owned(),
        labels,
        value: value.to_owned(),
    })
}

/// Writes these series of these nodes in OpenMetrics' text format, with samples from `from` to `until` (UNIX time, in
/// seconds). Answers how many samples.
pub(super) fn write(
    out: &mut impl Write,
    all: &[Series],
    nodes: Range<u32>,
    (from, until): (u64, u64),
) -> io::Result<u64> {
    let mut samples = 0;
    for Series {
        name,
        labels,
        value,
    } in all
    {
        let moves = MOVING.contains(&name.as_str());
        for node in nodes.clone() {
            let series = format!(
                "{name}{{{labels}instance=\"{}\",job=\"{JOB}\"}}",
                instance(node)
            );
            let mut time = from;
            while time <= until {
                match moves {
                    true => writeln!(out, "{series} {} {time}", time - from)?,
                    false => writeln!(out, "{series} {value} {time}")?,
                }
                samples += 1;
                time += STEP;
            }
        }
    }
    out.write_all(b"# EOF\n")?;
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "\
# TYPE tcplull_sweeps_total counter
tcplull_sweeps_total 12
tcplull_sweeps 1
tcplull_crossed_total{path=\"nat\"} 2
";

    #[test]
    fn what_rules_name_is_read_and_nothing_that_only_begins_so() {
        let rules = "expr: rate(tcplull_sweeps_total{job=\"tcplull\"}[5m]) == 0 and up == 1";
        let names = |event| -> Vec<String> {
            let read = read_by(rules, METRICS, event);
            read.into_iter().map(|series| series.name).collect()
        };
        assert_eq!(names(false), ["tcplull_sweeps_total", "up"]);
        assert_eq!(names(true), names(false), "no rule reads the page");
    }

    #[test]
    fn samples_are_in_the_order_of_their_series_and_end_the_file() {
        let rules = "tcplull_crossed_total tcplull_sweeps_total";
        let mut text = Vec::new();
        let all = read_by(rules, METRICS, false);
        let samples = write(&mut text, &all, 0..2, (1_000, 1_070)).expect("memory takes it");
        let text = String::from_utf8(text).expect("text");
        assert_eq!((samples, text.lines().count()), (8, 9));
        let expected = "tcplull_crossed_total{path=\"nat\",instance=\"node-00001:9469\",job=\"tcplull\"} 2 1060";
        assert_eq!(text.lines().nth(3), Some(expected));
        assert!(text.contains(
            "tcplull_sweeps_total{instance=\"node-00000:9469\",job=\"tcplull\"} 60 1060\n"
        ));
        assert!(text.ends_with("# EOF\n"));
    }
}
