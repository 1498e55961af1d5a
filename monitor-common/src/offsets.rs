use crate::Record;

/// The offset of a member that the running kernel does not have.
pub const MISSING: u32 = u32::MAX;

/// Byte offsets of kernel structure members, read from the running kernel's
/// BTF and set as a read-only global before the load. The verifier then treats
/// them as constants, and removes what hangs on a [`MISSING`] one.
///
/// Members of `tcp_sock` and of the structures at its start (`sock_common`,
/// `sock`, `inet_sock`, `inet_connection_sock`) count from the start of `tcp_sock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Offsets {
    // sock_common
    /// `skc_family`
    pub skc_family: u32,
    /// `skc_state`
    pub skc_state: u32,
    /// `skc_daddr`
    pub skc_daddr: u32,
    /// `skc_rcv_saddr`
    pub skc_rcv_saddr: u32,
    /// `skc_v6_daddr`
    pub skc_v6_daddr: u32,
    /// `skc_v6_rcv_saddr`
    pub skc_v6_rcv_saddr: u32,
    /// `skc_dport`
    pub skc_dport: u32,
    /// `skc_net`
    pub skc_net: u32,
    /// `skc_flags`
    pub skc_flags: u32,
    /// `skc_cookie`
    pub skc_cookie: u32,
    // sock
    /// `sk_err`
    pub sk_err: u32,
    /// `sk_uid`
    pub sk_uid: u32,
    /// `sk_dst_cache`
    pub sk_dst_cache: u32,
    /// `sk_cgrp_data.cgroup`; optional
    pub sk_cgrp_data: u32,
    /// `sk_max_ack_backlog`
    pub sk_max_ack_backlog: u32,
    /// `sk_pacing_rate`; optional
    pub sk_pacing_rate: u32,
    // inet_sock
    /// `inet_sport`
    pub inet_sport: u32,
    // inet_connection_sock
    /// `icsk_rto`
    pub icsk_rto: u32,
    /// `icsk_retransmits`
    pub icsk_retransmits: u32,
    /// `icsk_probes_out`
    pub icsk_probes_out: u32,
    /// `icsk_user_timeout`
    pub icsk_user_timeout: u32,
    /// `icsk_ack.rcv_mss`; optional
    pub rcv_mss: u32,
    // tcp_sock
    /// `rcv_tstamp`
    pub rcv_tstamp: u32,
    /// `tcp_clock_cache`
    pub tcp_clock_cache: u32,
    /// `snd_una`
    pub snd_una: u32,
    /// `snd_nxt`
    pub snd_nxt: u32,
    /// `write_seq`
    pub write_seq: u32,
    /// `rcv_nxt`
    pub rcv_nxt: u32,
    /// `copied_seq`
    pub copied_seq: u32,
    /// `snd_wnd`
    pub snd_wnd: u32,
    /// `rcv_wnd`
    pub rcv_wnd: u32,
    /// `packets_out`
    pub packets_out: u32,
    /// `segs_in`
    pub segs_in: u32,
    /// `segs_out`
    pub segs_out: u32,
    /// `data_segs_in`
    pub data_segs_in: u32,
    /// `data_segs_out`
    pub data_segs_out: u32,
    /// `bytes_sent`
    pub bytes_sent: u32,
    /// `bytes_retrans`
    pub bytes_retrans: u32,
    /// `bytes_acked`
    pub bytes_acked: u32,
    /// `bytes_received`
    pub bytes_received: u32,
    /// `srtt_us`
    pub srtt_us: u32,
    /// `rcv_wup`
    pub rcv_wup: u32,
    /// `snd_wl1`
    pub snd_wl1: u32,
    /// `rx_opt.rcv_tsval`; optional
    pub rcv_tsval: u32,
    /// `total_retrans`
    pub total_retrans: u32,
    /// `retrans_out`
    pub retrans_out: u32,
    /// `rtt_min.s[0].v`; optional
    pub rtt_min: u32,
    /// `tcp_header_len`; optional
    pub tcp_header_len: u32,
    /// The byte that holds `rx_opt.snd_wscale`; optional
    pub snd_wscale: u32,
    /// Its lowest bit in there
    pub snd_wscale_shift: u32,
    /// The byte that holds `rx_opt.saw_tstamp`; optional
    pub saw_tstamp: u32,
    /// Its bit in there
    pub saw_tstamp_shift: u32,
    /// `bpf_sock_ops_cb_flags`; optional
    pub bpf_sock_ops_cb_flags: u32,
    /// `keepalive_time`
    pub keepalive_time: u32,
    /// `keepalive_intvl`
    pub keepalive_intvl: u32,
    /// `keepalive_probes`
    pub keepalive_probes: u32,
    // reached through pointers
    /// `net.ns.inum`
    pub net_inum: u32,
    /// `net.ipv4.sysctl_tcp_keepalive_time`
    pub net_keepalive_time: u32,
    /// `net.ipv4.sysctl_tcp_keepalive_intvl`
    pub net_keepalive_intvl: u32,
    /// `net.ipv4.sysctl_tcp_keepalive_probes`
    pub net_keepalive_probes: u32,
    /// `dst_entry.dev`
    pub dst_dev: u32,
    /// `net_device.flags`
    pub dev_flags: u32,
    /// `rtable.rt_uses_gateway`
    pub rt_uses_gateway: u32,
    /// `rt6_info.rt6i_flags`
    pub rt6i_flags: u32,
    /// `cgroup.kn`; optional
    pub cgroup_kn: u32,
    /// `kernfs_node.id`; optional
    pub kernfs_id: u32,
    // sk_buff
    /// `sk_buff.data`
    pub skb_data: u32,
    /// `sk_buff.len`
    pub skb_len: u32,
    /// `sk_buff.head`; optional
    pub skb_head: u32,
    /// `sk_buff.network_header`; optional
    pub skb_network_header: u32,
    // iterators
    /// `socket.sk`
    pub socket_sk: u32,
    /// `task_struct.tgid`
    pub task_tgid: u32,
    /// `task_struct.comm`
    pub task_comm: u32,
    // What every healthy segment reads comes last: beside the settings, which follow it in
    // memory, in as few cache lines as can be.
    /// `sk_bpf_storage`
    pub sk_bpf_storage: u32,
    /// `icsk_ack.lrcvtime`
    pub lrcvtime: u32,
    /// `lsndtime`
    pub lsndtime: u32,
}

// SAFETY: repr(C), u32 only.
unsafe impl Record for Offsets {}
