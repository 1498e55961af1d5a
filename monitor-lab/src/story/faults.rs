//! What happens to some of the traffic and not to the rest, and how the hosts' kernels are set.

use super::Story;
use crate::LabError;
use crate::ends::End;
use crate::network::faults::Segments;
use std::ops::Range;

impl Story<'_> {
    /// From now on these segments of what `from` sends are lost on the way.
    pub fn loses(&self, from: End, segments: Segments) -> Result<(), LabError> {
        let words = segments.words();
        self.note_turn(format!("({words} from the {} is lost)", from.word()));
        self.network.loses(from, segments)
    }

    /// From now on a box changes the sequence numbers of packets of more than so many bytes
    /// that `from` sends: each arrives, is dropped there, and is answered.
    pub fn misnumbers(&self, from: End, longer_than: u32) -> Result<(), LabError> {
        self.note_turn(format!(
            "(a box changes the {}'s sequence numbers)",
            from.word()
        ));
        self.network.misnumbers(from, longer_than)
    }

    /// The receiver at `end` takes back the room that it had promised: its window is closed,
    /// and packets of more than so many bytes that are under way to it are dropped there
    /// and answered.
    pub fn shrinks_window(&self, end: End, longer_than: u32) -> Result<(), LabError> {
        self.note_turn(format!("(the {} closes its window)", end.word()));
        self.network.closes_window(end)?;
        self.network.misnumbers(end.other(), longer_than)
    }

    /// The middle forgets these connections and drops what it does not know.
    /// Connections that are opened later pass.
    pub fn is_forgotten(&self, connections: Range<usize>) -> Result<(), LabError> {
        self.note_turn(format!("(connections {connections:?} are forgotten)"));
        self.network.forgets(&self.client_ports(connections))
    }

    /// The middle forgets these connections and answers with a RST what it does not know.
    pub fn is_denied(&self, connections: Range<usize>) -> Result<(), LabError> {
        self.note_turn(format!("(connections {connections:?} are denied)"));
        self.network.denies(&self.client_ports(connections))
    }

    /// All that was lost or changed passes again, unharmed.
    pub fn faults_end(&self) -> Result<(), LabError> {
        self.note_turn("(everything passes again)");
        self.network.faults_end()
    }

    /// Somebody flushes the middlebox's table of connections.
    pub fn table_is_flushed(&self) -> Result<(), LabError> {
        self.note_turn("(the table of connections is flushed)");
        self.network.table_is_flushed()
    }

    /// Somebody flushes the table of connections that the client's own host has.
    pub fn clients_table_is_flushed(&self) -> Result<(), LabError> {
        self.note_turn("(the client's own table of connections is flushed)");
        self.network.clients_table_is_flushed()
    }

    /// The middlebox's table of connections loses what it has, and others fill it.
    pub fn table_is_filled(&self) -> Result<(), LabError> {
        self.note_turn("(the table of connections is full of others)");
        self.network.table_is_filled()
    }

    /// The host at `end` gets another address, and the one that its connections have is gone.
    pub fn changes_address(&self, end: End) -> Result<(), LabError> {
        self.note_turn(format!("(the {}'s address changes)", end.word()));
        self.network.changes_address(end)
    }

    /// The kernel at `end` looks for a segment size that passes where large ones seem lost.
    pub fn probes_mtu(&self, end: End) -> Result<(), LabError> {
        self.step(format!("the {}'s kernel probes the MTU", end.word()));
        self.network.set(end, "ipv4/tcp_mtu_probing", "1")
    }

    /// The kernel at `end` waits for an answer so many ms at least before it sends again, on connections that are opened
    /// from now on: for what has to happen between two of its timeouts, also on a busy machine.
    pub fn resends_after(&self, end: End, ms: u32) -> Result<(), LabError> {
        self.step(format!(
            "the {}'s kernel sends again after {ms} ms",
            end.word()
        ));
        self.network.resends_after(end, ms)
    }

    /// The kernel at `end` gives a connection up after about so many retransmissions.
    pub fn gives_up_after(&self, end: End, retransmissions: u8) -> Result<(), LabError> {
        self.step(format!(
            "the {}'s kernel gives up after {retransmissions} retransmissions",
            end.word()
        ));
        let value = retransmissions.to_string();
        self.network.set(end, "ipv4/tcp_retries2", &value)
    }

    fn client_ports(&self, connections: Range<usize>) -> Vec<u16> {
        let all = self.applications.addresses.client.iter().enumerate();
        all.filter(|(on, _)| connections.contains(on))
            .map(|(_, (own, _))| own.port())
            .collect()
    }
}
