//! Kernel images and their modules, from Debian's archive, kept in the user's cache.

use super::modules;
use super::series::Series;
use crate::architecture::Architecture;
use crate::error::Error;
use crate::setup::{Archive, Package};
use crate::{files, progress};
use std::fs;
use std::path::{Path, PathBuf};

/// The flavour without drivers for real machines: its packages are the smallest.
fn flavour(series: &Series) -> String {
    format!("-cloud-{}", series.architecture.debian)
}

/// The image's package; newer kernels have image and modules in packages of their own, which it depends on.
const IMAGE: &str = "linux-image-";
const PARTS: [&str; 2] = ["linux-binary-", "linux-modules-"];

const VMLINUZ: &str = "vmlinuz";
const MODULES: &str = "modules";

/// A kernel that can be booted.
#[derive(Debug, Clone)]
pub struct Kernel {
    /// As `uname -r` will say.
    pub release: String,
    /// The version of its package, which has the point release in it.
    pub version: String,
    /// The machine that it runs on.
    pub architecture: &'static Architecture,
    folder: PathBuf,
}

impl Kernel {
    /// The compressed image.
    pub fn vmlinuz(&self) -> PathBuf {
        self.folder.join(VMLINUZ)
    }

    /// The modules that the laboratory needs, in the order in which they load.
    pub fn modules(&self) -> Result<Vec<PathBuf>, Error> {
        let folder = self.folder.join(MODULES);
        let entries = files::with_path("read", &folder, fs::read_dir(&folder))?;
        let mut modules: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        modules.sort();
        Ok(modules)
    }
}

/// The newest kernel of `series`: from the archive, where it can be reached, else the one that is in `cache`.
pub fn get(
    series: &Series,
    archive: Result<&Archive, &Error>,
    cache: &Path,
) -> Result<Kernel, Error> {
    let reason = match archive.map(|archive| newest(series, archive, cache)) {
        Ok(Ok(kernel)) => return Ok(kernel),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    let kept = kept(series, cache).ok_or_else(|| Error::NoImage {
        series: series.name,
        reason: reason.clone(),
    })?;
    progress::note(&format!("{reason}; using {}, which is kept", kept.version));
    Ok(kept)
}

/// The kernel of `series` that is in the cache.
fn kept(series: &Series, cache: &Path) -> Option<Kernel> {
    let prefix = format!("{}.", series.name);
    let entries = fs::read_dir(cache).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let mut parts = name.split('_');
            let (release, version, stamp) = (parts.next()?, parts.next()?, parts.next()?);
            let fits = release.starts_with(&prefix) && release.ends_with(&flavour(series));
            (fits && stamp == modules::stamp()).then(|| Kernel {
                architecture: series.architecture,
                release: release.to_owned(),
                version: version.to_owned(),
                folder: entry.path(),
            })
        })
        .max_by_key(|kernel| numbers(&kernel.version))
}

/// The newest kernel of `series` in the archive.
fn newest(series: &Series, archive: &Archive, cache: &Path) -> Result<Kernel, Error> {
    let prefix = format!("{IMAGE}{}.", series.name);
    let image = newest_of(series, archive.packages(&prefix)?).ok_or(Error::NoKernel {
        series: series.name,
        suite: series.suite,
    })?;
    let release = image.name[IMAGE.len()..].to_owned();
    let kernel = Kernel {
        folder: cache.join(format!("{release}_{}_{}", image.version, modules::stamp())),
        version: image.version.clone(),
        architecture: series.architecture,
        release,
    };
    if kernel.folder.is_dir() {
        return Ok(kernel);
    }
    let work = cache.join(format!("unpack-{}", std::process::id()));
    let unpacked = unpack(&image, &kernel, archive, &work);
    let removed = files::remove_folder(&work);
    unpacked.and(removed)?;
    forget_older(&kernel, cache, series);
    Ok(kernel)
}

fn newest_of(series: &Series, packages: Vec<Package>) -> Option<Package> {
    let of_suite = |package: &Package| {
        package.suite == series.suite
            || package.suite.strip_suffix("-security") == Some(series.suite)
    };
    let flavour = flavour(series);
    packages
        .into_iter()
        .filter(|package| package.name.ends_with(&flavour) && of_suite(package))
        .max_by_key(|package| (numbers(&package.version), numbers(&package.name)))
}

/// The numbers in a version, which order point releases of one series.
fn numbers(version: &str) -> Vec<u64> {
    version
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}

fn unpack(image: &Package, kernel: &Kernel, archive: &Archive, work: &Path) -> Result<(), Error> {
    let tree = work.join("tree");
    files::create_folder(&tree)?;
    archive.unpack(image, &tree)?;
    for part in PARTS {
        let name = format!("{part}{}", kernel.release);
        let mut found = archive.packages(&name)?.into_iter();
        if let Some(package) = found.find(|package| package.name == name) {
            archive.unpack(&package, &tree)?;
        }
    }
    let broken = |lacks: &str| Error::BrokenKernel {
        package: image.name.clone(),
        lacks: lacks.to_owned(),
    };
    let ready = work.join("ready");
    files::create_folder(&ready.join(MODULES))?;
    let places = [
        format!("boot/vmlinuz-{}", kernel.release),
        format!("usr/lib/modules/{}/vmlinuz", kernel.release),
        format!("lib/modules/{}/vmlinuz", kernel.release),
    ];
    let vmlinuz = places
        .iter()
        .map(|place| tree.join(place))
        .find(|file| file.is_file())
        .ok_or_else(|| broken(VMLINUZ))?;
    files::rename(&vmlinuz, &ready.join(VMLINUZ))?;
    let roots =
        ["usr/lib/modules", "lib/modules"].map(|place| tree.join(place).join(&kernel.release));
    let root = roots.iter().find(|root| root.join("kernel").is_dir());
    let root = root.ok_or_else(|| broken(MODULES))?;
    modules::collect(root, &ready.join(MODULES), &image.name)?;
    progress::note(&format!("kept in {}", kernel.folder.display()));
    // The last step, so that what is there is whole.
    files::rename(&ready, &kernel.folder)
}

/// Older point releases are of no use any more.
fn forget_older(kernel: &Kernel, cache: &Path, series: &Series) {
    let prefix = format!("{}.", series.name);
    let flavour = format!("{}_", flavour(series));
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_older = name.starts_with(&prefix) && name.contains(&flavour);
        if is_older && entry.path() != kernel.folder {
            // Whoever boots it just now has it open already.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture::AARCH64;
    use crate::vm::series;

    fn package(name: &str, version: &str, suite: &str) -> Package {
        Package {
            name: name.into(),
            version: version.into(),
            suite: suite.into(),
        }
    }

    #[test]
    fn the_newest_point_release_of_the_suite_is_taken_and_no_other_flavour() {
        let series = series::named("6.1").unwrap();
        let newest = newest_of(
            series,
            vec![
                package("linux-image-6.1.0-9-cloud-amd64", "6.1.27-1", "bookworm"),
                package(
                    "linux-image-6.1.0-56-cloud-amd64",
                    "6.1.192-2",
                    "bookworm-security",
                ),
                package(
                    "linux-image-6.1.0-56-amd64",
                    "6.1.192-2",
                    "bookworm-security",
                ),
                package(
                    "linux-image-6.1.0-57-cloud-amd64-unsigned",
                    "6.1.193-1",
                    "bookworm",
                ),
                package(
                    "linux-image-6.1.0-0.deb11.60-cloud-amd64",
                    "6.1.200-1~deb11u1",
                    "bullseye-security",
                ),
            ],
        );
        let newest = newest.map(|package| package.name);
        assert_eq!(newest.as_deref(), Some("linux-image-6.1.0-56-cloud-amd64"));
    }

    #[test]
    fn what_is_kept_is_found_again_unless_other_modules_are_wanted_now() {
        let cache = tempfile::tempdir().unwrap();
        let series = series::named("6.1").unwrap();
        for name in [
            "6.1.0-9-cloud-amd64_6.1.27-1_00000000".to_owned(),
            format!("6.1.0-8-cloud-amd64_6.1.20-1_{}", modules::stamp()),
            format!("6.12.5-cloud-amd64_6.12.5-1_{}", modules::stamp()),
        ] {
            fs::create_dir(cache.path().join(name)).unwrap();
        }
        let kept = kept(series, cache.path()).unwrap();
        assert_eq!(kept.release, "6.1.0-8-cloud-amd64");
    }

    #[test]
    fn kernels_of_two_machines_are_kept_beside_each_other() {
        let cache = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let folder = cache.path().join(format!("{name}_{}", modules::stamp()));
            fs::create_dir(&folder).unwrap();
            folder
        };
        let older = folder("6.1.0-8-cloud-arm64_6.1.20-1");
        let newer = folder("6.1.0-9-cloud-arm64_6.1.27-1");
        let other = folder("6.1.0-7-cloud-amd64_6.1.10-1");
        let series = &series::of(&AARCH64)[0];
        let found = kept(series, cache.path()).unwrap();
        assert_eq!(found.folder, newer);
        forget_older(&found, cache.path(), series);
        assert!(!older.exists() && newer.exists() && other.exists());
    }

    #[test]
    fn without_archive_and_cache_the_reason_is_the_archives() {
        let cache = tempfile::tempdir().unwrap();
        let series = series::named("6.1").unwrap();
        let error = Error::NoImage {
            series: "any",
            reason: "the mirror does not answer".into(),
        };
        let error = get(series, Err(&error), cache.path()).unwrap_err();
        assert!(error.to_string().contains("does not answer"), "{error}");
    }

    #[test]
    fn without_a_package_there_is_no_kernel() {
        assert_eq!(newest_of(series::named("7.3").unwrap(), Vec::new()), None);
    }
}
