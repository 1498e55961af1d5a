//! Containers and pods, as each runtime and cgroup driver has them.

use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const UID: &str = "8d2cbf2a-6d3e-4b8e-9d3e-0a1b2c3d4e5f";

/// As `/proc/<pid>/cgroup` shows it.
fn v2(path: &str) -> String {
    format!("0::{path}\n")
}

/// The same where only the hierarchies of version 1 have it.
fn v1(path: &str) -> String {
    format!("9:name=systemd:{path}\n8:pids:{path}\n4:memory:{path}\n2:cpu,cpuacct:{path}\n")
}

/// By systemd as the driver, and by the runtime's own.
fn pod_paths(runtime: &str) -> [String; 2] {
    let underscored = UID.replace('-', "_");
    let own = match runtime {
        "crio" => format!("crio-{ID}"),
        _ => ID.to_owned(),
    };
    [
        format!(
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{underscored}.slice/{runtime}-{ID}.scope"
        ),
        format!("/kubepods/burstable/pod{UID}/{own}"),
    ]
}

fn bundle(annotations: &str) -> String {
    format!(r#"{{"ociVersion":"1.0.2","process":{{"args":["x"]}},"annotations":{annotations}}}"#)
}

/// As containerd's CRI annotates it.
fn by_cri() -> String {
    bundle(&format!(
        r#"{{"io.kubernetes.cri.container-name":"main","io.kubernetes.cri.container-type":"container",
        "io.kubernetes.cri.sandbox-name":"api-6d4cf56db6-x7k2p","io.kubernetes.cri.sandbox-namespace":"shop",
        "io.kubernetes.cri.sandbox-uid":"{UID}"}}"#
    ))
}

fn names(owner: &Owner) -> [Option<&str>; 6] {
    [
        &owner.container,
        &owner.container_name,
        &owner.pod,
        &owner.pod_name,
        &owner.namespace,
        &owner.workload,
    ]
    .map(Option::as_deref)
}

const WHOLE: [Option<&str>; 6] = [
    Some(ID),
    Some("main"),
    Some(UID),
    Some("api-6d4cf56db6-x7k2p"),
    Some("shop"),
    Some("shop/api"),
];

fn task(state: &str, namespace: &str) -> String {
    format!("{state}/io.containerd.runtime.v2.task/{namespace}/{ID}/config.json")
}

#[test]
fn a_container_of_a_pod_is_named_by_its_logs_whatever_driver_and_hierarchy() {
    for runtime in ["cri-containerd", "crio", "docker"] {
        for path in pod_paths(runtime) {
            for text in [v2(&path), v1(&path), v1(&path) + "0::/\n"] {
                let host = Host::new();
                let link = format!("api-6d4cf56db6-x7k2p_shop_main-{ID}.log");
                host.write(&format!("var/log/containers/{link}"), "");
                host.start(7, "java", &text);
                let owner = host.owners().resolve(Some(7), None, 0, 0);
                assert_eq!(names(&owner), WHOLE, "{text}");
                assert_eq!(owner.unknown, None);
            }
        }
    }
}

#[test]
fn without_logs_it_is_named_by_what_its_runtime_keeps() {
    let crio = format!(
        r#"{{"io.kubernetes.container.name":"main","io.kubernetes.pod.name":"api-6d4cf56db6-x7k2p",
        "io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"{UID}"}}"#
    );
    let docker = format!(r#"{{"Name":"/k8s_main_api","Config":{{"Labels":{crio}}}}}"#);
    let stored =
        |run| format!("{run}/containers/storage/overlay-containers/{ID}/userdata/config.json");
    for (runtime, file, text) in [
        ("cri-containerd", task("run/containerd", "k8s.io"), by_cri()),
        (
            "cri-containerd",
            task("run/k3s/containerd", "k8s.io"),
            by_cri(),
        ),
        (
            "cri-containerd",
            task("run/containerd", "of-somebody"),
            by_cri(),
        ),
        ("crio", stored("run"), bundle(&crio)),
        ("crio", stored("var/lib"), bundle(&crio)),
        (
            "docker",
            format!("var/lib/docker/containers/{ID}/config.v2.json"),
            docker,
        ),
    ] {
        for path in pod_paths(runtime) {
            let host = Host::new();
            host.write(&file, &text);
            host.start(7, "java", &v2(&path));
            let owner = host.owners().resolve(Some(7), None, 0, 0);
            assert_eq!(names(&owner), WHOLE, "{file} {path}");
        }
    }
}

#[test]
fn a_container_of_no_pod_has_its_runtimes_name() {
    let stored = "var/lib/containers/storage/overlay-containers";
    for (path, files) in [
        (
            format!("/system.slice/docker-{ID}.scope"),
            vec![
                // Docker's containerd has no name of it.
                (task("run/containerd", "moby"), bundle("{}")),
                (
                    format!("var/lib/docker/containers/{ID}/config.v2.json"),
                    r#"{"Name":"/db","Config":{"Labels":{}}}"#.to_owned(),
                ),
            ],
        ),
        (
            format!("/machine.slice/libpod-{ID}.scope/container"),
            vec![
                (format!("{stored}/{ID}/userdata/config.json"), bundle("{}")),
                (
                    format!("{stored}/containers.json"),
                    format!(r#"[{{"id":"x","names":["web"]}},{{"id":"{ID}","names":["db"]}}]"#),
                ),
            ],
        ),
        (
            format!("/system.slice/nerdctl-{ID}.scope"),
            vec![(
                task("run/containerd", "default"),
                bundle(r#"{"nerdctl/name":"db"}"#),
            )],
        ),
    ] {
        let host = Host::new();
        for (file, text) in files {
            host.write(&file, &text);
        }
        host.start(7, "postgres", &v2(&path));
        let owner = host.owners().resolve(Some(7), None, 0, 0);
        let expected = [Some(ID), Some("db"), None, None, None, None];
        assert_eq!(names(&owner), expected, "{path}");
        assert_eq!(owner.name(), Some("db"));
    }
}

#[test]
fn what_the_kernel_saw_outside_of_a_process_is_the_sockets_containers() {
    let host = Host::new();
    let [systemd, _] = pod_paths("cri-containerd");
    let id = host.cgroup(systemd.trim_start_matches('/'));
    host.write(&task("run/containerd", "k8s.io"), &by_cri());
    // Whoever ran when the segment came is nobody's owner.
    host.start(1, "stranger", &v2("/system.slice/stranger.service"));
    let owner = host.owners().resolve(None, None, id, 0);
    assert_eq!(names(&owner), WHOLE);
    assert_eq!((owner.pid, owner.comm.as_deref()), (None, None));
}

#[test]
fn a_socket_of_the_pod_itself_is_the_pods() {
    let host = Host::new();
    host.write(&format!("var/log/pods/shop_db-0_{UID}/main/0.log"), "");
    let id = host.cgroup(&format!("kubepods/besteffort/pod{UID}"));
    let owner = host.owners().resolve(None, None, id, 0);
    let expected = [
        None,
        None,
        Some(UID),
        Some("db-0"),
        Some("shop"),
        Some("shop/db"),
    ];
    assert_eq!(names(&owner), expected);
}

#[test]
fn a_pod_that_goes_while_it_is_asked_about_keeps_its_name() {
    let host = Host::new();
    let [path, _] = pod_paths("cri-containerd");
    host.write(&task("run/containerd", "k8s.io"), &by_cri());
    host.start(7, "java", &v2(&path));
    let id = host.cgroup(path.trim_start_matches('/'));
    let mut owners = host.owners();
    let start = Instant::now();
    let seen = [(Some(7), Some("java")), (None, None)];
    for (pid, comm) in seen {
        owners.resolve_at(pid, comm, (id, 0), start);
    }
    host.end(7);
    fs::remove_dir_all(host.dir.path().join("run")).unwrap();
    fs::remove_dir(
        host.dir
            .path()
            .join("cgroup")
            .join(path.trim_start_matches('/')),
    )
    .unwrap();
    for (pid, comm) in seen {
        let owner = owners.resolve_at(pid, comm, (id, 0), start + BELIEVED * 60);
        assert_eq!(names(&owner), WHOLE, "{pid:?}");
    }
}

#[test]
fn what_is_not_known_has_its_reason() {
    let host = Host::new();
    let [pod, _] = pod_paths("cri-containerd");
    host.start(7, "java", &v2(&pod));
    host.start(8, "getty", &v2("/"));
    host.start(9, "api", &v2("/system.slice/api.service"));
    let root = host.cgroup("");
    let mut owners = host.owners();
    for (pid, id, expected) in [
        (Some(7), 0, Some(NOT_NAMED)),
        (Some(8), 0, Some(IN_NONE)),
        (Some(9), 0, None),
        (Some(99), 0, Some(PROCESS_GONE)),
        (None, 0, Some(NO_PROCESS)),
        (None, u64::MAX, Some(NO_PROCESS)),
        (None, root, Some(SOCKET_IN_NONE)),
    ] {
        let owner = owners.resolve(pid, None, id, 0);
        assert_eq!(owner.unknown.as_deref(), expected, "{pid:?} {id}");
    }
    let elsewhere = host.owners_by(false).resolve(Some(7), None, 0, 0);
    assert_eq!(elsewhere.unknown.as_deref(), Some(OTHER_NUMBERS));
    let pod_alone = host.cgroup(&format!("kubepods/pod{UID}"));
    let of_a_pod = host.owners().resolve(None, None, pod_alone, 0);
    assert_eq!(of_a_pod.unknown.as_deref(), Some(POD_NOT_NAMED));
    host.write("proc/self/mountinfo", "");
    let version_1 = host.owners().resolve(None, None, root, 0);
    assert_eq!(version_1.unknown.as_deref(), Some(NO_CGROUP2));
}

#[test]
fn files_of_a_runtime_that_are_none_name_nothing_and_hold_nobody_up() {
    let [path, _] = pod_paths("cri-containerd");
    let nested = "[".repeat(100_000);
    for text in [
        "",
        "null",
        "[]",
        "{",
        r#"{"annotations":[]}"#,
        r#"{"annotations":{"io.kubernetes.cri.container-name":7}}"#,
        r#"{"annotations":{"io.kubernetes.cri.container-name":""}}"#,
        &nested,
    ] {
        let host = Host::new();
        host.write(&task("run/containerd", "k8s.io"), text);
        host.start(7, "java", &v2(&path));
        let owner = host.owners().resolve(Some(7), None, 0, 0);
        assert_eq!(owner.unknown.as_deref(), Some(NOT_NAMED), "{text:.40}");
    }
    let host = Host::new();
    let file = host.dir.path().join(task("run/containerd", "k8s.io"));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    nix::unistd::mkfifo(&file, nix::sys::stat::Mode::S_IRWXU).unwrap();
    host.start(7, "java", &v2(&path));
    let owner = host.owners().resolve(Some(7), None, 0, 0);
    assert_eq!(
        owner.unknown.as_deref(),
        Some(NOT_NAMED),
        "nobody writes to the pipe"
    );
}

#[test]
fn a_units_own_hierarchy_goes_before_those_of_controllers() {
    let host = Host::new();
    let text = "4:memory:/other.slice/other.service\n9:name=systemd:/system.slice/api.service\n";
    host.start(5, "api", text);
    host.start(
        6,
        "api",
        &format!("{text}0::/system.slice/new.service (deleted)\n"),
    );
    let mut owners = host.owners();
    let old = owners.resolve(Some(5), None, 0, 0);
    assert_eq!(old.unit.as_deref(), Some("api.service"));
    assert_eq!(old.cgroup, None, "version 2 has none");
    let new = owners.resolve(Some(6), None, 0, 0);
    assert_eq!(new.unit.as_deref(), Some("new.service"));
    assert_eq!(new.cgroup.as_deref(), Some("/system.slice/new.service"));
}
