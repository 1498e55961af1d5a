//! What a client's certificate shows.

/// What a client's certificate comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certificate {
    /// It says nothing, and none is needed.
    Idle,
    /// One is needed, and there is none.
    Missing,
    /// It is that of somebody who is known.
    Proves,
}
