//! What can go wrong with a connection, as far as a probe tells it apart.

use std::io;

/// What went wrong with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// A FIN came.
    Closed,
    /// A RST came.
    Reset,
    /// ICMP says that there is no way.
    Unreachable,
    /// Nothing came in time.
    Timeout,
    /// The other side has as many connections as it takes, or was asked often enough, and says so.
    Full,
    /// Something came that is no answer, or this host failed.
    Nonsense(String),
}

impl Trouble {
    /// In words, of a connection that was just opened.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Closed => "it was closed at once".to_owned(),
            Self::Reset => "it was reset".to_owned(),
            Self::Unreachable => "it cannot be reached".to_owned(),
            Self::Timeout => "nothing answered in time".to_owned(),
            Self::Full => "it takes no more connections for now".to_owned(),
            Self::Nonsense(what) => what.clone(),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionAborted => Self::Reset,
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Self::Unreachable,
            io::ErrorKind::TimedOut => Self::Timeout,
            _ => Self::Nonsense(error.to_string()),
        }
    }
}
