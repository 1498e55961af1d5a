//! Lengths of time and numbers of bytes.

use crate::tokens::Compare;
use std::fmt;
use std::time::Duration;

/// A value that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    pub compare: Compare,
    pub value: Value,
}

/// With its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    Time(Duration),
    Bytes(u64),
}

/// The longest that is compared, in seconds: a century.
const LONGEST: u64 = 100 * 365 * 86_400;

impl Value {
    /// Reads "3m", "4m30s", "1h 5m"; a number without a unit is seconds.
    pub fn time(text: &str) -> Option<Self> {
        let seconds = text
            .parse::<u32>()
            .map(|seconds| Duration::from_secs(seconds.into()));
        let time = seconds
            .ok()
            .or_else(|| humantime::parse_duration(text).ok())?;
        (time.as_secs() <= LONGEST).then_some(Self::Time(time))
    }

    /// Reads "0", "64k", "1M".
    pub fn bytes(text: &str) -> Option<Self> {
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor: u64 = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kib" => 1 << 10,
            "m" | "mib" => 1 << 20,
            "g" | "gib" => 1 << 30,
            _ => return None,
        };
        let number: u64 = number.parse().ok()?;
        number.checked_mul(factor).map(Self::Bytes)
    }

    /// In seconds, or in bytes.
    fn number(self) -> f64 {
        match self {
            Self::Time(time) => time.as_secs_f64(),
            Self::Bytes(bytes) => bytes as f64,
        }
    }
}

impl Amount {
    /// Whether `found`, in seconds or bytes, compares so.
    pub fn holds(self, found: f64) -> bool {
        let wanted = self.value.number();
        match self.compare {
            Compare::Equal => found == wanted,
            Compare::Unequal => found != wanted,
            Compare::Less => found < wanted,
            Compare::AtMost => found <= wanted,
            Compare::More => found > wanted,
            Compare::AtLeast => found >= wanted,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.compare {
            Compare::Equal => "=",
            Compare::Unequal => "!=",
            Compare::Less => "<",
            Compare::AtMost => "<=",
            Compare::More => ">",
            Compare::AtLeast => ">=",
        };
        match self.value {
            Value::Time(time) => {
                let words = humantime::format_duration(time).to_string();
                write!(out, "{sign} {}", words.replace(' ', ""))
            }
            Value::Bytes(bytes) => write!(out, "{sign} {bytes}"),
        }
    }
}
