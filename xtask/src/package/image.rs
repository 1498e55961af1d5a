//! An image for container runtimes, made without one: a layer and two descriptions in the layout of the Open Container
//! Initiative (opencontainers/image-spec, version 1.0), in one tape archive, as `skopeo`, `ctr image import` and
//! `docker load` (25 and later) take it.

use super::about::{DESCRIPTION, SUMMARY, VERSION};
use super::contents::Contents;
use super::epoch::Epoch;
use super::sums::sha256;
use super::tarball::Archive;
use crate::error::Error;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Where the manifests in `deploy/` have it from: a registry of the reader's own takes its place.
const NAME: &str = "registry.example/tcplull";

/// Where the program is in it.
const PROGRAM: &str = "/usr/bin/tcplull";

/// What of all that is installed is in the image: the program, and what its licences ask to go with it.
const TAKEN: [&str; 2] = ["bin/tcplull", "share/doc/tcplull/"];

/// What of the documentation stays out: pages for people.
const LEFT_OUT: &str = ".md";

/// The whole image, in one archive, for a machine by the name that Debian and Go have for it.
pub fn of(contents: &Contents, machine: &str, epoch: Epoch) -> Result<Vec<u8>, Error> {
    let created = epoch.rfc3339()?;
    write(contents, machine, epoch, &created).map_err(|source| Error::io("write an image", source))
}

fn write(contents: &Contents, machine: &str, epoch: Epoch, created: &str) -> io::Result<Vec<u8>> {
    let plain = layer(contents, epoch)?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&plain)?;
    let layer = Blob::new("layer.v1.tar+gzip", packed.finish()?);
    let config = Blob::new("config.v1+json", config(&sha256(&plain), machine, created)?);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": kind("manifest.v1+json"),
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
        "annotations": labels(created),
    });
    let manifest = Blob::new("manifest.v1+json", serde_json::to_vec(&manifest)?);
    let mut named = manifest.descriptor();
    named["platform"] = platform(machine);
    named["annotations"] = json!({
        "org.opencontainers.image.ref.name": VERSION,
        // By this name containerd keeps what it imports.
        "io.containerd.image.name": format!("{NAME}:{VERSION}"),
    });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": kind("index.v1+json"),
        "manifests": [named],
    });
    let mut archive = Archive::new(Vec::new(), epoch);
    archive.file("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#, 0o644)?;
    archive.file("index.json", &serde_json::to_vec(&index)?, 0o644)?;
    for blob in [&manifest, &config, &layer] {
        archive.file(&format!("blobs/sha256/{}", blob.sum), &blob.bytes, 0o644)?;
    }
    archive.end()
}

/// The root file system.
fn layer(contents: &Contents, epoch: Epoch) -> io::Result<Vec<u8>> {
    let mut archive = Archive::new(Vec::new(), epoch);
    let taken =
        |path: &str| TAKEN.iter().any(|taken| path.starts_with(taken)) && !path.ends_with(LEFT_OUT);
    for file in contents.files.iter().filter(|file| taken(&file.path)) {
        archive.file(&format!("usr/{}", file.path), &file.bytes, file.mode)?;
    }
    archive.end()
}

/// What a runtime is told. No user is named, so it is root: Kubernetes gives capabilities that are added to no other user.
fn config(layer: &str, machine: &str, created: &str) -> io::Result<Vec<u8>> {
    let mut config = platform(machine);
    config["created"] = created.into();
    config["config"] = json!({
        "Entrypoint": [PROGRAM],
        "Cmd": ["run"],
        // So that `kubectl exec … -- tcplull ls` finds it.
        "Env": ["PATH=/usr/bin"],
        "WorkingDir": "/",
        "StopSignal": "SIGTERM",
        "Labels": labels(created),
    });
    config["rootfs"] = json!({ "type": "layers", "diff_ids": [format!("sha256:{layer}")] });
    config["history"] = json!([{ "created": created, "created_by": "cargo xtask package" }]);
    Ok(serde_json::to_vec(&config)?)
}

fn platform(machine: &str) -> Value {
    json!({ "architecture": machine, "os": "linux" })
}

/// The image's labels, and the manifest's annotations.
fn labels(created: &str) -> Value {
    json!({
        "org.opencontainers.image.title": "tcplull",
        "org.opencontainers.image.description": format!("{SUMMARY}. {}", DESCRIPTION.join(" ")),
        "org.opencontainers.image.version": VERSION,
        "org.opencontainers.image.licenses": "MIT OR Apache-2.0",
        "org.opencontainers.image.created": created,
    })
}

fn kind(end: &str) -> String {
    format!("application/vnd.oci.image.{end}")
}

/// A part of the image, which others name by its checksum.
struct Blob {
    kind: String,
    bytes: Vec<u8>,
    sum: String,
}

impl Blob {
    fn new(kind_end: &str, bytes: Vec<u8>) -> Self {
        Self {
            kind: kind(kind_end),
            sum: sha256(&bytes),
            bytes,
        }
    }

    fn descriptor(&self) -> Value {
        json!({
            "mediaType": self.kind,
            "digest": format!("sha256:{}", self.sum),
            "size": self.bytes.len(),
        })
    }
}
