//! The ways in which a program of a hook is attached.

/// How a hook's program is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// To a BTF tracepoint.
    Tracepoint,
    /// To the entry of a kernel function.
    Fentry,
}

impl Kind {
    /// As the names of mechanisms begin.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tracepoint => "tp_btf",
            Self::Fentry => "fentry",
        }
    }
}
