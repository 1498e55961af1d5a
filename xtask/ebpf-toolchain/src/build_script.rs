//! What a build script does to carry an eBPF object in its own package.

use crate::strip::without_debug_information;
use crate::{CARGO_VARIABLE, LINKER_VARIABLE, ObjectRequest, Toolchain};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Builds `binary` of the workspace's package `package`, with these of its features, for the machine that the build
/// script's package is built for, and puts the object into `OUT_DIR` under the name of the binary, without what only a
/// debugger reads. Tells cargo on stdout when to do it again.
///
/// It is the same optimised object in every profile of user space: the verifier judges what the optimiser wrote, so a
/// debug build of it would test another program.
///
/// # Errors
/// One line for `cargo::error`.
pub fn build_into_out_dir(package: &str, binary: &str, features: &[&str]) -> Result<(), String> {
    let manifest_dir = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out_dir = PathBuf::from(variable("OUT_DIR")?);
    let target = match variable("CARGO_CFG_TARGET_ENDIAN")?.as_str() {
        "big" => "bpfeb-unknown-none",
        _ => "bpfel-unknown-none",
    };
    for name in [CARGO_VARIABLE, LINKER_VARIABLE] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    // Cargo.lock stands at the root alone.
    let depth = manifest_dir
        .ancestors()
        .position(|folder| folder.join("Cargo.lock").is_file())
        .unwrap_or(0);
    let workspace = manifest_dir.ancestors().nth(depth).unwrap_or(&manifest_dir);
    // Cargo takes these from the package's folder. Absolute ones would go on naming the old sources where a checkout is
    // moved or its target folder copied.
    let up: PathBuf = std::iter::repeat_n("..", depth).collect();
    for source in [package, "monitor-common", "Cargo.lock", "Cargo.toml"] {
        println!("cargo::rerun-if-changed={}", up.join(source).display());
    }

    let toolchain = Toolchain::find().map_err(|error| error.to_string())?;
    let object = toolchain
        .build(&ObjectRequest {
            workspace,
            package,
            binary,
            features,
            target,
            target_dir: &shared_target_dir(&out_dir),
        })
        .map_err(|error| error.to_string())?;
    let copy = out_dir.join(binary);
    let failed = |what, path: &Path, error: &dyn Display| {
        format!("cannot {what} {}: {error}", path.display())
    };
    let built = fs::read(&object).map_err(|error| failed("read", &object, &error))?;
    let stripped =
        without_debug_information(&built).map_err(|error| failed("strip", &object, &error))?;
    fs::write(&copy, stripped).map_err(|error| failed("write", &copy, &error))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}; build with cargo"))
}

/// A folder beside the profiles' own, so that debug, release, test and clippy builds compile `core` once. Cargo marks
/// its target folder with this file.
fn shared_target_dir(out_dir: &Path) -> PathBuf {
    out_dir
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .unwrap_or(out_dir)
        .join("ebpf")
}
