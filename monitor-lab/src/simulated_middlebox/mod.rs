//! Middleboxes that the kernel does not have: a program in the middlebox's
//! namespace sees every packet between the hosts and does with it what such
//! middleboxes do.
//!
//! Packets reach it through a TUN device that the middlebox routes everything
//! into; what it writes back is routed on to the hosts by the kernel and never
//! meets it again. The device goes with the program: then the kernel forwards by
//! itself, so nothing is ever stuck.
//!
//! The testbed runs its own binary again for it ([`process`]) and holds it by a
//! [`handle`]. What it does with a packet is decided in [`engine`], which has
//! no clock and no device of its own.

pub mod engine;
mod flow;
pub mod handle;
pub mod packet;
pub mod process;
#[cfg(test)]
mod tests;
mod tun;

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The name of the TUN device in the middlebox's namespace.
pub const DEVICE: &str = "box0";

/// How a middlebox treats connections that fall silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behaviour {
    /// The silence after which a connection expires.
    pub expires_after: Duration,
    /// What it takes for silence.
    pub clock: Clock,
    /// What becomes of a connection that has expired.
    pub expiry: Expiry,
}

/// What keeps a connection from expiring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    /// Any packet, a keepalive probe too, as a gateway counts.
    Packets,
    /// Only application data, as a proxy counts.
    Payload,
}

impl Clock {
    /// The word in `tcplull`'s configuration and findings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Packets => "packets",
            Self::Payload => "payload",
        }
    }
}

/// What becomes of a connection that has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expiry {
    /// Nobody is told. Its packets are dropped from then on.
    Drops,
    /// Nobody is told. Each of its packets is answered with a RST, in the name of the peer.
    Resets,
    /// Its packets are dropped until so many seconds after the first that was;
    /// then all is as before.
    DropsFor(u32),
    /// Both ends get a RST at once.
    ResetsBoth,
    /// Both ends get a FIN at once, in the other's name. Later their FINs are
    /// acknowledged, and data is answered with a RST, as by a program that has closed.
    FinishesBoth,
    /// Nobody is told. Every segment from the client is acknowledged in the
    /// server's name, and neither end hears of the other again.
    Forges {
        /// The timestamp option of what is forged.
        timestamps: Forged,
        /// Seconds from the first data that was swallowed to a FIN in the server's
        /// name; never if `None`.
        fin_after: Option<u32>,
    },
    /// Everything passes, but the server's timestamp clock looks as if it had
    /// stood still in the silence.
    HoldsClock,
}

/// The timestamp option of a forged segment, where the connection has agreed on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forged {
    /// There is none.
    Missing,
    /// The last value that the server itself was seen to send.
    Frozen,
}

/// Packets that a middlebox sends on late; those behind them that it does not hold overtake them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    /// So many in a hundred, in each direction.
    pub percent: u8,
    /// For so long.
    pub back: Duration,
}

impl Holds {
    /// So many in a hundred are overtaken: held back for longer than a burst takes, far shorter than the first
    /// retransmission's 200 ms.
    pub const fn reordering(percent: u8) -> Self {
        Self {
            percent,
            back: Duration::from_millis(4),
        }
    }

    /// All of them, in their order, as on a long way.
    pub const fn all(back: Duration) -> Self {
        Self { percent: 100, back }
    }
}

/// All that the program is told at its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// How it treats silent connections; like any other if `None`.
    pub behaviour: Option<Behaviour>,
    /// What it holds back.
    pub holds: Option<Holds>,
}
