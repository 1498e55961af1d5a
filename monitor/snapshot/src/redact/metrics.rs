//! A line of Prometheus' text format.

use super::names::{Learnt, Names};
use super::words::LABELS;

/// Learns the names of a line.
pub(super) fn learn(line: &str, learnt: &mut Learnt) {
    // What cannot be read is left out later.
    let _ = each_label(line, &mut |name, value| {
        if !LABELS.contains(&name) {
            learnt.name(value);
        }
        None
    });
}

/// The line with pseudonyms; `None` for one that cannot be read.
pub(super) fn line(line: &str, names: &mut Names) -> Option<String> {
    each_label(line, &mut |name, value| {
        (!LABELS.contains(&name)).then(|| names.pseudonym(value))
    })
}

/// Hands each label over, name and value, and writes what is answered in the value's place. Pseudonyms need no escapes.
fn each_label(line: &str, replace: &mut dyn FnMut(&str, &str) -> Option<String>) -> Option<String> {
    let Some((metric, labels)) = line.split_once('{').filter(|_| !line.starts_with('#')) else {
        return Some(line.to_owned());
    };
    let mut written = format!("{metric}{{");
    let mut rest = labels;
    while !rest.starts_with('}') {
        let (name, behind) = rest.split_once("=\"")?;
        let (value, raw) = quoted(behind)?;
        let key = name.trim_start_matches(',');
        written.push_str(name);
        written.push_str("=\"");
        match replace(key, &value) {
            Some(pseudonym) => written.push_str(&pseudonym),
            None => written.push_str(raw),
        }
        written.push('"');
        rest = &behind[raw.len() + 1..];
    }
    written.push_str(rest);
    Some(written)
}

/// A value up to its closing quotation mark: as it is meant, and as it is written.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((place, c)) = characters.next() {
        match c {
            '"' => return Some((value, &text[..place])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                c => value.push(c),
            },
            c => value.push(c),
        }
    }
    None
}
