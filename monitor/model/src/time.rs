//! Moments as users read them.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment of the wall clock, to the millisecond. It is written as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Since 1970.
    unix_ms: i64,
}

impl Timestamp {
    /// The moment `unix_ns` ns after 1970 began.
    pub const fn of(unix_ns: i64) -> Self {
        Self {
            unix_ms: unix_ns.div_euclid(1_000_000),
        }
    }

    /// In ns since 1970, to the millisecond.
    pub const fn unix_ns(self) -> i64 {
        self.unix_ms.saturating_mul(1_000_000)
    }

    /// The moment `ns` after this one.
    pub fn later_by(self, ns: u64) -> Self {
        let ms = i64::try_from(ns / 1_000_000).unwrap_or(i64::MAX);
        // Every i64 of nanoseconds: what `Display` can show.
        let last = Self::of(i64::MAX).unix_ms;
        Self {
            unix_ms: self.unix_ms.saturating_add(ms).min(last),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every i64 of nanoseconds lies between the years 1677 and 2262.
        let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.unix_ms) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (date, clock) = (time.date(), time.time());
        write!(
            out,
            "{date}T{:02}:{:02}:{:02}.{:03}Z",
            clock.hour(),
            clock.minute(),
            clock.second(),
            clock.millisecond()
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "description": "A moment of the wall clock, RFC 3339 in UTC, to the millisecond.",
        })
    }
}

impl FromStr for Timestamp {
    type Err = time::error::Parse;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unix_ns = OffsetDateTime::parse(text, &Rfc3339)?.unix_timestamp_nanos();
        // RFC 3339 has years up to 9999: beyond 2262 it is the last moment that there is.
        Ok(Self::of(i64::try_from(unix_ns).unwrap_or(i64::MAX)))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc3339_with_milliseconds_and_read_again() {
        for (unix_ns, written) in [
            (1_769_860_800_123_999_999, "2026-01-31T12:00:00.123Z"),
            (i64::MIN, "1677-09-21T00:12:43.145Z"),
            (i64::MAX, "2262-04-11T23:47:16.854Z"),
        ] {
            let time = Timestamp::of(unix_ns);
            let json = serde_json::to_string(&time).unwrap();
            assert_eq!(json, format!("\"{written}\""));
            if unix_ns > 0 {
                assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
            }
        }
    }

    #[test]
    fn a_later_moment_is_later_to_the_millisecond_and_never_beyond_the_last() {
        let time = Timestamp::of(1_769_860_800_123_999_999);
        assert_eq!(
            time.later_by(2_500_999_999).to_string(),
            "2026-01-31T12:00:02.623Z"
        );
        assert_eq!(time.later_by(u64::MAX), Timestamp::of(i64::MAX));
    }
}
