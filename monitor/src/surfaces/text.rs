//! Words for people: durations, and text that is safe to print.

use crate::judge::words;

/// A length of time as findings say it: "400ms", "6.2s", "4m30s", "5d3h".
pub fn duration(seconds: f64) -> String {
    // The cast saturates; negative and not-a-number cannot be measured, and show
    // as zero.
    words::duration((seconds.max(0.0) * 1e9) as u64)
}

/// `text` with every control character replaced, so that a process cannot speak
/// to the reader's terminal through its name.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_in_findings_whatever_the_number() {
        for (seconds, expected) in [
            (0.43, "430ms"),
            (270.1, "4m30s"),
            (442_800.0, "5d3h"),
            (-1.0, "0ms"),
            (f64::NAN, "0ms"),
        ] {
            assert_eq!(duration(seconds), expected, "{seconds}");
        }
        assert!(duration(f64::INFINITY).contains('d'));
    }

    #[test]
    fn a_name_cannot_speak_to_the_terminal() {
        let shown = printable("a\x1b[2Jb\nc\u{9b}d");
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert!(shown.contains("[2Jb"), "{shown:?}");
    }
}
