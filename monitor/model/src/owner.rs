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
    /// The container's name, as its runtime or the kubelet has it; missing where neither tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub container_name: Option<String>,
    /// Name of the Kubernetes pod; missing elsewhere, and where nothing on the node tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub pod_name: Option<String>,
    /// The pod's namespace in Kubernetes; missing where its name is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub namespace: Option<String>,
    /// cgroup v2 path.
    pub cgroup: Option<String>,
    /// Why it has no unit and no container, or they have no names, as a sentence; missing where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub unknown: Option<String>,
}

impl Owner {
    /// What it is part of, for people: its pod, its container by name, its unit, or the container's id; none where none
    /// is known.
    pub fn place(&self) -> Option<String> {
        if let Some(pod) = &self.pod_name {
            let namespace = self.namespace.as_deref().unwrap_or("?");
            let container = self.container_name.as_ref();
            let container = container.map_or_else(String::new, |name| format!(" ({name})"));
            return Some(format!("pod {namespace}/{pod}{container}"));
        }
        if let Some(name) = &self.container_name {
            return Some(format!("container {name}"));
        }
        self.unit.as_ref().or(self.container.as_ref()).cloned()
    }

    /// Its one name where many are told apart: the pod's controller, else the container's name, its unit, or its process.
    ///
    /// A container's unit has its id for a name, which tells nobody anything and is another one after each restart.
    pub fn name(&self) -> Option<&str> {
        let contained = self.workload.as_deref().or(self.container_name.as_deref());
        contained.or(self.unit.as_deref()).or(self.comm.as_deref())
    }
}
