//! What is shipped for Kubernetes: manifests and chart are what the oldest and the newest supported versions take, say the same,
//! and ask for the rights that the packages' unit has.

use crate::common::run::{KUBERNETES, finish, finish_within, program};
use crate::common::{Test, Tested};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub const TESTS: &[Test] = &[
    Test::with_kubernetes(
        "manifests_and_chart_are_valid_for_every_supported_version",
        valid,
    ),
    Test::with_kubernetes("a_mistyped_field_of_a_manifest_is_found", mistyped),
    Test::with_kubernetes("the_chart_makes_what_the_manifests_make", the_same),
    Test::with_kubernetes(
        "the_chart_refuses_values_that_it_does_not_know",
        values_refused,
    ),
    Test::anywhere(
        "the_chart_s_own_values_are_as_their_schema_says",
        own_values,
    ),
    Test::anywhere(
        "the_pod_asks_for_the_rights_of_the_unit_and_no_more",
        rights,
    ),
    Test::anywhere("the_pod_s_configuration_is_one", configuration),
];

/// An answer takes seconds of a processor that others may want, too.
const ASKED: Duration = Duration::from_secs(300);

/// The oldest, which knows `appArmorProfile`, and the newest.
const VERSIONS: [&str; 2] = ["1.30", "1.37"];

/// What may be added to the manifests, with the values by which the chart does the same.
fn added() -> [(&'static [&'static str], Value); 7] {
    let operator =
        json!({"serviceMonitor": {"enabled": true}, "prometheusRule": {"enabled": true}});
    let unconfined = json!({"seccompProfile": {"type": "Unconfined"}});
    [
        (&[], json!({})),
        (
            &["web"],
            json!({"web": {"secretName": "tcplull-web", "scheme": "HTTPS"}}),
        ),
        (&["prometheus-operator"], operator),
        (
            &["history-on-node"],
            json!({"history": {"hostPath": "/var/lib/tcplull"}}),
        ),
        (&["host-network"], json!({"hostNetwork": true})),
        (&["unconfined-seccomp"], unconfined.clone()),
        (
            &["openshift"],
            json!({"openshift": {"scc": true}, "seccompProfile": unconfined["seccompProfile"]}),
        ),
    ]
}

fn deploy(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(path)
}

/// Asks Kubernetes' own programs, by the script beside this.
fn ask(arguments: &[&str], input: &Value) -> Result<Value, Failed> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/command/kubernetes.py");
    let mut command = Command::new(program(KUBERNETES)?);
    command.arg(script).args(arguments);
    let ended = finish_within(ASKED, &mut command, &input.to_string())?;
    match ended.code {
        Some(0) => Ok(serde_json::from_str(&ended.stdout)?),
        _ => Err(format!("{arguments:?}: {ended:?}").into()),
    }
}

/// The manifests with these components, as a cluster's own overlay has them.
fn manifests(components: &[&str]) -> Result<Vec<Value>, Failed> {
    let place = tempfile::tempdir()?;
    // It takes no absolute paths.
    let up = "../".repeat(place.path().canonicalize()?.components().count());
    let shipped = format!("{up}{}", deploy("kubernetes").canonicalize()?.display());
    let of_component = |name: &&str| format!("{shipped}/components/{name}");
    let overlay = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [&shipped],
        "components": components.iter().map(of_component).collect::<Vec<_>>(),
    });
    fs::write(place.path().join("kustomization.yaml"), overlay.to_string())?;
    let made = ask(
        &["kustomize", &place.path().to_string_lossy()],
        &Value::Null,
    )?;
    Ok(serde_json::from_value(made)?)
}

fn chart(values: &Value) -> Result<Vec<Value>, Failed> {
    Ok(serde_json::from_value(ask(&["chart", "tcplull"], values)?)?)
}

/// No schema of OpenShift's can be had; that object is held to the pod instead, in [`rights`].
fn known(objects: Vec<Value>) -> Vec<Value> {
    let known = |one: &Value| one["kind"] != "SecurityContextConstraints";
    objects.into_iter().filter(known).collect()
}

fn valid() -> Tested {
    let mut objects = Vec::new();
    for (components, values) in added() {
        objects.extend(known(manifests(components)?));
        objects.extend(known(chart(&values)?));
    }
    let objects = Value::from(objects);
    for version in VERSIONS {
        let wrong = ask(&["validate", version], &objects)?;
        assert_eq!(wrong, json!([]), "for {version}");
    }
    assert_eq!(ask(&["operator"], &objects)?, json!([]));
    assert_eq!(ask(&["lint"], &json!({}))?, json!([]));
    Ok(())
}

fn mistyped() -> Tested {
    let mut objects = manifests(&["prometheus-operator"])?;
    let mut mistype = |kind: &str, at: &str| {
        let found = objects.iter_mut().find(|one| one["kind"] == kind);
        let part = found.and_then(|one| one.pointer_mut(at));
        part.expect("the manifests have it")["securityContexts"] = json!({});
    };
    mistype("DaemonSet", "/spec/template/spec/containers/0");
    mistype("ServiceMonitor", "/spec/endpoints/0");
    let objects = Value::from(objects);
    for (action, kind) in [
        (&["validate", VERSIONS[0]][..], "DaemonSet"),
        (&["operator"], "ServiceMonitor"),
    ] {
        let wrong: Vec<String> = serde_json::from_value(ask(action, &objects)?)?;
        let named = wrong.iter().map(|line| line.split(':').next());
        assert!(named.eq([Some(kind)]), "{wrong:?}");
    }
    Ok(())
}

fn the_same() -> Tested {
    for (components, values) in added() {
        // Helm makes the namespace itself (--create-namespace).
        let mut wanted = manifests(components)?;
        wanted.retain(|one| one["kind"] != "Namespace");
        let mut made = chart(&values)?;
        for objects in [&mut wanted, &mut made] {
            objects.iter_mut().for_each(without_tools);
            objects.sort_by_key(|one| one["kind"].to_string());
        }
        assert_eq!(Value::from(made), Value::from(wanted), "{components:?}");
    }
    Ok(())
}

/// Takes off what only says by which tool an object was made, and the order of what has none.
fn without_tools(part: &mut Value) {
    const OF_TOOLS: [&str; 5] = [
        "app.kubernetes.io/instance",
        "app.kubernetes.io/managed-by",
        "app.kubernetes.io/version",
        "helm.sh/chart",
        "checksum/config",
    ];
    match part {
        Value::Object(members) => {
            members.retain(|name, _| !OF_TOOLS.contains(&name.as_str()));
            members.values_mut().for_each(without_tools);
            members.retain(|name, value| name != "annotations" || *value != json!({}));
        }
        Value::Array(parts) => {
            parts.iter_mut().for_each(without_tools);
            if parts.iter().all(|part| part["name"].is_string()) {
                parts.sort_by_key(|part| part["name"].to_string());
            }
        }
        // Kustomize adds a checksum to the name of a configuration.
        Value::String(text) => {
            if let Some(sum) = text.strip_prefix("tcplull-")
                && sum.len() == 10
                && sum.bytes().all(|byte| byte.is_ascii_alphanumeric())
            {
                *text = "tcplull".to_owned();
            }
        }
        _ => (),
    }
}

fn values_refused() -> Tested {
    for values in [
        json!({"tolerationss": []}),
        json!({"image": {"tag": "a b"}}),
        json!({"hostNetwork": "yes"}),
        json!({"web": {"secret": "tcplull-web"}}),
    ] {
        let wrong = ask(&["lint"], &values)?;
        let names_it = wrong.to_string().contains("/image/tag")
            || wrong.to_string().contains("/hostNetwork")
            || wrong.to_string().contains("additional properties");
        assert!(names_it, "{values}: {wrong}");
    }
    Ok(())
}

fn own_values() -> Tested {
    let schema = fs::read_to_string(deploy("helm/tcplull/values.schema.json"))?;
    let schema: Value = serde_json::from_str(&schema)?;
    assert!(jsonschema::meta::is_valid(&schema));
    let values = fs::read_to_string(deploy("helm/tcplull/values.yaml"))?;
    let values: Value = serde_saphyr::from_str(&values)?;
    let validator = jsonschema::validator_for(&schema)?;
    if let Err(error) = validator.validate(&values) {
        return Err(format!("values.yaml: {error} at {}", error.instance_path()).into());
    }
    // Each has its rule, and each rule its value.
    let names = |of: &Value| -> Vec<String> {
        let members = of.as_object().into_iter().flatten();
        // Helm itself gives this one to every chart.
        let names = members.map(|(name, _)| name.clone());
        let mut names: Vec<String> = names.filter(|name| name != "global").collect();
        names.sort();
        names
    };
    assert_eq!(names(&values), names(&schema["properties"]));
    Ok(())
}

/// What stands in the brackets of the first line that begins so, or after the sign of equality.
fn listed(path: &str, beginning: &str) -> Result<Vec<String>, Failed> {
    let text = fs::read_to_string(deploy(path))?;
    let mut lines = text.lines().map(str::trim);
    let found = lines.find_map(|line| line.strip_prefix(beginning));
    let found = found.ok_or_else(|| format!("{path} has no {beginning}"))?;
    let words = found.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let words = words.filter(|word| !word.is_empty());
    let mut words: Vec<String> = words
        .map(|word| word.trim_start_matches("CAP_").to_owned())
        .collect();
    words.sort();
    Ok(words)
}

fn rights() -> Tested {
    let unit = listed("package/tcplull.service", "CapabilityBoundingSet=")?;
    assert!(!unit.is_empty());
    for (path, beginning) in [
        ("package/tcplull.service", "AmbientCapabilities="),
        ("kubernetes/daemon-set.yaml", "add: "),
        ("helm/tcplull/templates/daemon-set.yaml", "add: "),
        (
            "kubernetes/components/openshift/scc.yaml",
            "allowedCapabilities: ",
        ),
        ("helm/tcplull/templates/scc.yaml", "allowedCapabilities: "),
    ] {
        assert_eq!(listed(path, beginning)?, unit, "{path}");
    }
    let scc = fs::read_to_string(deploy("kubernetes/components/openshift/scc.yaml"))?;
    let scc: Value = serde_saphyr::from_str(&scc)?;
    let set = fs::read_to_string(deploy("kubernetes/daemon-set.yaml"))?;
    let set: Value = serde_saphyr::from_str(&set)?;
    let pod = &set["spec"]["template"]["spec"];
    let context = &pod["containers"][0]["securityContext"];
    for (allowed, asked) in [
        ("allowHostPID", &pod["hostPID"]),
        ("allowPrivilegedContainer", &context["privileged"]),
        (
            "allowPrivilegeEscalation",
            &context["allowPrivilegeEscalation"],
        ),
        ("readOnlyRootFilesystem", &context["readOnlyRootFilesystem"]),
        ("requiredDropCapabilities", &context["capabilities"]["drop"]),
    ] {
        assert_eq!(&scc[allowed], asked, "{allowed}");
    }
    // Besides these volumes the web configuration comes as a secret.
    let volumes = pod["volumes"].as_array().into_iter().flatten();
    let kinds = volumes.flat_map(|one| one.as_object().into_iter().flatten());
    for kind in kinds.map(|(kind, _)| kind).filter(|kind| *kind != "name") {
        let allowed = scc["volumes"]
            .as_array()
            .is_some_and(|all| all.contains(&json!(kind)));
        assert!(allowed, "{kind}");
    }
    Ok(())
}

fn configuration() -> Tested {
    let place = tempfile::tempdir()?;
    let config = deploy("kubernetes/config.toml");
    // Each line that is written as an example is right as it stands there.
    let text = fs::read_to_string(&config)?;
    let whole: Vec<&str> = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(example) if example.starts_with("[[") || example.contains(" = ") => example,
            _ => line,
        })
        .collect();
    let examples = place.path().join("config.toml");
    fs::write(&examples, whole.join("\n"))?;
    for file in [&config, &examples] {
        let ended = finish(
            crate::common::run::tcplull(["explain", "10.0.0.1:40000", "192.0.2.1:443", "--config"])
                .arg(file),
        )?;
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    Ok(())
}
