//! A server and its many clients, each with an address of its own.

use super::Story;
use crate::LabError;
use crate::ends::End;
use crate::network::clients::Prefix;
use std::net::IpAddr;
use std::ops::Range;

/// What a server tells its clients, and what they say to it.
const NEWS: &str = "news";

impl Story<'_> {
    /// So many further clients connect, each from an address of its own.
    pub fn clients_come(&mut self, prefix: Prefix, count: u8) -> Result<(), LabError> {
        for address in self.network.adds_clients(prefix, count)? {
            self.applications.open_from(address)?;
        }
        let whence = match prefix {
            Prefix::Own => "",
            Prefix::Other => " of another prefix",
        };
        self.step(format!("{count} further clients{whence} connect"));
        Ok(())
    }

    /// The client of connection `on` opens another one, from the same address.
    pub fn client_connects_again(&mut self, on: usize) -> Result<(), LabError> {
        for address in self.client_addresses(on..on + 1) {
            self.applications.open_from(address)?;
        }
        self.step(format!("the client of connection {on} connects once more"));
        Ok(())
    }

    /// The hosts of these clients go away without a word.
    pub fn clients_vanish(&self, connections: Range<usize>) -> Result<(), LabError> {
        self.note_turn(format!(
            "(the clients of connections {connections:?} vanish)"
        ));
        self.network.vanish(&self.client_addresses(connections))
    }

    fn client_addresses(&self, connections: Range<usize>) -> Vec<IpAddr> {
        let all = self.applications.addresses.client.iter();
        let these = all.skip(connections.start).take(connections.len());
        these.map(|(own, _)| own.ip()).collect()
    }

    /// The server tells these clients something; nobody waits for it to arrive.
    pub fn server_tells(&mut self, connections: Range<usize>) -> Result<(), LabError> {
        for on in connections {
            self.sends_on(End::Server, on, NEWS)?;
        }
        Ok(())
    }

    /// These clients and the server talk, twice a second, for so many seconds.
    pub fn clients_work_for(
        &mut self,
        connections: Range<usize>,
        seconds: f64,
    ) -> Result<(), LabError> {
        let mut left = seconds;
        while left > 0.0 {
            for on in connections.clone() {
                self.exchange_on(on, "work", "DONE")?;
            }
            self.watches_on(0.5)?;
            left -= 0.5;
        }
        Ok(())
    }
}
