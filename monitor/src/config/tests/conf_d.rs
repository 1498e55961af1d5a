//! The folder of further paths.

use super::*;
use std::fs;
use std::os::unix::fs::symlink;

/// A default configuration and its folder, read as a daemon does.
struct Folder {
    dir: TempDir,
    last: LastGood,
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("conf.d")).unwrap();
        let folder = Self {
            dir,
            last: LastGood::default(),
        };
        files
            .iter()
            .for_each(|(name, text)| folder.write(name, text));
        folder
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    fn load(&mut self) -> Result<Config, String> {
        let file = self.dir.path().join("config.toml");
        let overrides = Overrides::default();
        let read = Config::load_on(None, &file, &overrides, self.dir.path(), &mut self.last);
        let place = format!("{}/", self.dir.path().display());
        read.map_err(|error| error.to_string().replace(&place, ""))
    }

    fn names(&mut self) -> Vec<String> {
        let paths = self.load().unwrap().paths;
        paths.into_iter().map(|path| path.name).collect()
    }
}

fn path(name: &str, net: u8) -> String {
    format!("[[path]]\nname = \"{name}\"\nremote = [\"10.{net}.0.0/16\"]\ntimeout = \"4m\"\n")
}

#[test]
fn its_files_add_paths_in_the_order_of_their_names() {
    let mut folder = Folder::new(&[
        ("conf.d/20-b.toml", &path("b", 2)),
        ("conf.d/10-a.toml", &path("a", 1)),
        ("conf.d/.hidden.toml", "broken"),
        ("conf.d/10-a.toml.bak", "broken"),
    ]);
    assert_eq!(folder.names(), ["a", "b"], "without a configuration file");
    folder.write("config.toml", &path("main", 3));
    assert_eq!(folder.names(), ["main", "a", "b"]);
    let config = folder.load().unwrap();
    assert!(config.paths[2].place.ends_with("conf.d/20-b.toml:1"));
}

#[test]
fn a_file_that_is_named_stands_for_itself_unless_it_names_a_folder() {
    let folder = Folder::new(&[("conf.d/a.toml", &path("a", 1)), ("mine.toml", "")]);
    let mine = folder.dir.path().join("mine.toml");
    let load = || Config::load(Some(&mine), &mine, &Overrides::default());
    assert!(load().unwrap().paths.is_empty());
    let dir = folder.dir.path().join("conf.d");
    folder.write("mine.toml", &format!("conf_dir = {dir:?}\n"));
    assert_eq!(load().unwrap().paths.len(), 1);
    folder.write("mine.toml", "conf_dir = \"/nonexistent/conf.d\"\n");
    let missing = load().unwrap_err().to_string();
    assert!(
        missing.contains("/nonexistent/conf.d: cannot read"),
        "{missing}"
    );
    folder.write("mine.toml", "conf_dir = \"conf.d\"\n");
    assert!(load().unwrap_err().to_string().contains("no absolute path"));
}

#[test]
fn at_the_start_a_wrong_file_is_refused_by_its_line() {
    for (text, words) in [
        ("[[path]]\nname = 1\n", "conf.d/b.toml:2: name must be"),
        ("[[path]\n", "conf.d/b.toml:1: not valid TOML"),
        (
            "\nmin_gap = \"1s\"\n",
            "conf.d/b.toml:2: min_gap is for the configuration file",
        ),
        (
            &path("a", 2),
            "conf.d/b.toml:2: the name \"a\" is taken by the path in conf.d/a.toml:2",
        ),
        (
            &path("b", 1),
            "conf.d/b.toml:3: 10.1.0.0/16 for all ports is already taken",
        ),
    ] {
        let mut folder = Folder::new(&[("conf.d/a.toml", &path("a", 1)), ("conf.d/b.toml", text)]);
        let message = folder.load().unwrap_err();
        assert!(message.starts_with(words), "{message}");
    }
}

#[test]
fn later_a_wrong_file_costs_no_other_anything() {
    let mut folder = Folder::new(&[
        ("conf.d/a.toml", &path("a", 1)),
        ("conf.d/b.toml", &path("b", 2)),
    ]);
    assert_eq!(folder.names(), ["a", "b"]);
    folder.write("conf.d/a.toml", "[[path]\n");
    folder.write("conf.d/b.toml", &path("new", 2));
    folder.write("conf.d/c.toml", "broken");
    let config = folder.load().unwrap();
    assert_eq!(folder.names(), ["a", "new"]);
    assert_eq!(config.faults.len(), 2, "{:?}", config.faults);
    assert!(config.faults[0].contains("conf.d/a.toml:1: not valid TOML"));
    assert!(config.faults[0].contains("that it had before stay in force"));
    assert!(config.faults[1].contains("left out"));
    // One that takes another's name is at fault, wherever it stands.
    folder.write("conf.d/a.toml", &path("new", 1));
    fs::remove_file(folder.dir.path().join("conf.d/c.toml")).unwrap();
    assert_eq!(folder.names(), ["a", "new"]);
    fs::remove_file(folder.dir.path().join("conf.d/a.toml")).unwrap();
    assert_eq!(folder.names(), ["new"]);
    // The configuration file has no other to go back to.
    folder.write("config.toml", "broken");
    assert!(folder.load().is_err());
}

#[test]
fn what_is_no_file_is_refused_and_waited_for_by_nobody() {
    let mut folder = Folder::new(&[]);
    let place = folder.dir.path().join("conf.d/a.toml");
    fs::create_dir(&place).unwrap();
    assert!(
        folder
            .load()
            .unwrap_err()
            .contains("conf.d/a.toml: no regular file")
    );
    fs::remove_dir(&place).unwrap();
    symlink(&place, &place).unwrap();
    assert!(
        folder
            .load()
            .unwrap_err()
            .contains("conf.d/a.toml: cannot read it")
    );
    fs::remove_file(&place).unwrap();
    fs::File::create(&place)
        .unwrap()
        .set_len(MAX_FILE_BYTES + 1)
        .unwrap();
    assert!(
        folder
            .load()
            .unwrap_err()
            .contains("longer than 1048576 bytes")
    );
}
