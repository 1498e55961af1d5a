//! A socket's counters at one moment, to see later what moved.

use crate::fact_view::FactView;
use crate::heard::Since;
use crate::serial::distance;
use monitor_common::{Socket, TcpState};
use monitor_model::finding::Clock;

/// The counters that tell movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) snd_una: u32,
    pub(crate) write_seq: u32,
    pub(crate) bytes_received: u64,
    pub(crate) segs_in: u32,
    pub(crate) data_segs_in: u32,
    pub(crate) delivered: u32,
    pub(crate) segs_out: u32,
    pub(crate) rcv_tstamp: u32,
    pub(crate) rto_jiffies: u32,
    pub(crate) retransmits: u8,
    pub(crate) probes_out: u8,
}

impl Counters {
    pub(crate) fn of(socket: &Socket) -> Self {
        Self {
            snd_una: socket.snd_una,
            write_seq: socket.write_seq,
            bytes_received: socket.bytes_received,
            segs_in: socket.segs_in,
            data_segs_in: socket.data_segs_in,
            delivered: socket.delivered,
            segs_out: socket.segs_out,
            rcv_tstamp: socket.rcv_tstamp,
            rto_jiffies: socket.rto_jiffies,
            retransmits: socket.retransmits,
            probes_out: socket.probes_out,
        }
    }

    /// What to hold against later counters to see how the peer is heard.
    pub(crate) fn since(&self) -> Since {
        Since {
            segs_in: self.segs_in,
            data_segs_in: self.data_segs_in,
            delivered: self.delivered,
            retransmits: self.retransmits,
        }
    }

    /// Whether nothing passed between the two moments that `clock` counts.
    ///
    /// The counters decide, not the idle time: local timers and reads move the
    /// kernel's packet clock although no segment passes.
    pub(crate) fn still(&self, now: &Self, clock: Clock) -> bool {
        match clock {
            Clock::Packets => self.segs_in == now.segs_in && self.segs_out == now.segs_out,
            Clock::Payload => {
                self.bytes_received == now.bytes_received && self.write_seq == now.write_seq
            }
        }
    }

    /// Whether anything arrived from the peer between the two moments.
    pub(crate) fn heard(&self, now: &Self) -> bool {
        self.segs_in != now.segs_in || self.rcv_tstamp != now.rcv_tstamp
    }

    /// Payload bytes received since, as `view` shows.
    pub(crate) fn payload_received(&self, view: &FactView<'_>) -> u64 {
        let grown = view
            .fact
            .socket
            .bytes_received
            .saturating_sub(self.bytes_received);
        // The peer's FIN takes one place in the sequence, and the kernel counts
        // it before the state changes.
        let fin_possible = !matches!(
            view.new_state().or(view.state()),
            Some(TcpState::Established | TcpState::FinWait1 | TcpState::FinWait2)
        );
        grown.saturating_sub(u64::from(fin_possible))
    }

    /// Payload bytes that the application handed over since, as `socket` shows.
    pub(crate) fn payload_written(&self, socket: &Socket) -> u32 {
        let grown = distance(self.write_seq, socket.write_seq);
        // Our own FIN takes one place in the sequence too.
        let fin_possible = !matches!(
            TcpState::from_number(socket.state),
            Some(TcpState::Established | TcpState::CloseWait)
        );
        grown.saturating_sub(u32::from(fin_possible))
    }
}
