//! How often requests are answered: one each interval on the average, and so many at once.

use super::error::{Fault, WebProblem};
use super::form::{LimitForm, given};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A bucket of tokens, full at first; each request takes one.
#[derive(Debug)]
pub(super) struct RateLimit {
    interval: Duration,
    burst: u32,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Option<Instant>,
}

impl RateLimit {
    /// By `rate_limit`; `None` where there is none.
    pub(super) fn new(form: &LimitForm) -> Result<Option<Self>, Fault> {
        let burst = form.burst.unwrap_or_default();
        let burst = u32::try_from(burst).map_err(|_| WebProblem::Burst(burst))?;
        let interval = match given(&form.interval) {
            Some(text) => duration(&text.value)
                .ok_or_else(|| text.fault(WebProblem::Interval(text.value.clone())))?,
            None => Duration::ZERO,
        };
        let bucket = Bucket {
            tokens: f64::from(burst),
            at: None,
        };
        Ok((!interval.is_zero()).then_some(Self {
            interval,
            burst,
            bucket: Mutex::new(bucket),
        }))
    }

    /// Whether one more request may be answered now.
    pub(super) fn admits(&self) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(then) = bucket.at {
            let passed = now.saturating_duration_since(then);
            let earned = passed.as_secs_f64() / self.interval.as_secs_f64();
            bucket.tokens = (bucket.tokens + earned).min(f64::from(self.burst));
        }
        bucket.at = Some(now);
        let admits = bucket.tokens >= 1.0;
        if admits {
            bucket.tokens -= 1.0;
        }
        admits
    }
}

/// A duration as Go writes it: "1.5h", "1h30m", "100ms"; a number alone is one of nanoseconds. No sign: there is no time
/// before now.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(ns) = text.parse() {
        return Some(Duration::from_nanos(ns));
    }
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.');
        let (unit, after) = after.split_at(end.unwrap_or(after.len()));
        let unit = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            _ => return None,
        };
        seconds += number.parse::<f64>().ok()? * unit;
        rest = after;
    }
    let duration = Duration::try_from_secs_f64(seconds).ok();
    duration.filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_go() {
        for (text, ms) in [
            ("0", 0),
            ("1s", 1_000),
            ("1.5h", 5_400_000),
            ("1h30m", 5_400_000),
            ("100ms", 100),
            (".5s", 500),
            ("1m0.5s", 60_500),
            ("1000000000", 1_000),
        ] {
            assert_eq!(duration(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "s", "1.2.3s", "-1s", "1 s", "1d", "1e3s", "1s ", "."] {
            assert_eq!(duration(text), None, "{text}");
        }
        assert_eq!(duration("99999999999999999999h"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_and_then_one_each_interval() {
        let limit = |interval: Duration, burst| RateLimit {
            interval,
            burst,
            bucket: Mutex::new(Bucket {
                tokens: f64::from(burst),
                at: None,
            }),
        };
        let second = Duration::from_secs(1);
        let few = limit(second, 3);
        assert_eq!((0..10).filter(|_| few.admits()).count(), 3);
        tokio::time::advance(second * 2).await;
        assert_eq!((0..10).filter(|_| few.admits()).count(), 2);
        tokio::time::advance(second * 3_600).await;
        assert_eq!((0..10).filter(|_| few.admits()).count(), 3);
        let none = limit(second, 0);
        tokio::time::advance(second * 3_600).await;
        assert!(!none.admits(), "no burst, no request");
    }
}
