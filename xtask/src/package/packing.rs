//! A static program put into every kind of package.

use super::about::{DEBIAN_MACHINE, MACHINE, VERSION};
use super::contents::Contents;
use super::epoch::Epoch;
use super::graph::Graph;
use super::{deb, notices, rpm, sbom, tarball};
use crate::error::Error;
use crate::{files, progress};
use std::path::Path;

/// Writes all packages of `tcplull`, a static program, into `folder`.
pub(super) fn write(tcplull: &Path, epoch: Epoch, folder: &Path) -> Result<(), Error> {
    progress::step("packing");
    let graph = Graph::read()?;
    let sbom = sbom::of(&graph, epoch)?;
    let contents = Contents::gather(tcplull, &sbom, &notices::of(&graph)?)?;
    let name = |end: &str| folder.join(format!("tcplull-{VERSION}-linux-{MACHINE}.{end}"));
    files::write(&name("tar.gz"), tarball::of(&contents, epoch)?)?;
    files::write(&name("cdx.json"), sbom)?;
    let deb = format!("tcplull_{VERSION}_{DEBIAN_MACHINE}.deb");
    files::write(&folder.join(deb), deb::of(&contents, epoch)?)?;
    let rpm = format!("tcplull-{VERSION}-1.{MACHINE}.rpm");
    files::write(&folder.join(rpm), rpm::of(&contents, epoch)?)
}
