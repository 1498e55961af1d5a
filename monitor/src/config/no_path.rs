//! What a configuration without a path comes to, said once: whoever starts the daemon for the first time is told what to write.

use super::{Config, dmi};
use std::path::Path;

impl Config {
    /// What it means that there is no path, and what to write; `None` where there is one.
    pub fn without_path(&self) -> Option<String> {
        self.paths.is_empty().then(|| note(Path::new(dmi::ROOT)))
    }
}

/// On a machine whose DMI strings lie below `dmi_root`.
fn note(dmi_root: &Path) -> String {
    let preset = match dmi::guess(dmi_root) {
        Some(preset) => format!("preset = {preset:?}, which fits this host's cloud"),
        None => {
            "a preset, or name and timeout (this machine's DMI strings name no cloud)".to_owned()
        }
    };
    format!(
        "no path is configured, so no silence has a timeout to cross: stalls are told, and what follows a silence of a minute \
         and more; where a box on the way forgets, state it: --timeout 4m, or in the file [[path]] with {preset}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_to_write_and_names_the_clouds_own_preset() {
        let nowhere = note(Path::new("/nonexistent"));
        assert!(
            nowhere.contains("--timeout 4m") && nowhere.contains("name no cloud"),
            "{nowhere}"
        );
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("sys_vendor"), "Amazon EC2\n").unwrap();
        let amazon = note(root.path());
        assert!(amazon.contains("preset = \"aws-nat-gateway\""), "{amazon}");
        for text in [nowhere, amazon] {
            assert!(!text.contains('\n'), "{text}");
        }
    }
}
