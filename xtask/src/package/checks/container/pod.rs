//! What `deploy/kubernetes` asks for.

use crate::error::Error;
use crate::{files, workspace};
use serde_json::Value;

const DAEMON_SET: &str = "deploy/kubernetes/daemon-set.yaml";

/// The pod of the daemon set.
pub(super) struct Pod {
    spec: Value,
}

/// A folder of the pod, or of the node.
pub(super) struct Mount<'a> {
    pub(super) volume: &'a Value,
    pub(super) path: &'a str,
    pub(super) read_only: bool,
}

impl Pod {
    pub(super) fn read() -> Result<Self, Error> {
        let bytes = files::read(&workspace::root().join(DAEMON_SET))?;
        let text = String::from_utf8_lossy(&bytes);
        let mut set: Value =
            serde_saphyr::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let spec = set["spec"]["template"]["spec"].take();
        Ok(Self { spec })
    }

    /// A part of the pod's description.
    pub(super) fn part(&self, pointer: &str) -> Result<&Value, Error> {
        let found = self.spec.pointer(pointer);
        found.ok_or_else(|| wrong(format!("nothing at {pointer}")))
    }

    /// As the runtime names them.
    pub(super) fn capabilities(&self) -> Result<Vec<String>, Error> {
        let capabilities = self.part("/containers/0/securityContext/capabilities")?;
        if capabilities["drop"] != serde_json::json!(["ALL"]) {
            return Err(wrong("not all capabilities are dropped".to_owned()));
        }
        Ok(texts(&capabilities["add"])
            .map(|name| format!("CAP_{name}"))
            .collect())
    }

    /// The arguments, as they are on a node of this name.
    pub(super) fn arguments(&self, node: &str) -> Result<Vec<String>, Error> {
        let arguments = texts(self.part("/containers/0/args")?);
        Ok(arguments
            .map(|one| one.replace("$(NODE_NAME)", node))
            .collect())
    }

    pub(super) fn mounts(&self) -> Result<Vec<Mount<'_>>, Error> {
        let volumes = self.part("/volumes")?.as_array();
        let volumes: Vec<&Value> = volumes.into_iter().flatten().collect();
        let mounts = self.part("/containers/0/volumeMounts")?.as_array();
        let mounts = mounts.into_iter().flatten().map(|mount| {
            let volume = volumes.iter().find(|one| one["name"] == mount["name"]);
            Ok(Mount {
                volume: volume.ok_or_else(|| wrong(format!("no volume for {mount}")))?,
                path: mount["mountPath"].as_str().unwrap_or_default(),
                read_only: mount["readOnly"] == true,
            })
        });
        mounts.collect()
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str)
}

fn wrong(reason: String) -> Error {
    Error::Package {
        what: "a daemon set that can be read",
        reason: format!("{DAEMON_SET}: {reason}"),
    }
}
