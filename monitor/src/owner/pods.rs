//! From the ids of a container and its pod to their names, by what the kubelet calls its logs: links
//! `containers/<pod>_<namespace>_<container>-<container id>.log` (`logSymlink` in pkg/kubelet/kuberuntime/legacy.go) and
//! folders `pods/<namespace>_<pod>_<uid>` (`BuildPodLogsDirectory` in pkg/kubelet/kuberuntime/helpers.go). No log is read.

use super::bounded::Bounded;
use super::named::Named;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The most links, or folders, of one walk. A node of 250 pods has some thousand.
const MOST_NAMES: usize = 8192;

/// Unknown ids cause no more walks than this many.
const WALK_EVERY: Duration = Duration::from_secs(1);

/// An id that a walk did not find is asked for again after so long: the link comes a moment after the container.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// Names by the id of a container, or the uid of a pod.
#[derive(Debug)]
pub(super) struct Pods {
    logs: PathBuf,
    known: Bounded<String, Known>,
    last_walk: Option<Instant>,
    walks_cut: u64,
    most: usize,
}

#[derive(Clone, Debug)]
struct Known {
    named: Option<Named>,
    asked: Instant,
}

impl Pods {
    /// Those whose logs the kubelet has in this folder.
    pub(super) fn new(logs: impl Into<PathBuf>) -> Self {
        Self {
            logs: logs.into(),
            known: Bounded::new(2 * MOST_NAMES),
            last_walk: None,
            walks_cut: 0,
            most: MOST_NAMES,
        }
    }

    /// The names of this container and its pod; of the pod alone where only that is known.
    pub(super) fn named(
        &mut self,
        container: Option<&str>,
        pod: Option<&str>,
        now: Instant,
    ) -> Option<Named> {
        let ids = [container, pod].map(|id| id.map(str::to_owned));
        let ids = || ids.iter().flatten();
        let recently = |last: Instant| now.saturating_duration_since(last) < WALK_EVERY;
        let is_open = ids().any(|id| self.is_open(id, now));
        if is_open && !self.last_walk.is_some_and(recently) {
            self.last_walk = Some(now);
            self.walk(now);
            for id in ids().filter(|id| self.is_open(id, now)).collect::<Vec<_>>() {
                let known = Known {
                    named: None,
                    asked: now,
                };
                self.known.insert(id.clone(), known, now);
            }
        }
        ids().find_map(|id| self.known.get(id)?.named.clone())
    }

    /// Whether a walk may find it.
    fn is_open(&self, id: &String, now: Instant) -> bool {
        self.known.peek(id).is_none_or(|known| {
            known.named.is_none() && now.saturating_duration_since(known.asked) >= ASK_AGAIN
        })
    }

    /// Names forgotten because the table was full.
    pub(super) fn evicted(&self) -> u64 {
        self.known.evicted()
    }

    /// Walks that ended before every name was seen.
    pub(super) fn walks_cut(&self) -> u64 {
        self.walks_cut
    }

    fn walk(&mut self, now: Instant) {
        self.walk_in("pods", folder, now);
        self.walk_in("containers", link, now);
    }

    fn walk_in(&mut self, what: &str, read: fn(&str) -> Option<(&str, Named)>, now: Instant) {
        // On a node of nothing but systemd it is not there.
        let Ok(entries) = fs::read_dir(self.logs.join(what)) else {
            return;
        };
        for (seen, entry) in entries.flatten().enumerate() {
            if seen >= self.most {
                self.walks_cut += 1;
                return;
            }
            let name = entry.file_name();
            if let Some((id, named)) = name.to_str().and_then(read) {
                let known = Known {
                    named: Some(named),
                    asked: now,
                };
                self.known.insert(id.to_owned(), known, now);
            }
        }
    }
}

/// A container's id and names, as the name of a link has them.
fn link(name: &str) -> Option<(&str, Named)> {
    let mut parts = name.strip_suffix(".log")?.split('_');
    let (pod, namespace) = (parts.next()?, parts.next()?);
    let (container, id) = parts.next()?.rsplit_once('-')?;
    let whole = [pod, namespace, container, id];
    let is_whole = parts.next().is_none() && whole.iter().all(|part| !part.is_empty());
    is_whole.then(|| {
        let named = Named::new(Some(container), Some(pod), Some(namespace), None);
        (id, named)
    })
}

/// A pod's uid and names, as the name of a folder has them.
fn folder(name: &str) -> Option<(&str, Named)> {
    let mut parts = name.split('_');
    let whole = [parts.next()?, parts.next()?, parts.next()?];
    let [namespace, pod, uid] = whole;
    let is_whole = parts.next().is_none() && whole.iter().all(|part| !part.is_empty());
    is_whole.then(|| {
        let named = Named::new(None, Some(pod), Some(namespace), Some(uid));
        (uid, named)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const UID: &str = "8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f";

    struct Logs(tempfile::TempDir);

    impl Logs {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir(dir.path().join("containers")).unwrap();
            Self(dir)
        }

        fn link(&self, name: &str) {
            fs::write(self.0.path().join("containers").join(name), "").unwrap();
        }

        fn folder(&self, name: &str) {
            fs::create_dir_all(self.0.path().join("pods").join(name)).unwrap();
        }

        fn pods(&self) -> Pods {
            Pods::new(self.0.path())
        }
    }

    #[test]
    fn pods_are_known_by_what_made_them() {
        for (pod, expected) in [
            ("api-6d4cf56db6-x7k2p", "shop/api"),
            ("shop-cart-api-5c9f7b8d4-zq2vx", "shop/shop-cart-api"),
            ("fluent-bit-x7k2p", "shop/fluent-bit"),
            ("db-0", "shop/db"),
            ("backup-28391520-x7k2p", "shop/backup"),
            ("sums-3-x7k2p", "shop/sums"),
            // Nobody but who named it knows.
            ("debug", "shop/main"),
            ("etcd-node-a", "shop/main"),
            ("redis-cache", "shop/main"),
        ] {
            let link_name = format!("{pod}_shop_main-{ID}.log");
            let (id, named) = link(&link_name).unwrap();
            assert_eq!(id, ID);
            assert_eq!(named.workload().as_deref(), Some(expected), "{pod}");
            let names = (named.pod.as_deref(), named.namespace.as_deref());
            assert_eq!(names, (Some(pod), Some("shop")));
            assert_eq!(named.container.as_deref(), Some("main"));
        }
    }

    #[test]
    fn what_is_no_such_link_or_folder_is_left() {
        for name in [
            "",
            ".log",
            "a.log",
            "a_b.log",
            "a_b_c.log",
            "__-.log",
            "a__c-1.log",
            "a_b_-1.log",
            "a_b_c-.log",
            "a_b_c-1",
            "a_b_c_d-1.log",
        ] {
            assert_eq!(link(name), None, "{name}");
        }
        for name in ["", "a", "a_b", "a_b_", "_b_c", "a_b_c_d"] {
            assert_eq!(folder(name), None, "{name}");
        }
    }

    #[test]
    fn a_pod_whose_container_has_no_link_is_known_by_its_folder() {
        let logs = Logs::new();
        logs.folder(&format!("shop_db-0_{UID}"));
        let named = logs.pods().named(Some(ID), Some(UID), Instant::now());
        let named = named.unwrap();
        assert_eq!(named.pod.as_deref(), Some("db-0"));
        assert_eq!(named.workload().as_deref(), Some("shop/db"));
        assert_eq!(named.container, None);
    }

    #[test]
    fn an_unknown_container_is_looked_for_once_a_second_and_again_after_ten() {
        let logs = Logs::new();
        let mut pods = logs.pods();
        let mut pod_of = |id: &str, at| pods.named(Some(id), None, at)?.pod;
        let start = Instant::now();
        assert_eq!(pod_of("aa", start), None);
        logs.link("db-0_shop_main-aa.log");
        logs.link("db-1_shop_main-bb.log");
        assert_eq!(pod_of("bb", start + WALK_EVERY / 2), None);
        let found = pod_of("bb", start + WALK_EVERY);
        assert_eq!(found.as_deref(), Some("db-1"));
        // That walk found both.
        let found = pod_of("aa", start + WALK_EVERY);
        assert_eq!(found.as_deref(), Some("db-0"));
        assert_eq!(pod_of("cc", start + WALK_EVERY * 2), None);
        logs.link("db-2_shop_main-cc.log");
        assert_eq!(pod_of("cc", start + WALK_EVERY * 4), None);
        let found = pod_of("cc", start + WALK_EVERY * 12);
        assert_eq!(found.as_deref(), Some("db-2"));
    }

    #[test]
    fn a_walk_too_long_is_cut_and_counted_and_without_links_there_is_none() {
        let logs = Logs::new();
        for number in 0..3 {
            logs.link(&format!("db-{number}_shop_main-{number}{number}.log"));
        }
        let mut pods = Pods {
            most: 2,
            ..logs.pods()
        };
        pods.named(Some("aa"), None, Instant::now());
        assert_eq!(pods.walks_cut(), 1);
        let mut nowhere = Pods::new(logs.0.path().join("nowhere"));
        assert_eq!(nowhere.named(Some("aa"), None, Instant::now()), None);
        assert_eq!(nowhere.walks_cut(), 0);
    }
}
