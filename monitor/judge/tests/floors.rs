//! Floors: in every crate of the workspace, no file takes from one that takes from it, over however many others. A
//! `mod.rs` that hands on a name of one of its files is a door: who takes the name there takes it from that file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The files of a crate by module path, such as `["watch", "pin"]`, and what each takes by `use`, as whole paths.
type Crate = BTreeMap<Vec<String>, Vec<Taken>>;

/// A path, and whether the file hands it on (`pub use`).
type Taken = (String, bool);

fn crates(folder: &Path, found: &mut Vec<Crate>) {
    if folder.join("Cargo.toml").exists() && folder.join("src").exists() {
        let mut files = Crate::new();
        read(&folder.join("src"), &[], &mut files);
        found.push(files);
    }
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "src" && name != "target" && !name.starts_with('.') {
            crates(&path, found);
        }
    }
}

fn read(folder: &Path, module: &[String], files: &mut Crate) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let inside = [module, std::slice::from_ref(&name)].concat();
        if path.is_dir() && name != "tests" {
            read(&path, &inside, files);
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !name.starts_with("tests")
        {
            let is_root = ["mod", "lib", "main"].contains(&name.as_str());
            let text = fs::read_to_string(&path).expect("a readable source");
            let module = if is_root { module.to_vec() } else { inside };
            files.insert(module, taken(&text));
        }
    }
}

/// What a source takes by `use`, outside its tests: one path for each name. Imports name one module each (rustfmt.toml),
/// so no list stands in a list.
fn taken(text: &str) -> Vec<Taken> {
    let code = text
        .split("\n#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let mut paths = Vec::new();
    for statement in code.split(';') {
        let start = statement
            .lines()
            .position(|line| line.split("use ").count() == 2 && is_use(line));
        let Some(start) = start else { continue };
        let whole: String = statement.lines().skip(start).map(str::trim).collect();
        let (before, path) = whole.split_once("use ").unwrap_or_default();
        let handed_on = before.starts_with("pub");
        match path.split_once("::{") {
            Some((module, names)) => {
                let names = names
                    .trim_end_matches('}')
                    .split(',')
                    .filter(|name| !name.is_empty());
                paths.extend(names.map(|name| (format!("{module}::{}", name.trim()), handed_on)));
            }
            None => paths.push((path.to_owned(), handed_on)),
        }
    }
    paths
}

fn is_use(line: &str) -> bool {
    let before = line.split("use ").next().unwrap_or_default();
    before.is_empty() || before.starts_with("pub") && before.ends_with(' ')
}

/// The file that `path`, as it stands in the file of `module`, leads to; `None` outside the crate.
fn target(files: &Crate, module: &[String], path: &str, doors: usize) -> Option<Vec<String>> {
    let path = path.split(" as ").next().unwrap_or_default();
    let mut parts: Vec<&str> = path.split("::").filter(|part| *part != "self").collect();
    let mut at = match *parts.first()? {
        "crate" => Vec::new(),
        "super" => module[..module.len().checked_sub(1)?].to_vec(),
        first if files.contains_key(&[module, &[first.to_owned()]].concat()) => module.to_vec(),
        _ => return None,
    };
    if ["crate", "super"].contains(&parts[0]) {
        parts.remove(0);
    }
    while let Some(next) = parts
        .first()
        .map(|part| [&at[..], &[(*part).to_owned()]].concat())
    {
        if !files.contains_key(&next) {
            break;
        }
        at = next;
        parts.remove(0);
    }
    // A door: the name comes from one of its files.
    let through = parts.first().filter(|_| doors > 0).and_then(|name| {
        let ends = format!("::{name}");
        let (path, _) = files
            .get(&at)?
            .iter()
            .find(|(path, _)| path.ends_with(&ends))?;
        target(files, &at, path, doors - 1)
    });
    Some(through.unwrap_or(at))
}

fn circle(files: &Crate) -> Option<Vec<String>> {
    let arrows: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> = files
        .iter()
        .map(|(module, paths)| {
            let others = paths.iter().filter_map(|(path, handed_on)| {
                let to = target(files, module, path, 4)?;
                // What a door has from its own files it hands on.
                let through_a_door = *handed_on && to.starts_with(module);
                (!through_a_door && to != *module && files.contains_key(&to)).then_some(to)
            });
            (module, others.collect())
        })
        .collect();
    // Files that nobody below them takes from go, until only circles are left.
    let mut left: BTreeSet<&Vec<String>> = files.keys().collect();
    loop {
        let stays =
            |module: &&Vec<String>| arrows[module].iter().any(|target| left.contains(target));
        let next: BTreeSet<&Vec<String>> = left.iter().copied().filter(stays).collect();
        if next.len() == left.len() {
            let names = left
                .iter()
                .map(|module| module.join("::"))
                .collect::<Vec<_>>();
            return (!names.is_empty()).then_some(names);
        }
        left = next;
    }
}

#[test]
fn no_file_takes_from_one_that_takes_from_it() {
    let mut all = Vec::new();
    crates(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
        &mut all,
    );
    assert!(all.len() >= 10, "the crates of the workspace are found");
    for files in &all {
        assert_eq!(
            circle(files),
            None,
            "these files take from each other, or from files that do"
        );
    }
}

#[test]
fn a_circle_is_found_through_a_door_too() {
    let file = |module: &[&str], paths: &[(&str, bool)]| {
        let module: Vec<String> = module.iter().map(|word| (*word).to_owned()).collect();
        let paths = paths
            .iter()
            .map(|(path, handed_on)| ((*path).to_owned(), *handed_on));
        (module, paths.collect::<Vec<Taken>>())
    };
    let door = file(&[], &[("a::Thing", true)]);
    let a = file(&["a"], &[("crate::b::Other", false)]);
    let straight = [door.clone(), a.clone(), file(&["b"], &[])];
    assert_eq!(circle(&straight.into_iter().collect()), None);
    let round = [door, a, file(&["b"], &[("crate::Thing", false)])];
    assert_eq!(
        circle(&round.into_iter().collect()).map(|names| names.len()),
        Some(2)
    );
}
