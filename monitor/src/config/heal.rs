//! `[path.heal]`: which timers the daemon sets on sockets of a path whose application has set none.

use super::duration::{HEAL_USER_TIMEOUT, Limits};
use super::error::{Fault, Problem};
use super::table::{Lined, Section, Text};
use monitor_heal::{OnStop, Rule, UserTimeout};
use std::time::Duration;
use toml::de::DeTable;

const KEYS: &[&str] = &["keepalive", "user_timeout", "share", "rate", "on_stop"];

/// Sockets a minute, unless the configuration says how many: ten a second, each some microseconds of work for the kernel.
const DEFAULT_RATE: u32 = 600;

/// The most that it may say.
const MOST_RATE: f64 = 60_000.0;

/// Reads the table, which stands at this line.
pub(super) fn parse<'a>(table: Lined<DeTable<'a>>, text: Text<'a>) -> Result<Lined<Rule>, Fault> {
    let line = table.line;
    let mut section = Section::new(table.value, text, "in [path.heal]", KEYS)?;
    let keepalive = section
        .string("keepalive", "\"auto\" or \"off\"")?
        .map(|found| found.try_map(keepalive))
        .transpose()?;
    let user_timeout = section
        .string(
            "user_timeout",
            "\"auto\", \"off\" or a duration in quotes such as \"2m\"",
        )?
        .map(|found| found.try_map(|text| user_timeout(&text, &HEAL_USER_TIMEOUT)))
        .transpose()?;
    let share = section
        .string("share", "a share of the sockets in quotes such as \"10%\"")?
        .map(|found| found.try_map(share))
        .transpose()?;
    let rate = section
        .number("rate")?
        .map(|found| found.try_map(rate))
        .transpose()?;
    let on_stop = section
        .string("on_stop", "\"undo\" or \"keep\"")?
        .map(|found| found.try_map(on_stop))
        .transpose()?;
    let value = Rule {
        keepalive: keepalive.is_some_and(|found| found.value),
        user_timeout: user_timeout.and_then(|found| found.value),
        share_percent: share.map_or(100, |found| found.value),
        rate_per_minute: rate.map_or(DEFAULT_RATE, |found| found.value),
        on_stop: on_stop.map_or(OnStop::default(), |found| found.value),
    };
    Ok(Lined { line, value })
}

fn keepalive(text: String) -> Result<bool, Problem> {
    match text.as_str() {
        "auto" => Ok(true),
        "off" => Ok(false),
        _ => Err(Problem::HealWord {
            key: "keepalive",
            text,
            want: "\"auto\" (off unless the application has set it: then a probe after half of the path's timeout) or \"off\"",
        }),
    }
}

fn user_timeout(text: &str, limits: &Limits) -> Result<Option<UserTimeout>, Problem> {
    match text {
        "auto" => Ok(Some(UserTimeout::Auto)),
        "off" => Ok(None),
        _ => {
            let after: Duration = limits.parse(text).map_err(|problem| Problem::Duration {
                key: "user_timeout",
                problem,
            })?;
            Ok(Some(UserTimeout::After(after)))
        }
    }
}

fn share(text: String) -> Result<u32, Problem> {
    let percent = text.trim().strip_suffix('%').map(str::trim_end);
    let percent = percent.and_then(|number| number.parse::<u32>().ok());
    percent
        .filter(|percent| *percent <= 100)
        .ok_or(Problem::HealShare { text })
}

fn rate(value: f64) -> Result<u32, Problem> {
    if value.fract() == 0.0 && (1.0..=MOST_RATE).contains(&value) {
        Ok(value as u32)
    } else {
        Err(Problem::HealRate {
            value,
            most: MOST_RATE,
        })
    }
}

fn on_stop(text: String) -> Result<OnStop, Problem> {
    match text.as_str() {
        "undo" => Ok(OnStop::Undo),
        "keep" => Ok(OnStop::Keep),
        _ => Err(Problem::HealWord {
            key: "on_stop",
            text,
            want: "\"undo\" (what was set is set back when the daemon stops) or \"keep\" (it stays until the connections end)",
        }),
    }
}
