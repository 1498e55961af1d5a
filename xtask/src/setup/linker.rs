//! The linker for the kernel side: built once for each LLVM, into the user's cache.

use super::debian;
use crate::error::Error;
use crate::{command, progress, workspace};
use ebpf_toolchain::{
    CACHED_LINKER_VERSION, Compiler, Linker, cached_linker_root, linker_for, listed,
};
use std::path::Path;

// What bpf-linker 0.13.0 has a feature for.
const KNOWN_LLVM: std::ops::RangeInclusive<u32> = 21..=23;

/// The Debian packages that bpf-linker is built against.
pub fn packages(llvm: u32) -> [String; 2] {
    [format!("llvm-{llvm}-dev"), format!("libpolly-{llvm}-dev")]
}

/// The bpf-linker that fits `compiler`: one that is there, or one that is built now.
pub fn ensure(compiler: &Compiler) -> Result<Linker, Error> {
    if let Ok(linker) = linker_for(compiler) {
        return Ok(linker);
    }
    let llvm = compiler.llvm.major;
    let failed = |reason: String| Error::NoLinker { llvm, reason };
    if !KNOWN_LLVM.contains(&llvm) {
        return Err(failed(format!(
            "bpf-linker {CACHED_LINKER_VERSION} knows LLVM {} to {}; install a newer one from \
             https://github.com/aya-rs/bpf-linker",
            KNOWN_LLVM.start(),
            KNOWN_LLVM.end()
        )));
    }
    let root = cached_linker_root(compiler.llvm)
        .ok_or_else(|| failed("set HOME, its cache goes below".into()))?;
    let prefix = format!("/usr/lib/llvm-{llvm}");
    debian::install(
        &format!("LLVM {llvm} with its headers, for bpf-linker, is"),
        &packages(llvm),
        "install bpf-linker for that LLVM from https://github.com/aya-rs/bpf-linker",
    )?;
    build(llvm, &root, &prefix)?;
    linker_for(compiler).map_err(|rejected| failed(listed(&rejected)))
}

fn build(llvm: u32, root: &Path, prefix: &str) -> Result<(), Error> {
    progress::step(&format!(
        "building bpf-linker {CACHED_LINKER_VERSION} for LLVM {llvm} (about a minute)"
    ));
    let mut command = workspace::cargo();
    command
        .args(["install", "bpf-linker", "--version", CACHED_LINKER_VERSION])
        .args(["--locked", "--force", "--no-default-features", "--features"])
        .arg(format!("llvm-{llvm}"))
        .arg("--root")
        .arg(root)
        .env("LLVM_PREFIX", prefix)
        .env_remove("CARGO_TARGET_DIR");
    let status = command::status(&mut command)?;
    if status.success() {
        return Ok(());
    }
    Err(Error::failed("cargo install bpf-linker", status))
}
