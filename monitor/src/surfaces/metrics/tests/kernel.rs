//! Numbers that the kernel side counts.

use super::*;
use monitor_common::{GAP_BUCKETS, GapHistogram};

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
        ("5", 2.0),
        ("240", 2.0),
        ("300", 3.0),
        ("86400", 3.0),
        ("432000", 4.0),
        ("+Inf", 4.0),
    ] {
        assert_eq!(value(&metrics, &bucket(le)), Some(count), "le {le}");
    }
    shows(&metrics, "tcplull_gap_seconds_count{path=\"nat\"}", 4.0);
    shows(&metrics, "tcplull_gap_seconds_sum{path=\"nat\"}", 400_274.0);
}

#[test]
fn whether_a_gap_outlived_a_usual_timeout_is_told_to_the_ms() {
    for seconds in [60, 230, 240, 350, 600, 900, 1200, 3600, 7200] {
        let timeout_ns = seconds * 1_000_000_000;
        let outlived = |gap_ns: u64| {
            let mut metrics = metrics();
            let mut gaps = GapHistogram::default();
            gaps.buckets[GapHistogram::bucket(gap_ns)] += 1;
            metrics.gaps(Some("nat"), gaps);
            let get = |series: String| value(&metrics, &series).unwrap();
            let within = format!("tcplull_gap_seconds_bucket{{path=\"nat\",le=\"{seconds}\"}}");
            get("tcplull_gap_seconds_count{path=\"nat\"}".to_owned()) - get(within)
        };
        assert_eq!(
            outlived(timeout_ns),
            0.0,
            "{seconds} s is not beyond {seconds} s"
        );
        assert_eq!(outlived(timeout_ns + 1), 1.0, "{seconds} s and a ns is");
        // And one bound stands where a connection begins to be at risk.
        let [at_risk, just_within] = [timeout_ns / 3 * 2, timeout_ns - 1].map(GapHistogram::bucket);
        assert!(at_risk < just_within, "{seconds}");
    }
    assert_eq!(GapHistogram::bucket(0), 0);
    assert_eq!(GapHistogram::bucket(u64::MAX - 1_000_000), GAP_BUCKETS - 1);
}

#[test]
fn runs_of_programs_are_shown_while_the_kernel_counts_them() {
    let mut metrics = metrics();
    shows(&metrics, "tcplull_program_stats_enabled", 0.0);
    let runs = "tcplull_program_runs_total{program=\"sweep\"}";
    assert_eq!(value(&metrics, runs), None);
    metrics.program_stats_enabled = true;
    let sweep = ("sweep".to_owned(), (40, Duration::from_micros(5_120)));
    metrics.program_runs.extend([sweep]);
    shows(&metrics, runs, 40.0);
    let seconds = "tcplull_program_run_seconds_total{program=\"sweep\"}";
    shows(&metrics, seconds, 0.00512);
}
