//! Findings on standard output. The daemon's own messages go to standard error.

use super::sink::Sink;
use crate::text;
use monitor_model::finding::Finding;
use monitor_model::format::told_line;
use std::io::{self, Write};

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One line for people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Findings in one format, each on one line and flushed: who follows the log sees it at once.
#[derive(Debug)]
pub struct Log<W>(pub LogFormat, pub W);

impl<W: Write + Send + 'static> Sink for Log<W> {
    fn keeps_to_log_rate(&self) -> bool {
        true
    }

    fn on_finding(&mut self, finding: &Finding) -> io::Result<()> {
        let mut line = match self.0 {
            LogFormat::Human => text::finding_line(finding),
            LogFormat::Json => told_line(finding)?,
        };
        line.push('\n');
        self.1.write_all(line.as_bytes())?;
        self.1.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::blackholed;

    fn written(format: LogFormat) -> String {
        let mut log = Log(format, Vec::new());
        log.on_finding(&blackholed()).unwrap();
        String::from_utf8(log.1).unwrap()
    }

    #[test]
    fn people_get_time_severity_kind_and_summary() {
        assert_eq!(
            written(LogFormat::Human),
            "2026-01-31T12:00:00.123Z page   blackholed     api (pid 1234) → 20.1.2.3:443: 4m30s of silence crossed nat's 4m\n"
        );
    }

    #[test]
    fn scripts_get_the_finding_itself() {
        let line = written(LogFormat::Json);
        assert_eq!(line.matches('\n').count(), 1);
        let finding: Finding = serde_json::from_str(&line).unwrap();
        assert_eq!(finding, blackholed());
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["kind"], "outcome");
        assert_eq!(value["outcome"], "blackholed");
    }
}
