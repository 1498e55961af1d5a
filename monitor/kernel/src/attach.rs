//! Which mechanism serves each hook: found by trying, best first.

use crate::attach_kind::Kind;
use crate::cost::ProgramCost;
use crate::error::KernelError;
use crate::hook_override::{self as forced, ForcedHook};
use crate::link::{self, Attached};
use crate::preflight;
use crate::watch::WatchMode;
use crate::watch::receive_switch::Gate;
use aya::programs::ProgramError;
use aya::{Btf, BtfError, Ebpf};
use serde::Serialize;

/// One way to serve a hook: programs that must all attach, each with the kernel
/// function or tracepoint it attaches to.
struct Mechanism {
    kind: Kind,
    programs: &'static [(&'static str, &'static str)],
}

/// A hook: what it tells, and the mechanisms that can serve it, best first.
struct Hook {
    name: &'static str,
    /// Where sockets are watched one by one, their callbacks tell the same.
    on_every_segment: bool,
    mechanisms: &'static [Mechanism],
}

/// A new hook or mechanism is one line here and its program on the kernel side.
const HOOKS: &[Hook] = &[
    Hook {
        name: "send",
        on_every_segment: true,
        mechanisms: &[
            Mechanism {
                kind: Kind::Tracepoint,
                programs: &[("send_tracepoint", "tcp_sendmsg_locked")],
            },
            // Before 6.5 there is a second way in; after, the first is enough, and the
            // second function is not there to attach to.
            Mechanism {
                kind: Kind::Fentry,
                programs: &[
                    ("send_fentry", "tcp_sendmsg_locked"),
                    ("send_pages_fentry", "do_tcp_sendpages"),
                ],
            },
            Mechanism {
                kind: Kind::Fentry,
                programs: &[("send_fentry", "tcp_sendmsg_locked")],
            },
        ],
    },
    Hook {
        name: RECEIVE,
        on_every_segment: true,
        mechanisms: &[
            Mechanism {
                kind: Kind::Tracepoint,
                programs: &[("receive_tracepoint", "tcp_probe")],
            },
            Mechanism {
                kind: Kind::Fentry,
                programs: &[("receive_fentry", "tcp_rcv_established")],
            },
        ],
    },
    Hook {
        name: "retransmit",
        on_every_segment: false,
        mechanisms: &[Mechanism {
            kind: Kind::Tracepoint,
            programs: &[("retransmit_tracepoint", "tcp_retransmit_skb")],
        }],
    },
    Hook {
        name: "reset_received",
        on_every_segment: false,
        mechanisms: &[Mechanism {
            kind: Kind::Tracepoint,
            programs: &[("reset_received_tracepoint", "tcp_receive_reset")],
        }],
    },
    Hook {
        name: "reset_sent",
        on_every_segment: false,
        mechanisms: &[Mechanism {
            kind: Kind::Tracepoint,
            programs: &[("reset_sent_tracepoint", "tcp_send_reset")],
        }],
    },
    Hook {
        name: "state",
        on_every_segment: false,
        mechanisms: &[Mechanism {
            kind: Kind::Tracepoint,
            programs: &[("state_tracepoint", "inet_sock_set_state")],
        }],
    },
];

/// The hook that sees arriving segments.
pub(crate) const RECEIVE: &str = "receive";

/// What takes the place of sending and receiving where sockets are watched one by one.
pub(crate) const SOCKETS: &str = "sockets";

/// Every hook with the kind of each of its mechanisms, best first.
pub(crate) fn mechanisms() -> impl Iterator<Item = (&'static str, Kind)> {
    HOOKS.iter().flat_map(|hook| {
        let kinds = hook.mechanisms.iter().map(|mechanism| mechanism.kind);
        kinds.map(move |kind| (hook.name, kind))
    })
}

/// Whether a forced hook is one that runs on every segment.
pub(crate) fn on_every_segment(forced: &ForcedHook) -> bool {
    HOOKS
        .iter()
        .any(|hook| hook.name == forced.hook && hook.on_every_segment)
}

/// What serves a hook on this kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HookStatus {
    /// The hook.
    pub hook: &'static str,
    /// The mechanism in use, such as `tp_btf/tcp_probe`; `None` where none works.
    pub mechanism: Option<String>,
    /// The mechanisms that were tried before it, and why each failed.
    pub refused: Vec<Refusal>,
    /// The mechanisms that were not tried: a better one works, or another is forced.
    pub untried: Vec<String>,
    /// What the programs of the one in use cost the verifier.
    pub programs: Vec<ProgramCost>,
}

/// A mechanism that did not work here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Its name.
    pub mechanism: String,
    /// Why, in one line.
    pub reason: String,
    /// The verifier's log, where there is one.
    #[serde(skip)]
    pub log: String,
}

/// Attaches every hook by the best mechanism that works, of those that `forced` leaves.
/// The one on received segments comes with its gate.
///
/// # Errors
///
/// [`KernelError::TooOld`] where the kernel lacks socket storage for tracing
/// programs, [`KernelError::NoHooks`] where neither sending nor receiving can be
/// watched. A single missing hook is no error: it is in the answer.
pub(crate) fn attach_all(
    ebpf: &mut Ebpf,
    btf: &Btf,
    watch: WatchMode,
    forced: &[ForcedHook],
) -> Result<(Vec<HookStatus>, Option<Gate>), KernelError> {
    let per_socket = watch == WatchMode::PerSocket;
    let mut statuses = Vec::new();
    let mut gate = None;
    let hooks = HOOKS.iter();
    for hook in hooks.filter(|hook| !(per_socket && hook.on_every_segment)) {
        let (status, attached) = attach(ebpf, btf, hook, forced);
        if hook.name == RECEIVE {
            gate = attached.into_iter().next().map(Gate::new);
        }
        statuses.push(status);
    }
    let missing = |name| {
        statuses
            .iter()
            .find(|status| status.hook == name)
            .filter(|status| status.mechanism.is_none())
    };
    // One half alone would call every answered connection silent.
    if let Some(status) = missing(RECEIVE).or_else(|| missing("send")) {
        return Err(explain(std::slice::from_ref(status)));
    }
    Ok((statuses, gate))
}

/// Says why a kernel on which this is missing cannot be watched.
pub(crate) fn explain(missing: &[HookStatus]) -> KernelError {
    let release = preflight::release();
    let refused: Vec<Refusal> = missing
        .iter()
        .flat_map(|status| status.refused.iter().cloned())
        .collect();
    // 5.10 has the map but not these helpers in tracing programs (they came with
    // 5.11: bpf_sk_storage_get_tracing_proto).
    if refused.iter().any(|refusal| lacks_storage(&refusal.log)) {
        return KernelError::TooOld {
            release,
            lacks: "its tracing programs cannot keep socket storage (bpf_sk_storage_get, since 5.11)",
            refused,
        };
    }
    KernelError::NoHooks {
        release,
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
    forced: &[ForcedHook],
) -> (HookStatus, Vec<Attached>) {
    let mut status = HookStatus {
        hook: hook.name,
        ..HookStatus::default()
    };
    let mut attached = Vec::new();
    for mechanism in hook.mechanisms {
        let name = mechanism.name();
        if status.mechanism.is_some() || !forced::permits(forced, hook.name, mechanism.kind) {
            status.untried.push(name);
            continue;
        }
        match mechanism.attach(ebpf, btf) {
            Ok(programs) => {
                status.mechanism = Some(name);
                (status.programs, attached) = programs.into_iter().unzip();
            }
            Err(error) => {
                let (reason, log) = reason(&error);
                status.refused.push(Refusal {
                    mechanism: name,
                    reason,
                    log,
                });
            }
        }
    }
    (status, attached)
}

impl Mechanism {
    fn name(&self) -> String {
        let targets: Vec<&str> = self.programs.iter().map(|(_, target)| *target).collect();
        format!("{}/{}", self.kind.word(), targets.join("+"))
    }

    /// Attaches all programs or none.
    fn attach(
        &self,
        ebpf: &mut Ebpf,
        btf: &Btf,
    ) -> Result<Vec<(ProgramCost, Attached)>, ProgramError> {
        let mut attached = Vec::new();
        for (program, target) in self.programs {
            match Attached::load(ebpf, btf, self.kind, program, target) {
                Ok(one) => attached.push(one),
                Err(error) => {
                    for (program, _) in &self.programs[..=attached.len()] {
                        // One that never loaded has nothing to close.
                        let _ = link::unload(ebpf, self.kind, program);
                    }
                    return Err(error);
                }
            }
        }
        Ok(attached)
    }
}

/// One line on why, and the verifier's log.
pub(crate) fn reason(error: &ProgramError) -> (String, String) {
    match error {
        ProgramError::LoadError {
            io_error,
            verifier_log,
        } => {
            let log = verifier_log.to_string();
            let why = match io_error.raw_os_error() {
                Some(libc_eperm) if libc_eperm == nix::errno::Errno::EPERM as i32 => {
                    "the kernel does not permit it (lockdown, or a security module)".to_owned()
                }
                _ if log.is_empty() => io_error.to_string(),
                // The log can be megabytes; it is kept, for --verbose.
                _ => format!("refused by the verifier ({io_error})"),
            };
            (why, log)
        }
        ProgramError::Btf(BtfError::UnknownBtfTypeName { type_name }) => {
            (format!("this kernel has no {type_name}"), String::new())
        }
        other => (other.to_string(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_5_10_kernel_is_refused_with_its_reason_and_what_is_needed() {
        let status = HookStatus {
            hook: "receive",
            refused: vec![Refusal {
                mechanism: "tp_btf/tcp_probe".to_owned(),
                reason: "refused by the verifier".to_owned(),
                log: "12: (85) call bpf_sk_storage_get#107\nunknown func bpf_sk_storage_get#107\n"
                    .to_owned(),
            }],
            ..HookStatus::default()
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
            hook: "receive",
            refused: vec![Refusal {
                mechanism: "tp_btf/tcp_probe".to_owned(),
                reason: "this kernel has no btf_trace_tcp_probe".to_owned(),
                log: String::new(),
            }],
            ..HookStatus::default()
        };
        let message = explain(&[status]).to_string();
        assert!(
            message.contains("tp_btf/tcp_probe: this kernel has no"),
            "{message}"
        );
    }
}
