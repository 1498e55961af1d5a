//! What makes findings one alert.

use crate::report::is_loss;
use crate::rules::Rule;
use monitor_model::finding::{Cause, Finding, FindingKind, Outcome, Scope, Severity};
use monitor_model::owner::Owner;

/// The name of alerts on a peer or a network that is down: whatever fails with it, on
/// one path, is one alert.
pub(super) const UNREACHABLE: &str = "unreachable";

/// The name of tickets on trouble that mended before it paged.
pub(super) const INTERRUPTED: &str = "interrupted";

/// The name of tickets on a stated timeout that is wrong.
pub(super) const MISSTATED: &str = FindingKind::Misstated.name();

/// The name of alerts on what an owner has beyond its share.
pub(super) const MORE: &str = "more";

/// The owner, or the path, of alerts that are about everybody's connections, or about all paths.
pub(super) const ANY: &str = "any";

/// Name, severity, path and owner of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) severity: Severity,
    pub(super) path: String,
    pub(super) owner: String,
    /// Who is to be told of what is on this path, as its rules say.
    pub(super) path_owner: Option<String>,
    /// Whether nothing comes back: it may be part of an outage.
    pub(super) is_loss: bool,
}

impl Key {
    /// The key of the alert that `finding` belongs to by this rule of its path.
    pub(super) fn of(finding: &Finding, rule: &Rule) -> Self {
        let owner = &finding.owner;
        let path = path_of(finding).to_owned();
        let worth = worth(finding);
        // Who was reset is out of it: nothing is down for them. And what is no page of its own is none with others.
        let is_down = finding.scope == Some(Scope::PeerOrNetwork) && is_loss(finding.kind);
        if is_down && worth == Severity::Page {
            return Self {
                name: UNREACHABLE,
                severity: worth.min(rule.most),
                path,
                owner: ANY.into(),
                path_owner: rule.owner.clone(),
                is_loss: false,
            };
        }
        Self {
            name: finding.kind.name(),
            severity: worth.min(rule.most),
            path,
            owner: match finding.kind {
                FindingKind::Misstated => ANY.into(),
                _ => name_of(owner),
            },
            path_owner: rule.owner.clone(),
            is_loss: is_loss(finding.kind),
        }
    }

    /// The key of the ticket on trouble like this that mended.
    pub(super) fn interrupted(&self) -> Self {
        Self {
            name: INTERRUPTED,
            severity: Severity::Ticket,
            path: self.path.clone(),
            owner: self.owner.clone(),
            path_owner: self.path_owner.clone(),
            is_loss: false,
        }
    }

    /// The key of what `owner` has beyond its share.
    pub(super) fn more(severity: Severity, owner: &str) -> Self {
        Self {
            name: MORE,
            severity,
            path: ANY.into(),
            owner: owner.into(),
            path_owner: None,
            is_loss: false,
        }
    }

    /// The same alert where its path has this rule now; `worth` is how severe it is without.
    pub(super) fn under(&self, rule: &Rule, worth: Severity) -> Self {
        Self {
            severity: worth.min(rule.most),
            // More than one path may be in that one.
            path_owner: rule.owner.clone().filter(|_| self.name != MORE),
            ..self.clone()
        }
    }

    /// Whether nobody is to know of it, as the rules of its path have it.
    pub(super) fn is_quiet(&self) -> bool {
        self.severity == Severity::None
    }

    /// Whether no connection is in it: it counts how often something was, and stands for some time after.
    pub(super) fn counts_times(&self) -> bool {
        matches!(self.name, INTERRUPTED | MISSTATED)
    }

    /// Whether it wakes somebody at night.
    pub(super) fn is_page(&self) -> bool {
        self.severity == Severity::Page
    }
}

/// Whether findings of this name say that nothing comes back.
pub(super) fn names_loss(name: &str) -> bool {
    let outcomes = Outcome::ALL
        .iter()
        .map(|&outcome| FindingKind::Outcome { outcome });
    let causes = Cause::ALL.iter().map(|&cause| FindingKind::Stall { cause });
    let mut all = outcomes.chain(causes);
    all.any(|kind| kind.name() == name && is_loss(kind))
}

/// The path of `finding`, as alerts have it.
pub(super) fn path_of(finding: &Finding) -> &str {
    finding.path.as_deref().unwrap_or("none")
}

/// How severe a finding is without the rules of its path.
pub(super) fn worth(finding: &Finding) -> Severity {
    finding.severity_before_rules.unwrap_or(finding.severity)
}

/// Who is named: a pod's controller, a container, a systemd unit, or a process.
fn name_of(owner: &Owner) -> String {
    owner.name().unwrap_or("unknown").to_owned()
}

/// Whose share an alert takes: the container, else the user, else, for root, who is named. A user can give its
/// processes any name, and start as many units of its own as it likes.
pub(super) fn holder(owner: &Owner) -> String {
    match (&owner.container, owner.uid) {
        (Some(container), _) => container.clone(),
        (None, Some(uid)) if uid != 0 => format!("uid {uid}"),
        _ => name_of(owner),
    }
}
