//! The applications of one story, one at each end of its connections.

use crate::LabError;
use crate::app::Order;
use crate::app::handle::App;
use crate::ends::{Addresses, End};
use crate::network::Network;
use crate::network::cgroup::Cgroup;
use crate::timeline::{Happened, Timeline};
use crate::truth::Holder;
use serde::Serialize;
use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Where the applications live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// Each on its own host.
    #[default]
    Apart,
    /// The same, the client in a control group of its own.
    ClientInCgroup,
    /// Each on its own host, and the client calls the address of a service that the middlebox leads to the server.
    BehindService,
    /// Each on its own host, and the client's has a firewall of its own, which knows its connections.
    BehindOwnFirewall,
    /// Both on the client's host, talking over its loopback.
    OneHost,
}

/// Two applications with one connection between them, or many.
pub struct Applications {
    client: App,
    server: App,
    timeline: Timeline,
    /// The client's own, if it has one. It goes after its process.
    cgroup: Option<Cgroup>,
    /// What each end of each connection has been sent so far.
    due: HashMap<(End, usize), String>,
    /// Where the connections run.
    pub addresses: Addresses,
}

impl Applications {
    /// Starts both applications in their places and lets them connect. `lab` is the
    /// laboratory's own binary, `group` where both live, `port` the server's.
    pub fn connect(
        lab: &Path,
        network: &Network,
        placement: Placement,
        port: u16,
        group: Option<&Cgroup>,
        timeline: &Timeline,
    ) -> Result<Self, LabError> {
        let (server_host, address) = match placement {
            Placement::OneHost => (&network.client, IpAddr::V4(network.block.loopback())),
            Placement::Apart
            | Placement::ClientInCgroup
            | Placement::BehindService
            | Placement::BehindOwnFirewall => (&network.server, network.server_address()),
        };
        let called = match placement {
            Placement::BehindService => {
                network.offers_service()?;
                network.service_address()
            }
            Placement::BehindOwnFirewall => {
                network.client_has_firewall()?;
                address
            }
            Placement::Apart | Placement::ClientInCgroup | Placement::OneHost => address,
        };
        let cgroup = match placement {
            Placement::ClientInCgroup => Some(match group {
                Some(group) => group.below("client")?,
                None => Cgroup::create()?,
            }),
            Placement::Apart
            | Placement::BehindService
            | Placement::BehindOwnFirewall
            | Placement::OneHost => None,
        };
        let address = SocketAddr::new(address, port);
        let server = App::start(lab, End::Server, server_host, group, address, timeline)?;
        server.await_listening()?;
        let client = App::start(
            lab,
            End::Client,
            &network.client,
            cgroup.as_ref().or(group),
            SocketAddr::new(called, port),
            timeline,
        )?;
        let mut applications = Self {
            client,
            server,
            timeline: timeline.clone(),
            cgroup,
            due: HashMap::new(),
            addresses: Addresses::default(),
        };
        let (from, to) = applications.meet()?;
        timeline.note(Happened::Step(format!(
            "client-app {from} connects to server-app {to}"
        )));
        Ok(applications)
    }

    /// Waits until both ends have their next connection, and returns its addresses,
    /// seen from the ends that they belong to.
    fn meet(&mut self) -> Result<(SocketAddr, SocketAddr), LabError> {
        let on = self.addresses.client.len();
        let client = self.client.await_connected(on)?;
        let server = self.server.await_connected(on)?;
        self.addresses.client.push(client);
        self.addresses.server.push(server);
        Ok((client.0, server.0))
    }

    /// Lets the client open so many further connections.
    pub fn open(&mut self, connections: u32) -> Result<(), LabError> {
        self.order(End::Client, 0, &Order::Open { connections })?;
        (0..connections).try_for_each(|_| self.meet().map(|_| ()))
    }

    /// Lets the client open one further connection, from this address of its host's.
    pub fn open_from(&mut self, address: IpAddr) -> Result<(), LabError> {
        self.order(End::Client, 0, &Order::OpenFrom { address })?;
        self.meet().map(|_| ())
    }

    /// The path of the client's own control group, if it has one.
    pub fn cgroup(&self) -> Option<String> {
        self.cgroup.as_ref().map(Cgroup::path)
    }

    /// Who holds the client's end and the server's.
    pub fn holders(&self) -> Result<[Holder; 2], LabError> {
        let holder = |end: End| -> Result<Holder, LabError> {
            let pid = self.app(end).pid();
            let namespace = fs::metadata(format!("/proc/{pid}/ns/net"));
            let namespace = namespace.map_err(LabError::io("asking where an application lives"))?;
            Ok(Holder {
                pid,
                netns: namespace.ino(),
            })
        };
        Ok([holder(End::Client)?, holder(End::Server)?])
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.addresses.client.len()
    }

    /// The application at `end`.
    pub fn app(&self, end: End) -> &App {
        match end {
            End::Client => &self.client,
            End::Server => &self.server,
        }
    }

    /// Gives the application at `end` an order about connection `on` and waits until
    /// it is carried out.
    pub fn order(&mut self, end: End, on: usize, order: &Order) -> Result<(), LabError> {
        match end {
            End::Client => self.client.order(on, order),
            End::Server => self.server.order(on, order),
        }
    }

    /// `from` sends `text` on connection `on`, and the testbed waits until it has arrived.
    pub fn deliver(&mut self, from: End, on: usize, text: &str) -> Result<(), LabError> {
        self.order(from, on, &Order::Send(text.to_owned()))?;
        self.arrives(from.other(), on, text)
    }

    /// The testbed waits until `text`, which is under way, has arrived at `to`.
    pub fn arrives(&mut self, to: End, on: usize, text: &str) -> Result<(), LabError> {
        let due = self.due.entry((to, on)).or_default();
        due.push_str(text);
        let due = due.clone();
        self.app(to).await_received(on, &due)
    }

    /// Premise: on every connection `end` has received the text
    /// that arrived there by the story, and no other.
    pub fn received_no_more(&self, end: End) -> Result<(), LabError> {
        let entries = self.timeline.entries();
        for on in 0..self.connections() {
            let due = self.due.get(&(end, on)).map_or("", String::as_str);
            let received = self.app(end).received(on, &entries);
            if received != due {
                return Err(LabError::Premise(format!(
                    "on connection {on} the {} was to receive {due:?} and no more, but received \
                     {received:?}",
                    end.word()
                )));
            }
        }
        Ok(())
    }
}
