//! Text as it is shown: nothing in it commands the terminal, and it is as wide as its place.

use monitor_model::time::Timestamp;
pub(crate) use monitor_sheet::words::{clock_time, keepalive, owner, path, shown, whole, wrapped};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

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

/// How long ago `then` was: "3m ago".
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago", age(then, now))
}

/// How long ago `then` was, to the second.
pub(crate) fn age(then: Timestamp, now: Timestamp) -> String {
    whole(now.unix_ns().saturating_sub(then.unix_ns()).max(0) as f64 / 1e9)
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
}
