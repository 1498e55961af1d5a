//! A connection as alerts know it.

use monitor_model::finding::{Cause, Outcome};

/// The name of alerts on silences that last beyond their path's timeout.
pub(super) const CROSSED: &str = "crossed";

/// A connection, by the hash of its id. The same in every run, since alerts outlive the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ConnectionId(pub(super) u128);

impl ConnectionId {
    /// Of [`monitor_model::finding::Connection::id`]. FNV-1a of 128 bits: a host has too few connections for two of
    /// them to meet, and nobody outside chooses a socket's cookie.
    pub(super) fn of(id: &str) -> Self {
        Self(fnv_1a(id))
    }
}

/// A path, by the hash of its name: alerts that have connections of several paths know which is whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PathHash(pub(super) u128);

impl PathHash {
    pub(super) fn of(path: &str) -> Self {
        Self(fnv_1a(path))
    }
}

fn fnv_1a(text: &str) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    text.bytes().fold(BASIS, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(PRIME)
    })
}

/// One thing that was told of a connection. By connection first: all of one stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Member {
    pub(super) connection: ConnectionId,
    /// What was found: the name of the outcome or cause, or [`CROSSED`].
    pub(super) name: &'static str,
}

impl Member {
    /// The least of this connection.
    pub(super) fn first(connection: ConnectionId) -> Self {
        Self {
            connection,
            name: "",
        }
    }
}

/// The name that findings of this build have, if it is one.
pub(super) fn known_name(name: &str) -> Option<&'static str> {
    let outcomes = Outcome::ALL.iter().map(|outcome| outcome.name());
    let causes = Cause::ALL.iter().map(|cause| cause.name());
    let mut all = [CROSSED].into_iter().chain(outcomes).chain(causes);
    all.find(|known| *known == name)
}

/// Whether this is told of an owner, whose alert shows one connection for many: what becomes of that one ends it not.
pub(super) fn is_pile(name: &str) -> bool {
    name == Cause::CloseWait.name()
}

/// Whether stalls have this name.
pub(super) fn is_stall(name: &str) -> bool {
    Cause::ALL.iter().any(|cause| cause.name() == name)
}
