//! What works on this machine and why not, line by line, as `tcplull check` and the page say it.

use crate::sandbox::{Entered, SandboxError, Writes};
use monitor_kernel::{ConntrackStatus, HookStatus, HostView, SignStatus, WatchStatus};
use monitor_model::api::AgentPrivileges;
use monitor_model::format::count;
use monitor_model::listing::CheckRow;
use std::time::Duration;

/// How long the kernel may take to say whether its tables can be asked.
pub const CONNTRACK_WITHIN: Duration = Duration::from_secs(1);

/// What is known of it.
pub struct Checked<'a> {
    /// The kernel's release.
    pub kernel: &'a str,
    /// Paths that are configured.
    pub paths: usize,
    /// Whether all processes of the host are seen.
    pub host_processes_seen: bool,
    /// What a daemon keeps of what its process may do.
    pub sandbox: Result<(&'a AgentPrivileges, Entered), &'a SandboxError>,
    /// How connections are watched; `None` where they are not now.
    pub watch: Option<&'a WatchStatus>,
    /// What serves each hook.
    pub hooks: &'a [HookStatus],
    /// Signs of a forged ACK.
    pub signs: &'a [SignStatus],
    /// Whether this host's own tables can be asked.
    pub conntrack: &'a ConntrackStatus,
    /// Whether timers of sockets can be set, and what is to be said of it, where they are to be (`[path.heal]`).
    pub heal: Option<(bool, String)>,
}

/// All of it.
pub fn check_rows(checked: &Checked<'_>) -> Vec<CheckRow> {
    let paths = count(checked.paths as u64, "path");
    let mut rows = vec![
        check_row("kernel", true, checked.kernel.to_owned(), None),
        check_row("configuration", true, paths, None),
        processes_row(checked.host_processes_seen),
        privileges_row(checked.sandbox),
    ];
    rows.extend(checked.watch.map(watch_row));
    rows.extend(checked.hooks.iter().map(hook_row));
    rows.push(signs_row(checked.signs));
    rows.extend(conntrack_row(checked.conntrack));
    if let Some((works, detail)) = &checked.heal {
        let mut detail = detail.clone();
        if *works
            && checked
                .sandbox
                .is_ok_and(|(kept, _)| !enters_namespaces(kept))
        {
            detail.push_str(" in the daemon's own network namespace; others take CAP_SYS_ADMIN");
        }
        rows.push(check_row("heal", *works, detail, None));
    }
    rows
}

/// Whether a daemon with these privileges may enter network namespaces of others.
fn enters_namespaces(kept: &AgentPrivileges) -> bool {
    kept.capabilities.iter().any(|name| name == "CAP_SYS_ADMIN")
}

/// Whether the processes of the whole host are seen.
fn processes_row(seen: bool) -> CheckRow {
    if seen {
        check_row(
            "processes",
            true,
            "those of the whole host".to_owned(),
            None,
        )
    } else {
        let lacks = HostView::LACKS.to_owned();
        check_row("processes", false, lacks, Some(HostView::REMEDY))
    }
}

/// What a daemon keeps, once it has given up the rest.
fn privileges_row(sandbox: Result<(&AgentPrivileges, Entered), &SandboxError>) -> CheckRow {
    let (kept, entered) = match sandbox {
        Ok(tried) => tried,
        Err(error) => return check_row("privileges", false, error.to_string(), None),
    };
    let writes = match entered.writes {
        Writes::Held => "writes in its own folders alone".to_owned(),
        Writes::Mostly => {
            "writes in its own folders, as far as this kernel's Landlock goes".to_owned()
        }
        Writes::Anywhere(why) => format!("writes where its user may: {why}"),
    };
    let detail = format!(
        "{}: a daemon keeps {}; {writes}",
        kept.profile,
        kept.capabilities.join(", ")
    );
    check_row("privileges", true, detail, None)
}

/// Whether this host's own tables can be asked, where it keeps any.
fn conntrack_row(status: &ConntrackStatus) -> Option<CheckRow> {
    let remedy = "findings do without `local_conntrack`: it takes CAP_NET_ADMIN, and CAP_SYS_ADMIN for network namespaces of \
                  others";
    let (works, detail) = match status {
        ConntrackStatus::None => return None,
        ConntrackStatus::Asked => (true, "can be asked".to_owned()),
        ConntrackStatus::Refused { reason } => (false, format!("cannot be asked: {reason}")),
    };
    Some(check_row(
        "own conntrack",
        works,
        detail,
        (!works).then_some(remedy),
    ))
}

/// The way to watch, and why not the better one.
fn watch_row(status: &WatchStatus) -> CheckRow {
    let name = status.mode.name();
    let detail = match status.refused.first() {
        Some(refused) => format!("{name} (not {}: {})", refused.mechanism, refused.reason),
        None => name.to_owned(),
    };
    check_row("watching", true, detail, None)
}

/// One line of it.
pub fn check_row(subject: &str, works: bool, detail: String, remedy: Option<&str>) -> CheckRow {
    CheckRow {
        subject: subject.to_owned(),
        works,
        detail,
        remedy: remedy.map(str::to_owned),
    }
}

/// What can be read, and what not and why.
fn signs_row(signs: &[SignStatus]) -> CheckRow {
    let readable: Vec<&str> = signs
        .iter()
        .filter(|sign| sign.readable)
        .map(|sign| sign.sign)
        .collect();
    let lacking: Vec<String> = signs
        .iter()
        .filter(|sign| !sign.readable)
        .map(|sign| format!("{} (missing: {})", sign.sign, sign.missing.join(", ")))
        .collect();
    let mut detail = readable.join(", ");
    if !lacking.is_empty() {
        let start = if readable.is_empty() {
            "not "
        } else {
            "; not "
        };
        detail.push_str(&format!("{start}{}", lacking.join("; ")));
    }
    let remedy = "no verdict rests on a sign that cannot be read: some that are undelivered are told as acknowledged";
    let remedy = (!lacking.is_empty()).then_some(remedy);
    check_row("forged-ACK signs", !readable.is_empty(), detail, remedy)
}

fn hook_row(status: &HookStatus) -> CheckRow {
    let refused = |start: &str| {
        let each: Vec<String> = status
            .refused
            .iter()
            .map(|refusal| format!("{}: {}", refusal.mechanism, refusal.reason))
            .collect();
        if each.is_empty() {
            String::new()
        } else {
            format!("{start}{}", each.join("; "))
        }
    };
    let subject = format!("hook {}", status.hook);
    match &status.mechanism {
        Some(mechanism) => check_row(
            &subject,
            true,
            format!("{mechanism}{}", refused("; not ")),
            None,
        ),
        None => {
            let remedy = "what this hook tells is not seen; a newer kernel has it";
            check_row(&subject, false, refused(""), Some(remedy))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(sign: &'static str, missing: &[&'static str]) -> SignStatus {
        SignStatus {
            sign,
            readable: missing.is_empty(),
            missing: missing.to_vec(),
        }
    }

    #[test]
    fn signs_that_can_all_be_read_are_listed_and_need_nothing() {
        let row = signs_row(&[sign("timestamp", &[]), sign("ttl", &[])]);
        assert!(row.works);
        assert_eq!(row.detail, "timestamp, ttl");
        assert_eq!(row.remedy, None);
    }

    #[test]
    fn a_sign_that_cannot_be_read_is_named_with_what_is_missing() {
        let row = signs_row(&[
            sign("timestamp", &[]),
            sign("ttl", &["sk_buff.head", "sk_buff.network_header"]),
        ]);
        assert!(row.works);
        assert_eq!(
            row.detail,
            "timestamp; not ttl (missing: sk_buff.head, sk_buff.network_header)"
        );
        assert!(row.remedy.is_some());
    }

    #[test]
    fn where_none_can_be_read_none_is_claimed() {
        let row = signs_row(&[sign("window", &["the receive hook"])]);
        assert!(!row.works);
        assert_eq!(row.detail, "not window (missing: the receive hook)");
    }
}
