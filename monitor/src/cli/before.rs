//! What happened before: how often alerts of a name fired in the last day, out of the daemon's history.

use super::client::each;
use super::exit::CliError;
use super::output::write;
use crate::client::{Answer, ClientError, Host, Question};
use monitor_model::alert::{Alert, AlertChange};
use monitor_model::format::{count, printable};
use monitor_model::time::Timestamp;
use monitor_query::Filter;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// How far back one looks, in ns.
const LOOKED_NS: i64 = 24 * 3600 * 1_000_000_000;

/// Groups that are told, at most; the rest is counted.
const MOST: usize = 16;

/// Groups that are kept apart, at most.
const MOST_KEPT: usize = 1024;

/// How often one group was over, and when last.
struct Before {
    times: u64,
    fired: Timestamp,
    ended: Timestamp,
}

/// Writes how often alerts that `named` matches had fired and were over before now.
pub(super) fn tell(host: &Host, named: &Filter) -> Result<(), CliError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| {
        i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
    });
    let since = Timestamp::of(now.saturating_sub(LOOKED_NS));
    let question = format!("/api/v1/history?kind=alert&since={since}");
    let mut groups: BTreeMap<[String; 3], Before> = BTreeMap::new();
    let mut beyond = 0;
    let asked = each(host, &Question::list(question), &mut |answer| {
        if let Answer::Row(row) = answer
            && let Ok(AlertChange::Over(alert)) = serde_json::from_str(&row)
            && named.matches(&alert)
        {
            beyond += note(&mut groups, &alert);
        }
        Ok(true)
    });
    match asked {
        Err(CliError::Client(error @ (ClientError::Refused(_) | ClientError::Lacks { .. }))) => {
            write(&printable(&format!("before: not known, {error}")))?;
            return Ok(());
        }
        asked => asked?,
    }
    if groups.is_empty() {
        write("before: none was over in the last 24 h")?;
    }
    let more = groups.len().saturating_sub(MOST) + beyond;
    for ([name, owner, path], before) in groups.into_iter().take(MOST) {
        let (times, fired, ended) = (count(before.times, "time"), before.fired, before.ended);
        let line = format!(
            "before: {name} of {owner} on {path} fired {times} in the last 24 h, the last from {fired} to {ended}"
        );
        if !write(&printable(&line))? {
            return Ok(());
        }
    }
    if more > 0 {
        write(&format!("before: {more} more"))?;
    }
    Ok(())
}

/// Notes an alert that is over; answers how many there was no room for.
fn note(groups: &mut BTreeMap<[String; 3], Before>, alert: &Alert) -> usize {
    let (Some(fired), Some(ended)) = (alert.fired, alert.ended) else {
        return 0;
    };
    let key = [&alert.name, &alert.owner, &alert.path].map(Clone::clone);
    if groups.len() >= MOST_KEPT && !groups.contains_key(&key) {
        return 1;
    }
    let before = groups.entry(key).or_insert(Before {
        times: 0,
        fired,
        ended,
    });
    before.times += 1;
    if ended >= before.ended {
        (before.fired, before.ended) = (fired, ended);
    }
    0
}
