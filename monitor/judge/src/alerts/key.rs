//! What makes findings one alert.

use crate::report::is_loss;
use monitor_model::finding::{Finding, Scope, Severity};

/// The name of alerts on a peer or a network that is down: whatever fails with it, on
/// one path, is one alert.
pub(super) const UNREACHABLE: &str = "unreachable";

/// The owner of such alerts: they are about everybody's connections.
const ANY_OWNER: &str = "any";

/// Name, severity, path and owner of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) severity: Severity,
    pub(super) path: String,
    pub(super) owner: String,
    /// Whether nothing comes back: it may be part of an outage.
    pub(super) is_loss: bool,
}

impl Key {
    /// The key of the alert that `finding` belongs to.
    pub(super) fn of(finding: &Finding) -> Self {
        let owner = &finding.owner;
        let path = finding.path.clone().unwrap_or_else(|| "none".into());
        // Who was reset is out of it: nothing is down for them.
        if finding.scope == Some(Scope::PeerOrNetwork) && is_loss(finding.kind) {
            return Self {
                name: UNREACHABLE,
                severity: Severity::Page,
                path,
                owner: ANY_OWNER.into(),
                is_loss: false,
            };
        }
        Self {
            name: finding.kind.name(),
            severity: finding.severity,
            path,
            owner: owner
                .unit
                .clone()
                .or_else(|| owner.comm.clone())
                .unwrap_or_else(|| "unknown".into()),
            is_loss: is_loss(finding.kind),
        }
    }
}
