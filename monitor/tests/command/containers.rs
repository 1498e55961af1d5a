//! Who is in a container of a real runtime: containerd and runc run one with the annotations that a kubelet gives it.

use crate::common::net::{routed, serve};
use crate::common::place::{place_in, watching};
use crate::common::run::{CONTAINERD, CONTAINERD_SHIM, CTR, RUNC, finish, program};
use crate::common::{Test, Tested, eventually};
use libtest_mimic::Failed;
use monitor_lab::children::Guarded;
use monitor_lab::network::namespace::Namespace;
use monitor_lab::testbed::{Daemon, Place};
use serde_json::Value;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

pub const TESTS: &[Test] = &[Test::with_containerd(
    "a_silent_connection_is_told_with_its_container_and_pod",
    silent,
)];

const ID: &str = "6d05c1e8a7b94f23b1d0e5f7a8c9d2e36d05c1e8a7b94f23b1d0e5f7a8c9d2e3";
const UID: &str = "2f1c7a34-5be0-4a6d-9c11-7e0d3b8f4a52";

/// All that is in the image: it connects, sends a byte and is silent.
const PROGRAM: &str = r#"
use std::io::{Read, Write};
fn main() {
    let address = std::env::args().nth(1).expect("an address");
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    stream.write_all(b"x").expect("a byte is sent");
    let _ = stream.read(&mut [0]);
}
"#;

fn silent() -> Tested {
    let files = tempfile::tempdir()?;
    let image = image(files.path())?;
    let network = routed()?;
    let listener = serve(&network)?;
    let address = listener.local_addr()?;
    // The groups go last.
    let above = Groups::new();
    let runtime = Runtime::start(files.path(), &network.client)?;
    let settings = format!(
        "{}[scope]\ncgroup = {:?}\n",
        watching(&network.block, "quiet", "1s"),
        above.0
    );
    runtime.run(&above, &image, &address.to_string())?;
    listener.set_nonblocking(true)?;
    let (_server, client) = eventually("the container connects", || {
        Ok(listener.accept().map_err(|error| error.to_string()))
    })?;
    // The daemon sees the files that the runtime sees.
    let entering = runtime.entering();
    let launcher: Vec<&str> = entering.iter().map(String::as_str).collect();
    let place = place_in(&network.block, &settings)?.launched_by(&launcher);
    let daemon = Daemon::start(&place, &[])?;
    let finding = daemon.await_finding(client, "crossed")?;
    let owner = &finding["owner"];
    for (member, expected) in [
        ("comm", "silent"),
        ("container", ID),
        ("container_name", "main"),
        ("pod", UID),
        ("pod_name", "api-6d4cf56db6-x7k2p"),
        ("namespace", "shop"),
        ("workload", "shop/api"),
    ] {
        assert_eq!(owner[member], expected, "{member}: {finding}");
    }
    assert_eq!(owner["unknown"], Value::Null, "{finding}");
    for (filter, value, shown) in [
        ("--container", "main", true),
        ("--container", &ID[..12], true),
        ("--pod", "shop/api-6d4cf56db6-x7k2p", true),
        ("--pod", "api", true),
        ("--pod", "web", false),
        ("--container", "side", false),
    ] {
        let listed = listed(&place, filter, value)?;
        let is_shown = listed.contains(&client.to_string());
        assert_eq!(is_shown, shown, "{filter} {value}: {listed}");
    }
    Ok(())
}

/// What `ls` has for a filter.
fn listed(place: &Place, filter: &str, value: &str) -> Result<String, Failed> {
    let ended = finish(place.question("ls").args([filter, value]))?;
    match ended.code {
        Some(0 | 1) => Ok(ended.stdout),
        _ => Err(format!("{ended:?}").into()),
    }
}

/// A root folder with one static program.
fn image(files: &Path) -> Result<PathBuf, Failed> {
    let (source, root) = (files.join("silent.rs"), files.join("rootfs"));
    fs::write(&source, PROGRAM)?;
    fs::create_dir(&root)?;
    let mut compiler = Command::new(program("rustc")?);
    compiler
        .args([
            "--edition",
            "2024",
            "-C",
            "target-feature=+crt-static",
            "-o",
        ])
        .arg(root.join("silent"))
        .arg(&source)
        .current_dir(files);
    well(&mut compiler)?;
    Ok(root)
}

/// What a command prints that ends well.
fn well(command: &mut Command) -> Result<String, Failed> {
    let ended = finish(command)?;
    match ended.code {
        Some(0) => Ok(ended.stdout),
        _ => Err(format!("{command:?}: {ended:?}").into()),
    }
}

/// A containerd with a `/run` of its own, where it keeps its state as everywhere; ended when dropped, with its container.
struct Runtime {
    /// Where it is asked.
    address: PathBuf,
    process: Guarded,
}

/// In a mount namespace of its own: a `/run` that nobody else sees, and containerd as the first process of a pid namespace,
/// whose end is that of all that it has started. The shell stays outside: in its `/proc` the daemon finds the host.
const STARTS: &str = r#"mount -t tmpfs none /run &&
setpriv --pdeathsig KILL unshare --pid --fork --kill-child --mount-proc "$@"; exit"#;

impl Runtime {
    /// In this network namespace, which its container has, too.
    fn start(files: &Path, host: &Namespace) -> Result<Self, Failed> {
        let config = files.join("containerd.toml");
        // What a kubelet asks it through needs a network of its own.
        let text = "version = 2\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n";
        fs::write(&config, text)?;
        let log = fs::File::create(files.join("log"))?;
        // There it looks for what it starts itself.
        let path = env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = env::split_paths(&path).collect();
        for started in [CONTAINERD_SHIM, RUNC] {
            folders.extend(program(started)?.parent().map(Path::to_path_buf));
        }
        let address = files.join("containerd.sock");
        let mut command = Command::new("nsenter");
        command
            .env("PATH", env::join_paths(folders)?)
            .arg(format!("--net={}", host.path().display()))
            .args(["unshare", "--mount", "sh", "-c", STARTS, "sh"])
            .arg(program(CONTAINERD)?)
            .args(["--state", "/run/containerd", "--address"])
            .arg(&address)
            .arg("--config")
            .arg(&config)
            .arg("--root")
            .arg(files.join("containerd"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let runtime = Self {
            address,
            process: Guarded::start(&mut command)?,
        };
        eventually("containerd answers", || {
            Ok(finish(&mut runtime.ctr(&["version"])?)
                .map_err(|error| error.to_string())
                .and_then(|ended| match ended.code {
                    Some(0) => Ok(()),
                    _ => Err(ended.stderr),
                }))
        })?;
        Ok(runtime)
    }

    /// What starts a command in its mount namespace.
    fn entering(&self) -> [String; 2] {
        let mounts = format!("--mount=/proc/{}/ns/mnt", self.process.pid());
        ["nsenter".to_owned(), mounts]
    }

    fn ctr(&self, arguments: &[&str]) -> Result<Command, Failed> {
        let [nsenter, mounts] = self.entering();
        let mut command = Command::new(nsenter);
        command.arg(mounts).arg(program(CTR)?);
        command.arg("--address").arg(&self.address);
        command.args(["--namespace", "k8s.io"]).args(arguments);
        Ok(command)
    }

    fn run(&self, above: &Groups, image: &Path, address: &str) -> Result<(), Failed> {
        let annotations = [
            ("container-name", "main"),
            ("sandbox-name", "api-6d4cf56db6-x7k2p"),
            ("sandbox-namespace", "shop"),
            ("sandbox-uid", UID),
        ];
        let annotations =
            annotations.map(|(key, value)| format!("io.kubernetes.cri.{key}={value}"));
        let mut command = self.ctr(&["run", "--detach", "--null-io", "--net-host", "--rootfs"])?;
        command.args(["--cgroup", &above.of_container()]);
        for annotation in &annotations {
            command.args(["--annotation", annotation]);
        }
        well(command.arg(image).args([ID, "/silent", address]))?;
        Ok(())
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        let commands: [&[&str]; 2] = [
            &["tasks", "delete", "--force", ID],
            &["containers", "delete", ID],
        ];
        for arguments in commands {
            if let Ok(mut command) = self.ctr(arguments) {
                let _ = finish(&mut command);
            }
        }
    }
}

/// The control group above the container's, in each hierarchy; what the runtime leaves of it goes when dropped.
struct Groups(String);

impl Groups {
    fn new() -> Self {
        Self(format!("/tcplull-test-{}", process::id()))
    }

    fn of_container(&self) -> String {
        format!("{}/kubepods/burstable/pod{UID}/{ID}", self.0)
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        let mounted = Path::new("/sys/fs/cgroup");
        let below = mounted.read_dir().into_iter().flatten().flatten();
        let roots: Vec<PathBuf> = below.map(|entry| entry.path()).collect();
        let container = self.of_container();
        let groups: Vec<&Path> = Path::new(container.trim_start_matches('/'))
            .ancestors()
            .filter(|group| !group.as_os_str().is_empty())
            .collect();
        // A moment after the last process in them has ended.
        let gone = eventually("the control groups are gone", || {
            let mut left = Vec::new();
            for root in roots.iter().map(PathBuf::as_path).chain([mounted]) {
                // From the innermost outwards.
                for group in groups.iter().map(|group| root.join(group)) {
                    if fs::remove_dir(&group).is_err() && group.exists() {
                        left.push(group);
                    }
                }
            }
            Ok(match left.is_empty() {
                true => Ok(()),
                false => Err(format!("{left:?}")),
            })
        });
        if let Err(left) = gone {
            eprintln!("{left:?}");
        }
    }
}
