//! What is shown of the history.

use super::{metrics, shows, value};
use crate::surfaces::metrics::HistoryShown;

#[test]
fn a_history_has_its_series_and_none_has_none() {
    let mut metrics = metrics();
    assert!(!metrics.render().contains("tcplull_history"));
    metrics.dropped.insert("history", 3);
    metrics.history = Some(HistoryShown {
        kept: true,
        refused: 1,
        bytes: 4_096,
        segments: 2,
        oldest: None,
        written: 9,
        let_go: 4,
        cut: 1,
        unread: [0, 2],
    });
    for (series, expected) in [
        ("tcplull_history_kept", 1.0),
        ("tcplull_history_bytes", 4_096.0),
        ("tcplull_history_segments", 2.0),
        ("tcplull_history_records_total", 9.0),
        ("tcplull_history_errors_total", 1.0),
        ("tcplull_history_dropped_total{reason=\"bound\"}", 4.0),
        ("tcplull_history_dropped_total{reason=\"not_written\"}", 3.0),
        ("tcplull_history_unread_total{what=\"cut\"}", 1.0),
        ("tcplull_history_unread_total{what=\"foreign\"}", 2.0),
    ] {
        shows(&metrics, series, expected);
    }
    let oldest = "tcplull_history_oldest_timestamp_seconds";
    assert_eq!(value(&metrics, oldest), None, "there is none yet");
    metrics.history = metrics.history.map(|history| HistoryShown {
        oldest: Some(1_798_761_600),
        ..history
    });
    shows(&metrics, oldest, 1_798_761_600.0);
}
