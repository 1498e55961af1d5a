//! A record that was told as a line: its contents, and when it was, as far as the line says.

use monitor_model::agent::AgentEvent;
use monitor_model::alert::AlertChange;
use monitor_model::finding::Finding;
use monitor_model::gaps::GapSummary;
use monitor_model::told::Told;
use monitor_store::{BootId, Contents, Moment};
use serde::Deserialize;

#[derive(Deserialize)]
struct Named<'a> {
    schema: &'a str,
}

/// Reads a line of the history. Of the clocks it has the wall's alone, so nothing is known of boots. `None` for what is no
/// record.
pub fn told(line: &str) -> Option<(Moment, Contents)> {
    let Named { schema } = serde_json::from_str(line).ok()?;
    let (time, contents) = match schema {
        Finding::SCHEMA => {
            let finding: Box<Finding> = serde_json::from_str(line).ok()?;
            (finding.time, Contents::Finding(finding))
        }
        AlertChange::SCHEMA => {
            let change: AlertChange = serde_json::from_str(line).ok()?;
            let alert = change.alert();
            let time = match &change {
                AlertChange::Pending(_) => alert.since,
                AlertChange::Firing(_) => alert.fired.unwrap_or(alert.since),
                AlertChange::Over(_) => alert.ended.unwrap_or(alert.since),
            };
            (time, Contents::Alert(change))
        }
        GapSummary::SCHEMA => {
            let gaps: GapSummary = serde_json::from_str(line).ok()?;
            (gaps.time, Contents::Gaps(gaps))
        }
        AgentEvent::SCHEMA => {
            let event: AgentEvent = serde_json::from_str(line).ok()?;
            (event.time, Contents::Agent(event))
        }
        _ => return None,
    };
    let at = Moment {
        wall_unix_ns: time.unix_ns(),
        boot_ns: 0,
        boot_id: BootId::default(),
    };
    Some((at, contents))
}
