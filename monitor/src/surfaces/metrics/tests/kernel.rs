//! Numbers that the kernel side counts.

use super::*;
use monitor_common::GapHistogram;

#[test]
fn what_the_kernel_saw_is_submitted_or_dropped() {
    let mut metrics = metrics();
    metrics.counters = HashMap::from([
        (Counter::FactsSeen, 100),
        (Counter::FactsSubmitted, 90),
        (Counter::FactsDroppedRingFull, 7),
        (Counter::FactsDroppedBudget, 3),
        (Counter::SuspectsCreated, 12),
        (Counter::SuspectsRemoved, 10),
        (Counter::SuspectsRefused, 1),
    ]);
    let get = |series| value(&metrics, series).unwrap();
    let dropped = get("tcplull_facts_dropped_total{reason=\"ring_full\"}")
        + get("tcplull_facts_dropped_total{reason=\"budget\"}");
    assert_eq!(dropped, 10.0);
    assert_eq!(
        get("tcplull_facts_seen_total"),
        get("tcplull_facts_submitted_total") + dropped
    );
    assert_eq!(get("tcplull_suspects"), 2.0);
    assert_eq!(get("tcplull_suspects_refused_total"), 1.0);
}

#[test]
fn what_a_program_was_not_run_for_counts_by_program() {
    let mut metrics = metrics();
    let misses = [("send_tracepoint".to_owned(), 5)];
    metrics.program_misses.extend(misses);
    let series = "tcplull_program_misses_total{program=\"send_tracepoint\"}";
    shows(&metrics, series, 5.0);
}

#[test]
fn gaps_show_as_a_cumulative_histogram() {
    let mut metrics = metrics();
    let mut gaps = GapHistogram::default();
    for seconds in [1, 3, 270, 400_000] {
        gaps.buckets[GapHistogram::bucket(seconds * 1_000_000_000)] += 1;
        gaps.sum_ms += seconds * 1000;
    }
    metrics.gaps(Some("nat"), gaps);
    let bucket = |le| format!("tcplull_gap_seconds_bucket{{path=\"nat\",le=\"{le}\"}}");
    for (le, count) in [
        ("2", 1.0),
        ("4", 2.0),
        ("256", 2.0),
        ("512", 3.0),
        ("131072", 3.0),
        ("+Inf", 4.0),
    ] {
        assert_eq!(value(&metrics, &bucket(le)), Some(count), "le {le}");
    }
    shows(&metrics, "tcplull_gap_seconds_count{path=\"nat\"}", 4.0);
    shows(&metrics, "tcplull_gap_seconds_sum{path=\"nat\"}", 400_274.0);
}
