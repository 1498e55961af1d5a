//! The image in a runtime, with exactly the security context, mounts and arguments of `deploy/kubernetes`: what Kubernetes
//! would start, without Kubernetes. Beside it a container of another pod, whose connection falls silent.

mod bundle;
mod groups;
mod image;
mod network;
mod pod;
mod runtime;
mod seccomp;

use super::{Outcome, Packed, holds};
use crate::error::Error;
use crate::{command, files, setup};
use bundle::{Bundle, workload};
use groups::Groups;
use network::{Network, SERVER};
use pod::Pod;
use runtime::{Container, Runtime, eventually};
use seccomp::Profile;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The pod of the daemon itself, and its container.
const OWN_POD: &str = "1b2c3d4e-5f60-4718-9293-a4b5c6d7e8f9";
const OWN_CONTAINER: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";

/// The workload's pod, and its container, as a runtime and the kubelet name them.
const POD: &str = "8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f";
const CONTAINER: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// Of what it asks.
const SERVER_POD: &str = "5c6d7e8f-9a0b-4c1d-8e2f-3a4b5c6d7e8f";
const SERVER_CONTAINER: &str = "dbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdbdb";

/// Where its connection goes to.
const PORT: &str = "5432";

/// What the daemon is told of the way there.
const PATHS: &str =
    "[[path]]\nname = \"database\"\nremote = [\"192.0.2.0/24\"]\ntimeout = \"2s\"\n";

pub(super) fn lives(packed: &Packed) -> Result<Outcome, Error> {
    if !setup::is_root() {
        return Ok(Outcome::Skipped("needs root"));
    }
    match setup::ensure_runc() {
        Ok(()) => (),
        Err(Error::NotDebian { .. }) => return Ok(Outcome::Skipped("runc and a static busybox")),
        Err(error) => return Err(error),
    }
    let folder = packed.new_folder("container")?;
    let profile = match Profile::unpacked(&folder.join("seccomp")) {
        Ok(profile) => profile,
        Err(Error::NotDebian { .. }) => return Ok(Outcome::Skipped("a profile of seccomp's")),
        Err(error) => return Err(error),
    };
    let image = image::unpack(&packed.package(".oci.tar")?, &folder.join("rootfs"))?;
    let pod = Pod::read()?;
    // What is made first goes last: after the containers.
    let groups = Groups::new();
    let network = Network::new()?;
    let runtime = Runtime::new(&packed.folder.join("runc"))?;
    let bundle = Bundle {
        folder: folder.join("tcplull"),
        rootfs: folder.join("rootfs"),
        image: &image,
        pod: &pod,
        group: groups.of(OWN_POD, OWN_CONTAINER),
    };
    bundle.make(PATHS, &profile.of_containerd(&pod.capabilities()?))?;
    workload(
        &folder.join("server"),
        &groups.of(SERVER_POD, SERVER_CONTAINER),
        &network.server(),
        &format!("busybox nc -ll -p {PORT} -e busybox cat"),
    )?;
    // It has a word each way, and falls silent.
    let asks = format!(
        "(echo hello; exec busybox sleep 86400) | until busybox nc {SERVER} {PORT}; do busybox sleep 0.1; done"
    );
    let busybox = workload(
        &folder.join("workload"),
        &groups.of(POD, CONTAINER),
        &network.client(),
        &asks,
    )?;
    Ok(match watched(&runtime, &bundle, &folder, &busybox) {
        Ok(()) => refused(&runtime, &bundle, &profile)?,
        Err(why) => Outcome::Failed(why),
    })
}

/// The daemon and the workload side by side; `Err` says what was not as it should be.
fn watched(
    runtime: &Runtime,
    bundle: &Bundle<'_>,
    folder: &Path,
    busybox: &Path,
) -> Result<(), String> {
    // As the kubelet links its log.
    let link = format!("api-7d9c5b6f4d-x2v4b_shop_web-{CONTAINER}.log");
    files::write(&bundle.logs().join(link), "").map_err(|error| error.to_string())?;
    let daemon = runtime.start("tcplull", &bundle.folder)?;
    let _server = runtime.start(SERVER_CONTAINER, &folder.join("server"))?;
    let _workload = runtime.start(CONTAINER, &folder.join("workload"))?;

    // `kubectl exec ds/tcplull -- tcplull ls`.
    let row = eventually(|| {
        let filter = format!("remote-port {PORT} and state crossed");
        let rows = daemon.run(&["tcplull", "ls", "--json", "--filter", &filter])?;
        let first = rows.lines().next().ok_or("nothing has crossed")?;
        serde_json::from_str::<Value>(first).map_err(|error| format!("{error}: {first}"))
    })?;
    for (member, wanted) in [
        ("container", CONTAINER),
        ("pod", POD),
        ("workload", "shop/api"),
        ("comm", "busybox"),
    ] {
        let found = row["owner"][member].as_str();
        if found != Some(wanted) {
            return Err(format!("the owner's {member} is {found:?}: {row}"));
        }
    }
    let id = row["connection"]["id"].as_str().unwrap_or_default();
    let page = daemon.run(&["tcplull", "show", id])?;
    if !page.contains("crossed") || !page.contains("shop/api") {
        return Err(format!("show says: {page}"));
    }
    let check = daemon.run(&["tcplull", "check"])?;
    if !check.contains("ok processes") {
        return Err(format!("check says: {check}"));
    }
    probed(&daemon, busybox)?;
    daemon.stop()
}

/// What the kubelet asks, over the network of the pod.
fn probed(daemon: &Container<'_>, busybox: &Path) -> Result<(), String> {
    for page in ["healthz", "readyz"] {
        let mut ask = Command::new("nsenter");
        ask.args(["--net", "--target", &daemon.pid()?.to_string()])
            .arg(busybox)
            .args(["wget", "-q", "-O", "-"])
            .arg(format!("http://127.0.0.1:9469/{page}"));
        let output = command::output(&mut ask).map_err(|error| error.to_string())?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("/{page}: {}: {why}", output.status));
        }
    }
    Ok(())
}

/// What cannot work is one line, and the exit code that says so.
fn refused(runtime: &Runtime, bundle: &Bundle<'_>, profile: &Profile) -> Result<Outcome, Error> {
    let capabilities = bundle.pod.capabilities()?;
    bundle.make(PATHS, &profile.as_it_is(&capabilities))?;
    // As CRI-O has it: bpf(2) takes CAP_SYS_ADMIN.
    let without_bpf = runtime.run_to_end("tcplull-no-bpf", &bundle.folder);
    bundle.make(PATHS, &profile.of_containerd(&capabilities))?;
    bundle.without_mount("/run/tcplull")?;
    let without_run = runtime.run_to_end("tcplull-no-run", &bundle.folder);
    let right = |ended: &Result<(Option<i32>, String), String>, word: &str| {
        ended.as_ref().is_ok_and(|(code, text)| {
            let lines = text.lines().filter(|line| line.starts_with("tcplull: "));
            *code == Some(3) && lines.count() == 1 && text.contains(word)
        })
    };
    let all = right(&without_bpf, "a seccomp filter refuses bpf(2)")
        && right(&without_run, "its file system is read-only");
    Ok(holds(all, || {
        format!("without bpf(2): {without_bpf:?}; with a read-only /run: {without_run:?}")
    }))
}
