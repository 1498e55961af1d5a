//! Words for what is told: nothing in them commands a terminal.

use monitor_model::format::{bytes, duration_of, printable};
use monitor_model::listing::{ConnectionRow, Keepalive};
use monitor_model::owner::Owner;
use monitor_model::time::Timestamp;
use serde_json::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What is read of a text from outside, in characters: more than the widest terminal shows of one.
const LONGEST: usize = 2_000;

/// Text from outside, fit to be shown.
pub fn shown(text: &str) -> String {
    let end = text.char_indices().nth(LONGEST);
    printable(end.map_or(text, |(end, _)| &text[..end]))
}

/// `text` in lines of at most `width` columns, broken between words where that can be; all but the first begin with `indent`
/// blanks.
pub fn wrapped(text: &str, width: usize, indent: usize) -> Vec<String> {
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

/// A length of time to the second, or finer where it is shorter.
pub fn whole(seconds: f64) -> String {
    duration_of(if seconds < 1.0 { 0.0 } else { seconds.floor() }).replace("0ms", "0s")
}

/// The time of day of a moment, in UTC.
pub fn clock_time(time: Timestamp) -> String {
    time.to_string().chars().skip(11).take(8).collect()
}

/// Process, and its pod, container or unit; or why there is none.
pub fn owner(owner: &Owner) -> String {
    let process = match (&owner.comm, owner.pid) {
        (Some(comm), Some(pid)) => format!("{} ({pid})", shown(comm)),
        (Some(comm), None) => shown(comm),
        (None, Some(pid)) => format!("pid {pid}"),
        (None, None) => "nobody known".to_owned(),
    };
    match (owner.place(), &owner.unknown) {
        (Some(place), None) => format!("{process} in {}", shown(&place)),
        (Some(place), Some(why)) => format!("{process} in {}: {}", shown(&place), shown(why)),
        (None, Some(why)) => format!("{process}: {}", shown(why)),
        (None, None) => process,
    }
}

/// Keepalive: off, or silence before the first probe, and between probes; marked where it comes too late.
pub fn keepalive(row: &ConnectionRow) -> String {
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
pub fn keepalive_helps(row: &ConnectionRow) -> bool {
    row.keepalive.enabled && !row.keepalive_comes_late()
}

/// The path of a connection with its timeout.
pub fn path(row: &ConnectionRow) -> String {
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
pub fn evidence(fact: &str, value: &Value) -> String {
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

/// A summary without whom it is about, which stands before the address that it is about.
pub fn after_who<'a>(summary: &'a str, remote: &str) -> &'a str {
    let ends = [format!("→ {remote}: "), format!("← {remote}: ")];
    let found = ends.iter().find_map(|end| summary.split_once(end.as_str()));
    found.map_or(summary, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

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
