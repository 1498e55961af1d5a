//! Numbers and names as people read them: durations, sizes, counts, and text that is safe to print.

use crate::told::{Line, Told};
use serde::Serialize;
use std::borrow::Cow;

/// `ns` as people write it: "850ms", "6.2s", "4m30s", "2h", "1d3h".
pub fn duration(ns: u64) -> String {
    let ms = ns.saturating_add(500_000) / 1_000_000;
    if ms < 1_000 {
        return format!("{ms}ms");
    }
    let tenths = ns.saturating_add(50_000_000) / 100_000_000;
    if tenths < 600 {
        return match (tenths / 10, tenths % 10) {
            (whole, 0) => format!("{whole}s"),
            (whole, tenth) => format!("{whole}.{tenth}s"),
        };
    }
    let seconds = ns.saturating_add(500_000_000) / 1_000_000_000;
    let (large, large_unit, small, small_unit) = match seconds {
        0..3_600 => (seconds / 60, 'm', seconds % 60, 's'),
        3_600..86_400 => (seconds / 3_600, 'h', seconds % 3_600 / 60, 'm'),
        _ => (seconds / 86_400, 'd', seconds % 86_400 / 3_600, 'h'),
    };
    match small {
        0 => format!("{large}{large_unit}"),
        small => format!("{large}{large_unit}{small}{small_unit}"),
    }
}

/// `ns` in seconds, rounded to ms.
pub fn seconds(ns: u64) -> f64 {
    // Exact below 2^53 ms, which u64 nanoseconds never reach.
    (ns.saturating_add(500_000) / 1_000_000) as f64 / 1_000.0
}

/// `count` with its noun: "1 timeout", "3 timeouts".
pub fn count(count: u64, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

/// `bytes` as people write them: "512 bytes", "12 KiB", "3.4 MiB".
pub fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let Some((size, unit)) = UNITS.into_iter().find(|(size, _)| bytes >= *size) else {
        return count(bytes, "byte");
    };
    let (whole, tenth) = (bytes / size, bytes % size * 10 / size);
    match tenth {
        1.. if whole < 10 => format!("{whole}.{tenth} {unit}"),
        _ => format!("{whole} {unit}"),
    }
}

/// A length of time as findings say it: "400ms", "6.2s", "4m30s", "5d3h".
pub fn duration_of(seconds: f64) -> String {
    // The cast saturates; negative and not-a-number cannot be measured, and show
    // as zero.
    duration((seconds.max(0.0) * 1e9) as u64)
}

/// Whether a character commands the reader's terminal, begins a line, or shows as nothing or turns what stands beside
/// it: control characters (C0, DEL, C1), the ends of lines and paragraphs, marks and overrides of direction, characters
/// without width, and tags.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether it is ASCII that shows, as nearly every text is: then nothing in it [`is_unseen`], and no letter need be looked at.
fn is_plain(text: &[u8]) -> bool {
    // By the block, of which each byte is compared at once.
    let plain = |block: &[u8]| {
        let bytes = block.iter();
        bytes.fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte))
    };
    text.chunks(64).all(plain)
}

/// `text` for people, with every character replaced that [`is_unseen`], so that a process cannot speak to the reader's
/// terminal through its name, forge a line, or turn a table's cells around. With [`json_line`] the one door for text
/// from outside.
pub fn printable(text: &str) -> String {
    printed(text).into_owned()
}

/// As [`printable`], and the text itself where nothing in it is replaced.
pub fn printed(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let shown = |c| if is_unseen(c) { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

/// As [`printable`], of several lines: their ends stay, and tabs are blanks.
pub fn printable_lines(text: &str) -> String {
    let shown = |c| match c {
        '\n' => c,
        '\t' => ' ',
        c if is_unseen(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// `value` for scripts, as one line of JSON without its end. What [`is_unseen`] is written `\uXXXX`: nothing is lost.
///
/// # Errors
/// A value that JSON has no words for.
pub fn json_line(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string(value).map(json_shown)
}

/// What is told to scripts, likewise, with the name of its form first.
///
/// # Errors
/// As there.
pub fn told_line(told: &impl Told) -> Result<String, serde_json::Error> {
    json_line(&Line::of(told))
}

/// The same with its end, behind what is `told` already: of a long list no line is held by itself.
///
/// # Errors
/// As there; nothing is added then.
pub fn tell_line(row: &impl Told, told: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let before = told.len();
    let written = serde_json::to_writer(&mut *told, &Line::of(row));
    let line = &told[before..];
    match written {
        Ok(()) if is_plain(line) => {}
        Ok(()) => {
            let shown = json_shown(String::from_utf8_lossy(line));
            told.truncate(before);
            told.extend(shown.into_bytes());
        }
        Err(error) => {
            told.truncate(before);
            return Err(error);
        }
    }
    told.push(b'\n');
    Ok(())
}

/// A line of JSON that others wrote, likewise.
pub fn json_shown<'a>(line: impl Into<Cow<'a, str>>) -> String {
    let line = line.into();
    if is_plain(line.as_bytes()) || !line.contains(is_unseen) {
        return line.into_owned();
    }
    let mut shown = String::with_capacity(line.len() + 64);
    for c in line.chars() {
        if is_unseen(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_at_most_two_digits_that_matter() {
        for (size, words) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1_023, "1023 bytes"),
            (1_024, "1 KiB"),
            (12_900, "12 KiB"),
            (3_600_000, "3.4 MiB"),
            (5 << 30, "5 GiB"),
        ] {
            assert_eq!(bytes(size), words);
        }
        assert!(bytes(u64::MAX).ends_with(" GiB"));
    }

    #[test]
    fn durations_read_like_those_in_the_configuration() {
        for (ns, words) in [
            (0, "0ms"),
            (850_000_000, "850ms"),
            (999_600_000, "1s"),
            (6_240_000_000, "6.2s"),
            (5_000_000_000, "5s"),
            (59_970_000_000, "1m"),
            (270_100_000_000, "4m30s"),
            (240_000_000_000, "4m"),
            (7_200_000_000_000, "2h"),
            (97_200_000_000_000, "1d3h"),
        ] {
            assert_eq!(duration(ns), words);
        }
        assert!(duration(u64::MAX).ends_with('h'));
    }

    #[test]
    fn seconds_are_rounded_to_milliseconds() {
        assert_eq!(seconds(270_099_600_000), 270.1);
        assert_eq!(seconds(1_499_999), 0.001);
    }

    #[test]
    fn durations_read_as_in_findings_whatever_the_number() {
        for (seconds, expected) in [
            (0.43, "430ms"),
            (270.1, "4m30s"),
            (442_800.0, "5d3h"),
            (-1.0, "0ms"),
            (f64::NAN, "0ms"),
        ] {
            assert_eq!(duration_of(seconds), expected, "{seconds}");
        }
        assert!(duration_of(f64::INFINITY).contains('d'));
    }

    #[test]
    fn a_name_cannot_speak_to_the_terminal() {
        let shown = printable("a\x1b[2Jb\nc\u{9b}d");
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
        assert!(shown.contains("[2Jb"), "{shown:?}");
    }

    #[test]
    fn json_keeps_what_it_does_not_show() {
        let name = "a\n\r\u{7f}\u{9b}\u{202e}\u{2028}\u{e0041}ü→b";
        let line = json_line(&name).unwrap();
        assert!(!line.contains(is_unseen), "{line:?}");
        assert!(line.contains("\\u009b") && line.contains("ü→b"), "{line}");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), name);
    }

    #[test]
    fn what_shows_is_left_as_it_is_wherever_the_rest_stands() {
        let long = "a ~".repeat(50);
        assert_eq!(printable(&long), long);
        assert_eq!(json_shown(long.as_str()), long);
        for c in ['\0', '\x1f', '\x7f', '\u{80}', '\u{202e}'] {
            for place in [0, 63, 64, 150] {
                let mut hostile = long.clone();
                hostile.insert(place, c);
                assert!(!printable(&hostile).contains(is_unseen), "{hostile:?}");
                assert!(!json_shown(hostile).contains(is_unseen));
            }
        }
    }

    #[test]
    fn a_line_is_told_behind_others_as_by_itself() {
        let error = "a\u{202e}b".to_owned();
        let error = crate::api::ApiError::from(error);
        let mut told = b"before\n".to_vec();
        tell_line(&error, &mut told).unwrap();
        let expected = format!("before\n{}\n", told_line(&error).unwrap());
        assert_eq!(String::from_utf8(told).unwrap(), expected);
    }

    #[test]
    fn of_several_lines_only_their_ends_stay() {
        let shown = printable_lines("one\n\ttwo\r\u{1b}[2J\n");
        assert_eq!(shown, "one\n two\u{fffd}\u{fffd}[2J\n");
    }
}
