//! Text within so many columns of a terminal: measured as it shows, cut in the middle, filled up.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns `text` takes.
pub(crate) fn width(text: &str) -> usize {
    // Of ASCII, as nearly every cell is, each letter takes one: no table of letters need be asked.
    match text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        true => text.len(),
        false => text.width(),
    }
}

/// `text` within `columns`. What is longer is cut in its middle, nearer to its beginning: the end of a name or an address
/// is what tells it from its neighbours.
pub(crate) fn cut(text: Cow<'_, str>, columns: usize) -> Cow<'_, str> {
    if width(&text) <= columns {
        return text;
    }
    let Some(room) = columns.checked_sub(1) else {
        return Cow::default();
    };
    let head = taken(text.chars(), room / 3);
    let tail = taken(text.chars().rev(), room - width(&head));
    let tail: String = tail.chars().rev().collect();
    format!("{head}…{tail}").into()
}

/// The first letters that take no more than so many columns.
fn taken(letters: impl Iterator<Item = char>, columns: usize) -> String {
    let mut left = columns;
    letters
        .map_while(|letter| {
            left = left.checked_sub(letter.width().unwrap_or_default())?;
            Some(letter)
        })
        .collect()
}

/// Puts the blanks that fill `text` up to `columns` behind a line.
pub(crate) fn fill(line: &mut String, text: &str, columns: usize) {
    let mut left = columns.saturating_sub(width(text));
    while left > 0 {
        let blanks = &BLANKS[..left.min(BLANKS.len())];
        line.push_str(blanks);
        left -= blanks.len();
    }
}

const BLANKS: &str = "                                ";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_end_stays() {
        for (text, columns, expected) in [
            ("20.1.2.3:443", 12, "20.1.2.3:443"),
            ("20.1.2.3:443", 11, "20.…2.3:443"),
            ("20.1.2.3:443", 1, "…"),
            ("20.1.2.3:443", 0, ""),
            ("名前名前名前", 7, "名…名前"),
        ] {
            assert_eq!(cut(text.into(), columns), expected);
        }
    }

    #[test]
    fn what_is_short_is_filled_up_however_wide_its_place_is() {
        for (text, columns, blanks) in [
            ("ok", 7, 5),
            ("ok", 2, 0),
            ("crossed", 2, 0),
            ("名", 99, 97),
        ] {
            let mut line = "before".to_owned();
            fill(&mut line, text, columns);
            assert_eq!(line, format!("before{}", " ".repeat(blanks)));
        }
    }

    proptest! {
        #[test]
        fn no_text_is_wider_than_its_place(text in "\\PC{0,40}", columns in 0_usize..30) {
            let cut = cut(text.as_str().into(), columns);
            prop_assert!(width(&cut) <= columns, "{cut:?}");
            prop_assert_eq!(cut == text, width(&text) <= columns || text.is_empty());
        }
    }
}
