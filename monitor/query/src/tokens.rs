//! A filter's text as words, values and signs.

use crate::error::{FilterError, Problem};
use monitor_model::format::is_unseen;
use std::ops::Range;

/// What is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A word, or a value; in quotation marks it is a value.
    Word { text: String, quoted: bool },
    /// `=`, `<` and the like.
    Compare(Compare),
    /// `!`.
    Not,
    /// `&`, `&&`.
    And,
    /// `|`, `||`.
    Or,
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `,`.
    Comma,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// One of them, and which bytes it is.
pub type Placed = (Token, Range<usize>);

/// Letters that are signs, and so end a word.
const SIGNS: &str = "()!=<>&|,\"'";

/// Reads all of `text`.
pub fn tokens(text: &str) -> Result<Vec<Placed>, FilterError> {
    let error = |problem, at| FilterError::new(problem, at, text);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let start = at;
        let rest = &text[at..];
        if letter.is_whitespace() {
            at += letter.len_utf8();
            continue;
        }
        let (token, length) = match letter {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '&' => (Token::And, 1 + usize::from(rest.starts_with("&&"))),
            '|' => (Token::Or, 1 + usize::from(rest.starts_with("||"))),
            '=' | '<' | '>' | '!' => sign(rest),
            '"' | '\'' => {
                let value = quoted(rest, letter);
                value.ok_or_else(|| error(Problem::Unclosed, start..start + 1))?
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || SIGNS.contains(c);
                let length = rest.find(ends).unwrap_or(rest.len());
                let word = Token::Word {
                    text: rest[..length].to_owned(),
                    quoted: false,
                };
                (word, length)
            }
        };
        at += length;
        if let Token::Word { text, .. } = &token
            && text.contains(is_unseen)
        {
            return Err(error(Problem::Unseen, start..at));
        }
        found.push((token, start..at));
    }
    Ok(found)
}

/// A comparison, or `!`, and its length.
pub fn sign(text: &str) -> (Token, usize) {
    let signs = [
        ("==", Compare::Equal),
        ("!=", Compare::Unequal),
        ("<=", Compare::AtMost),
        (">=", Compare::AtLeast),
        ("=", Compare::Equal),
        ("<", Compare::Less),
        (">", Compare::More),
    ];
    let found = signs.into_iter().find(|(sign, _)| text.starts_with(sign));
    found.map_or((Token::Not, 1), |(sign, compare)| {
        (Token::Compare(compare), sign.len())
    })
}

/// The words that `ss` has for comparisons.
pub fn compare_word(word: &str) -> Option<Compare> {
    let words = [
        ("eq", Compare::Equal),
        ("ne", Compare::Unequal),
        ("neq", Compare::Unequal),
        ("lt", Compare::Less),
        ("le", Compare::AtMost),
        ("leq", Compare::AtMost),
        ("gt", Compare::More),
        ("ge", Compare::AtLeast),
        ("geq", Compare::AtLeast),
    ];
    let found = words
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    found.map(|(_, compare)| compare)
}

/// A value between two `mark`s; a backslash takes the next letter as it is.
fn quoted(rest: &str, mark: char) -> Option<(Token, usize)> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => text.push(letters.next()?.1),
            letter if letter == mark => {
                return Some((Token::Word { text, quoted: true }, at + 1));
            }
            letter => text.push(letter),
        }
    }
    None
}

/// `value` as it is read again: in quotation marks where it would be taken for something else.
pub fn written(value: &str) -> String {
    let taken = |word: &str| value.eq_ignore_ascii_case(word);
    let plain = |c: char| !c.is_whitespace() && !SIGNS.contains(c) && c != '\\';
    let is_word = ["and", "or", "not"].into_iter().any(taken) || compare_word(value).is_some();
    if !value.is_empty() && value.chars().all(plain) && !is_word {
        return value.to_owned();
    }
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}
