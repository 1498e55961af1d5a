//! What a connection that moves, or should, goes through between two snapshots of
//! the sweep.

use super::story::Story;
use crate::Verdict;
use monitor_model::finding::FindingKind;

impl Story {
    /// A second passes, and the sweep shows the socket.
    pub(super) fn next_snapshot(&mut self) -> &mut Self {
        self.wait(1.0).sweep()
    }

    /// The same, so many times.
    pub(super) fn snapshots(&mut self, count: u32) -> &mut Self {
        for _ in 0..count {
            self.next_snapshot();
        }
        self
    }

    /// The application hands over data that does not leave.
    pub(super) fn queues(&mut self, bytes: u32) -> &mut Self {
        self.socket.write_seq = self.socket.write_seq.wrapping_add(bytes);
        self
    }

    /// The peer announces this window, in bytes, on a bare ACK.
    pub(super) fn peer_window(&mut self, bytes: u32) -> &mut Self {
        self.socket.snd_wnd = bytes;
        self.is_heard()
    }

    /// A segment of the peer that moves nothing.
    pub(super) fn is_heard(&mut self) -> &mut Self {
        let socket = &mut self.socket;
        socket.segs_in += 1;
        socket.rcv_tstamp = socket.jiffies;
        socket.probes_out = 0;
        self.wire = self.now;
        self
    }

    /// The peer sends again what arrived: it has heard no ACK of it.
    pub(super) fn peer_resends(&mut self) -> &mut Self {
        let socket = &mut self.socket;
        socket.segs_in += 1;
        socket.data_segs_in += 1;
        socket.segs_out += 1;
        self.wire = self.now;
        self
    }

    /// A window probe leaves, and is answered.
    pub(super) fn probes(&mut self) -> &mut Self {
        self.socket.segs_out += 1;
        self.is_heard()
    }

    /// A window probe leaves, and `after` seconds later its answer comes, where the kernel side hears each segment.
    pub(super) fn window_probe_is_answered(&mut self, after: f64) -> &mut Self {
        self.probes_in_vain().wait(after).answers_window_probe()
    }

    /// All that is queued leaves and is acknowledged.
    pub(super) fn drains(&mut self) -> &mut Self {
        let socket = &mut self.socket;
        socket.bytes_sent += u64::from(socket.write_seq.wrapping_sub(socket.snd_nxt));
        socket.bytes_acked += u64::from(socket.write_seq.wrapping_sub(socket.snd_una));
        socket.snd_nxt = socket.write_seq;
        socket.snd_una = socket.write_seq;
        socket.snd_wnd = 65_535;
        // An ACK of new data is believed about the window (`tcp_ack_update_window`).
        socket.snd_wl1 = socket.rcv_nxt;
        socket.packets_out = 0;
        socket.lsndtime = socket.jiffies;
        self.data = self.now;
        self.is_heard()
    }

    /// Data comes that the application does not read.
    pub(super) fn leaves_unread(&mut self, bytes: u32) -> &mut Self {
        let socket = &mut self.socket;
        socket.rcv_nxt = socket.rcv_nxt.wrapping_add(bytes);
        socket.bytes_received += u64::from(bytes);
        socket.lrcvtime = socket.jiffies;
        self.data = self.now;
        self.is_heard()
    }

    /// The application reads so much of what waits; the window opens again.
    pub(super) fn reads(&mut self, bytes: u32) -> &mut Self {
        let socket = &mut self.socket;
        socket.copied_seq = socket.copied_seq.wrapping_add(bytes);
        socket.rcv_wup = socket.rcv_nxt;
        self
    }

    /// A second of a transfer: `sent` segments of 1,000 bytes leave, `again` of
    /// them not for the first time, the rest is acknowledged but for one.
    pub(super) fn transfers(&mut self, sent: u32, again: u32) -> &mut Self {
        let socket = &mut self.socket;
        let fresh = (sent - again) * 1_000;
        socket.total_retrans += again;
        socket.retrans_out = 1;
        socket.data_segs_out += sent;
        socket.bytes_sent += u64::from(sent) * 1_000;
        socket.bytes_retrans += u64::from(again) * 1_000;
        socket.snd_nxt = socket.snd_nxt.wrapping_add(fresh);
        socket.write_seq = socket.snd_nxt;
        socket.snd_una = socket.snd_nxt.wrapping_sub(1_000);
        socket.packets_out = 1;
        socket.lsndtime = socket.jiffies;
        self.data = self.now;
        self.is_heard()
    }

    /// A request of 200 bytes leaves and is acknowledged at once.
    pub(super) fn asks(&mut self) -> &mut Self {
        let socket = &mut self.socket;
        socket.write_seq = socket.write_seq.wrapping_add(200);
        socket.snd_nxt = socket.write_seq;
        socket.snd_una = socket.write_seq;
        socket.bytes_sent += 200;
        socket.bytes_acked += 200;
        socket.segs_out += 1;
        socket.data_segs_out += 1;
        socket.lsndtime = socket.jiffies;
        socket.snd_wl1 = socket.rcv_nxt;
        self.data = self.now;
        self.is_heard()
    }

    /// 800 bytes come, and are read.
    pub(super) fn hears(&mut self) -> &mut Self {
        let socket = &mut self.socket;
        socket.rcv_nxt = socket.rcv_nxt.wrapping_add(800);
        socket.copied_seq = socket.rcv_nxt;
        socket.rcv_wup = socket.rcv_nxt;
        socket.bytes_received += 800;
        socket.data_segs_in += 1;
        socket.lrcvtime = socket.jiffies;
        self.data = self.now;
        self.is_heard()
    }

    /// So many requests, each a second after the last answer, answered after
    /// `seconds`; the sweep comes past after each answer.
    pub(super) fn is_answered(&mut self, times: u32, seconds: f64) -> &mut Self {
        for _ in 0..times {
            self.wait(1.0).asks().wait(seconds).hears().sweep();
        }
        self
    }

    /// What was said of stalls: each cause with its severity, and "moves".
    pub(super) fn stalls(&self) -> Vec<String> {
        let of_stalls = |verdict: &&Verdict| match verdict {
            Verdict::Finding(finding) => {
                matches!(finding.kind, FindingKind::Stall { .. })
            }
            Verdict::StallEnded { .. } | Verdict::PileEnded { .. } | Verdict::Over { .. } => true,
            Verdict::Unanswered { .. } | Verdict::Answered { .. } => true,
            Verdict::Rules(_) | Verdict::SilenceEnded { .. } | Verdict::Reconnected { .. } => false,
        };
        let only: Vec<Verdict> = self.verdicts.iter().filter(of_stalls).cloned().collect();
        Self::words(&only)
    }
}
