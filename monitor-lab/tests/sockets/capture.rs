//! What passes a host's kernel, read from a packet socket.

use libtest_mimic::Failed;
use monitor_lab::simulated_middlebox::packet::Segment;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockProtocol, SockType, setsockopt, socket, sockopt,
};
use std::cell::RefCell;
use std::fs::File;
use std::io::Read;

/// More than any of these tests moves.
const BUFFER: usize = 16 * 1024 * 1024;

/// A socket that gets a copy of each packet of its host, out and in.
pub struct Capture {
    socket: File,
    port: u16,
    seen: RefCell<Vec<Segment>>,
}

impl Capture {
    /// Starts it in the calling thread's network namespace, for a server at `port`.
    pub fn start(port: u16) -> Result<Self, Failed> {
        let socket = socket(
            AddressFamily::Packet,
            SockType::Datagram,
            SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC,
            SockProtocol::EthAll,
        )
        .and_then(|socket| {
            setsockopt(&socket, sockopt::RcvBufForce, &BUFFER)?;
            Ok(socket)
        })?;
        Ok(Self {
            socket: socket.into(),
            port,
            seen: RefCell::default(),
        })
    }

    /// All segments of the server so far, in the order in which they passed.
    pub fn sent_by_server(&self) -> Vec<Segment> {
        self.read(|segment, port| segment.from.port() == port)
    }

    /// All segments of the client so far, in the order in which they passed.
    pub fn sent_by_client(&self) -> Vec<Segment> {
        self.read(|segment, port| segment.to.port() == port)
    }

    fn read(&self, wanted: impl Fn(&Segment, u16) -> bool) -> Vec<Segment> {
        let mut seen = self.seen.borrow_mut();
        let mut packet = vec![0; 65_536];
        while let Ok(length) = (&self.socket).read(&mut packet) {
            seen.extend(Segment::read(&packet[..length]));
        }
        let ours = seen.iter().filter(|segment| wanted(segment, self.port));
        ours.copied().collect()
    }
}
