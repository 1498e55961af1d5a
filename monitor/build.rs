//! Builds the kernel side, so that one binary carries both sides and they always fit together.
//!
//! The object lands in `OUT_DIR/monitor-ebpf`. It is the same optimised object in every profile of user space: the
//! verifier judges what the optimiser wrote, so a debug build of it would test another program.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use ebpf_toolchain::{CARGO_VARIABLE, Endian, LINKER_VARIABLE, ObjectRequest, Toolchain};

const PACKAGE: &str = "monitor-ebpf";

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Cargo prints this as an error of its own, apart from what the script wrote before.
            println!("cargo::error={message}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let manifest_dir = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out_dir = PathBuf::from(variable("OUT_DIR")?);
    let arch = variable("CARGO_CFG_TARGET_ARCH")?;
    let endian = match variable("CARGO_CFG_TARGET_ENDIAN")?.as_str() {
        "big" => Endian::Big,
        _ => Endian::Little,
    };
    for name in [CARGO_VARIABLE, LINKER_VARIABLE] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let workspace = manifest_dir.parent().unwrap_or(&manifest_dir);
    for source in [PACKAGE, "monitor-common", "Cargo.lock", "Cargo.toml"] {
        let path = workspace.join(source);
        println!("cargo::rerun-if-changed={}", path.display());
    }

    let toolchain = Toolchain::find().map_err(|error| error.to_string())?;
    let object = toolchain
        .build(&ObjectRequest {
            workspace,
            package: PACKAGE,
            endian,
            arch: &arch,
            target_dir: &shared_target_dir(&out_dir),
        })
        .map_err(|error| error.to_string())?;
    let copy = out_dir.join(PACKAGE);
    fs::copy(&object, &copy).map(|_| ()).map_err(|error| {
        format!(
            "cannot copy {} to {}: {error}",
            object.display(),
            copy.display()
        )
    })
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
