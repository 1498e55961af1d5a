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

/// The pod of the daemon itself, and its container.
const OWN_CGROUP: &str = "/kubepods/burstable/pod1b2c3d4e-5f60-4718-9293-a4b5c6d7e8f9/a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";

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
                "cgroupsPath": OWN_CGROUP,
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

    /// Where a volume is on this host: the node's own folder, but for the kubelet's links, which are the test's.
    fn source(&self, volume: &Value, configuration: &str) -> Result<PathBuf, Error> {
        let name = volume["name"].as_str().unwrap_or_default();
        let of_node = volume["hostPath"]["path"].as_str();
        if let Some(path) = of_node.filter(|_| name != "logs") {
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

/// A container of another pod, in a network of its own: a client whose connection to `port` has said a word each way, and
/// falls silent. Answers where the program is that it is made of.
pub(super) fn workload(
    folder: &Path,
    pod: &str,
    container: &str,
    port: &str,
) -> Result<PathBuf, Error> {
    let found = setup::find_itself("busybox").map(|(file, _)| file);
    let busybox = found.ok_or_else(|| Error::not_debian("busybox is", "install busybox-static"))?;
    let rootfs = folder.join("rootfs");
    files::create_folder(&rootfs.join("bin"))?;
    let copied = fs::copy(&busybox, rootfs.join("bin/busybox"));
    files::with_path("copy", &busybox, copied)?;
    let script = format!(
        "busybox nc -ll -p {port} -e busybox cat & \
         (echo hello; exec busybox sleep 86400) | until busybox nc 127.0.0.1 {port}; do busybox sleep 0.1; done"
    );
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
            "namespaces": namespaces(&["pid"]),
            "cgroupsPath": format!("/kubepods/burstable/pod{pod}/{container}"),
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
