//! The alerts that a daemon left.

use monitor_judge::alerts::{Alerts, Limits, Saved};

const SECOND: u64 = 1_000_000_000;

/// Any text as the alerts of a daemon before this one: they are taken up, or not, and go on.
#[test]
fn take_up() {
    bolero::check!().for_each(|bytes| {
        let Ok(saved) = serde_json::from_slice::<Saved>(bytes) else {
            return;
        };
        let mut alerts = Alerts::restored(saved, Limits::default(), 50 * SECOND);
        for second in [0, 1, 20, 200, 100_000] {
            alerts.tick((50 + second) * SECOND);
            let _ = alerts.all().count();
        }
        alerts.swept();
        let _ = alerts.to_save(200_000 * SECOND);
    });
}
