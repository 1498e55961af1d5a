//! The wish to have a hook served by one kind of mechanism only: for tests, and where a
//! mechanism misbehaves.

use crate::attach as hooks;
use crate::attach_kind::Kind;
use std::str::FromStr;

/// A hook, and the kind of mechanism that alone may serve it: `send=fentry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForcedHook {
    pub(crate) hook: &'static str,
    pub(crate) kind: Kind,
}

/// There is no such hook, or no such mechanism of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are: {}", known.join(", "))]
pub struct UnknownHook {
    known: Vec<String>,
}

impl FromStr for ForcedHook {
    type Err = UnknownHook;

    fn from_str(text: &str) -> Result<Self, UnknownHook> {
        let known = known();
        known
            .iter()
            .find(|forced| forced.text() == text)
            .copied()
            .ok_or_else(|| UnknownHook {
                known: known.iter().map(Self::text).collect(),
            })
    }
}

impl ForcedHook {
    fn text(&self) -> String {
        format!("{}={}", self.hook, self.kind.word())
    }
}

/// Every hook with every kind of its mechanisms, best first.
fn known() -> Vec<ForcedHook> {
    let mut known = Vec::new();
    for (hook, kind) in hooks::mechanisms() {
        let forced = ForcedHook { hook, kind };
        if !known.contains(&forced) {
            known.push(forced);
        }
    }
    known
}

/// Whether `hook` may be served by a mechanism of `kind`: all are free that nobody
/// speaks of.
pub(crate) fn permits(forced: &[ForcedHook], hook: &str, kind: Kind) -> bool {
    let mut of_hook = forced
        .iter()
        .filter(|forced| forced.hook == hook)
        .peekable();
    of_hook.peek().is_none() || of_hook.any(|forced| forced.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hook_that_is_spoken_of_is_served_by_nothing_else() {
        let forced: Vec<ForcedHook> = vec!["send=fentry".parse().unwrap()];
        assert!(permits(&forced, "send", Kind::Fentry));
        assert!(!permits(&forced, "send", Kind::Tracepoint));
        assert!(permits(&forced, "receive", Kind::Tracepoint));
        assert!(permits(&forced, "receive", Kind::Fentry));
    }

    #[test]
    fn what_is_unknown_is_answered_with_all_there_is_each_once() {
        for text in ["send=kprobe", "sent=fentry", "send", "", "state=fentry"] {
            let message = text.parse::<ForcedHook>().unwrap_err().to_string();
            assert!(
                message.starts_with("there are: send=tp_btf, send=fentry, receive=tp_btf,"),
                "{message}"
            );
        }
    }
}
