/// How a hook's program is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// To a BTF tracepoint.
    Tracepoint,
    /// To the entry of a kernel function.
    Fentry,
}

impl Kind {
    /// As the names of mechanisms begin.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Tracepoint => "tp_btf",
            Self::Fentry => "fentry",
        }
    }
}
