//! What made a pod, by its name.

/// What Kubernetes makes random names of (`SafeEncodeString` and `String` in k8s.io/apimachinery/pkg/util/rand): no vowels, and
/// no digits that look like letters.
const RANDOM: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Length of the random end of a pod's name.
const POD_SUFFIX: usize = 5;

/// Lengths of a replica set's: a 32-bit hash in decimal digits, each as a letter. Hardly one has less.
const TEMPLATE_HASH: std::ops::RangeInclusive<usize> = 6..=10;

/// What made a pod, by the name that it got; `None` where that is not to be seen: somebody named it, or a node did.
pub(super) fn controller(pod: &str) -> Option<&str> {
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
