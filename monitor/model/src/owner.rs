//! Who holds a connection.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The owner of a connection, best effort: what is not known is `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
#[schemars(rename = "Owner")]
pub struct Owner<T = String> {
    /// Process id in the daemon's pid namespace.
    pub pid: Option<u32>,
    /// User id of who made the socket, in the initial user namespace; missing where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    pub uid: Option<u32>,
    /// The process's name (`comm`).
    pub comm: Option<T>,
    /// systemd unit.
    pub unit: Option<T>,
    /// Container id.
    pub container: Option<T>,
    /// Kubernetes pod uid.
    pub pod: Option<T>,
    /// Namespace and controller of its pod, as `shop/api`, by the pod's name as the kubelet's names for logs or the runtime's
    /// files have it; namespace and container where that name does not tell what made it; missing where it is in no pod, or
    /// nothing on the node tells the pod's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub workload: Option<T>,
    /// The container's name, as its runtime or the kubelet has it; missing where neither tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub container_name: Option<T>,
    /// Name of the Kubernetes pod; missing elsewhere, and where nothing on the node tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub pod_name: Option<T>,
    /// The pod's namespace in Kubernetes; missing where its name is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub namespace: Option<T>,
    /// cgroup v2 path.
    pub cgroup: Option<T>,
    /// Why it has no unit and no container, or they have no names, as a sentence; missing where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub unknown: Option<T>,
}

impl<T: AsRef<str>> Owner<T> {
    /// The same, with borrowed texts.
    pub fn borrowed(&self) -> Owner<&str> {
        fn text<T: AsRef<str>>(text: &Option<T>) -> Option<&str> {
            text.as_ref().map(AsRef::as_ref)
        }
        Owner {
            pid: self.pid,
            uid: self.uid,
            comm: text(&self.comm),
            unit: text(&self.unit),
            container: text(&self.container),
            pod: text(&self.pod),
            workload: text(&self.workload),
            container_name: text(&self.container_name),
            pod_name: text(&self.pod_name),
            namespace: text(&self.namespace),
            cgroup: text(&self.cgroup),
            unknown: text(&self.unknown),
        }
    }

    /// What it is part of, for people: its pod, its container by name, its unit, or the container's id; none where none
    /// is known.
    pub fn place(&self) -> Option<Cow<'_, str>> {
        let own = self.borrowed();
        if let Some(pod) = own.pod_name {
            let namespace = own.namespace.unwrap_or("?");
            let container = own.container_name;
            let container = container.map_or_else(String::new, |name| format!(" ({name})"));
            return Some(format!("pod {namespace}/{pod}{container}").into());
        }
        if let Some(name) = own.container_name {
            return Some(format!("container {name}").into());
        }
        own.unit.or(own.container).map(Cow::Borrowed)
    }
}

impl Owner {
    /// Its one name where many are told apart: the pod's controller, else the container's name, its unit, or its process.
    ///
    /// A container's unit has its id for a name, which tells nobody anything and is another one after each restart.
    pub fn name(&self) -> Option<&str> {
        let contained = self.workload.as_deref().or(self.container_name.as_deref());
        contained.or(self.unit.as_deref()).or(self.comm.as_deref())
    }
}
