//! Ways to start the daemon in which the scenarios are run.

/// One way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// Its name in the table.
    pub name: &'static str,
    /// Further arguments of `tcplull run`, and of `tcplull check`.
    pub arguments: &'static [&'static str],
    /// The scenarios of the laboratory to run.
    pub scenarios: &'static [&'static str],
}

impl Variant {
    /// Whether `tcplull check --self-test` takes its arguments: a way to watch, and no mechanisms.
    pub fn tests_itself(&self) -> bool {
        !self.arguments.contains(&"--hooks")
    }
}

/// What the laboratory's core is: one scenario for each way in which a connection can fare, with either family, with
/// connections older than the daemon, over a long way, and with timers that it sets. Its hosts live in network namespaces
/// other than the daemon's.
const CORE: &[&str] = &[
    "nat-silent-drop",
    "nat-silent-drop-ipv6",
    "nat-rst-next-packet",
    "forged-acks",
    "survives",
    "far-survives",
    "peer-stops-reading",
    "older-connection",
    "another-cgroup",
    "heal-saves",
    "heal-ends-hang",
];

/// Of these, what rests on the hooks that have more than one mechanism: on what they see, and in which order.
const HOOKS: &[&str] = &[
    "nat-silent-drop",
    "nat-rst-next-packet",
    "forged-acks",
    "survives",
    "far-survives",
    "peer-stops-reading",
];

/// The best of the ways to watch, and every hook by the best mechanism that works.
pub const BEST: Variant = Variant {
    name: "best",
    arguments: &[],
    scenarios: CORE,
};

/// Sockets watched one by one, where their callbacks can be set.
pub const PER_SOCKET: Variant = Variant {
    name: "per-socket",
    arguments: &["--watch", "per-socket"],
    scenarios: HOOKS,
};

/// Programs on every segment, where none need run on them.
pub const GLOBAL: Variant = Variant {
    name: "global",
    arguments: &["--watch", "global"],
    scenarios: HOOKS,
};

/// Receiving by fentry, where a BTF tracepoint would work.
pub const RECEIVE_FENTRY: Variant = Variant {
    name: "receive=fentry",
    arguments: &["--hooks", "receive=fentry"],
    scenarios: HOOKS,
};

/// Sending and receiving by fentry, where BTF tracepoints would work.
pub const BOTH_FENTRY: Variant = Variant {
    name: "send,receive=fentry",
    arguments: &["--hooks", "send=fentry,receive=fentry"],
    scenarios: HOOKS,
};
