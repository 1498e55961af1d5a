//! What `RuntimeDefault` is: the profile of Debian's containers-common, which CRI-O and podman have, and as containerd has
//! it for bpf(2).

use crate::error::Error;
use crate::{files, setup};
use serde_json::{Value, json};
use std::path::Path;

const PACKAGE: &str = "golang-github-containers-common";
const FILE: &str = "usr/share/containers/seccomp.json";

/// What containerd allows to whoever has CAP_BPF or CAP_PERFMON (containerd#7301, in 1.7), and CRI-O to CAP_SYS_ADMIN alone.
const OF_OWN_CAPABILITIES: [&str; 2] = ["bpf", "perf_event_open"];

/// A profile that depends on the container's capabilities.
pub(super) struct Profile(Value);

impl Profile {
    /// Taken out of its package, into `folder`.
    pub(super) fn unpacked(folder: &Path) -> Result<Self, Error> {
        files::create_folder(folder)?;
        setup::unpack(&[PACKAGE], folder)?;
        let bytes = files::read(&folder.join(FILE))?;
        let profile = serde_json::from_slice(&bytes).map_err(|error| Error::Package {
            what: "a profile that can be read",
            reason: format!("{FILE}: {error}"),
        })?;
        Ok(Self(profile))
    }

    /// In the runtime's own form.
    pub(super) fn as_it_is(&self, capabilities: &[String]) -> Value {
        self.with(capabilities, &[])
    }

    /// The same, as containerd has it.
    pub(super) fn of_containerd(&self, capabilities: &[String]) -> Value {
        self.with(capabilities, &OF_OWN_CAPABILITIES)
    }

    fn with(&self, capabilities: &[String], allowed: &[&str]) -> Value {
        let rules = self.0["syscalls"].as_array().into_iter().flatten();
        let rules = rules.filter(|rule| applies(rule, capabilities));
        let mut rules: Vec<Value> = rules.map(|rule| of_runtime(rule, allowed)).collect();
        if !allowed.is_empty() {
            rules.push(json!({ "names": allowed, "action": "SCMP_ACT_ALLOW" }));
        }
        json!({
            "defaultAction": self.0["defaultAction"],
            "defaultErrnoRet": self.0["defaultErrnoRet"],
            "architectures": ["SCMP_ARCH_X86_64"],
            "syscalls": rules,
        })
    }
}

fn applies(rule: &Value, capabilities: &[String]) -> bool {
    let list = |of: &str, what: &str| rule[of][what].as_array().cloned().unwrap_or_default();
    let has = |names: &[Value]| {
        let mut names = names.iter().filter_map(Value::as_str);
        names.any(|name| capabilities.iter().any(|one| one == name))
    };
    let machines = list("includes", "arches");
    let needed = list("includes", "caps");
    (machines.is_empty() || machines.contains(&json!("amd64")))
        && (needed.is_empty() || has(&needed))
        && !has(&list("excludes", "caps"))
}

/// What of a rule the runtime knows, without the calls that are allowed anyway.
fn of_runtime(rule: &Value, allowed: &[&str]) -> Value {
    let names = rule["names"].as_array().into_iter().flatten();
    let names = names.filter(|name| !name.as_str().is_some_and(|name| allowed.contains(&name)));
    let mut made = json!({ "names": names.collect::<Vec<_>>(), "action": rule["action"] });
    for member in ["args", "errnoRet"] {
        if !rule[member].is_null() {
            made[member] = rule[member].clone();
        }
    }
    made
}
