//! The image as a runtime reads it: by its descriptions, each by its checksum.

use super::super::super::sums::sha256;
use crate::error::Error;
use crate::files;
use flate2::read::GzDecoder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Unpacks the image's one layer into `rootfs`; answers what a runtime is told of it.
pub(super) fn unpack(image: &Path, rootfs: &Path) -> Result<Value, Error> {
    let entries = entries(image)?;
    let blob = |descriptor: &Value| -> Result<&Vec<u8>, Error> {
        let digest = descriptor["digest"].as_str().unwrap_or_default();
        let sum = digest.strip_prefix("sha256:").unwrap_or_default();
        let found = entries.get(&format!("blobs/sha256/{sum}"));
        let whole = |bytes: &&Vec<u8>| {
            sha256(bytes) == sum && descriptor["size"].as_u64() == Some(bytes.len() as u64)
        };
        found
            .filter(whole)
            .ok_or_else(|| wrong(format!("{digest} is not there, or another")))
    };
    let json = |bytes: &Vec<u8>| {
        serde_json::from_slice::<Value>(bytes).map_err(|error| wrong(error.to_string()))
    };
    let index = entries
        .get("index.json")
        .ok_or_else(|| wrong("no index.json".to_owned()))?;
    let manifest = json(blob(&json(index)?["manifests"][0])?)?;
    let config = json(blob(&manifest["config"])?)?;
    let mut layer = Vec::new();
    GzDecoder::new(blob(&manifest["layers"][0])?.as_slice())
        .read_to_end(&mut layer)
        .map_err(|error| wrong(error.to_string()))?;
    if config["rootfs"]["diff_ids"][0] != format!("sha256:{}", sha256(&layer)) {
        return Err(wrong("the layer is not the one of diff_ids".to_owned()));
    }
    files::create_folder(rootfs)?;
    let unpacked = tar::Archive::new(layer.as_slice()).unpack(rootfs);
    files::with_path("unpack into", rootfs, unpacked)?;
    Ok(config)
}

fn entries(image: &Path) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let bytes = files::read(image)?;
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut all = BTreeMap::new();
    for entry in files::with_path("read", image, archive.entries())? {
        let mut entry = files::with_path("read", image, entry)?;
        let path = files::with_path("read", image, entry.path())?;
        let path = path.display().to_string();
        let mut bytes = Vec::new();
        files::with_path("read", image, entry.read_to_end(&mut bytes))?;
        all.insert(path, bytes);
    }
    Ok(all)
}

fn wrong(reason: String) -> Error {
    Error::Package {
        what: "an image that can be read",
        reason,
    }
}
