//! Reading the text format of Prometheus.

/// The sum of all series in `text` that have this name and at least these labels;
/// `None` if there is none.
pub fn sum(text: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let values = text.lines().filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let (found, carried) = match series.split_once('{') {
            Some((found, carried)) => (found, carried.strip_suffix('}')?),
            None => (series, ""),
        };
        // A quote inside a value is escaped, so no value looks like another label.
        let carried = format!(",{carried},");
        let has =
            |(label, value): &(&str, &str)| carried.contains(&format!(",{label}=\"{value}\","));
        (found == name && labels.iter().all(has)).then(|| value.parse::<f64>().ok())?
    });
    values.reduce(|sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "\
# HELP tcplull_crossed_total Silences.
# TYPE tcplull_crossed_total counter
tcplull_crossed_total{path=\"nat\"} 2
tcplull_outcomes_total{outcome=\"blackholed\",path=\"nat\"} 1
tcplull_outcomes_total{outcome=\"survived\",path=\"other\"} 7
tcplull_facts_dropped_total{reason=\"ring_full\"} 3
tcplull_facts_dropped_total{reason=\"budget\"} 4
tcplull_sweeps_total 12
";

    #[test]
    fn a_series_is_found_by_its_labels_in_any_order() {
        let outcome = [("path", "nat"), ("outcome", "blackholed")];
        assert_eq!(sum(METRICS, "tcplull_outcomes_total", &outcome), Some(1.0));
        assert_eq!(sum(METRICS, "tcplull_sweeps_total", &[]), Some(12.0));
    }

    #[test]
    fn another_paths_series_is_not_taken_for_it() {
        let outcome = [("path", "nat"), ("outcome", "survived")];
        assert_eq!(sum(METRICS, "tcplull_outcomes_total", &outcome), None);
        assert_eq!(sum(METRICS, "tcplull_crossed", &[("path", "nat")]), None);
    }

    #[test]
    fn series_are_summed_by_their_labels() {
        let dropped = "tcplull_facts_dropped_total";
        assert_eq!(sum(METRICS, dropped, &[]), Some(7.0));
        let full = [("reason", "ring_full")];
        assert_eq!(sum(METRICS, dropped, &full), Some(3.0));
    }
}
