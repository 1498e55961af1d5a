//! Who holds a connection.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The owner of a connection, best effort: what is not known is `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// Process id in the daemon's pid namespace.
    pub pid: Option<u32>,
    /// User id of who made the socket, in the initial user namespace; missing where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    pub uid: Option<u32>,
    /// The process's name (`comm`).
    pub comm: Option<String>,
    /// systemd unit.
    pub unit: Option<String>,
    /// Container id.
    pub container: Option<String>,
    /// Kubernetes pod uid.
    pub pod: Option<String>,
    /// Namespace and controller of its pod, as `shop/api`, where the kubelet's names for logs tell them; missing elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub workload: Option<String>,
    /// cgroup v2 path.
    pub cgroup: Option<String>,
}
