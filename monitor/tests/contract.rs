//! What scripts may rely on: the JSON Schema of each line (docs/schema), which follows from the types and only adds to what
//! was promised before, and all lines that are kept as examples, which it describes.
//!
//! `TCPLULL_GOLDEN=write cargo test -p monitor --test contract` writes what is new, unless it takes something away.

#[path = "contract/breaking.rs"]
mod breaking;

use breaking::breaking;
use jsonschema::Validator;
use monitor_model::told::schemas;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Where the schemas are, as they are now.
fn kept() -> PathBuf {
    root().join("docs/schema")
}

/// Where they are as they were when the version became this one.
fn at_this_version() -> PathBuf {
    kept().join(env!("CARGO_PKG_VERSION"))
}

fn writes() -> bool {
    std::env::var_os("TCPLULL_GOLDEN").is_some_and(|wish| wish == "write")
}

/// The file of the form `name`: `tcplull.finding/1` is in `finding-1.json`.
fn file_name(name: &str) -> String {
    let name = name.trim_start_matches("tcplull.").replace('/', "-");
    format!("{name}.json")
}

fn read(file: &Path) -> Option<Value> {
    let text = fs::read_to_string(file).ok()?;
    Some(serde_json::from_str(&text).expect("a schema is JSON"))
}

/// Every form as the types have it now, by the name of its file.
fn now() -> BTreeMap<String, Value> {
    let schemas = schemas().into_iter();
    schemas
        .map(|(name, schema)| (file_name(name), schema))
        .collect()
}

fn write(file: &Path, schema: &Value) {
    let text = serde_json::to_string_pretty(schema).expect("a schema can be written");
    fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("a folder");
    fs::write(file, text + "\n").expect("the schema can be written");
}

#[test]
fn schemas_are_as_kept_and_only_add_to_what_was_promised() {
    let all = now();
    for (file, now) in &all {
        let kept = kept().join(file);
        let before = read(&kept);
        let taken = before
            .as_ref()
            .map_or_else(Vec::new, |before| breaking(before, now));
        assert!(
            taken.is_empty(),
            "{file}: scripts rely on what this changes; give the form another number (`Told::SCHEMA`): {taken:#?}"
        );
        if writes() {
            write(&kept, now);
        }
        assert!(
            read(&kept).as_ref() == Some(now),
            "docs/schema/{file} is not what the types say: `TCPLULL_GOLDEN=write cargo test -p monitor --test contract`"
        );
        let at_this_version = at_this_version().join(file);
        if writes() && !at_this_version.exists() {
            write(&at_this_version, now);
        }
        assert!(
            at_this_version.exists(),
            "{} is to be kept: `TCPLULL_GOLDEN=write cargo test -p monitor --test contract`",
            at_this_version.display()
        );
    }
    only_add_to_every_version_kept(&all);
}

/// Holds each form to what it was when a version began.
fn only_add_to_every_version_kept(now: &BTreeMap<String, Value>) {
    let mut compared = 0;
    for version in fs::read_dir(kept()).expect("schemas are kept") {
        let version = version.expect("an entry").path();
        if !version.is_dir() {
            continue;
        }
        for file in fs::read_dir(&version).expect("a version's schemas") {
            let file = file.expect("an entry").path();
            let name = file
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a plain name");
            let before = read(&file).expect("a schema");
            // A form that is no more written stays described where it was.
            let now = now.get(name).cloned().or_else(|| read(&kept().join(name)));
            let now = now.unwrap_or_else(|| panic!("docs/schema/{name} is gone"));
            assert_eq!(breaking(&before, &now), [""; 0], "{}", file.display());
            compared += 1;
        }
    }
    assert!(compared >= now.len(), "{compared} compared");
}

/// What holds each form's lines to its schema, by the name that they have.
fn validators() -> BTreeMap<&'static str, Validator> {
    let options = jsonschema::options().should_validate_formats(true);
    let validator = |(name, schema): (&'static str, Value)| {
        let validator = options.build(&schema).expect("a schema of JSON Schema");
        (name, validator)
    };
    schemas().into_iter().map(validator).collect()
}

/// What is wrong with a line.
fn wrong(validators: &BTreeMap<&str, Validator>, line: &str) -> Vec<String> {
    let line: Value = serde_json::from_str(line).expect("a line is JSON");
    let name = line["schema"].as_str().unwrap_or("no name");
    let Some(validator) = validators.get(name) else {
        return vec![format!("no form is called {name}")];
    };
    let errors = validator.iter_errors(&line);
    errors
        .map(|error| format!("{} {error}", error.instance_path()))
        .collect()
}

#[test]
fn what_every_recording_comes_to_is_as_the_schemas_say() {
    let validators = validators();
    let golden = root().join("monitor/tests/golden/findings.txt");
    let text = fs::read_to_string(golden).expect("what recordings come to is kept");
    let mut seen = BTreeMap::<String, usize>::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        assert_eq!(wrong(&validators, line), [""; 0], "{line}");
        let value: Value = serde_json::from_str(line).expect("a line is JSON");
        *seen.entry(value["schema"].to_string()).or_default() += 1;
    }
    assert!(
        seen.len() >= 2 && seen.values().all(|lines| *lines > 50),
        "{seen:?}"
    );
}

#[test]
fn a_line_that_lacks_something_or_says_another_word_is_none() {
    let validators = validators();
    let golden = root().join("monitor/tests/golden/findings.txt");
    let text = fs::read_to_string(golden).expect("what recordings come to is kept");
    let line = text
        .lines()
        .find(|line| line.contains("\"kind\":\"outcome\""))
        .expect("an outcome");
    let good: Value = serde_json::from_str(line).expect("JSON");
    let mut bad = Vec::new();
    for member in [
        "schema",
        "time",
        "kind",
        "outcome",
        "severity",
        "gap_seconds",
        "path",
        "owner",
        "evidence",
    ] {
        let mut line = good.clone();
        line.as_object_mut().expect("an object").remove(member);
        bad.push(line);
    }
    for (member, value) in [
        ("schema", "tcplull.finding/0".into()),
        ("time", "yesterday".into()),
        ("kind", "outcomes".into()),
        ("outcome", "survives".into()),
        ("gap_seconds", (-1.0).into()),
        ("gap_seconds", "1".into()),
        ("evidence", serde_json::json!([])),
        (
            "evidence",
            serde_json::json!([{ "fact": "timeouts", "value": { "is": 3 } }]),
        ),
    ] {
        let mut line = good.clone();
        line[member] = value;
        bad.push(line);
    }
    for line in bad {
        let line = line.to_string();
        assert_ne!(wrong(&validators, &line), [""; 0], "{line}");
    }
    // Whoever reads by this schema must take what comes later.
    let mut later = good;
    later["new"] = true.into();
    assert_eq!(wrong(&validators, &later.to_string()), [""; 0]);
}

#[test]
fn the_document_of_the_api_is_as_kept_and_describes_whatever_it_answers() {
    let now = monitor::surfaces::api::document();
    let kept = kept().join("openapi.json");
    if writes() {
        write(&kept, &now);
    }
    assert!(
        read(&kept).as_ref() == Some(&now),
        "docs/schema/openapi.json is not what the API is: `TCPLULL_GOLDEN=write cargo test -p monitor --test contract`"
    );
    let options = jsonschema::options();
    let components = now["components"]["schemas"].as_object().expect("schemas");
    for name in components.keys() {
        let schema = serde_json::json!({
            "$ref": format!("#/components/schemas/{name}"),
            "components": now["components"],
        });
        options
            .build(&schema)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
