//! The socket that stories are about, as it is before anything happens.

use crate::PathRules;
use crate::{JudgedPath, PeerRole};
use monitor_common::{Socket, TcpState};
use monitor_model::finding::Clock;
use monitor_model::owner::Owner;

pub(super) const SECOND: u64 = 1_000_000_000;
pub(super) const MS: u64 = 1_000_000;
/// HZ=250.
pub(super) const JIFFY_NS: u64 = 4 * MS;

/// The design's path: 4 minutes, at risk from 3 on.
pub(super) fn azure() -> JudgedPath {
    JudgedPath {
        id: 0,
        name: "azure-snat".into(),
        timeout_ns: 240 * SECOND,
        warn_ns: 180 * SECOND,
        clock: Clock::Packets,
        stated: true,
        dialogue: None,
        role: PeerRole::default(),
        rules: PathRules::default(),
    }
}

pub(super) fn owner() -> Owner {
    Owner {
        pid: Some(1234),
        comm: Some("api".into()),
        ..Owner::default()
    }
}

pub(super) fn socket() -> Socket {
    let mut local = [0; 16];
    local[..4].copy_from_slice(&[10, 0, 0, 4]);
    let mut remote = [0; 16];
    remote[..4].copy_from_slice(&[20, 1, 2, 3]);
    Socket {
        cookie: 0x51,
        cgroup_id: 9,
        bytes_sent: 500,
        // The active side counts its SYN.
        bytes_acked: 501,
        bytes_received: 800,
        local,
        remote,
        local_port: 51_234,
        remote_port: 443,
        family: 4,
        state: TcpState::Established as u32,
        netns: 4_026_531_840,
        // As Linux does: jiffies wrap five minutes after boot.
        jiffies: 0_u32.wrapping_sub(300 * 250),
        lsndtime: 0_u32.wrapping_sub(300 * 250),
        lrcvtime: 0_u32.wrapping_sub(300 * 250),
        rcv_tstamp: 0_u32.wrapping_sub(300 * 250),
        snd_una: 10_000,
        snd_nxt: 10_000,
        write_seq: 10_000,
        rcv_nxt: 90_000,
        copied_seq: 90_000,
        snd_wnd: 65_535,
        rcv_wnd: 65_535,
        segs_in: 20,
        segs_out: 20,
        data_segs_in: 8,
        data_segs_out: 5,
        srtt_us: 30_000,
        rto_jiffies: 50,
        keepalive_time: 7_200 * 250,
        keepalive_intvl: 75 * 250,
        keepalive_probes: 9,
        pacing_rate: u64::MAX,
        rcv_wup: 90_000,
        // The peer spoke last.
        snd_wl1: 89_900,
        rcv_tsval: 5_000_000,
        rtt_min_us: 28_000,
        rcv_mss: 1_448,
        mss_cache: 1_448,
        tcp_header_len: 32,
        snd_wscale: 7,
        ..Socket::default()
    }
}
