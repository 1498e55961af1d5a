//! A moment as people say it: "03:10", "10m ago", "2h", "yesterday 23:00", "2026-11-28 03:10", RFC 3339. Times without an
//! offset are local to the host.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::AmbiguousOffset;
use jiff::{Timestamp, ToSpan, Zoned};

/// A moment that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// In ns since 1970.
    pub unix_ns: i64,
    /// What is to be said of it: a local time that was there twice, or not at all.
    pub note: Option<String>,
}

/// Why a text is no moment to look back to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskedError {
    /// No form of a time.
    #[error(
        "{text:?} is no time: write \"03:10\" (local), \"10m ago\", \"2026-11-28 03:10\" or \"2026-11-28T03:10:00Z\""
    )]
    Unreadable {
        /// As it was given.
        text: String,
    },
    /// Nobody can look back to it.
    #[error("{text:?} is still to come: it is {now} now")]
    Future {
        /// As it was given.
        text: String,
        /// The present, local.
        now: String,
    },
    /// Before or after every clock.
    #[error("{text:?} is out of every calendar: years from 1678 to 2261 are known")]
    OutOfRange {
        /// As it was given.
        text: String,
    },
}

impl Asked {
    /// Reads `text` as it is meant at `now`, which also says the time zone. "03:10" is the last time that it was so.
    ///
    /// # Errors
    /// No time, or one that nobody can look back to.
    pub fn parse(text: &str, now: &Zoned) -> Result<Self, AskedError> {
        let unreadable = || AskedError::Unreadable {
            text: text.to_owned(),
        };
        let asked = text.trim();
        if asked == "now" {
            return Self::at(now.timestamp(), None, text, now);
        }
        let ago = asked.strip_suffix("ago").unwrap_or(asked).trim_end();
        if let Ok(ago) = humantime::parse_duration(ago) {
            let out = |_| AskedError::OutOfRange {
                text: text.to_owned(),
            };
            let then = now.timestamp().checked_sub(ago).map_err(out)?;
            return Self::at(then, None, text, now);
        }
        if let Ok(timestamp) = asked.parse::<Timestamp>() {
            return Self::at(timestamp, None, text, now);
        }
        if let Ok(time) = clock_time(asked) {
            let today = Self::local(now.date().to_datetime(time), text, now);
            return match today {
                Err(AskedError::Future { .. }) => {
                    let yesterday = now.date().yesterday().map_err(|_| unreadable())?;
                    Self::local(yesterday.to_datetime(time), text, now)
                }
                today => today,
            };
        }
        for (word, days) in [("today", 0), ("yesterday", 1)] {
            if let Some(rest) = asked.strip_prefix(word) {
                let day = now.date().checked_sub(days.days());
                let day = day.map_err(|_| unreadable())?;
                let time = match rest.trim() {
                    "" => Time::midnight(),
                    rest => clock_time(rest).map_err(|()| unreadable())?,
                };
                return Self::local(day.to_datetime(time), text, now);
            }
        }
        let local = asked
            .parse::<DateTime>()
            .or_else(|_| asked.parse::<Date>().map(DateTime::from));
        Self::local(local.map_err(|_| unreadable())?, text, now)
    }

    /// What a clock on the wall showed, in the zone of `now`.
    fn local(shown: DateTime, text: &str, now: &Zoned) -> Result<Self, AskedError> {
        let out = |_| AskedError::OutOfRange {
            text: text.to_owned(),
        };
        let both = now.time_zone().to_ambiguous_timestamp(shown);
        match both.offset() {
            AmbiguousOffset::Unambiguous { .. } => {
                Self::at(both.compatible().map_err(out)?, None, text, now)
            }
            AmbiguousOffset::Gap { .. } => {
                let then = both.later().map_err(out)?;
                let local = then.to_zoned(now.time_zone().clone()).datetime();
                let note =
                    format!("{shown} was skipped when the clocks went forward; {local} is taken");
                Self::at(then, Some(note), text, now)
            }
            AmbiguousOffset::Fold { .. } => {
                let early = both.earlier().map_err(out)?;
                let late = both.later().map_err(out)?;
                // The last time that it was so.
                let (taken, other) = if late <= now.timestamp() {
                    (late, early)
                } else {
                    (early, late)
                };
                let note = format!(
                    "{shown} was there twice when the clocks went back; {taken} is taken, not {other}"
                );
                Self::at(taken, Some(note), text, now)
            }
        }
    }

    fn at(
        then: Timestamp,
        note: Option<String>,
        text: &str,
        now: &Zoned,
    ) -> Result<Self, AskedError> {
        if then > now.timestamp() {
            return Err(AskedError::Future {
                text: text.to_owned(),
                now: now.strftime("%F %T %:z").to_string(),
            });
        }
        let unix_ns = i64::try_from(then.as_nanosecond());
        let unix_ns = unix_ns.map_err(|_| AskedError::OutOfRange {
            text: text.to_owned(),
        })?;
        Ok(Self { unix_ns, note })
    }
}

/// "03:10" or "03:10:05".
fn clock_time(text: &str) -> Result<Time, ()> {
    let digits = text.chars().all(|c| c.is_ascii_digit() || c == ':');
    if !digits || !text.contains(':') {
        return Err(());
    }
    let text = match text.find(':') {
        Some(1) => format!("0{text}"),
        _ => text.to_owned(),
    };
    text.parse().map_err(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    /// Central Europe by its rule, wherever the test runs.
    fn now(text: &str) -> Zoned {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        text.parse::<Timestamp>().unwrap().to_zoned(zone)
    }

    fn asked(text: &str, at: &str) -> String {
        let asked = Asked::parse(text, &now(at)).unwrap();
        assert_eq!(asked.note, None, "{text}");
        moment(asked.unix_ns)
    }

    fn moment(unix_ns: i64) -> String {
        Timestamp::from_nanosecond(unix_ns.into())
            .unwrap()
            .to_string()
    }

    #[test]
    fn people_say_times_in_many_ways() {
        // 05:00 local.
        let at = "2026-11-28T04:00:00Z";
        for (text, expected) in [
            ("now", "2026-11-28T04:00:00Z"),
            ("10m ago", "2026-11-28T03:50:00Z"),
            ("10m", "2026-11-28T03:50:00Z"),
            ("1h 30m ago", "2026-11-28T02:30:00Z"),
            ("2 days ago", "2026-11-26T04:00:00Z"),
            ("03:10", "2026-11-28T02:10:00Z"),
            ("3:10", "2026-11-28T02:10:00Z"),
            ("03:10:05", "2026-11-28T02:10:05Z"),
            ("05:00", "2026-11-28T04:00:00Z"),
            // Not yet today, so yesterday.
            ("05:01", "2026-11-27T04:01:00Z"),
            ("23:00", "2026-11-27T22:00:00Z"),
            ("today", "2026-11-27T23:00:00Z"),
            ("yesterday", "2026-11-26T23:00:00Z"),
            ("yesterday 03:10", "2026-11-27T02:10:00Z"),
            ("2026-11-28", "2026-11-27T23:00:00Z"),
            ("2026-11-28 03:10", "2026-11-28T02:10:00Z"),
            ("2026-07-01 03:10", "2026-07-01T01:10:00Z"),
            ("2026-11-28T03:10:00", "2026-11-28T02:10:00Z"),
            ("2026-11-28T03:10:00Z", "2026-11-28T03:10:00Z"),
            ("2026-11-28T03:10:00.5+05:30", "2026-11-27T21:40:00.5Z"),
        ] {
            assert_eq!(asked(text, at), expected, "{text}");
        }
    }

    #[test]
    fn a_time_that_was_there_twice_or_not_at_all_is_said_to_be() {
        // The clocks went back at 03:00 on 2026-10-25, and forward at 02:00 on 2026-03-29.
        let twice = |at| Asked::parse("2026-10-25 02:30", &now(at)).unwrap();
        let later = twice("2026-10-25T06:00:00Z");
        assert_eq!(moment(later.unix_ns), "2026-10-25T01:30:00Z");
        let note = later.note.unwrap();
        assert!(
            note.contains("twice") && note.contains("2026-10-25T00:30:00Z"),
            "{note}"
        );
        // While it is the first of the two.
        let first = twice("2026-10-25T00:45:00Z");
        assert_eq!(moment(first.unix_ns), "2026-10-25T00:30:00Z");
        let skipped = Asked::parse("02:30", &now("2026-03-29T08:00:00Z")).unwrap();
        assert_eq!(moment(skipped.unix_ns), "2026-03-29T01:30:00Z");
        assert!(skipped.note.unwrap().contains("skipped"));
        // A day that has 25 hours.
        assert_eq!(
            asked("01:00", "2026-10-25T22:30:00Z"),
            "2026-10-24T23:00:00Z"
        );
    }

    #[test]
    fn what_is_no_time_or_still_to_come_says_what_would_be_right() {
        let now = now("2026-11-28T04:00:00Z");
        for (text, expected) in [
            ("", "is no time: write \"03:10\""),
            ("soon", "is no time"),
            ("25:00", "is no time"),
            ("03", "is no time"),
            ("-5m", "is no time"),
            ("yesterday noon", "is no time"),
            ("2026-02-30", "is no time"),
            ("tomorrow", "is no time"),
            (
                "2026-12-24",
                "is still to come: it is 2026-11-28 05:00:00 +01:00 now",
            ),
            ("2026-11-28T04:00:01Z", "is still to come"),
            ("99999y ago", "out of every calendar"),
            ("1500-01-01", "out of every calendar"),
            ("03:10\u{1b}[2J", "is no time"),
        ] {
            let error = Asked::parse(text, &now).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
            assert!(!error.contains('\u{1b}'), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in ".{0,40}", digits in "[0-9:T +-]{0,24}") {
            let now = now("2026-11-28T04:00:00Z");
            for text in [text, digits] {
                if let Ok(asked) = Asked::parse(&text, &now) {
                    prop_assert!(i128::from(asked.unix_ns) <= now.timestamp().as_nanosecond());
                }
            }
        }
    }
}
