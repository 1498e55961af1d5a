//! What to do, from this connection's own settings.

use super::{
    finding::Clock,
    keepalive::Settings,
    paths::JudgedPath,
    thresholds::{RETRIES_HANG_SECONDS, SECOND},
    words,
};

/// Advice on a silence that outlives, or outlived, its path.
pub(crate) fn outlived(path: Option<&JudgedPath>, settings: &Settings) -> String {
    let Some(path) = path else {
        return format!(
            "{}, and no path states after which silence this peer is forgotten: state one, and set \
             SO_KEEPALIVE with a TCP_KEEPIDLE below it{}",
            keepalive(settings),
            user_timeout(settings, "")
        );
    };
    let timeout = in_seconds(path.timeout_ns);
    let half = (path.timeout_ns / 2 / SECOND).max(1);
    match path.clock {
        Clock::Packets if settings.on && probes_in_time(settings, path) => format!(
            "{}, the path is said to forget after {timeout}, so probes should have kept it: look for \
             a shorter timeout on the way{}",
            keepalive(settings),
            user_timeout(settings, "set ")
        ),
        Clock::Packets => format!(
            "{}, the path forgets after {timeout}: set SO_KEEPALIVE with TCP_KEEPIDLE of at most \
             {half} s{}",
            keepalive(settings),
            user_timeout(settings, "")
        ),
        Clock::Payload => format!(
            "the path forgets after {timeout} without application data, keepalive probes do not \
             count: let the application send something every {half} s, or close idle connections \
             before {timeout}{}",
            user_timeout(settings, "set ")
        ),
    }
}

/// Advice on a connection that the peer closes at its timeout.
pub(crate) fn closed(path: &JudgedPath) -> String {
    let timeout = in_seconds(path.timeout_ns);
    let half = (path.timeout_ns / 2 / SECOND).max(1);
    format!(
        "the far end closes after {timeout} of silence: let idle connections go before that, at {half} s, \
         or check for its FIN before each write"
    )
}

fn probes_in_time(settings: &Settings, path: &JudgedPath) -> bool {
    settings.time_ns > 0 && settings.time_ns < path.timeout_ns
}

fn keepalive(settings: &Settings) -> String {
    match (settings.on, settings.time_ns) {
        (false, _) => "keepalive is off".into(),
        (true, 0) => "keepalive is on".into(),
        (true, time) => format!("keepalive starts after {}", in_seconds(time)),
    }
}

/// The end of an advice; `verb` where the sentence before it does not set options.
fn user_timeout(settings: &Settings, verb: &str) -> String {
    match settings.user_timeout_ns {
        0 => format!(
            ", and {verb}TCP_USER_TIMEOUT, or the application hangs for about {:.0} min",
            RETRIES_HANG_SECONDS / 60.0
        ),
        ns => format!(
            "; TCP_USER_TIMEOUT already ends a hang after {}",
            in_seconds(ns)
        ),
    }
}

/// As the options take it: "240 s", "2.5 s".
fn in_seconds(ns: u64) -> String {
    format!("{} s", words::seconds(ns))
}
