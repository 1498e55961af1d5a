//! A static program put into every kind of package.

use super::about::VERSION;
use super::contents::Contents;
use super::epoch::Epoch;
use super::graph::Graph;
use super::program::Program;
use super::{deb, image, notices, rpm, sbom, tarball};
use crate::error::Error;
use crate::{files, progress};
use std::path::Path;

/// Writes all packages of `tcplull` into `folder`.
pub(super) fn write(tcplull: &Program, epoch: Epoch, folder: &Path) -> Result<(), Error> {
    progress::step("packing");
    let architecture = tcplull.architecture;
    let machine = architecture.name;
    let graph = Graph::read(architecture)?;
    let sbom = sbom::of(&graph, architecture, epoch)?;
    let contents = Contents::gather(tcplull, &sbom, &notices::of(&graph)?)?;
    let name = |end: &str| folder.join(format!("tcplull-{VERSION}-linux-{machine}.{end}"));
    files::write(&name("tar.gz"), tarball::of(&contents, machine, epoch)?)?;
    files::write(&name("cdx.json"), sbom)?;
    files::write(
        &name("oci.tar"),
        image::of(&contents, architecture.debian, epoch)?,
    )?;
    let deb = format!("tcplull_{VERSION}_{}.deb", architecture.debian);
    files::write(
        &folder.join(deb),
        deb::of(&contents, architecture.debian, epoch)?,
    )?;
    let rpm = format!("tcplull-{VERSION}-1.{machine}.rpm");
    files::write(&folder.join(rpm), rpm::of(&contents, machine, epoch)?)
}
