//! What the testbed and an application say to each other.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

/// An order, and the connection that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// Which connection, in the order in which they were made, from 0.
    pub on: usize,
    /// What to do.
    pub order: Order,
}

/// What an application is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Send this text.
    Send(String),
    /// Send so many bytes in the background, as fast as the kernel takes them.
    Bulk {
        /// How many.
        bytes: u64,
    },
    /// Send so many bytes of bulk every so often, in the background.
    Push {
        /// How many at a time. With 0 it stops.
        bytes: u32,
        /// Milliseconds from one to the next; the first goes at once.
        every_ms: u64,
    },
    /// Read what arrives, or leave it with the kernel.
    Read(bool),
    /// Read so many bytes every so often, and leave the rest with the kernel.
    Sip {
        /// How many at a time.
        bytes: u32,
        /// Milliseconds from one to the next; the first goes at once.
        every_ms: u64,
    },
    /// Answer whatever arrives on any connection with the same in capitals.
    Answer {
        /// After so many milliseconds.
        after_ms: u64,
    },
    /// Turn keepalive on.
    Keepalive {
        /// Seconds of silence before the first probe.
        idle: u32,
        /// Seconds between probes.
        interval: u32,
    },
    /// Give up after so long without an acknowledgment (`TCP_USER_TIMEOUT`).
    UserTimeout {
        /// Milliseconds.
        after_ms: u32,
    },
    /// Send no faster than this (`SO_MAX_PACING_RATE`).
    Pace {
        /// Bytes per second.
        rate: u32,
    },
    /// Say that nothing more will be sent, and go on reading.
    HalfClose,
    /// Close the connection as a program does that is done with it.
    Close,
    /// Send this text and close at once.
    SendAndClose(String),
    /// Reset the connection: close it with `SO_LINGER` of 0 s.
    Abort,
    /// Open so many further connections. The client's.
    Open {
        /// How many.
        connections: u32,
    },
    /// Open one further connection, from this address of its host's. The client's.
    OpenFrom {
        /// Which.
        address: IpAddr,
    },
    /// Begin to connect, and do not wait for what comes of it. The client's.
    Knock,
    /// Make so many connections one after the other, each for one byte there
    /// and back. The client's.
    Burst {
        /// How many.
        connections: u32,
    },
    /// Make so many connections beside, use each once, and keep them all. The client's.
    Stand {
        /// How many.
        connections: u32,
    },
    /// Knock at so many closed ports of the server. The client's.
    Scan {
        /// How many.
        ports: u16,
    },
}

/// What an application reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// It accepts connections.
    Listening,
    /// It has a connection.
    Connected {
        /// Which.
        on: usize,
        /// Its own address and port.
        local: SocketAddr,
        /// The other's, as seen from here.
        remote: SocketAddr,
    },
    /// This text arrived.
    Received {
        /// On which connection.
        on: usize,
        /// The text.
        text: String,
    },
    /// So much bulk has arrived, all together.
    Moved {
        /// On which connection.
        on: usize,
        /// Bytes.
        bytes: u64,
    },
    /// The kernel has taken all of a bulk.
    Took {
        /// On which connection.
        on: usize,
    },
    /// The other end closed in peace.
    PeerClosed {
        /// Which connection.
        on: usize,
    },
    /// The last order was carried out.
    Done,
    /// The last order could not be carried out, and why.
    Refused(String),
    /// A connection broke.
    Broken {
        /// Which.
        on: usize,
        /// The kernel's word for it.
        why: String,
    },
}

impl Report {
    /// Writes it as a line to stdout, at once.
    pub(super) fn print(&self) -> std::io::Result<()> {
        use std::io::Write;
        let mut line = serde_json::to_string(self).map_err(std::io::Error::from)?;
        line.push('\n');
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(line.as_bytes())?;
        stdout.flush()
    }
}
