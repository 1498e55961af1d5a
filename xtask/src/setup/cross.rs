//! What builds for another machine than this one: Rust's standard library and a C compiler for it.

use super::{debian, programs, unpacked};
use crate::arch::{Arch, has_std};
use crate::error::Error;
use crate::progress;
use std::path::PathBuf;
use std::process::{Command, Stdio};

// A download that does not come must not hold up set-up.
const STD_SECONDS: &str = "300";

/// Sees to it that both are there; answers the C compiler, which links too.
pub fn ensure(arch: Arch) -> Result<PathBuf, Error> {
    ensure_std(arch)?;
    let compiler = format!("{}-gcc", arch.tools());
    let archiver = format!("{}-ar", arch.tools());
    let found = |program: &str| programs::find(program);
    if let (Some(compiler), Some(_)) = (found(&compiler), found(&archiver)) {
        return Ok(compiler);
    }
    let what = format!("to build for {}, {compiler} is", arch.name());
    let remedy = || format!("install a C cross compiler of that name, and its static glibc");
    if !debian::is_here() {
        return Err(Error::not_debian(what, remedy()));
    }
    let debian = arch.debian();
    let packages = [
        format!("gcc-{}", arch.tools()),
        format!("libc6-dev-{debian}-cross"),
    ];
    let [package, library] = packages.each_ref().map(String::as_str);
    unpacked::take_out_with(&[&compiler, &archiver], package, &[library])?;
    found(&compiler).ok_or_else(|| Error::not_debian(what, remedy()))
}

fn ensure_std(arch: Arch) -> Result<(), Error> {
    let target = arch.target();
    if has_std(target) {
        return Ok(());
    }
    progress::step(&format!("rustup target add {target}"));
    // Its outcome shows in whether it is there now.
    let _ = Command::new("timeout")
        .args([STD_SECONDS, "rustup", "target", "add", target])
        .stdin(Stdio::null())
        .status();
    match has_std(target) {
        true => Ok(()),
        false => Err(Error::NoTarget(target)),
    }
}
