//! Attaching the hooks: which mechanism serves each is found by trying, best first.

use crate::cost::ProgramCost;
use crate::error::{KernelError, Refusal};
use crate::hook_override::{self, HookOverride};
use crate::hook_table::{HOOKS, Hook, Mechanism, RECEIVE};
use crate::link::{self, Attached};
use crate::watch_mode::WatchMode;
use aya::programs::ProgramError;
use aya::{Btf, Ebpf};
use serde::Serialize;

/// What serves a hook on this kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HookStatus {
    /// The hook.
    pub hook: &'static str,
    /// The mechanism in use, such as `tp_btf/tcp_probe`; `None` where none works.
    pub mechanism: Option<String>,
    /// The mechanisms that were tried before it, and why each failed.
    pub refused: Vec<Refusal>,
    /// The mechanisms that were not tried: a better one works, or another is asked for.
    pub untried: Vec<String>,
    /// What the programs of the one in use cost the verifier.
    pub programs: Vec<ProgramCost>,
}

impl HookStatus {
    /// Nothing has been tried yet.
    pub(crate) fn new(hook: &'static str) -> Self {
        Self {
            hook,
            ..Self::default()
        }
    }
}

/// Attaches every hook of this way to watch by the best mechanism that works, of those that
/// `overrides` leaves. Answers besides what serves received segments.
///
/// # Errors
///
/// [`KernelError::TooOld`] where the kernel lacks socket storage for tracing
/// programs, [`KernelError::NoHooks`] where a hook that is needed cannot be had. Another that
/// is missing is no error: it is in the answer.
pub(crate) fn attach_all(
    ebpf: &mut Ebpf,
    btf: &Btf,
    watch: WatchMode,
    overrides: &[HookOverride],
) -> Result<(Vec<HookStatus>, Option<Attached>), KernelError> {
    let mut statuses = Vec::new();
    let mut receive = None;
    let mut missing = None;
    for hook in HOOKS {
        if hook.only.is_some_and(|only| only != watch) {
            continue;
        }
        let (status, attached) = attach(ebpf, btf, hook, overrides);
        if hook.name == RECEIVE {
            receive = attached.into_iter().next();
        }
        if hook.needed && status.mechanism.is_none() {
            missing = Some(status.clone());
        }
        statuses.push(status);
    }
    match missing {
        Some(status) => Err(explain(&[status])),
        None => Ok((statuses, receive)),
    }
}

/// Lets go of every hook that `kept` does not want, whatever serves it: its programs are closed, and their statuses go.
///
/// # Errors
///
/// What the kernel says where it does not let go of one; the others are let go of.
pub(crate) fn detach_all(
    ebpf: &mut Ebpf,
    statuses: &mut Vec<HookStatus>,
    kept: impl Fn(&Hook) -> bool,
) -> Result<(), ProgramError> {
    let mut result = Ok(());
    for hook in HOOKS.iter().filter(|hook| !kept(hook)) {
        for mechanism in hook.mechanisms {
            for (program, _) in mechanism.programs {
                match link::unload(ebpf, mechanism.kind, program) {
                    // One that another mechanism has, or none, has nothing to close.
                    Ok(()) | Err(ProgramError::NotLoaded) => {}
                    Err(error) => result = Err(error),
                }
            }
        }
        statuses.retain(|status| status.hook != hook.name);
    }
    result
}

/// Says why a kernel on which this is missing cannot be watched.
pub(crate) fn explain(missing: &[HookStatus]) -> KernelError {
    let refused: Vec<Refusal> = missing
        .iter()
        .flat_map(|status| status.refused.iter().cloned())
        .collect();
    // 5.10 has the map but not these helpers in tracing programs (they came with
    // 5.11: bpf_sk_storage_get_tracing_proto).
    if refused.iter().any(|refusal| lacks_storage(&refusal.log)) {
        return KernelError::TooOld {
            lacks: "its tracing programs cannot keep socket storage (bpf_sk_storage_get, since 5.11)",
            refused,
        };
    }
    KernelError::NoHooks {
        reason: refused.first().map_or_else(
            || "nothing could be tried".to_owned(),
            |refusal| format!("{}: {}", refusal.mechanism, refusal.reason),
        ),
        refused,
    }
}

fn lacks_storage(verifier_log: &str) -> bool {
    verifier_log.contains("unknown func bpf_sk_storage")
}

fn attach(
    ebpf: &mut Ebpf,
    btf: &Btf,
    hook: &Hook,
    overrides: &[HookOverride],
) -> (HookStatus, Vec<Attached>) {
    let mut status = HookStatus::new(hook.name);
    let mut attached = Vec::new();
    for mechanism in hook.mechanisms {
        let name = mechanism.name();
        if status.mechanism.is_some()
            || !hook_override::permits(overrides, hook.name, mechanism.kind)
        {
            status.untried.push(name);
            continue;
        }
        match programs(ebpf, btf, mechanism) {
            Ok(programs) => {
                status.mechanism = Some(name);
                (status.programs, attached) = programs.into_iter().unzip();
            }
            Err(error) => status.refused.push(Refusal::by_kernel(&name, &error)),
        }
    }
    (status, attached)
}

/// Attaches all programs of a mechanism or none.
fn programs(
    ebpf: &mut Ebpf,
    btf: &Btf,
    of: &Mechanism,
) -> Result<Vec<(ProgramCost, Attached)>, ProgramError> {
    let mut attached = Vec::new();
    for (program, target) in of.programs {
        match Attached::load(ebpf, btf, of.kind, program, target) {
            Ok(one) => attached.push(one),
            Err(error) => {
                for (program, _) in &of.programs[..=attached.len()] {
                    // One that never loaded has nothing to close.
                    let _ = link::unload(ebpf, of.kind, program);
                }
                return Err(error);
            }
        }
    }
    Ok(attached)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_5_10_kernel_is_refused_with_its_reason_and_what_is_needed() {
        let status = HookStatus {
            refused: vec![Refusal {
                log: "12: (85) call bpf_sk_storage_get#107\nunknown func bpf_sk_storage_get#107\n"
                    .to_owned(),
                ..Refusal::new("tp_btf/tcp_probe", "refused by the verifier")
            }],
            ..HookStatus::new(RECEIVE)
        };
        let message = explain(&[status]).to_string();
        assert!(message.contains("too old"), "{message}");
        assert!(message.contains("5.11"), "{message}");
        assert!(message.contains("5.15"), "{message}");
        assert!(
            !message.contains("#107"),
            "no verifier log for people: {message}"
        );
    }

    #[test]
    fn any_other_refusal_names_hook_mechanism_and_reason() {
        let status = HookStatus {
            refused: vec![Refusal::new(
                "tp_btf/tcp_probe",
                "this kernel has no btf_trace_tcp_probe",
            )],
            ..HookStatus::new(RECEIVE)
        };
        let message = explain(&[status]).to_string();
        assert!(
            message.contains("tp_btf/tcp_probe: this kernel has no"),
            "{message}"
        );
    }
}
