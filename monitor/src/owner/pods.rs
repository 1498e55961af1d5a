//! From a container's id to what its pod is part of, by the names of the kubelet's links to logs:
//! `<pod>_<namespace>_<container>-<container id>.log` (`logSymlink` in pkg/kubelet/kuberuntime/legacy.go).

use super::bounded::Bounded;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Where the kubelet links them.
pub(super) const LINKS: &str = "/var/log/containers";

/// The most links of one walk. A node of 250 pods has some thousand.
const MOST_LINKS: usize = 8192;

/// Unknown ids cause no more walks than this many.
const WALK_EVERY: Duration = Duration::from_secs(1);

/// An id that a walk did not find is asked for again after so long: the link comes a moment after the container.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// What Kubernetes makes random names of (`SafeEncodeString` and `String` in k8s.io/apimachinery/pkg/util/rand): no vowels, and
/// no digits that look like letters.
const RANDOM: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Length of the random end of a pod's name.
const POD_SUFFIX: usize = 5;

/// Lengths of a replica set's: a 32-bit hash in decimal digits, each as a letter. Hardly one has less.
const TEMPLATE_HASH: std::ops::RangeInclusive<usize> = 6..=10;

/// Workloads by the id of their container.
#[derive(Debug)]
pub(super) struct Pods {
    links: PathBuf,
    known: Bounded<String, Known>,
    last_walk: Option<Instant>,
    walks_cut: u64,
    most: usize,
}

#[derive(Clone, Debug)]
struct Known {
    workload: Option<String>,
    asked: Instant,
}

impl Pods {
    pub(super) fn new(links: impl Into<PathBuf>) -> Self {
        Self {
            links: links.into(),
            known: Bounded::new(MOST_LINKS),
            last_walk: None,
            walks_cut: 0,
            most: MOST_LINKS,
        }
    }

    /// The workload of this container, as `namespace/controller`.
    pub(super) fn workload(&mut self, container: &str, now: Instant) -> Option<String> {
        let container = container.to_owned();
        let is_recent = |known: &&Known| {
            known.workload.is_some() || now.saturating_duration_since(known.asked) < ASK_AGAIN
        };
        if let Some(known) = self.known.get(&container).filter(is_recent) {
            return known.workload.clone();
        }
        let recently = |last: Instant| now.saturating_duration_since(last) < WALK_EVERY;
        if self.last_walk.is_some_and(recently) {
            return None;
        }
        self.last_walk = Some(now);
        self.walk(now);
        let found = self.known.get(&container);
        let workload = found.and_then(|known| known.workload.clone());
        let known = Known {
            workload: workload.clone(),
            asked: now,
        };
        self.known.insert(container, known);
        workload
    }

    /// Names forgotten because the table was full.
    pub(super) fn evicted(&self) -> u64 {
        self.known.evicted()
    }

    /// Walks that ended before every link was seen.
    pub(super) fn walks_cut(&self) -> u64 {
        self.walks_cut
    }

    fn walk(&mut self, now: Instant) {
        // On a node of nothing but systemd it is not there.
        let Ok(links) = fs::read_dir(&self.links) else {
            return;
        };
        for (seen, link) in links.flatten().enumerate() {
            if seen >= self.most {
                self.walks_cut += 1;
                return;
            }
            let name = link.file_name();
            if let Some((container, workload)) = name.to_str().and_then(read) {
                let known = Known {
                    workload: Some(workload),
                    asked: now,
                };
                self.known.insert(container.to_owned(), known);
            }
        }
    }
}

/// The container's id and its workload, as the name of a link has them.
fn read(link: &str) -> Option<(&str, String)> {
    let name = link.strip_suffix(".log")?;
    let mut parts = name.split('_');
    let (pod, namespace) = (parts.next()?, parts.next()?);
    let (container, id) = parts.next()?.rsplit_once('-')?;
    let workload = controller(pod).unwrap_or(container);
    (parts.next().is_none() && !namespace.is_empty() && !workload.is_empty())
        .then(|| (id, format!("{namespace}/{workload}")))
}

/// What made a pod, by the name that it got; `None` where that is not to be seen: somebody named it, or a node did.
fn controller(pod: &str) -> Option<&str> {
    let (name, last) = pod.rsplit_once('-')?;
    if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
        // Of a stateful set.
        return Some(name);
    }
    if !(last.len() == POD_SUFFIX && is_random(last)) {
        return None;
    }
    let Some((above, middle)) = name.rsplit_once('-') else {
        return Some(name);
    };
    let is_number = middle.bytes().all(|byte| byte.is_ascii_digit()) && !middle.is_empty();
    // Of a deployment's replica set; of a cron job's job, or of an indexed one.
    if TEMPLATE_HASH.contains(&middle.len()) && is_random(middle) || is_number {
        return Some(above);
    }
    Some(name)
}

fn is_random(text: &str) -> bool {
    text.bytes().all(|byte| RANDOM.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

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
            let link = format!("{pod}_shop_main-{ID}.log");
            assert_eq!(read(&link), Some((ID, expected.to_owned())), "{pod}");
        }
    }

    #[test]
    fn what_is_no_such_link_is_left() {
        for link in [
            "",
            ".log",
            "a.log",
            "a_b.log",
            "a_b_c.log",
            "__-.log",
            "a__c-1.log",
            "a_b_-1.log",
            "a_b_c-1",
            "a_b_c_d-1.log",
        ] {
            assert_eq!(read(link), None, "{link}");
        }
    }

    #[test]
    fn an_unknown_container_is_looked_for_once_a_second_and_again_after_ten() {
        let dir = tempfile::tempdir().unwrap();
        let mut pods = Pods::new(dir.path());
        let start = Instant::now();
        assert_eq!(pods.workload("aa", start), None);
        fs::write(dir.path().join("db-0_shop_main-aa.log"), "").unwrap();
        fs::write(dir.path().join("db-1_shop_main-bb.log"), "").unwrap();
        assert_eq!(pods.workload("bb", start + WALK_EVERY / 2), None);
        let shop = Some("shop/db".to_owned());
        assert_eq!(pods.workload("bb", start + WALK_EVERY), shop);
        // That walk found both.
        assert_eq!(pods.workload("aa", start + WALK_EVERY), shop);
        assert_eq!(pods.workload("cc", start + WALK_EVERY * 2), None);
        fs::write(dir.path().join("db-2_shop_main-cc.log"), "").unwrap();
        assert_eq!(pods.workload("cc", start + WALK_EVERY * 4), None);
        assert_eq!(pods.workload("cc", start + WALK_EVERY * 12), shop);
    }

    #[test]
    fn a_walk_too_long_is_cut_and_counted_and_without_links_there_is_none() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..3 {
            let link = format!("db-{number}_shop_main-{number}{number}.log");
            fs::write(dir.path().join(link), "").unwrap();
        }
        let mut pods = Pods {
            most: 2,
            ..Pods::new(dir.path())
        };
        pods.workload("aa", Instant::now());
        assert_eq!(pods.walks_cut(), 1);
        let mut nowhere = Pods::new(dir.path().join("nowhere"));
        assert_eq!(nowhere.workload("aa", Instant::now()), None);
        assert_eq!(nowhere.walks_cut(), 0);
    }
}
