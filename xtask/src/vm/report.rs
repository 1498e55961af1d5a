//! What `tcplull check --json` reports: how each hook is served, and what its programs cost.

use super::costs::Cost;
use serde::Deserialize;

/// The report, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The kernel's release.
    pub kernel: Option<String>,
    /// Every hook.
    pub hooks: Vec<Hook>,
    /// What sets timers of sockets.
    heal: Option<Heal>,
    watch: Option<Watch>,
}

#[derive(Debug, Deserialize)]
struct Watch {
    mode: String,
}

#[derive(Debug, Deserialize)]
struct Heal {
    programs: Vec<Cost>,
}

/// One hook.
#[derive(Debug, Deserialize)]
pub struct Hook {
    /// Its name.
    pub hook: String,
    /// The mechanism that serves it, such as `tp_btf/tcp_probe`.
    pub mechanism: Option<String>,
    #[serde(default)]
    refused: Vec<Refused>,
    #[serde(default)]
    untried: Vec<String>,
    #[serde(default)]
    programs: Vec<Cost>,
}

#[derive(Debug, Deserialize)]
struct Refused {
    mechanism: String,
}

impl Report {
    /// How connections are watched, by its name.
    pub fn mode(&self) -> Option<&str> {
        self.watch.as_ref().map(|watch| &*watch.mode)
    }

    /// The costs of all programs.
    pub fn costs(&self) -> Vec<Cost> {
        let programs = self.hooks.iter().flat_map(|hook| &hook.programs);
        let heal = self.heal.iter().flat_map(|heal| &heal.programs);
        programs.chain(heal).cloned().collect()
    }
}

impl Hook {
    /// Mechanisms that there are besides: refused by this kernel, or not needed.
    pub fn others(&self) -> impl Iterator<Item = &String> {
        let refused = self.refused.iter().map(|refused| &refused.mechanism);
        refused.chain(&self.untried)
    }
}
