//! What stands between the hosts.

use super::namespace::Namespace;
use super::tool;
use crate::LabError;
use serde::Serialize;

/// A kind of middlebox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Middlebox {
    /// Forwards every packet and remembers nothing.
    Router,
    /// A stateful gateway that translates the client's address.
    Nat {
        /// Seconds without a packet after which it forgets a connection.
        forgets_after: u32,
        /// What it does with a packet of a connection that it does not know.
        unknown: Unknown,
    },
}

/// What a NAT does with a packet that belongs to no connection it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// Drops it and tells nobody.
    Drop,
    /// Answers it with a RST, in the receiver's name.
    Reset,
}

impl Middlebox {
    pub(super) fn install(self, place: &Namespace) -> Result<(), LabError> {
        place.set("ipv4/ip_forward", "1")?;
        let Self::Nat {
            forgets_after,
            unknown,
        } = self
        else {
            return Ok(());
        };
        let fate = match unknown {
            Unknown::Drop => "drop",
            Unknown::Reset => "reject with tcp reset",
        };
        // Loading the rules starts connection tracking, and with it the settings appear.
        place.within(|| {
            tool::nft(&format!(
                r#"table ip lab {{
                    chain translate {{
                        type nat hook postrouting priority srcnat
                        oifname "wan" masquerade
                    }}
                    chain pass {{
                        type filter hook forward priority filter
                        meta l4proto tcp ct state invalid {fate}
                        ct state new tcp flags & (syn|ack) != syn {fate}
                    }}
                }}"#
            ))
        })??;
        place.set(
            "netfilter/nf_conntrack_tcp_timeout_established",
            &forgets_after.to_string(),
        )?;
        // Without this it would adopt a connection again in mid-stream.
        place.set("netfilter/nf_conntrack_tcp_loose", "0")
    }
}
