//! Text of a line of JSON that is read without a copy of it. Rows of a list may be a million: where they are told they
//! borrow their texts as `&str`, where they are read as [`Text`], and elsewhere they have their own.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;

/// As it stands in the line; a copy only where it is not written there letter by letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a>(Cow<'a, str>);

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Any).map(Self)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_letter_by_letter_is_not_copied() {
        let line = r#"["api", "a\u001bb\n"]"#;
        let [plain, hostile]: [Text<'_>; 2] = serde_json::from_str(line).unwrap();
        assert!(matches!(plain.0, Cow::Borrowed("api")), "{plain:?}");
        assert_eq!(hostile.as_ref(), "a\u{1b}b\n");
        assert!(serde_json::from_str::<Text<'_>>("7").is_err());
    }
}
