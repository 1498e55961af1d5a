//! What stands between the hosts: the kernel's own router or NAT, a bad line, or a
//! middlebox that is simulated.

use super::family::Family;
use super::namespace::Namespace;
use crate::LabError;
use crate::simulated_middlebox::handle::SimulatedMiddlebox;
use crate::simulated_middlebox::{Behaviour, Clock, Expiry, Holds, Orders};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// The middlebox's ports: to the client and to the server.
pub(super) const PORTS: [&str; 2] = ["lan", "wan"];

/// How long a packet takes on a long way, in one direction: as between continents.
pub const ONE_WAY: Duration = Duration::from_millis(50);

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
    /// A router on a bad line.
    Lossy {
        /// So many packets in a hundred are lost, in each direction.
        percent: u8,
        /// So many packets in a hundred are overtaken by those behind them.
        reorders_percent: u8,
    },
    /// One that the kernel does not have, simulated by a program. It translates no addresses.
    Simulated(Behaviour),
    /// A long way: every packet takes [`ONE_WAY`] in each direction, through a simulated middlebox or through a router.
    Far(Option<Behaviour>),
}

/// What a NAT does with a packet that belongs to no connection it knows,
/// whichever side it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unknown {
    /// Drops it and tells nobody.
    Drop,
    /// Answers it with a RST, in the receiver's name.
    Reset,
    /// Answers every one with ICMP "host unreachable", or ICMPv6 "no route".
    Unreachable,
}

impl Middlebox {
    /// One that is simulated, in which a connection expires after so much silence.
    pub const fn simulated(expires_after: Duration, clock: Clock, expiry: Expiry) -> Self {
        Self::Simulated(Behaviour {
            expires_after,
            clock,
            expiry,
        })
    }

    /// Sets up the middlebox in `namespace`. What is returned keeps it alive, where it is a
    /// program, which needs `lab`, the laboratory's own binary.
    pub(super) fn install(
        self,
        lab: Option<&Path>,
        namespace: &Namespace,
        family: Family,
    ) -> Result<Option<SimulatedMiddlebox>, LabError> {
        namespace.set(family.forwarding(), "1")?;
        let orders = match self {
            Self::Router => return Ok(None),
            Self::Nat {
                forgets_after,
                unknown,
            } => return translate(namespace, family, forgets_after, unknown).map(|()| None),
            Self::Lossy {
                percent,
                reorders_percent,
            } => {
                lose(namespace, percent)?;
                if reorders_percent == 0 {
                    return Ok(None);
                }
                Orders {
                    holds: Some(Holds::reordering(reorders_percent)),
                    ..Orders::default()
                }
            }
            Self::Simulated(behaviour) => Orders {
                behaviour: Some(behaviour),
                ..Orders::default()
            },
            Self::Far(behaviour) => Orders {
                behaviour,
                holds: Some(Holds::all(ONE_WAY)),
            },
        };
        let lab = lab.ok_or_else(|| {
            LabError::Premise("this middlebox is simulated: use Network::build_with".to_owned())
        })?;
        SimulatedMiddlebox::start(lab, namespace, family, PORTS, &orders).map(Some)
    }
}

fn translate(
    namespace: &Namespace,
    family: Family,
    forgets_after: u32,
    unknown: Unknown,
) -> Result<(), LabError> {
    let fate = match unknown {
        Unknown::Drop => "drop",
        Unknown::Reset => "reject with tcp reset",
        // The codes that tell Linux not to back off (tcp_v4_err, tcp_v6_err; RFC 6069).
        Unknown::Unreachable => match family {
            Family::V4 => "reject with icmp host-unreachable",
            Family::V6 => "reject with icmpv6 no-route",
        },
    };
    // It answers every packet, not one a second.
    namespace.set(family.icmp_ratelimit(), "0")?;
    // Loading the rules starts connection tracking, and with it the settings appear.
    // A packet to a connection that is forgotten is not translated back: if it comes from
    // the server it is addressed to the middlebox itself, which has no connections of its own.
    namespace.nft(&format!(
        r#"table inet lab {{
                chain translate {{
                    type nat hook postrouting priority srcnat
                    oifname "wan" masquerade
                }}
                chain pass {{
                    type filter hook forward priority filter
                    meta l4proto tcp ct state invalid {fate}
                    ct state new tcp flags & (syn|ack) != syn {fate}
                }}
                chain own {{
                    type filter hook input priority filter
                    iifname != "lo" meta l4proto tcp {fate}
                }}
            }}"#
    ))?;
    namespace.set(
        "netfilter/nf_conntrack_tcp_timeout_established",
        &forgets_after.to_string(),
    )?;
    // Without this it would adopt a connection again in mid-stream.
    namespace.set("netfilter/nf_conntrack_tcp_loose", "0")
}

/// Each packet is looked at once, where it comes in from a host, also if it
/// takes its way through a program.
fn lose(namespace: &Namespace, percent: u8) -> Result<(), LabError> {
    let [lan, wan] = PORTS;
    namespace.nft(&format!(
        r#"table inet lab {{
                chain lose {{
                    type filter hook forward priority filter
                    iifname {{ "{lan}", "{wan}" }} numgen random mod 100 < {percent} drop
                }}
            }}"#
    ))
}
