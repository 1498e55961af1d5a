//! A TCP socket, as a fact shows it.

use crate::Record;

/// Address family of a connection, as it is shown: an IPv4-mapped IPv6 socket
/// is IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Family {
    /// IPv4.
    Ipv4 = 4,
    /// IPv6.
    Ipv6 = 6,
}

impl From<Family> for u16 {
    fn from(family: Family) -> Self {
        family as Self
    }
}

numbered! {
    /// Numbers of the TCP states in the kernel (`include/net/tcp_states.h`).
    pub enum TcpState: u32 {
        /// ESTABLISHED.
        Established = 1 => "established",
        /// SYN-SENT.
        SynSent = 2 => "syn_sent",
        /// SYN-RECEIVED.
        SynRecv = 3 => "syn_recv",
        /// FIN-WAIT-1.
        FinWait1 = 4 => "fin_wait1",
        /// FIN-WAIT-2.
        FinWait2 = 5 => "fin_wait2",
        /// TIME-WAIT.
        TimeWait = 6 => "time_wait",
        /// CLOSED.
        Close = 7 => "close",
        /// CLOSE-WAIT.
        CloseWait = 8 => "close_wait",
        /// LAST-ACK.
        LastAck = 9 => "last_ack",
        /// LISTEN.
        Listen = 10 => "listen",
        /// CLOSING.
        Closing = 11 => "closing",
        /// The kernel's TCP_NEW_SYN_RECV.
        NewSynRecv = 12 => "syn_recv",
    }
}

macro_rules! socket {
    (socket { $($(#[$doc:meta])* $name:ident: $type:ty { $($how:tt)* })* } $($rest:tt)*) => {
        /// A TCP socket as the kernel side read it, all at one moment. Field names are those
        /// of the kernel (`struct tcp_sock`, `struct inet_connection_sock`). See
        /// [`crate::kernel_members`].
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[repr(C)]
        pub struct Socket {
            $($(#[$doc])* pub $name: $type,)*
        }

        const _: () = assert!(
            size_of::<Socket>() == 0 $(+ size_of::<$type>())*,
            "a `Socket` has padding: order its members by size, and let their sum be a multiple of 8 bytes"
        );
    };
}

kernel_members!(socket);

/// A [`Socket::snd_wscale`] that could not be read.
pub const UNKNOWN_WSCALE: u8 = u8::MAX;

// SAFETY: repr(C), integers only; the assertion above holds it free of padding.
unsafe impl Record for Socket {}
