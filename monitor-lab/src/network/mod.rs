//! Two hosts and the middlebox between them, each in a network namespace:
//!
//! ```text
//! client  eth0 ─── lan  middlebox  wan ─── eth0  server
//! 198.18.B.2   198.18.B.1    198.19.B.1   198.19.B.2
//! ```
//!
//! The addresses are those set aside for benchmarks (198.18.0.0/15 by RFC 2544 and
//! 2001:2::/48 by RFC 5180), so they meet nobody's real network; `B` is this network's
//! own [`block`].

pub mod block;
pub mod cgroup;
pub mod clients;
mod conntrack;
pub mod family;
pub mod faults;
pub mod middlebox;
pub mod namespace;
pub mod stale;
pub(crate) mod tool;

use crate::LabError;
use crate::ends::End;
use crate::simulated_middlebox::handle::SimulatedMiddlebox;
use crate::testbed::wait::BOUND;
use block::Block;
use family::Family;
use middlebox::{Middlebox, PORTS};
use namespace::Namespace;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{io, thread};

/// A port that nothing on the middlebox listens on: "discard" (RFC 863).
const CLOSED_PORT: u16 = 9;

/// How long a knock at it waits for an answer.
const KNOCK: Duration = Duration::from_millis(300);

/// Networks built by this process so far, for their names.
static BUILT: AtomicU32 = AtomicU32::new(0);

/// A running network. Dropping it removes it.
#[derive(Debug)]
pub struct Network {
    /// The program in the middle, if there is one. First, so that it ends before
    /// its namespace goes.
    program: Option<SimulatedMiddlebox>,
    /// The host that opens connections.
    pub client: Namespace,
    /// The gateway of both hosts.
    pub middlebox: Namespace,
    /// The host that accepts connections.
    pub server: Namespace,
    /// Its addresses. Last, so that they are given back after the namespaces are gone.
    pub block: Block,
}

impl Network {
    /// Builds a network of IPv4 addresses with a middlebox that needs no program.
    ///
    /// # Errors
    /// As [`Self::build_with`], and [`LabError::Premise`] if `kind` is a program.
    pub fn build(kind: &Middlebox) -> Result<Self, LabError> {
        Self::set_up(None, Family::V4, kind)
    }

    /// Builds the three namespaces with addresses of `family`, joins them, and starts
    /// `kind` in the middle. `lab` is the laboratory's own binary. The calling thread must
    /// live as long as the network: see [`crate::children::Guarded::start`].
    ///
    /// # Errors
    /// Whatever the kernel or the tools refuse; what was built is removed again.
    pub fn build_with(lab: &Path, family: Family, kind: &Middlebox) -> Result<Self, LabError> {
        Self::set_up(Some(lab), family, kind)
    }

    fn set_up(lab: Option<&Path>, family: Family, kind: &Middlebox) -> Result<Self, LabError> {
        let block = Block::claim_of(family)?;
        let number = BUILT.fetch_add(1, Ordering::Relaxed);
        let mut network = Self {
            program: None,
            client: Namespace::create(number, "client")?,
            middlebox: Namespace::create(number, "middlebox")?,
            server: Namespace::create(number, "server")?,
            block,
        };
        network.join()?;
        network.program = kind.install(lab, &network.middlebox, family)?;
        Ok(network)
    }

    fn join(&self) -> Result<(), LabError> {
        let family = self.block.family();
        let v = family.option();
        let bits = self.block.prefix_length();
        // Nobody else is there to hold the same address, and waiting for them takes a second.
        let sure = match family {
            Family::V4 => "",
            Family::V6 => " nodad",
        };
        if family == Family::V6 {
            for namespace in [&self.client, &self.middlebox, &self.server] {
                namespace.set("ipv6/conf/default/accept_dad", "0")?;
            }
        }
        let [lan, wan] = PORTS;
        let sides = [
            (&self.client, lan, block::CLIENT_SIDE),
            (&self.server, wan, block::SERVER_SIDE),
        ];
        for (host, port, side) in sides {
            let middlebox = self.middlebox.name();
            // Both ends are created where they belong: nothing ever appears in
            // the namespace that the testbed was started in.
            tool::ip(&format!(
                "link add eth0 netns {} type veth peer name {port} netns {middlebox}",
                host.name()
            ))?;
            let gateway = self.block.gateway(side);
            let address = self.block.host(side);
            host.ip(&format!("{v} addr add {address}/{bits} dev eth0{sure}"))?;
            host.ip("link set eth0 up")?;
            self.middlebox
                .ip(&format!("{v} addr add {gateway}/{bits} dev {port}{sure}"))?;
            self.middlebox.ip(&format!("link set {port} up"))?;
            host.ip(&format!("{v} route add default via {gateway}"))?;
        }
        if family == Family::V6 {
            self.await_neighbours()?;
        }
        Ok(())
    }

    /// Waits until each host and the gateway have found each other. Under IPv6 a link
    /// takes up to a second to get ready, and a first SYN that is lost in that time makes
    /// the connection believe in a round trip of a second.
    fn await_neighbours(&self) -> Result<(), LabError> {
        let sides = [
            (&self.client, block::CLIENT_SIDE),
            (&self.server, block::SERVER_SIDE),
        ];
        for (host, side) in sides {
            let closed = SocketAddr::new(self.block.gateway(side), CLOSED_PORT);
            let until = Instant::now() + BOUND;
            let refused = || -> bool {
                let knock = TcpStream::connect_timeout(&closed, KNOCK);
                knock.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
            };
            let found = host.within(|| {
                while !refused() {
                    if Instant::now() >= until {
                        return false;
                    }
                    // An error may come at once.
                    thread::sleep(Duration::from_millis(10));
                }
                true
            })?;
            if !found {
                return Err(LabError::InVain {
                    until: format!("{} reaches its gateway", host.name()),
                    bound: BOUND,
                });
            }
        }
        Ok(())
    }

    /// The process id of the program in the middle, if there is one.
    pub fn program(&self) -> Option<u32> {
        self.program.as_ref().map(SimulatedMiddlebox::pid)
    }

    /// The server's own address.
    pub fn server_address(&self) -> IpAddr {
        self.block.host(block::SERVER_SIDE)
    }

    /// The address of a service that the middlebox leads to the server.
    pub fn service_address(&self) -> IpAddr {
        self.block.next_host(block::SERVER_SIDE)
    }

    /// From now on the middlebox leads what is sent to [`Self::service_address`] to the server.
    ///
    /// # Errors
    /// If the rules are refused.
    pub fn offers_service(&self) -> Result<(), LabError> {
        let (service, server) = (self.service_address(), self.server_address());
        let ip = match self.block.family() {
            Family::V4 => "ip",
            Family::V6 => "ip6",
        };
        self.middlebox.nft(&format!(
            "table {ip} service {{
                chain lead {{
                    type nat hook prerouting priority dstnat
                    {ip} daddr {service} dnat to {server}
                }}
            }}"
        ))
    }

    /// From now on the client's own host drops what comes in and is of no connection that it knows, and does not adopt one
    /// again in mid-stream.
    ///
    /// # Errors
    /// If the rules are refused.
    pub fn client_has_firewall(&self) -> Result<(), LabError> {
        self.client.nft(
            "table inet firewall {
                chain own {
                    type filter hook input priority filter
                    meta l4proto tcp ct state invalid drop
                }
            }",
        )?;
        self.client.set("netfilter/nf_conntrack_tcp_loose", "0")
    }

    /// Every entry of the middlebox's table of connections is removed.
    ///
    /// # Errors
    /// If the kernel does not do it.
    pub fn table_is_flushed(&self) -> Result<(), LabError> {
        conntrack::flush(&self.middlebox)
    }

    /// Every entry of the table that the client's own host has is removed.
    ///
    /// # Errors
    /// If the kernel does not do it.
    pub fn clients_table_is_flushed(&self) -> Result<(), LabError> {
        conntrack::flush(&self.client)
    }

    /// The same, and others take all the room that there is.
    ///
    /// # Errors
    /// If the kernel does not do it, or the table is too large.
    pub fn table_is_filled(&self) -> Result<(), LabError> {
        conntrack::fill(&self.middlebox)
    }

    /// The path between the hosts dies: from now on every packet is lost in the
    /// middle, and nobody is told.
    ///
    /// # Errors
    /// If the rules are refused, or it is dead already.
    pub fn path_dies(&self) -> Result<(), LabError> {
        // `create` refuses what is there. Before all other rules: nothing is counted or answered.
        self.middlebox.nft(
            "create table inet dead
                add chain inet dead every { type filter hook forward priority -400; policy drop; }",
        )
    }

    /// The path that has died works again.
    ///
    /// # Errors
    /// If it was not dead.
    pub fn path_comes_back(&self) -> Result<(), LabError> {
        self.middlebox.nft("delete table inet dead")
    }

    /// The path gets bad: of ten packets from the client three are lost, never two in a
    /// row. So what is lost gets through when it is sent again, and everything moves.
    ///
    /// # Errors
    /// If the rules are refused, or it is bad already.
    pub fn path_gets_bad(&self) -> Result<(), LabError> {
        let [lan, _] = PORTS;
        self.middlebox.nft(&format!(
            "create table inet bad
                add chain inet bad some {{ type filter hook forward priority -400; }}
                add rule inet bad some iifname {lan} numgen inc mod 10 {{ 0, 3, 6 }} drop"
        ))
    }

    /// The path gets bad: of a hundred packets so many are lost at random, in each direction.
    ///
    /// # Errors
    /// If the rules are refused, or it is bad already.
    pub fn path_loses(&self, percent: u8) -> Result<(), LabError> {
        self.middlebox.nft(&format!(
            "create table inet bad
                add chain inet bad some {{ type filter hook forward priority -400; }}
                add rule inet bad some numgen random mod 100 < {percent} drop"
        ))
    }

    /// The path that got bad is good again.
    ///
    /// # Errors
    /// If it was not bad.
    pub fn path_gets_good(&self) -> Result<(), LabError> {
        self.middlebox.nft("delete table inet bad")
    }

    /// The host at `end` dies: its link goes down, and nothing of its kernel is
    /// heard of any more. After some seconds the router says, as routers do, that it
    /// cannot be reached.
    ///
    /// # Errors
    /// If the link is not there.
    pub fn host_dies(&self, end: End) -> Result<(), LabError> {
        self.host(end).ip("link set eth0 down")
    }

    /// The uplink of the host at `end` loses its carrier: its routes stay, what it
    /// sends goes nowhere, and its kernel is told no more than that.
    ///
    /// # Errors
    /// If the link is not there.
    pub fn uplink_dies(&self, end: End) -> Result<(), LabError> {
        let [lan, wan] = PORTS;
        let port = match end {
            End::Client => lan,
            End::Server => wan,
        };
        self.middlebox.ip(&format!("link set {port} down"))
    }

    /// The host at `end` gets another address in its subnet, and loses the one that it had, as with a new lease.
    ///
    /// # Errors
    /// If the kernel does not go along.
    pub fn changes_address(&self, end: End) -> Result<(), LabError> {
        let side = side(end);
        let (bits, gateway) = (self.block.prefix_length(), self.block.gateway(side));
        let (before, next) = (self.block.host(side), self.block.next_host(side));
        let (v, sure) = match self.block.family() {
            Family::V4 => ("-4", ""),
            Family::V6 => ("-6", " nodad"),
        };
        let host = self.host(end);
        host.ip(&format!("{v} addr del {before}/{bits} dev eth0"))?;
        host.ip(&format!("{v} addr add {next}/{bits} dev eth0{sure}"))?;
        host.ip(&format!("{v} route replace default via {gateway}"))
    }

    /// Has the kernel at `end` wait for an answer so many ms at least before it sends again (`rto_min` of its route): of
    /// connections that are opened from now on.
    ///
    /// # Errors
    /// If `ip` does not do it.
    pub fn resends_after(&self, end: End, ms: u32) -> Result<(), LabError> {
        let gateway = self.block.gateway(side(end));
        let route = format!("route replace default via {gateway} rto_min {ms}ms");
        self.host(end).ip(&route)
    }

    /// Writes the kernel setting `key`, a path below `/proc/sys/net`, of the host at `end`.
    ///
    /// # Errors
    /// If this kernel does not have it.
    pub fn set(&self, end: End, key: &str, value: &str) -> Result<(), LabError> {
        self.host(end).set(key, value)
    }

    fn host(&self, end: End) -> &Namespace {
        match end {
            End::Client => &self.client,
            End::Server => &self.server,
        }
    }
}

const fn side(end: End) -> u8 {
    match end {
        End::Client => block::CLIENT_SIDE,
        End::Server => block::SERVER_SIDE,
    }
}
