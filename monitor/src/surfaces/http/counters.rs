//! What the HTTP server counts.

use super::rooms::Rooms;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the server counts.
#[derive(Debug, Default)]
pub struct HttpCounters {
    pub(super) rooms: Rooms,
    refused: [AtomicU64; Refusal::ALL.len()],
}

/// Why a request is not answered with what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No TLS comes about: another protocol, no version or suite in common, a certificate that is not let in.
    Tls,
    /// It names no host where it must, or more than one.
    Malformed,
    /// It names another host.
    Host,
    /// The web configuration is bad.
    Config,
    /// Too many come.
    Rate,
    /// It takes a certificate.
    Certificate,
    /// It takes a name and a password.
    Auth,
}

impl Refusal {
    const ALL: [Self; 7] = [
        Self::Tls,
        Self::Malformed,
        Self::Host,
        Self::Config,
        Self::Rate,
        Self::Certificate,
        Self::Auth,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Malformed => "malformed",
            Self::Host => "host",
            Self::Config => "config",
            Self::Rate => "rate",
            Self::Certificate => "certificate",
            Self::Auth => "auth",
        }
    }
}

impl HttpCounters {
    /// Connections cut, by the room that they were in and why.
    pub fn cut(&self) -> impl Iterator<Item = ([&'static str; 2], u64)> {
        self.rooms.cut()
    }

    /// Requests and handshakes that were refused, by reason.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let all = Refusal::ALL.into_iter();
        all.map(move |why| {
            (
                why.name(),
                self.refused[why as usize].load(Ordering::Relaxed),
            )
        })
    }

    pub(super) fn refuse(&self, why: Refusal) {
        self.refused[why as usize].fetch_add(1, Ordering::Relaxed);
    }
}
