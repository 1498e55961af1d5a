//! Addresses, paths of files and names within a text for people.

use super::address::Addresses;
use super::names::Names;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Folders whose names are the system's; names in them are looked for as elsewhere.
const SYSTEM: [&str; 4] = ["/proc", "/sys", "/dev", "/api"];

/// Whether there is an address in it.
pub(super) fn has_address(text: &str) -> bool {
    let mut pieces = Pieces(text);
    pieces.any(|piece| matches!(piece, Piece::Address(_)))
}

/// The text with pseudonyms for all of them.
pub(super) fn replaced(text: &str, addresses: &Addresses, names: &mut Names) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut pieces = Pieces(text).peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Text(text) => words(text, names, &mut replaced),
            Piece::Address(address) => {
                let length = match pieces.peek() {
                    Some(Piece::Text(rest)) => prefix_length(rest),
                    _ => None,
                };
                let found = match length {
                    Some(length) => addresses.network(address, length),
                    None => addresses.address(address),
                };
                replaced.push_str(&found.to_string());
            }
        }
    }
    replaced
}

/// The length of a network, which stands behind its address.
fn prefix_length(rest: &str) -> Option<u32> {
    let digits = rest.strip_prefix('/')?;
    let end = digits.find(|c: char| !c.is_ascii_digit());
    let length = digits[..end.unwrap_or(digits.len())].parse().ok()?;
    (length <= 128).then_some(length)
}

/// Words between blanks, of which paths of files are replaced whole.
fn words(text: &str, names: &mut Names, replaced: &mut String) {
    for word in text.split_inclusive([' ', '\n', '"', '\'', '(', ')', ',', ';', '`']) {
        let end = word.trim_end_matches([' ', '\n', '"', '\'', '(', ')', ',', ';', '`', ':', '.']);
        let is_system = |root: &str| {
            let below = end.strip_prefix(root);
            below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
        };
        let is_file = end.len() > 1
            && end.starts_with('/')
            && !end[1..].starts_with(|c: char| c.is_ascii_digit())
            && !SYSTEM.into_iter().any(is_system);
        if is_file {
            replaced.push_str(&names.pseudonym(end));
            replaced.push_str(&word[end.len()..]);
        } else {
            replaced.push_str(&names.within(word));
        }
    }
}

/// What a text is made of.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Address(IpAddr),
}

/// A text in pieces.
struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let text = self.0;
        if text.is_empty() {
            return None;
        }
        let mut from = 0;
        loop {
            let Some((start, length, address)) = candidate(text, from) else {
                self.0 = "";
                return Some(Piece::Text(text));
            };
            match address {
                Some(address) if start == 0 => {
                    self.0 = &text[length..];
                    return Some(Piece::Address(address));
                }
                Some(_) => {
                    self.0 = &text[start..];
                    return Some(Piece::Text(&text[..start]));
                }
                None => from = start + length,
            }
        }
    }
}

fn is_of_an_address(c: char) -> bool {
    c.is_ascii_hexdigit() || c == ':' || c == '.'
}

/// The next run of characters that addresses have, from a byte of the text on: where it begins, how much of it is one
/// thing, and the address that it is.
fn candidate(text: &str, from: usize) -> Option<(usize, usize, Option<IpAddr>)> {
    let start = from + text[from..].find(is_of_an_address)?;
    let run = &text[start..];
    let run = &run[..run.find(|c| !is_of_an_address(c)).unwrap_or(run.len())];
    let whole = run.trim_end_matches(['.', ':']);
    for text in [run, whole] {
        if let Ok(address) = text.parse::<Ipv6Addr>() {
            return Some((start, text.len(), Some(address.into())));
        }
    }
    // Address and port, or nothing of the kind.
    let part = &run[..run.find(':').unwrap_or(run.len())];
    let trimmed = part.trim_end_matches('.');
    match trimmed.parse::<Ipv4Addr>() {
        Ok(address) => Some((start, trimmed.len(), Some(address.into()))),
        Err(_) => Some((start, part.len().max(1), None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_however_they_stand() {
        for (text, expected) in [
            ("10.0.0.1:443", &["10.0.0.1"][..]),
            ("[2001:db8::1]:443 →", &["2001:db8::1"]),
            ("api → 10.0.0.1:1, and 10.0.0.2.", &["10.0.0.1", "10.0.0.2"]),
            ("::ffff:10.0.0.1", &["::ffff:10.0.0.1"]),
            ("at fe80::1%eth0: gone", &["fe80::1"]),
            ("20.0.0.0/8", &["20.0.0.0"]),
            ("1:10.0.0.1", &["10.0.0.1"]),
            ("from 2001:db8::2: it fell", &["2001:db8::2"]),
            ("linux 6.8.0-31 at 12:30:45, face cafe 1.2.3", &[]),
            ("é::", &["::"]),
            ("", &[]),
        ] {
            let found = Pieces(text).filter_map(|piece| match piece {
                Piece::Address(address) => Some(address.to_string()),
                Piece::Text(_) => None,
            });
            assert_eq!(found.collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
