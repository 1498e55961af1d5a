//! Facts as JSON. Each mirror names every member of its original: one that is
//! missing here does not compile, so that no recording lacks it.

use super::text::{address, comm, kind};
use monitor_common::{Fact, Segment, Socket};
use monitor_model::owner::Owner;
use serde::{Deserialize, Serialize};

/// Members that are zero, or nothing, are left out.
fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

macro_rules! mirror {
    ($(#[$meta:meta])* $name:ident of $original:literal {
        $($(#[$attribute:meta])* $member:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Serialize, Deserialize)]
        #[serde(remote = $original, deny_unknown_fields)]
        pub(super) struct $name {
            $(
                #[serde(default, skip_serializing_if = "is_zero")]
                $(#[$attribute])*
                $member: $type,
            )*
        }
    };
}

/// [`Fact`]. A fact without a socket is none.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Fact", deny_unknown_fields)]
pub(super) struct FactMirror {
    #[serde(with = "kind")]
    kind: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    flags: u32,
    time_ns: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    payload_idle_ns: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    packet_idle_ns: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    packet_idle_max_ns: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    path_id: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pid: u32,
    #[serde(default, skip_serializing_if = "is_zero", with = "comm")]
    comm: [u8; 16],
    #[serde(default, skip_serializing_if = "is_zero")]
    old_state: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    new_state: u32,
    #[serde(default, skip_serializing_if = "is_zero", with = "SegmentMirror")]
    segment: Segment,
    #[serde(with = "SocketMirror")]
    socket: Socket,
}

mirror! {
    /// [`Segment`].
    SegmentMirror of "Segment" {
        seq: u32,
        ack: u32,
        payload_len: u32,
        tsval: u32,
        window: u16,
        tcp_flags: u8,
        ttl: u8,
        options: u8,
        reserved: [u8; 3],
    }
}

mirror! {
    /// [`Socket`].
    SocketMirror of "Socket" {
        cookie: u64,
        cgroup_id: u64,
        bytes_sent: u64,
        bytes_retrans: u64,
        bytes_acked: u64,
        bytes_received: u64,
        tcp_clock_cache: u64,
        pacing_rate: u64,
        #[serde(with = "address")]
        local: [u8; 16],
        #[serde(with = "address")]
        remote: [u8; 16],
        local_port: u16,
        remote_port: u16,
        family: u16,
        retransmits: u8,
        probes_out: u8,
        state: u32,
        netns: u32,
        uid: u32,
        sk_err: u32,
        jiffies: u32,
        lsndtime: u32,
        lrcvtime: u32,
        rcv_tstamp: u32,
        snd_una: u32,
        snd_nxt: u32,
        write_seq: u32,
        rcv_nxt: u32,
        copied_seq: u32,
        snd_wnd: u32,
        rcv_wnd: u32,
        packets_out: u32,
        segs_in: u32,
        segs_out: u32,
        data_segs_in: u32,
        data_segs_out: u32,
        srtt_us: u32,
        rto_jiffies: u32,
        keepalive_time: u32,
        keepalive_intvl: u32,
        keepalive_probes: u32,
        user_timeout_ms: u32,
        rcv_wup: u32,
        snd_wl1: u32,
        rcv_tsval: u32,
        total_retrans: u32,
        retrans_out: u32,
        rtt_min_us: u32,
        rcv_mss: u32,
        tcp_header_len: u16,
        snd_wscale: u8,
        accepted: u8,
    }
}

mirror! {
    /// [`Owner`].
    OwnerMirror of "Owner" {
        pid: Option<u32>,
        comm: Option<String>,
        unit: Option<String>,
        container: Option<String>,
        pod: Option<String>,
        cgroup: Option<String>,
    }
}
