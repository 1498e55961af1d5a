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
#[error("there are: {}", known.join(", "))]
pub struct UnknownHook {
    known: Vec<String>,
}

impl FromStr for HookOverride {
    type Err = UnknownHook;

    fn from_str(text: &str) -> Result<Self, UnknownHook> {
        let known = known();
        known
            .iter()
            .find(|one| one.text() == text)
            .copied()
            .ok_or_else(|| UnknownHook {
                known: known.iter().map(Self::text).collect(),
            })
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
}
