//! From a container's id to its names, by the files in which its runtime keeps what it runs: nobody is asked, so there is
//! nothing to wait for, and no runtime's socket is opened.

use super::bounded::Bounded;
use super::named::Named;
use nix::libc::O_NONBLOCK;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Containers whose names are kept.
const MOST_CONTAINERS: usize = 4096;

/// A container that no file named is looked for again after so long: who started a second ago may have one by now.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// What is read of one file, in bytes. A container's is some 10 kB, with a long environment 100.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Namespaces of one containerd that are looked into. There are two or three.
const MOST_NAMESPACES: usize = 32;

/// Where containerd keeps what it runs (`state` in its config.toml): its own default, then those of k3s and RKE2, k0s and
/// MicroK8s.
const CONTAINERD: [&str; 4] = [
    "run/containerd",
    "run/k3s/containerd",
    "run/k0s/containerd",
    "var/snap/microk8s/common/run/containerd",
];

/// Below it, of its runtime v2: a folder for each namespace, in it one for each container.
const TASKS: &str = "io.containerd.runtime.v2.task";

/// Namespaces that are known without listing them, which needs a right: of Kubernetes, Docker, and nerdctl and ctr.
const NAMESPACES: [&str; 3] = ["k8s.io", "moby", "default"];

/// Where Docker has a folder for each container.
const DOCKER: &str = "var/lib/docker/containers";

/// Where CRI-O and Podman have one (containers/storage: `runroot`, `graphroot`).
const STORAGE: [&str; 2] = [
    "run/containers/storage/overlay-containers",
    "var/lib/containers/storage/overlay-containers",
];

/// Annotations and labels with a container's name: of containerd's CRI, of CRI-O and what Docker has from a kubelet, of nerdctl.
const CONTAINER_NAME: [&str; 3] = [
    "io.kubernetes.cri.container-name",
    "io.kubernetes.container.name",
    "nerdctl/name",
];
const POD_NAME: [&str; 2] = ["io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name"];
const POD_NAMESPACE: [&str; 2] = [
    "io.kubernetes.cri.sandbox-namespace",
    "io.kubernetes.pod.namespace",
];
const POD_UID: [&str; 2] = ["io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid"];

/// Names of containers by their id.
#[derive(Debug)]
pub(super) struct Runtimes {
    root: PathBuf,
    known: Bounded<String, Known>,
}

#[derive(Clone, Debug)]
struct Known {
    answer: Answer,
    asked: Instant,
}

/// What the runtimes' files say of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Its names.
    Named(Named),
    /// There is no file of it: another runtime has it, or it is gone.
    Missing,
    /// There may be one, which this process must not read.
    Forbidden,
}

impl Runtimes {
    /// Those whose folders lie below `root`.
    pub(super) fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            known: Bounded::new(MOST_CONTAINERS),
        }
    }

    /// What is known of the container with this id, which is of hexadecimal digits. A name once read stays: ids do not come
    /// again.
    pub(super) fn named(&mut self, container: &str, now: Instant) -> Answer {
        if let Some(known) = self.known.get(&container.to_owned()) {
            let is_recent = now.saturating_duration_since(known.asked) < ASK_AGAIN;
            if is_recent || matches!(known.answer, Answer::Named(_)) {
                return known.answer.clone();
            }
        }
        let answer = self.look(container);
        let known = Known {
            answer: answer.clone(),
            asked: now,
        };
        self.known.insert(container.to_owned(), known, now);
        answer
    }

    /// Names forgotten because the table was full.
    pub(super) fn evicted(&self) -> u64 {
        self.known.evicted()
    }

    fn look(&self, container: &str) -> Answer {
        let mut is_forbidden = false;
        let ways = [Self::of_containerd, Self::of_docker, Self::of_storage];
        for way in ways {
            match way(self, container) {
                Ok(named) if named.container.is_some() || named.pod.is_some() => {
                    return Answer::Named(named);
                }
                Err(error) if error.kind() == ErrorKind::PermissionDenied => is_forbidden = true,
                // Gone meanwhile, cut off in writing, or of a version that has something else there.
                Ok(_) | Err(_) => {}
            }
        }
        match is_forbidden {
            true => Answer::Forbidden,
            false => Answer::Missing,
        }
    }

    fn of_containerd(&self, container: &str) -> io::Result<Named> {
        first(CONTAINERD.iter().flat_map(|state| {
            let tasks = self.root.join(state).join(TASKS);
            let files = namespaces(&tasks).into_iter();
            files.map(move |namespace| tasks.join(namespace).join(container).join("config.json"))
        }))
    }

    fn of_docker(&self, container: &str) -> io::Result<Named> {
        let file = self
            .root
            .join(DOCKER)
            .join(container)
            .join("config.v2.json");
        let read: DockerContainer = read(&file)?;
        let named = named(&read.config.labels);
        let own = read.name.trim_start_matches('/');
        Ok(named.or_container(own))
    }

    fn of_storage(&self, container: &str) -> io::Result<Named> {
        let files = STORAGE.map(|place| {
            let folder = self.root.join(place).join(container);
            folder.join("userdata/config.json")
        });
        let named = first(files.into_iter())?;
        if named.container.is_some() {
            return Ok(named);
        }
        // Podman annotates none: its list has the names.
        let list = self.root.join(STORAGE[1]).join("containers.json");
        let list: Vec<StoredContainer> = read(&list)?;
        let own = list.into_iter().find(|stored| stored.id == container);
        let name = own.and_then(|stored| stored.names.into_iter().next());
        Ok(named.or_container(&name.unwrap_or_default()))
    }
}

/// Namespaces of a containerd: those that are usual, and what others it has.
fn namespaces(tasks: &Path) -> Vec<String> {
    let mut all = NAMESPACES.map(str::to_owned).to_vec();
    let listed = fs::read_dir(tasks).into_iter().flatten().flatten();
    let listed = listed.take(MOST_NAMESPACES);
    let names = listed.filter_map(|entry| entry.file_name().into_string().ok());
    all.extend(names.filter(|name| !NAMESPACES.contains(&name.as_str())));
    all
}

/// What the first of these files says that is there; of none the worst of what was in the way.
fn first(files: impl Iterator<Item = PathBuf>) -> io::Result<Named> {
    let mut failed = io::Error::from(ErrorKind::NotFound);
    for file in files {
        match read::<Bundle>(&file) {
            Ok(bundle) => return Ok(named(&bundle.annotations)),
            Err(error) if failed.kind() != ErrorKind::PermissionDenied => failed = error,
            Err(_) => {}
        }
    }
    Err(failed)
}

fn named(texts: &BTreeMap<String, String>) -> Named {
    let text = |names: &[&str]| names.iter().find_map(|name| texts.get(*name));
    Named::new(
        text(&CONTAINER_NAME),
        text(&POD_NAME),
        text(&POD_NAMESPACE),
        text(&POD_UID),
    )
}

/// Of an OCI bundle's config.json.
#[derive(Deserialize)]
struct Bundle {
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// Of Docker's config.v2.json.
#[derive(Deserialize)]
struct DockerContainer {
    #[serde(default, rename = "Name")]
    name: String,
    #[serde(default, rename = "Config")]
    config: DockerConfig,
}

#[derive(Default, Deserialize)]
struct DockerConfig {
    #[serde(default, rename = "Labels")]
    labels: BTreeMap<String, String>,
}

/// Of the list of containers/storage.
#[derive(Deserialize)]
struct StoredContainer {
    id: String,
    #[serde(default)]
    names: Vec<String>,
}

/// A file of JSON, within bounds. What is no file (a pipe that nobody writes to) is not waited for.
fn read<T: DeserializeOwned>(file: &Path) -> io::Result<T> {
    let mut options = OpenOptions::new();
    let opened = options.read(true).custom_flags(O_NONBLOCK).open(file)?;
    if !opened.metadata()?.is_file() {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    opened.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(serde_json::from_slice(&bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn file(root: &Path) -> PathBuf {
        root.join("run/containerd")
            .join(TASKS)
            .join("k8s.io")
            .join(ID)
            .join("config.json")
    }

    fn write(root: &Path, name: &str) {
        let file = file(root);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let text = format!(r#"{{"annotations":{{"io.kubernetes.cri.container-name":"{name}"}}}}"#);
        fs::write(file, text).unwrap();
    }

    #[test]
    fn a_container_without_a_file_is_looked_for_again_after_ten_seconds_and_a_name_stays() {
        let dir = tempfile::tempdir().unwrap();
        let mut runtimes = Runtimes::new(dir.path());
        let start = Instant::now();
        assert_eq!(runtimes.named(ID, start), Answer::Missing);
        write(dir.path(), "main");
        assert_eq!(runtimes.named(ID, start + ASK_AGAIN / 2), Answer::Missing);
        let named = Answer::Named(Named {
            container: Some("main".to_owned()),
            ..Named::default()
        });
        assert_eq!(runtimes.named(ID, start + ASK_AGAIN), named);
        write(dir.path(), "other");
        assert_eq!(runtimes.named(ID, start + ASK_AGAIN * 9), named);
    }
}
