//! Findings on standard output. The daemon's own messages go to standard error.

use super::sink::Sink;
use crate::text;
use monitor_model::finding::Finding;
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

impl LogFormat {
    /// Writes one finding as one line, and flushes it: who follows the log sees it at once.
    ///
    /// # Errors
    /// What `out` reports, such as a closed pipe.
    pub fn write(self, out: &mut impl Write, finding: &Finding) -> io::Result<()> {
        let mut line = match self {
            Self::Human => text::finding_line(finding),
            Self::Json => serde_json::to_string(finding)?,
        };
        line.push('\n');
        out.write_all(line.as_bytes())?;
        out.flush()
    }
}

/// Findings on standard output, in one format.
#[derive(Debug)]
pub struct Log(pub LogFormat);

impl Sink for Log {
    fn on_finding(&mut self, finding: &Finding) -> io::Result<()> {
        self.0.write(&mut io::stdout().lock(), finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::blackholed;

    fn written(format: LogFormat) -> String {
        let mut out = Vec::new();
        format.write(&mut out, &blackholed()).unwrap();
        String::from_utf8(out).unwrap()
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
