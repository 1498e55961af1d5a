//! Why nothing could be done to a socket.

use thiserror::Error;

/// Why nothing could be done to a socket.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ActError {
    /// The process lacks the right to it.
    #[error(
        "not allowed: ending a connection takes CAP_NET_ADMIN over its network namespace; run it as root"
    )]
    NotAllowed,
    /// The kernel was built without it.
    #[error(
        "this kernel cannot end a connection: it was built without CONFIG_INET_DIAG_DESTROY; end the process that holds it"
    )]
    Unsupported,
    /// The network namespace cannot be entered.
    #[error(
        "its network namespace (inode {netns}) is out of reach: {reason}; run it as root, on the host"
    )]
    Namespace {
        /// Inode of the network namespace.
        netns: u32,
        /// Why, in the system's words.
        reason: String,
    },
    /// The network namespace is not to be found.
    #[error(
        "its network namespace (inode {netns}) is not to be found: no process is in it, and it has no name"
    )]
    NamespaceNotFound {
        /// Inode of the network namespace.
        netns: u32,
    },
    /// Timers of sockets cannot be set here.
    #[error("timers of sockets cannot be set here: {reason}")]
    Timers {
        /// Why, in the system's words.
        reason: String,
    },
    /// The kernel says something else.
    #[error("the kernel refuses: {reason}")]
    Refused {
        /// In its words.
        reason: String,
    },
}
