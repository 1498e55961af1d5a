//! What a cgroup path says about unit, container and pod.

/// Scopes that container runtimes make, named `<prefix>-<container id>.scope`.
const RUNTIMES: [&str; 5] = ["docker", "cri-containerd", "crio", "libpod", "nerdctl"];

/// The systemd unit: the innermost service or scope, else the innermost slice.
pub(super) fn unit(path: &str) -> Option<&str> {
    let innermost = |suffixes: &[&str]| {
        path.rsplit('/').find(|part| {
            suffixes.iter().any(|suffix| {
                part.strip_suffix(suffix)
                    .is_some_and(|name| !name.is_empty())
            })
        })
    };
    innermost(&[".service", ".scope"]).or_else(|| innermost(&[".slice"]))
}

/// The id of the innermost container.
pub(super) fn container(path: &str) -> Option<&str> {
    path.rsplit('/').find_map(|part| {
        let id = match part.strip_suffix(".scope") {
            // systemd as the runtime's cgroup driver.
            Some(scope) => of_runtime(scope)?,
            // The runtime's own driver: /docker/<id>, /kubepods/…/<id>, of CRI-O and Podman with their name before it; and
            // containerd without systemd: <slice>:cri-containerd:<id>.
            None => of_runtime(part).unwrap_or(part.rsplit_once(':').map_or(part, |(_, id)| id)),
        };
        is_hex(id, 64).then_some(id)
    })
}

/// What stands behind the name of a runtime and a dash.
fn of_runtime(name: &str) -> Option<&str> {
    let (runtime, id) = name.rsplit_once('-')?;
    RUNTIMES.contains(&runtime).then_some(id)
}

/// The uid of the Kubernetes pod, with dashes.
pub(super) fn pod(path: &str) -> Option<String> {
    if !path.contains("kubepods") {
        return None;
    }
    path.rsplit('/').find_map(|part| {
        let name = part.strip_suffix(".slice").unwrap_or(part);
        // "kubepods-burstable-pod<uid>" with systemd as driver, "pod<uid>" without.
        let (before, uid) = name.rsplit_once("pod")?;
        if !before.is_empty() && !before.ends_with('-') {
            return None;
        }
        // systemd's slices nest at dashes, so the driver writes underscores.
        let uid = uid.replace('_', "-");
        is_pod_uid(&uid).then_some(uid)
    })
}

/// A UUID, or the 32 digits of a static pod's configuration hash.
fn is_pod_uid(uid: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<_> = uid.split('-').collect();
    is_hex(uid, 32)
        || (parts.len() == lengths.len()
            && parts
                .iter()
                .zip(lengths)
                .all(|(part, length)| is_hex(part, length)))
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn the_unit_is_the_innermost_service_or_scope() {
        for (path, expected) in [
            ("/system.slice/api.service", Some("api.service")),
            (
                "/system.slice/system-getty.slice/getty@tty1.service",
                Some("getty@tty1.service"),
            ),
            (
                "/user.slice/user-1000.slice/session-3.scope",
                Some("session-3.scope"),
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service",
                Some("web.service"),
            ),
            ("/system.slice/api.service/worker", Some("api.service")),
            ("/system.slice/api.service/deep.slice", Some("api.service")),
            ("/user.slice/user-1000.slice", Some("user-1000.slice")),
            ("/", None),
            ("/docker/abc", None),
            ("/.service", None),
            ("", None),
        ] {
            assert_eq!(unit(path), expected, "{path}");
        }
    }

    #[test]
    fn containers_are_known_by_each_runtimes_habit() {
        for path in [
            format!("/system.slice/docker-{ID}.scope"),
            format!("/docker/{ID}"),
            format!("/machine.slice/libpod-{ID}.scope/container"),
            format!("/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope"),
            format!("/kubepods.slice/kubepods-pod1.slice/crio-{ID}.scope"),
            format!("/kubepods/besteffort/pod1/{ID}"),
            format!("/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{ID}"),
            format!("/docker/{ID}/init.scope"),
            format!("/kubepods/burstable/pod1/crio-{ID}"),
            format!("/libpod_parent/libpod-{ID}"),
            // As a daemon in a control group namespace of its own sees it.
            format!("/../../pod1/{ID}"),
        ] {
            assert_eq!(container(&path), Some(ID), "{path}");
        }
    }

    #[test]
    fn what_only_resembles_a_container_is_none() {
        for path in [
            "/system.slice/api.service".to_owned(),
            "/system.slice/docker-abc.scope".to_owned(),
            format!("/system.slice/other-{ID}.scope"),
            // The runtime's monitor, beside the container.
            format!("/system.slice/crio-conmon-{ID}.scope"),
            format!("/kubepods/burstable/pod1/crio-conmon-{ID}"),
            format!("/docker/{}", &ID[1..]),
            format!("/docker/{}g", &ID[1..]),
        ] {
            assert_eq!(container(&path), None, "{path}");
        }
    }

    #[test]
    fn pods_are_known_by_both_drivers() {
        let uid = "8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f";
        let underscored = uid.replace('-', "_");
        for path in [
            format!(
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{underscored}.slice/cri-containerd-{ID}.scope"
            ),
            format!("/kubepods.slice/kubepods-pod{underscored}.slice"),
            format!("/kubepods/besteffort/pod{uid}/{ID}"),
            format!(
                "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{underscored}.slice"
            ),
        ] {
            assert_eq!(pod(&path).as_deref(), Some(uid), "{path}");
        }
        let hash = "0123456789abcdef0123456789abcdef";
        let path = format!("/kubepods/burstable/pod{hash}/{ID}");
        assert_eq!(pod(&path).as_deref(), Some(hash), "a static pod");
    }

    #[test]
    fn what_only_resembles_a_pod_is_none() {
        for path in [
            "/kubepods.slice/kubepods-burstable.slice",
            "/system.slice/tripod8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f.service",
            "/kubepods/podnotauid",
            "/elsewhere/pod8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f",
            "/kubepods/tripod8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f",
        ] {
            assert_eq!(pod(path), None, "{path}");
        }
    }
}
