//! What runc is given: a root file system and its description (opencontainers/runtime-spec), made of an image and a pod.

use super::pod::Pod;
use crate::error::Error;
use crate::{files, setup};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// The description's file.
const DESCRIPTION: &str = "config.json";

/// The node that the daemon is told it is on.
const NODE: &str = "node-7";

/// Where the kubelet has its logs on a node.
const LOGS: &str = "/var/log";

/// What a runtime hides of `/proc` and `/sys`, and what it lets nobody change there: containerd's own lists.
const MASKED: [&str; 9] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/sys/firmware",
];
const READ_ONLY: [&str; 5] = [
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
];

/// The daemon's container.
pub(super) struct Bundle<'a> {
    pub(super) folder: PathBuf,
    /// What the image was unpacked into.
    pub(super) rootfs: PathBuf,
    /// What the image says of itself.
    pub(super) image: &'a Value,
    pub(super) pod: &'a Pod,
    /// Its control group.
    pub(super) group: String,
}

impl Bundle<'_> {
    /// Where the names of the kubelet's links are.
    pub(super) fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// Writes the description, and the folders that the pod has for itself.
    pub(super) fn make(&self, configuration: &str, seccomp: &Value) -> Result<(), Error> {
        files::create_folder(&self.logs())?;
        let context = self.pod.part("/containers/0/securityContext")?;
        let image = &self.image["config"];
        let mut arguments = image["Entrypoint"].as_array().cloned().unwrap_or_default();
        arguments.extend(self.pod.arguments(NODE)?.into_iter().map(Value::from));
        let capabilities = self.pod.capabilities()?;
        let mut variables = image["Env"].as_array().cloned().unwrap_or_default();
        variables.push(format!("NODE_NAME={NODE}").into());
        let mut mounts = usual_mounts();
        for mount in self.pod.mounts()? {
            let source = self.source(mount.volume, configuration)?;
            let access = if mount.read_only { "ro" } else { "rw" };
            mounts.push(json!({
                "destination": mount.path, "type": "bind", "source": source,
                "options": ["rbind", "rprivate", access],
            }));
        }
        let host_pid = *self.pod.part("/hostPID")? == true;
        let own: &[&str] = if host_pid { &[] } else { &["pid"] };
        let description = json!({
            "ociVersion": "1.0.2",
            "process": {
                "user": {
                    "uid": self.pod.part("/securityContext/runAsUser")?,
                    "gid": self.pod.part("/securityContext/runAsGroup")?,
                },
                "args": arguments, "env": variables, "cwd": "/",
                "noNewPrivileges": context["allowPrivilegeEscalation"] == false,
                "capabilities": {
                    "bounding": capabilities, "effective": capabilities, "permitted": capabilities,
                },
            },
            "root": { "path": self.rootfs, "readonly": context["readOnlyRootFilesystem"] },
            "hostname": "tcplull-5x7kq",
            "mounts": mounts,
            "linux": {
                "namespaces": namespaces(own),
                "cgroupsPath": self.group,
                "seccomp": seccomp,
                "maskedPaths": MASKED,
                "readonlyPaths": READ_ONLY,
            },
        });
        write(&self.folder, &description)
    }

    /// Takes a mount away again.
    pub(super) fn without_mount(&self, path: &str) -> Result<(), Error> {
        let bytes = files::read(&self.folder.join(DESCRIPTION))?;
        let mut description: Value =
            serde_json::from_slice(&bytes).map_err(|error| Error::Package {
                what: "a bundle that can be read",
                reason: error.to_string(),
            })?;
        if let Some(mounts) = description["mounts"].as_array_mut() {
            mounts.retain(|mount| mount["destination"] != path);
        }
        write(&self.folder, &description)
    }

    /// Where a volume is on this host: the node's own folder, but for the kubelet's logs, which are the test's.
    fn source(&self, volume: &Value, configuration: &str) -> Result<PathBuf, Error> {
        let name = volume["name"].as_str().unwrap_or_default();
        let of_node = volume["hostPath"]["path"].as_str();
        if let Some(path) = of_node.filter(|path| !path.starts_with(LOGS)) {
            return Ok(path.into());
        }
        let folder = self.folder.join(name);
        files::create_folder(&folder)?;
        if !volume["configMap"].is_null() {
            files::write(&folder.join("config.toml"), configuration)?;
        }
        Ok(folder)
    }
}

/// A container of busybox alone that runs this script, of another pod and in this network namespace. It ends when nobody
/// holds its standard input any more. Answers where busybox is on this host.
pub(super) fn workload(
    folder: &Path,
    group: &str,
    network: &Path,
    script: &str,
) -> Result<PathBuf, Error> {
    let found = setup::find_itself("busybox").map(|(file, _)| file);
    let busybox = found.ok_or_else(|| Error::not_debian("busybox is", "install busybox-static"))?;
    let rootfs = folder.join("rootfs");
    files::create_folder(&rootfs.join("bin"))?;
    let copied = fs::copy(&busybox, rootfs.join("bin/busybox"));
    files::with_path("copy", &busybox, copied)?;
    let mut namespaces = namespaces(&["pid"]);
    for namespace in namespaces.as_array_mut().into_iter().flatten() {
        if namespace["type"] == "network" {
            namespace["path"] = network.display().to_string().into();
        }
    }
    let script = format!("{script} & exec busybox cat");
    let description = json!({
        "ociVersion": "1.0.2",
        "process": {
            "user": { "uid": 0, "gid": 0 },
            "args": ["/bin/busybox", "sh", "-c", script],
            "env": ["PATH=/bin"], "cwd": "/", "noNewPrivileges": true,
        },
        "root": { "path": "rootfs", "readonly": true },
        "mounts": usual_mounts(),
        "linux": {
            "namespaces": namespaces,
            "cgroupsPath": group,
        },
    });
    write(folder, &description)?;
    Ok(busybox)
}

fn write(folder: &Path, description: &Value) -> Result<(), Error> {
    files::create_folder(folder)?;
    files::write(&folder.join(DESCRIPTION), description.to_string())
}

/// Those that a container of Kubernetes has in any case, and others besides.
fn namespaces(own: &[&str]) -> Value {
    let kinds = ["network", "ipc", "uts", "mount", "cgroup"];
    let all = kinds.iter().chain(own);
    all.map(|kind| json!({ "type": kind })).collect()
}

fn usual_mounts() -> Vec<Value> {
    let mount = |at: &str, kind: &str, options: &[&str]| json!({ "destination": at, "type": kind, "source": kind, "options": options });
    vec![
        mount("/proc", "proc", &["nosuid", "noexec", "nodev"]),
        mount("/dev", "tmpfs", &["nosuid", "mode=755", "size=65536k"]),
        mount("/sys", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
        mount(
            "/sys/fs/cgroup",
            "cgroup",
            &["nosuid", "noexec", "nodev", "ro"],
        ),
    ]
}
