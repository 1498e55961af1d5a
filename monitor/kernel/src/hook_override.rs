//! The wish to have a hook served by one kind of mechanism only: for tests, and where a
//! mechanism misbehaves.

use crate::hook_table::{AttachKind, HOOKS};
use crate::watch_mode::WatchMode;
use std::str::FromStr;

/// A hook, and the kind of mechanism that alone may serve it: `send=fentry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookOverride {
    pub(crate) hook: &'static str,
    pub(crate) kind: AttachKind,
}

/// There is no such hook, or no such mechanism of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are: {}{}", known.join(", "), hint(meant.as_deref()))]
pub struct UnknownHook {
    known: Vec<String>,
    /// The one that is nearest to what was written.
    meant: Option<String>,
}

impl UnknownHook {
    fn new(text: &str) -> Self {
        /// As unlike as one or two letters that were mistyped make a name: as far as keys of the configuration may be.
        const CLOSE: f64 = 0.8;
        let known: Vec<String> = known().iter().map(HookOverride::text).collect();
        let near = known
            .iter()
            .map(|one| (strsim::jaro_winkler(text, one), one));
        let near = near.filter(|(likeness, _)| *likeness >= CLOSE);
        let meant = near.max_by(|one, other| one.0.total_cmp(&other.0));
        Self {
            meant: meant.map(|(_, one)| one.clone()),
            known,
        }
    }
}

fn hint(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |one| format!("; did you mean {one:?}?"))
}

impl FromStr for HookOverride {
    type Err = UnknownHook;

    fn from_str(text: &str) -> Result<Self, UnknownHook> {
        let known = known();
        let found = known.iter().find(|one| one.text() == text);
        found.copied().ok_or_else(|| UnknownHook::new(text))
    }
}

impl HookOverride {
    /// The way of watching that alone has this hook.
    pub(crate) fn watch(&self) -> Option<WatchMode> {
        HOOKS.iter().find(|hook| hook.name == self.hook)?.only
    }

    fn text(&self) -> String {
        format!("{}={}", self.hook, self.kind.word())
    }
}

/// Every hook with every kind of its mechanisms, best first.
fn known() -> Vec<HookOverride> {
    let mut known: Vec<_> = HOOKS
        .iter()
        .flat_map(|of| {
            let hook = of.name;
            let kinds = of.mechanisms.iter().map(|mechanism| mechanism.kind);
            kinds.map(move |kind| HookOverride { hook, kind })
        })
        .collect();
    // A hook's mechanisms of one kind follow each other.
    known.dedup();
    known
}

/// Whether `hook` may be served by a mechanism of `kind`: all are free that nobody speaks of.
pub(crate) fn permits(overrides: &[HookOverride], hook: &str, kind: AttachKind) -> bool {
    let mut of_hook = overrides.iter().filter(|one| one.hook == hook).peekable();
    of_hook.peek().is_none() || of_hook.any(|one| one.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_that_is_spoken_of_is_served_by_nothing_else() {
        let overrides: Vec<HookOverride> = vec!["send=fentry".parse().unwrap()];
        assert!(permits(&overrides, "send", AttachKind::Fentry));
        assert!(!permits(&overrides, "send", AttachKind::Tracepoint));
        assert!(permits(&overrides, "receive", AttachKind::Tracepoint));
        assert!(permits(&overrides, "receive", AttachKind::Fentry));
    }

    #[test]
    fn what_is_unknown_is_answered_with_all_there_is_each_once() {
        for text in ["send=kprobe", "sent=fentry", "send", "", "state=fentry"] {
            let message = text.parse::<HookOverride>().unwrap_err().to_string();
            assert!(
                message.starts_with("there are: send=tp_btf, send=fentry, receive=tp_btf,"),
                "{message}"
            );
        }
    }

    #[test]
    fn a_letter_that_was_mistyped_is_answered_with_the_nearest() {
        let message = |text: &str| text.parse::<HookOverride>().unwrap_err().to_string();
        for text in ["sned=fentry", "send=fenrty"] {
            assert!(
                message(text).ends_with("; did you mean \"send=fentry\"?"),
                "{}",
                message(text)
            );
        }
        assert!(!message("x").contains("did you mean"));
    }
}
