//! Text as it is shown: nothing in it commands the terminal, and it is as wide as its place.

use monitor_model::format::{bytes, duration_of, printable};
use monitor_model::listing::{ConnectionRow, Keepalive};
use monitor_model::owner::Owner;
use monitor_model::time::Timestamp;
use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What is read of a text from outside, in characters: more than the widest terminal shows of one.
const LONGEST: usize = 2_000;

/// Text from outside, fit to be shown.
pub(crate) fn shown(text: &str) -> String {
    let end = text.char_indices().nth(LONGEST);
    printable(end.map_or(text, |(end, _)| &text[..end]))
}

/// `text` in at most `width` columns; what is left out shows as `…`.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut fitted = String::new();
    let mut taken = 0;
    for c in text.chars() {
        taken += c.width().unwrap_or(0);
        if taken >= width {
            break;
        }
        fitted.push(c);
    }
    if width > 0 {
        fitted.push('…');
    }
    fitted
}

/// `text` in lines of at most `width` columns, broken between words where that can be; all but the first begin with `indent`
/// blanks.
pub(crate) fn wrapped(text: &str, width: usize, indent: usize) -> Vec<String> {
    let width = width.max(1);
    let indent = if indent < width / 2 { indent } else { 0 };
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut is_empty = true;
    for word in text.split(' ') {
        let gap = usize::from(!is_empty);
        if line.width() + gap + word.width() <= width {
            line.push_str(if is_empty { "" } else { " " });
            line.push_str(word);
            is_empty = false;
            continue;
        }
        if !is_empty {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        }
        for c in word.chars() {
            if line.width() + c.width().unwrap_or(0) > width {
                lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
            }
            line.push(c);
        }
        is_empty = false;
    }
    lines.push(line);
    lines
}

/// How long ago `then` was: "3m ago".
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago", age(then, now))
}

/// How long ago `then` was, to the second.
pub(crate) fn age(then: Timestamp, now: Timestamp) -> String {
    whole(now.unix_ns().saturating_sub(then.unix_ns()).max(0) as f64 / 1e9)
}

/// A length of time to the second, or finer where it is shorter.
pub(crate) fn whole(seconds: f64) -> String {
    duration_of(if seconds < 1.0 { 0.0 } else { seconds.floor() }).replace("0ms", "0s")
}

/// The time of day of a moment, in UTC.
pub(crate) fn clock_time(time: Timestamp) -> String {
    time.to_string().chars().skip(11).take(8).collect()
}

/// Process, and unit or else container.
pub(crate) fn owner(owner: &Owner) -> String {
    let process = match (&owner.comm, owner.pid) {
        (Some(comm), Some(pid)) => format!("{} ({pid})", shown(comm)),
        (Some(comm), None) => shown(comm),
        (None, Some(pid)) => format!("pid {pid}"),
        (None, None) => "nobody known".to_owned(),
    };
    match owner.unit.as_ref().or(owner.container.as_ref()) {
        Some(place) => format!("{process} in {}", shown(place)),
        None => process,
    }
}

/// Keepalive: off, or silence before the first probe, and between probes; marked where it comes too late.
pub(crate) fn keepalive(row: &ConnectionRow) -> String {
    let text = match row.keepalive {
        Keepalive { enabled: false, .. } => return "off".to_owned(),
        Keepalive {
            time_seconds: Some(time),
            interval_seconds: Some(interval),
            ..
        } => format!("{}+{}", duration_of(time), duration_of(interval)),
        _ => "on".to_owned(),
    };
    match keepalive_helps(row) {
        true => text,
        false => text + "!",
    }
}

/// Whether it keeps the path open.
pub(crate) fn keepalive_helps(row: &ConnectionRow) -> bool {
    row.keepalive.enabled && !row.keepalive_comes_late()
}

/// The path of a connection with its timeout.
pub(crate) fn path(row: &ConnectionRow) -> String {
    let Some(name) = &row.path else {
        return "-".to_owned();
    };
    let timeout = row.timeout_seconds;
    let timeout = timeout.map_or(String::new(), |timeout| {
        format!(" {}", duration_of(timeout))
    });
    format!("{}{timeout}", shown(name))
}

/// A piece of evidence in words: its name without the unit, which its number has.
pub(crate) fn evidence(fact: &str, value: &Value) -> String {
    let number = value.as_f64();
    let (name, value) = match (fact.rsplit_once('_'), number) {
        (Some((name, "seconds")), Some(number)) => (name, duration_of(number)),
        (Some((name, "ms")), Some(number)) => (name, duration_of(number / 1e3)),
        (Some((name, "us")), Some(number)) => (name, duration_of(number / 1e6)),
        (Some((name, "bytes")), Some(number)) => (name, bytes(number.max(0.0) as u64)),
        _ => (fact, plain(value)),
    };
    format!("{}: {value}", shown(&name.replace('_', " ")))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => shown(&text.replace('_', " ")),
        value => shown(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_as_wide_as_its_place() {
        for text in [
            "",
            "a",
            "abcdef",
            "日本語テキスト",
            "e\u{301}e\u{301}e\u{301}",
            "👩‍👩‍👧‍👦 family",
        ] {
            for width in 0..12 {
                assert!(fit(text, width).width() <= width, "{text} in {width}");
                for line in wrapped(text, width, 2) {
                    // A character of two columns has no half.
                    assert!(line.width() <= width.max(2), "{line:?} in {width}");
                }
            }
        }
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(wrapped("one two three", 8, 2), ["one two", "  three"]);
        assert_eq!(wrapped("abcdefghij", 4, 0), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn evidence_has_its_unit_at_its_number() {
        assert_eq!(evidence("waited_ms", &6_200.into()), "waited: 6.2s");
        assert_eq!(evidence("out_bytes", &12_900.into()), "out: 12 KiB");
        assert_eq!(evidence("peer_heard", &false.into()), "peer heard: no");
        assert_eq!(
            evidence("\u{1b}[2J", &"\u{202e}x".into()),
            "\u{fffd}[2J: \u{fffd}x"
        );
    }
}
