//! The configuration.

use monitor::config::{Config, Overrides};
use std::fs;
use std::path::Path;

/// Any bytes as a configuration: they are understood, or refused in one line.
#[test]
fn load() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("config.toml");
    bolero::check!().for_each(|bytes| {
        fs::write(&file, bytes).expect("it is written");
        match Config::load(
            Some(&file),
            Path::new("/nonexistent"),
            &Overrides::default(),
        ) {
            Ok(config) => assert!(config.paths.iter().all(|path| !path.remote.is_empty())),
            Err(error) => {
                let text = error.to_string();
                assert!(text.chars().all(|letter| !letter.is_control()), "{text:?}");
            }
        }
    });
}
