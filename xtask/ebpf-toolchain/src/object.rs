//! Builds an eBPF package to an object.

use crate::environment::{cargo_home, clean_command};
use crate::{Error, Toolchain};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// What to build, for which byte order, and where.
#[derive(Debug, Clone, Copy)]
pub struct ObjectRequest<'a> {
    /// A folder of the cargo workspace that the package belongs to.
    pub workspace: &'a Path,
    /// The package.
    pub package: &'a str,
    /// Its binary target; no other is built.
    pub binary: &'a str,
    /// Those of its features that are wanted.
    pub features: &'a [&'a str],
    /// The target: `bpfel-unknown-none` or `bpfeb-unknown-none`, by the byte order of the machine that will run the object.
    pub target: &'a str,
    /// Cargo's target folder for this build. Must be another than that of a cargo that waits for this one, or each
    /// waits for the other's lock.
    pub target_dir: &'a Path,
}

impl Toolchain {
    /// Builds the package with cargo's release profile and returns the path of the object. The compiler's messages go
    /// to stderr as they come. Costs a fraction of a second where nothing has changed.
    ///
    /// # Errors
    /// [`Error::Start`], [`Error::Build`] or [`Error::NoObject`].
    pub fn build(&self, request: &ObjectRequest<'_>) -> Result<PathBuf, Error> {
        let target = request.target;
        let cargo = &self.compiler.cargo;
        let mut command = clean_command(cargo);
        command
            .current_dir(request.workspace)
            .args(["build", "--package", request.package, "--release"])
            .args(["--bin", request.binary])
            .args(["--features", &request.features.join(",")])
            .args(["--locked", "-Z", "build-std=core", "--target", target])
            .arg("--target-dir")
            .arg(request.target_dir)
            .env("RUSTC", &self.compiler.rustc)
            .env("CARGO_ENCODED_RUSTFLAGS", self.rustflags(request))
            .env(linker_variable(target), &self.linker.path)
            .stdin(Stdio::null())
            // A build script's stdout is read as instructions to cargo.
            .stdout(io::stderr());
        if self.compiler.needs_bootstrap {
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        let status = command.status().map_err(|source| Error::Start {
            program: cargo.clone(),
            source,
        })?;
        if !status.success() {
            return Err(Error::Build {
                package: request.package.to_owned(),
                target: target.to_owned(),
                status,
            });
        }
        let object = request
            .target_dir
            .join(target)
            .join("release")
            .join(request.binary);
        if !object.is_file() {
            return Err(Error::NoObject { object });
        }
        Ok(object)
    }

    /// The flags in cargo's own encoding, one separator between two. The first three are those that aya-build 0.2 passes:
    /// the architecture for aya's register access, and debug information for the linker to make BTF of. The architecture is
    /// always the same: programs that read registers (kprobes) are not built, and all others are the same instructions
    /// everywhere, so that one object serves all machines of a byte order. The other flags make it the same object wherever workspace, crates and compiler lie. The workspace's own files are named from its
    /// folder, in which cargo calls the linker, so that it finds the lines to put beside the instructions;
    /// those of crates and the standard library go without.
    fn rustflags(&self, request: &ObjectRequest<'_>) -> OsString {
        let mut flags = OsString::from(
            "--cfg=bpf_target_arch=\"x86_64\"\u{1f}-Cdebuginfo=2\u{1f}-Clink-arg=--btf",
        );
        let compiler = self.compiler.sysroot.clone();
        let places = [
            (Some(request.workspace.to_path_buf()), "."),
            (cargo_home(), "/cargo"),
            (Some(compiler), "/rust"),
        ];
        for (place, name) in places {
            // A relative one would match in the midst of other paths.
            if let Some(place) = place.and_then(|place| place.canonicalize().ok()) {
                flags.push("\u{1f}--remap-path-prefix=");
                flags.push(place);
                flags.push(format!("={name}"));
            }
        }
        flags
    }
}

fn linker_variable(target: &str) -> String {
    let target = target.to_uppercase().replace('-', "_");
    format!("CARGO_TARGET_{target}_LINKER")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_is_named_for_the_target() {
        assert_eq!(
            linker_variable("bpfel-unknown-none"),
            "CARGO_TARGET_BPFEL_UNKNOWN_NONE_LINKER"
        );
    }
}
