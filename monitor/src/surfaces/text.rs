//! Words for people: durations, and text that is safe to print.

/// A length of time as people say it: "0.4s", "4m30s", "2h", "5d3h". Two units
/// at most; what is below the second of them is cut off.
pub fn duration(seconds: f64) -> String {
    // Negative and not-a-number cannot be measured; they show as zero.
    let seconds = seconds.max(0.0);
    if seconds < 60.0 {
        // Cut, not rounded, so that 59.99 s does not show as 60 s.
        let tenths = (seconds * 10.0).floor() / 10.0;
        return format!("{tenths}s");
    }
    let whole = seconds as u64;
    let (large, large_unit, small, small_unit) = if whole < 3600 {
        (whole / 60, "m", whole % 60, "s")
    } else if whole < 86_400 {
        (whole / 3600, "h", whole % 3600 / 60, "m")
    } else {
        (whole / 86_400, "d", whole % 86_400 / 3600, "h")
    };
    if small == 0 {
        format!("{large}{large_unit}")
    } else {
        format!("{large}{large_unit}{small}{small_unit}")
    }
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
    fn durations_read_like_speech() {
        for (seconds, expected) in [
            (0.0, "0s"),
            (0.43, "0.4s"),
            (5.0, "5s"),
            (59.99, "59.9s"),
            (60.0, "1m"),
            (270.1, "4m30s"),
            (3600.0, "1h"),
            (5400.0, "1h30m"),
            (432_000.0, "5d"),
            (442_800.0, "5d3h"),
            (-1.0, "0s"),
            (f64::NAN, "0s"),
        ] {
            assert_eq!(duration(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn a_name_cannot_speak_to_the_terminal() {
        let shown = printable("a\x1b[2Jb\nc\u{9b}d");
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert!(shown.contains("[2Jb"), "{shown:?}");
    }
}
