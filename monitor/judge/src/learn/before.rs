//! What was learned, as it is kept until the next start.

use super::lived::Lived;
use crate::peers::contrast::First;
use crate::peers::prefix;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What is learned of one path, remote prefix and side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearnedBefore {
    #[serde(flatten)]
    pub(super) key: Key,
    pub(super) lived: Lived,
}

impl LearnedBefore {
    /// It as one line of JSON.
    pub fn to_line(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}

/// Of what it is learned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) path: Option<String>,
    /// Whether its silences are counted by the payload clock.
    pub(super) by_payload: bool,
    /// The /24 or /64, the rest zero.
    pub(super) prefix: IpAddr,
    /// Whether the peer spoke first after the silence: boxes keep rules of their own for what comes from outside.
    pub(super) by_peer: bool,
}

impl Key {
    pub(super) fn new(path: Option<String>, by_payload: bool, ip: IpAddr, first: First) -> Self {
        Self {
            path,
            by_payload,
            prefix: prefix::prefix(ip),
            by_peer: first == First::Peer,
        }
    }
}
