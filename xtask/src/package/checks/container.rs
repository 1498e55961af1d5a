//! The image in a runtime, with exactly the security context, mounts and arguments of `deploy/kubernetes`: what Kubernetes
//! would start, without Kubernetes. Beside it a container of another pod, whose connection falls silent.

mod bundle;
mod image;
mod pod;
mod runtime;
mod seccomp;

use super::{Outcome, Packed, holds};
use crate::error::Error;
use crate::{command, files, setup};
use bundle::{Bundle, workload};
use pod::Pod;
use runtime::{Container, Runtime, eventually};
use seccomp::Profile;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// The container of the workload, as a runtime and the kubelet name it.
const CONTAINER: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// Its pod.
const POD: &str = "8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f";

/// Where its connection goes to.
const PORT: &str = "5432";

/// What the daemon is told of the way there.
const PATHS: &str = "[[path]]\nname = \"loopback\"\nremote = [\"127.0.0.0/8\"]\ntimeout = \"2s\"\n";

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
    let runtime = Runtime::new(&folder.join("runc"))?;
    let bundle = Bundle {
        folder: folder.join("tcplull"),
        rootfs: folder.join("rootfs"),
        image: &image,
        pod: &pod,
    };
    bundle.make(PATHS, &profile.of_containerd(&pod.capabilities()?))?;
    Ok(match watched(&runtime, &bundle, &folder) {
        Ok(()) => refused(&runtime, &bundle, &profile)?,
        Err(why) => Outcome::Failed(why),
    })
}

/// The daemon and the workload side by side; `Err` says what was not as it should be.
fn watched(runtime: &Runtime, bundle: &Bundle<'_>, folder: &Path) -> Result<(), String> {
    let said = |error: Error| error.to_string();
    // As the kubelet links its log.
    let link = format!("api-7d9c5b6f4d-x2v4b_shop_web-{CONTAINER}.log");
    files::write(&bundle.logs().join(link), "").map_err(said)?;
    let busybox = workload(&folder.join("workload"), POD, CONTAINER, PORT).map_err(said)?;
    let daemon = runtime.start("tcplull", &bundle.folder)?;
    let _workload = runtime.start(CONTAINER, &folder.join("workload"))?;

    // `kubectl exec ds/tcplull -- tcplull ls`.
    let row = eventually(|| {
        let filter = format!("port {PORT} and state crossed");
        let rows = daemon.run(&["tcplull", "ls", "--json", "--filter", &filter])?;
        let first = rows.lines().next().ok_or("nothing has crossed")?;
        serde_json::from_str::<Value>(first).map_err(|error| format!("{error}: {first}"))
    })?;
    for (member, wanted) in [
        ("container", CONTAINER),
        ("pod", POD),
        ("workload", "shop/api"),
        ("comm", "nc"),
    ] {
        let found = row["owner"][member].as_str();
        if found != Some(wanted) {
            return Err(format!("the owner's {member} is {found:?}: {row}"));
        }
    }
    let page = daemon.run(&["tcplull", "show", &format!("127.0.0.1:{PORT}")])?;
    if !page.contains("crossed") || !page.contains("shop/api") {
        return Err(format!("show says: {page}"));
    }
    let check = daemon.run(&["tcplull", "check"])?;
    if !check.contains("ok processes") {
        return Err(format!("check says: {check}"));
    }
    probed(&daemon, &busybox)?;
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
    let all = right(&without_bpf, "refused") && right(&without_run, "Read-only file system");
    Ok(holds(all, || {
        format!("without bpf(2): {without_bpf:?}; with a read-only /run: {without_run:?}")
    }))
}
