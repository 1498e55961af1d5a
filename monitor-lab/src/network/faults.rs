//! Faults in the middle that strike some of the traffic and spare the rest. What they
//! strike is dropped, or changed on its way, and nobody is told.
//!
//! They stand before whatever else the middlebox does, and all go together:
//! [`Network::faults_end`].

use super::Network;
use super::middlebox::PORTS;
use crate::LabError;
use crate::ends::End;

/// Length of the longest bare ACK, in bytes: 20 of IPv4, 60 of TCP.
const BARE_ACK: u32 = 80;

/// Some of what one end sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segments {
    /// All of it.
    All,
    /// Packets of more than so many bytes, headers included.
    LongerThan(u32),
    /// ACKs that carry nothing. IPv4.
    BareAcks,
    /// The first packet of more than so many bytes that comes, and whatever begins at
    /// the same sequence number later: one place in the stream never gets through.
    OnePlaceLongerThan(u32),
}

impl Segments {
    /// The word for people.
    pub fn words(self) -> String {
        match self {
            Self::All => "everything".to_owned(),
            Self::LongerThan(bytes) => format!("packets of more than {bytes} bytes"),
            Self::BareAcks => "bare ACKs".to_owned(),
            Self::OnePlaceLongerThan(_) => "one segment, however often it comes,".to_owned(),
        }
    }
}

impl Network {
    /// From now on the middle loses these segments of what `from` sends.
    ///
    /// # Errors
    /// If the rules are refused.
    pub fn loses(&self, from: End, segments: Segments) -> Result<(), LabError> {
        let port = port(from);
        if !matches!(segments, Segments::All | Segments::BareAcks) {
            self.sends_singly(from)?;
        }
        let rules = match segments {
            Segments::All => format!("add rule inet faults some iifname {port} drop"),
            Segments::LongerThan(bytes) => {
                format!("add rule inet faults some iifname {port} meta length > {bytes} drop")
            }
            Segments::BareAcks => format!(
                "add rule inet faults some iifname {port} meta length <= {BARE_ACK} \
                 tcp flags & (syn|fin|rst|psh) == 0 drop"
            ),
            // The set takes one: what comes later does not fit, the rule does not match.
            Segments::OnePlaceLongerThan(bytes) => format!(
                "add set inet faults place {{ typeof tcp sequence; size 1; flags dynamic; }}
                    add rule inet faults some iifname {port} tcp sequence @place drop
                    add rule inet faults some iifname {port} meta length > {bytes} \
                    add @place {{ tcp sequence }} drop"
            ),
        };
        self.fault(&rules)
    }

    /// From now on the middle changes the sequence numbers of what `from` sends in packets
    /// of more than so many bytes, as a firewall does that has forgotten by how much it
    /// shifts them: they arrive, and the other kernel drops them and says what it expects.
    ///
    /// # Errors
    /// If the rules are refused.
    pub fn misnumbers(&self, from: End, longer_than: u32) -> Result<(), LabError> {
        self.sends_singly(from)?;
        let port = port(from);
        // Any number far from the stream's own will do. The stream begins at random.
        self.fault(&format!(
            "add rule inet faults some iifname {port} meta length > {longer_than} tcp sequence set 0"
        ))
    }

    /// From now on what `from` sends says that it has no room: its window is closed.
    ///
    /// # Errors
    /// If the rules are refused.
    pub fn closes_window(&self, from: End) -> Result<(), LabError> {
        let port = port(from);
        self.fault(&format!(
            "add rule inet faults some iifname {port} tcp flags & syn == 0 tcp window set 0"
        ))
    }

    /// From now on the middle loses whatever comes from, or goes to, these ports of the
    /// client: what it knew of these connections it has forgotten. Others pass.
    ///
    /// # Errors
    /// If the rules are refused.
    pub fn forgets(&self, ports: &[u16]) -> Result<(), LabError> {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        let ports = ports.join(", ");
        self.fault(&format!(
            "add rule inet faults some tcp sport {{ {ports} }} drop
                add rule inet faults some tcp dport {{ {ports} }} drop"
        ))
    }

    /// From now on the middle answers whatever comes from these ports of the client with a
    /// RST in the server's name, and lets nothing pass to them.
    ///
    /// # Errors
    /// If the rules are refused.
    pub fn denies(&self, ports: &[u16]) -> Result<(), LabError> {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        let ports = ports.join(", ");
        self.fault(&format!(
            "add rule inet faults some tcp sport {{ {ports} }} reject with tcp reset
                add rule inet faults some tcp dport {{ {ports} }} drop"
        ))
    }

    /// What the host at `from` sends leaves it one segment a packet. Else many leave as one
    /// that nobody cuts on links that are none, and what counts bytes would count them all.
    fn sends_singly(&self, from: End) -> Result<(), LabError> {
        self.host(from).ip("link set eth0 gso_max_segs 1")
    }

    /// All faults are over.
    ///
    /// # Errors
    /// If there was none.
    pub fn faults_end(&self) -> Result<(), LabError> {
        self.middlebox.nft("delete table inet faults")
    }

    /// Adds rules to those that strike some of the traffic.
    pub(super) fn fault(&self, rules: &str) -> Result<(), LabError> {
        // `add` leaves alone what is there.
        self.middlebox.nft(&format!(
            "add table inet faults
                add chain inet faults some {{ type filter hook forward priority -400; }}
                {rules}"
        ))
    }
}

fn port(from: End) -> &'static str {
    let [lan, wan] = PORTS;
    match from {
        End::Client => lan,
        End::Server => wan,
    }
}
