//! The words that truths and findings share.

use serde::{Serialize, Serializer};

/// What `tcplull` can conclude about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conclusion {
    /// Its silence will cross the timeout.
    AtRisk,
    /// Its silence has reached the timeout.
    Crossed,
    /// Payload came after the silence.
    Survived,
    /// An ACK came after the silence, and nothing more.
    Acknowledged,
    /// Nothing came back after the silence.
    Blackholed,
    /// A RST came.
    Reset,
    /// A FIN came during the silence, near the timeout.
    Closed,
    /// What was sent after the silence was acknowledged, but hardly by the peer.
    Undelivered,
    /// Blackholed, and then ACKs moved again.
    Recovered,
    /// A stall: neither end's application reads.
    Deadlock,
    /// A stall: the peer's application does not read.
    ZeroWindow,
    /// A stall: this host's application does not read.
    LocalReader,
    /// A stall: the network loses much, yet data moves.
    NetworkLoss,
    /// A stall: this host holds its data back.
    SenderLimited,
    /// A stall: nothing comes back, without a silence before.
    StallBlackholed,
    /// A stall: the peer has closed, and this host's application does not look.
    FinUnread,
    /// A stall: a request was acknowledged and is not answered.
    AwaitingReply,
    /// A stall: full segments did not pass, smaller ones do.
    Mtu,
    /// A stall that none of these explains.
    Unexplained,
}

impl Conclusion {
    /// Every conclusion, in the order of tables.
    pub const ALL: [Self; 19] = [
        Self::AtRisk,
        Self::Crossed,
        Self::Survived,
        Self::Acknowledged,
        Self::Blackholed,
        Self::Reset,
        Self::Closed,
        Self::Undelivered,
        Self::Recovered,
        Self::Deadlock,
        Self::ZeroWindow,
        Self::LocalReader,
        Self::NetworkLoss,
        Self::SenderLimited,
        Self::StallBlackholed,
        Self::FinUnread,
        Self::AwaitingReply,
        Self::Mtu,
        Self::Unexplained,
    ];

    /// The word for a finding: an outcome's name, `stall/` and its cause, else the kind.
    pub fn word(self) -> &'static str {
        match self {
            Self::AtRisk => "at_risk",
            Self::Crossed => "crossed",
            Self::Survived => "survived",
            Self::Acknowledged => "acknowledged",
            Self::Blackholed => "blackholed",
            Self::Reset => "reset",
            Self::Closed => "closed",
            Self::Undelivered => "undelivered",
            Self::Recovered => "recovered",
            Self::Deadlock => "stall/deadlock",
            Self::ZeroWindow => "stall/zero_window",
            Self::LocalReader => "stall/local_reader",
            Self::NetworkLoss => "stall/network_loss",
            Self::SenderLimited => "stall/sender_limited",
            Self::StallBlackholed => "stall/blackholed",
            Self::FinUnread => "stall/fin_unread",
            Self::AwaitingReply => "stall/awaiting_reply",
            Self::Mtu => "stall/mtu",
            Self::Unexplained => "stall/unexplained",
        }
    }

    /// The name of alerts on it: the word, for a stall its cause alone.
    pub fn alert(self) -> &'static str {
        let word = self.word();
        word.strip_prefix("stall/").unwrap_or(word)
    }
}

impl Serialize for Conclusion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Whom a finding wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nobody.
    None,
    /// Somebody, in working hours.
    Ticket,
    /// Somebody, now.
    Page,
}

impl Severity {
    /// The word in findings and alerts.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ticket => "ticket",
            Self::Page => "page",
        }
    }
}

/// How sure a finding must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The facts leave no choice.
    Observed,
    /// One host alone cannot prove it.
    Suspected,
}

impl Certainty {
    /// The word in findings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Suspected => "suspected",
        }
    }
}
