//! The table of hooks: what each tells, which way of watching uses it, and what can serve it.
//!
//! To add a hook: its programs in a file of the kernel side's `hooks/`, and one entry here. What
//! `--hooks` takes, what `check` shows and which programs are attached follow from it.

use crate::watch_mode::WatchMode;

/// All hooks, in the order in which they are attached and shown: what each tells, and in one line
/// how often it runs, its name, and its mechanisms, the best first, with their programs.
#[rustfmt::skip]
pub(crate) const HOOKS: &[Hook] = &[
    // The application hands data over. Before 6.5 there is a second way in; after, the first is
    // enough, and the second function is not there to attach to.
    on_each_segment("send", &[
        tp_btf(&[("send_tracepoint", "tcp_sendmsg_locked")]),
        fentry(&[("send_fentry", "tcp_sendmsg_locked"), ("send_pages_fentry", "do_tcp_sendpages")]),
        fentry(&[("send_fentry", "tcp_sendmsg_locked")]),
    ]),
    // A segment arrives.
    on_each_segment(RECEIVE, &[
        tp_btf(&[("receive_tracepoint", "tcp_probe")]),
        fentry(&[("receive_fentry", "tcp_rcv_established")]),
    ]),
    // A segment is sent again.
    on_event("retransmit", &[tp_btf(&[("retransmit_tracepoint", "tcp_retransmit_skb")])]),
    // A reset arrives.
    on_event("reset_received", &[tp_btf(&[("reset_received_tracepoint", "tcp_receive_reset")])]),
    // A reset is sent.
    on_event("reset_sent", &[tp_btf(&[("reset_sent_tracepoint", "tcp_send_reset")])]),
    // A connection is established, closes or is given up.
    on_event("state", &[tp_btf(&[("state_tracepoint", "inet_sock_set_state")])]),
];

/// The hook that sees arriving segments.
pub(crate) const RECEIVE: &str = "receive";

/// What takes the place of sending and receiving where sockets are watched one by one.
pub(crate) const SOCKETS: &str = "sockets";

/// What takes their place where snapshots are kept of silent sockets.
pub(crate) const REVISIT: &str = "revisit";

/// A hook.
pub(crate) struct Hook {
    pub(crate) name: &'static str,
    /// The way of watching that alone uses it; `None` for both.
    pub(crate) only: Option<WatchMode>,
    /// Whether nothing can be watched without it.
    pub(crate) needed: bool,
    /// What can serve it: tried in this order, the best first.
    pub(crate) mechanisms: &'static [Mechanism],
}

/// Programs, each with the kernel function or tracepoint that it attaches to.
type Programs = &'static [(&'static str, &'static str)];

/// One way to serve a hook: programs that must all attach.
pub(crate) struct Mechanism {
    pub(crate) kind: AttachKind,
    pub(crate) programs: Programs,
}

/// How a program is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttachKind {
    /// To a BTF tracepoint.
    Tracepoint,
    /// To the entry of a kernel function.
    Fentry,
}

/// A hook that runs on every segment of the host. Where sockets are watched one by one, their
/// callbacks tell the same; elsewhere it is needed: one half alone would call every answered
/// connection silent.
const fn on_each_segment(name: &'static str, mechanisms: &'static [Mechanism]) -> Hook {
    Hook {
        name,
        only: Some(WatchMode::Global),
        needed: true,
        mechanisms,
    }
}

/// A hook that runs seldom, in both ways of watching. A kernel may lack it.
const fn on_event(name: &'static str, mechanisms: &'static [Mechanism]) -> Hook {
    Hook {
        name,
        only: None,
        needed: false,
        mechanisms,
    }
}

const fn tp_btf(programs: Programs) -> Mechanism {
    let kind = AttachKind::Tracepoint;
    Mechanism { kind, programs }
}

const fn fentry(programs: Programs) -> Mechanism {
    let kind = AttachKind::Fentry;
    Mechanism { kind, programs }
}

impl Mechanism {
    /// Such as `tp_btf/tcp_probe`.
    pub(crate) fn name(&self) -> String {
        let targets: Vec<&str> = self.programs.iter().map(|(_, target)| *target).collect();
        format!("{}/{}", self.kind.word(), targets.join("+"))
    }
}

impl AttachKind {
    /// As the names of mechanisms begin.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tracepoint => "tp_btf",
            Self::Fentry => "fentry",
        }
    }
}
