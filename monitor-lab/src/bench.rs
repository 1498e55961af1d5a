//! The world of one story: the network and an application on each host, with
//! or without `tcplull` watching.

use crate::LabError;
use crate::app::handle::App;
use crate::app::{End, Order};
use crate::network::Network;
use crate::timeline::{Happened, Timeline};
use std::net::SocketAddr;
use std::path::Path;

/// The port that the server accepts on.
const PORT: u16 = 5432;

/// Where the connection runs, seen from each end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The client's own and remote address.
    pub client: (SocketAddr, SocketAddr),
    /// The server's own and remote address; a NAT stands for the client here.
    pub server: (SocketAddr, SocketAddr),
}

impl Addresses {
    /// The addresses seen from `end`: its own, then the remote.
    #[must_use]
    pub fn of(&self, end: End) -> (SocketAddr, SocketAddr) {
        match end {
            End::Client => self.client,
            End::Server => self.server,
        }
    }

    /// The end whose connection runs from `local` to `remote`.
    #[must_use]
    pub fn end(&self, local: &str, remote: &str) -> Option<End> {
        let seen = (local.parse().ok()?, remote.parse().ok()?);
        End::BOTH.into_iter().find(|end| self.of(*end) == seen)
    }
}

/// Two applications with one connection between them.
#[derive(Debug)]
pub struct Bench {
    client: App,
    server: App,
    /// What each has been sent so far.
    due: [String; 2],
    /// Where the connection runs.
    pub addresses: Addresses,
}

impl Bench {
    /// Starts both applications and lets them connect. `lab` is the bench's own binary.
    ///
    /// # Errors
    /// If they do not connect.
    pub fn connect(lab: &Path, network: &Network, timeline: &Timeline) -> Result<Self, LabError> {
        let address = SocketAddr::new(network.server_address(), PORT);
        let server = App::start(lab, End::Server, &network.server, address, timeline)?;
        server.await_listening(timeline)?;
        let client = App::start(lab, End::Client, &network.client, address, timeline)?;
        let addresses = Addresses {
            client: client.await_connected(timeline)?,
            server: server.await_connected(timeline)?,
        };
        timeline.note(Happened::Step(format!(
            "client-app {} connects to server-app {}",
            addresses.client.0, addresses.server.0
        )));
        Ok(Self {
            client,
            server,
            due: Default::default(),
            addresses,
        })
    }

    /// The application at `end`.
    #[must_use]
    pub fn app(&self, end: End) -> &App {
        match end {
            End::Client => &self.client,
            End::Server => &self.server,
        }
    }

    /// Gives the application at `end` an order and waits until it is carried out.
    ///
    /// # Errors
    /// If the application cannot.
    pub fn order(&mut self, end: End, order: &Order, timeline: &Timeline) -> Result<(), LabError> {
        match end {
            End::Client => self.client.order(order, timeline),
            End::Server => self.server.order(order, timeline),
        }
    }

    /// `from` sends `text`, and the bench waits until it has arrived.
    ///
    /// # Errors
    /// If it does not arrive.
    pub fn deliver(&mut self, from: End, text: &str, timeline: &Timeline) -> Result<(), LabError> {
        self.order(from, &Order::Send(text.to_owned()), timeline)?;
        let (to, due) = match from {
            End::Client => (&self.server, &mut self.due[1]),
            End::Server => (&self.client, &mut self.due[0]),
        };
        due.push_str(text);
        to.await_received(timeline, due)
    }

    /// Holds the world to the story: `end` has received what was delivered to
    /// it, and nothing else.
    ///
    /// # Errors
    /// [`LabError::World`].
    pub fn received_no_more(&self, end: End, timeline: &Timeline) -> Result<(), LabError> {
        let due = match end {
            End::Client => &self.due[0],
            End::Server => &self.due[1],
        };
        let received = self.app(end).received(timeline);
        if received == *due {
            return Ok(());
        }
        Err(LabError::World(format!(
            "the {} was to receive {due:?} and no more, but received {received:?}",
            end.word()
        )))
    }
}
