//! What `tcplull explain` says to people.

use monitor_model::explained::{Explained, ExplainedPath, Lost};
use monitor_model::finding::{Clock, Severity};
use monitor_model::format::{count, duration_of, printable};

/// All of it, some lines.
pub fn explained(told: &Explained) -> String {
    let mut lines = vec![format!("{} and {}", told.local, told.remote)];
    let mut row =
        |name: &str, text: String| lines.push(format!("  {name:<10} {}", printable(&text)));
    match &told.path {
        Some(path) => row("path", format!("{} ({})", path.name, path.place)),
        None => row("path", "none".to_owned()),
    }
    row("why", told.why.clone());
    if let Some(path) = &told.path {
        row("timeout", timeout(path));
        row("keepalive", keepalive(path));
        if let Some(heal) = &path.heal {
            row("heal", heal.clone());
        }
        row("alerts", alerts(path));
        let owner = path.path_owner.as_deref().unwrap_or("not named");
        row("owner", owner.to_owned());
    }
    row("settings", told.settings.clone());
    for other in &told.others {
        let why = match other.lost {
            Lost::ShorterPrefix => "is shorter",
            Lost::AllPorts => "is as long, and for all ports",
            Lost::OtherPort => "is for other remote ports",
            Lost::NoPortGiven => "is for remote ports that it names: give the remote port",
        };
        row(
            "not",
            format!("{} ({}): {} {why}", other.name, other.place, other.prefix),
        );
    }
    if told.elsewhere > 0 {
        let paths = count(told.elsewhere as u64, "path");
        row("not", format!("{paths} with other addresses"));
    }
    lines.join("\n")
}

fn timeout(path: &ExplainedPath) -> String {
    let clock = match path.clock {
        Clock::Packets => "any segment ends a silence",
        Clock::Payload => "only data ends a silence",
    };
    let guess = if path.stated {
        ""
    } else {
        "; a guess, whose crossings alert nobody"
    };
    let (timeout, warn) = (
        duration_of(path.timeout_seconds),
        duration_of(path.warn_seconds),
    );
    format!("{timeout}, at risk from {warn} on; {clock}{guess}")
}

fn keepalive(path: &ExplainedPath) -> String {
    match path.keepalive_seconds {
        Some(seconds) => {
            format!("SO_KEEPALIVE with TCP_KEEPIDLE of at most {seconds} s keeps it alive")
        }
        None => "probes do not count here: the application must send something in time".to_owned(),
    }
}

fn alerts(path: &ExplainedPath) -> String {
    let most = match path.severity {
        _ if path.ignored => {
            let until = path.ignored_until.map(|end| format!(" until {end}"));
            let until = until.unwrap_or_default();
            return format!("ignored{until}: findings are told, and alert nobody");
        }
        Severity::Page => "as findings come",
        Severity::Ticket => "tickets at most",
        Severity::None => "none: findings are told, and alert nobody",
    };
    match path.ignored_until {
        Some(end) => format!("{most}; it was ignored until {end}"),
        None => most.to_owned(),
    }
}
