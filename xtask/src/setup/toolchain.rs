//! The compiler for the kernel side: what is there, else what this machine can get.

use super::{debian, linker};
use crate::command::succeeds;
use crate::error::Error;
use crate::progress;
use ebpf_toolchain::{
    CARGO_VARIABLE, Compiler, LINKER_VARIABLE, Toolchain, compilers, distribution_compiler, listed,
    nightly_compiler,
};
use std::env;
use std::process::Command;

// Debian keeps these at the version that its browsers need, which is recent enough for `core` on the bpf target.
const DISTRIBUTION_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

const REMEDY: &str = "run `rustup toolchain install nightly --component rust-src` and install bpf-linker \
                      (https://github.com/aya-rs/bpf-linker) for the nightly's LLVM";

// A download that does not come must not hold up set-up: there is another way.
const NIGHTLY_SECONDS: &str = "120";

/// The toolchain that is there, or one that is installed now.
pub fn ensure() -> Result<Toolchain, Error> {
    let missing = match Toolchain::find() {
        Ok(toolchain) => return Ok(toolchain),
        Err(missing) => missing,
    };
    // Who names a compiler or a linker wants no other.
    if env::var_os(CARGO_VARIABLE).is_some() || env::var_os(LINKER_VARIABLE).is_some() {
        return Err(missing.into());
    }
    progress::step("setting up the toolchain of the kernel side (once, a few minutes)");
    for way in [installed, nightly_with_sources] {
        match way().and_then(with_linker) {
            Ok(toolchain) => return Ok(toolchain),
            Err(reason) => progress::note(&reason.to_string()),
        }
    }
    distribution_packages().and_then(with_linker)
}

fn with_linker(compiler: Compiler) -> Result<Toolchain, Error> {
    let linker = linker::ensure(&compiler)?;
    Ok(Toolchain { compiler, linker })
}

fn installed() -> Result<Compiler, Error> {
    let (usable, rejected) = compilers();
    let best = usable.into_iter().next();
    best.ok_or_else(|| Error::NoCompiler(listed(&rejected)))
}

fn nightly_with_sources() -> Result<Compiler, Error> {
    let mut which = Command::new("rustup");
    which
        .args(["which", "--toolchain", "nightly", "rustc"])
        .env("RUSTUP_AUTO_INSTALL", "0");
    if !succeeds(&mut which) {
        return Err(Error::NoNightly("it is not installed".into()));
    }
    progress::step("rustup component add rust-src --toolchain nightly");
    let mut add = Command::new("timeout");
    add.args([NIGHTLY_SECONDS, "rustup", "component", "add", "rust-src"])
        .args(["--toolchain", "nightly"])
        .env("RUSTUP_MAX_RETRIES", "0");
    // Its outcome shows in whether the compiler can be used now.
    succeeds(&mut add);
    nightly_compiler().map_err(|rejected| Error::NoNightly(rejected.reason))
}

fn distribution_packages() -> Result<Compiler, Error> {
    let mut packages: Vec<String> = DISTRIBUTION_PACKAGES.map(String::from).into();
    if debian::is_here()
        && let Some(llvm) = debian::llvm_brought_by(&DISTRIBUTION_PACKAGES)
    {
        // Asked for together, a user without root reads one command only.
        packages.extend(linker::packages(llvm));
    }
    debian::install("the eBPF toolchain is", &packages, REMEDY)?;
    distribution_compiler()
        .map_err(|rejected| ebpf_toolchain::Error::Missing(vec![rejected]).into())
}
