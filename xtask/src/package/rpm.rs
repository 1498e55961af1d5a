//! The package of Red Hat's and SUSE's distributions.

use super::about::{DESCRIPTION, MAINTAINER, SUMMARY, VERSION};
use super::contents::{CONFIGURATION, CONFIGURATION_FOLDER, Contents};
use super::epoch::Epoch;
use crate::error::Error;
use crate::{files, workspace};
use rpm::{BuildConfig, CompressionWithLevel, Dependency, FileOptions, PackageBuilder};

const LICENCE: &str = "(MIT OR Apache-2.0) AND GPL-2.0-only AND LGPL-2.1-or-later";

/// The package; `machine` is what the program runs on.
pub fn of(contents: &Contents, machine: &str, epoch: Epoch) -> Result<Vec<u8>, Error> {
    let script = |name: &str| {
        let file = workspace::root().join("deploy/package/rpm").join(name);
        files::read(&file).map(|text| String::from_utf8_lossy(&text).into_owned())
    };
    let scripts = [script("post")?, script("preun")?, script("postun")?];
    build(contents, machine, epoch, scripts).map_err(|error| Error::Package {
        what: "an RPM",
        reason: error.to_string(),
    })
}

fn build(
    contents: &Contents,
    machine: &str,
    epoch: Epoch,
    [post, preun, postun]: [String; 3],
) -> Result<Vec<u8>, rpm::Error> {
    let config = BuildConfig::v4()
        .compression(CompressionWithLevel::Gzip(6))
        .source_date(epoch.0);
    let mut package = PackageBuilder::new("tcplull", VERSION, LICENCE, machine, SUMMARY);
    package
        .using_config(config)
        .release("1")
        .description(DESCRIPTION.join("\n"))
        .packager(MAINTAINER)
        // Not the name of whatever machine it was built on.
        .build_host("localhost")
        .requires(Dependency::any("systemd"))
        .requires(Dependency::script_post("/usr/bin/systemd-sysusers"))
        .post_install_script(post)
        .pre_uninstall_script(preun)
        .post_uninstall_script(postun)
        .with_dir_entry(FileOptions::dir(format!("/{CONFIGURATION_FOLDER}")).permissions(0o755))?
        .with_file_contents(
            contents.configuration.clone(),
            FileOptions::new(format!("/{CONFIGURATION}"))
                .permissions(0o644)
                .config()
                .noreplace(),
        )?;
    for file in &contents.files {
        let mode = u16::try_from(file.mode).unwrap_or(0o644);
        let mut options = FileOptions::new(format!("/usr/{}", file.path)).permissions(mode);
        if file.path.starts_with("share/doc/") || file.path.starts_with("share/man/") {
            options = options.doc();
        }
        package.with_file_contents(file.bytes.clone(), options)?;
    }
    let mut bytes = Vec::new();
    package.build()?.write(&mut bytes)?;
    Ok(bytes)
}
