//! The Debian package (deb(5)): an `ar` archive with the control files and the files to install.

use super::about::{DESCRIPTION, MAINTAINER, SUMMARY, VERSION};
use super::contents::{CONFIGURATION, CONFIGURATION_FOLDER, Contents};
use super::epoch::Epoch;
use super::sums::hex;
use super::tarball::Archive;
use crate::error::Error;
use crate::{files, workspace};
use liblzma::write::XzEncoder;
use md5::{Digest, Md5};
use std::io;

/// What dpkg runs, in `deploy/package/deb`.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// How hard xz tries: more takes longer, and makes little difference.
const EFFORT: u32 = 6;

/// The package; `machine` is what the program runs on, as Debian names it.
pub fn of(contents: &Contents, machine: &str, epoch: Epoch) -> Result<Vec<u8>, Error> {
    let mut scripts = Vec::new();
    for script in SCRIPTS {
        let file = workspace::root().join("deploy/package/deb").join(script);
        scripts.push((script, files::read(&file)?));
    }
    let write = || -> io::Result<Vec<u8>> {
        let data = data(contents, epoch)?;
        let control = control(contents, machine, epoch, &scripts)?;
        let mut package = ar::Builder::new(Vec::new());
        for (name, bytes) in [
            ("debian-binary", b"2.0\n".as_slice()),
            ("control.tar.xz", &control),
            ("data.tar.xz", &data),
        ] {
            let mut header = ar::Header::new(name.into(), bytes.len() as u64);
            header.set_mode(0o100_644);
            header.set_mtime(epoch.0.into());
            package.append(&header, bytes)?;
        }
        package.into_inner()
    };
    write().map_err(|source| Error::io("write a Debian package", source))
}

fn data(contents: &Contents, epoch: Epoch) -> io::Result<Vec<u8>> {
    let mut archive = Archive::new(XzEncoder::new(Vec::new(), EFFORT), epoch);
    archive.file(
        &format!("./{CONFIGURATION}"),
        &contents.configuration,
        0o644,
    )?;
    archive.folder(&format!("./{CONFIGURATION_FOLDER}"))?;
    for file in &contents.files {
        archive.file(&format!("./usr/{}", file.path), &file.bytes, file.mode)?;
    }
    archive.end()?.finish()
}

fn control(
    contents: &Contents,
    machine: &str,
    epoch: Epoch,
    scripts: &[(&str, Vec<u8>)],
) -> io::Result<Vec<u8>> {
    let mut archive = Archive::new(XzEncoder::new(Vec::new(), EFFORT), epoch);
    archive.file("./control", fields(contents, machine).as_bytes(), 0o644)?;
    // What dpkg asks about before it writes over changes of the administrator's.
    archive.file(
        "./conffiles",
        format!("/{CONFIGURATION}\n").as_bytes(),
        0o644,
    )?;
    archive.file("./md5sums", sums(contents).as_bytes(), 0o644)?;
    for (name, text) in scripts {
        archive.file(&format!("./{name}"), text, 0o755)?;
    }
    archive.end()?.finish()
}

fn fields(contents: &Contents, machine: &str) -> String {
    let bytes: usize = contents.files.iter().map(|file| file.bytes.len()).sum();
    let description = DESCRIPTION.join("\n ");
    format!(
        "Package: tcplull\nVersion: {VERSION}\nArchitecture: {machine}\nMaintainer: {MAINTAINER}\n\
         Installed-Size: {}\nDepends: systemd | systemd-standalone-sysusers | systemd-sysusers\n\
         Pre-Depends: init-system-helpers (>= 1.54~)\nSection: net\nPriority: optional\n\
         Description: {SUMMARY}\n {description}\n",
        bytes.div_ceil(1024),
    )
}

// What `dpkg --verify` compares with.
fn sums(contents: &Contents) -> String {
    let lines = contents.files.iter().map(|file| {
        let sum = hex(&Md5::digest(&file.bytes));
        format!("{sum}  usr/{}\n", file.path)
    });
    lines.collect()
}
