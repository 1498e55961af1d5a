//! The web configuration.

use monitor::surfaces::http::WebConfig;
use std::fs;

/// Any bytes as a web configuration: they are understood, or refused in one line.
#[test]
fn load() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("web.yml");
    bolero::check!().for_each(|bytes| {
        fs::write(&file, bytes).expect("it is written");
        if let Err(error) = WebConfig::load(&file, true) {
            let text = error.to_string();
            assert!(!text.contains('\n'), "{text:?}");
        }
    });
}
