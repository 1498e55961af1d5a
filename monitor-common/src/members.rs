//! The one list of the members of kernel structures that tcplull reads.

/// Passes the list to the macro named `$then`. From it follow [`crate::Socket`], [`crate::Offsets`] and how user space
/// finds them in BTF, the kernel side's reads of a socket, and the form of a socket in a recording. So a new member of
/// [`crate::Socket`] is one line.
///
/// `socket` has the members of [`crate::Socket`], in its order, each with its documentation and how it is read:
/// - `"structure.member"`: loaded from the socket. `as u8` names the kernel's own type, if that is smaller. `or(0)` makes
///   the member optional: that is its value on a kernel without it.
/// - `by TcpSock::method`: by this method of the kernel side's.
/// - `by Addresses::member`: as a part of what `TcpSock::addresses` returns.
///
/// The other sections serve these methods: `loaded` from the socket in the same way, `hot`, the same for every healthy
/// segment, and `reached`, of which only the offset is known. There, `bits 4` is the offset of the byte that holds a bit
/// field 4 bits wide, and `shift 4` the field's lowest bit in that byte; both are optional.
///
/// The structures at the start of `tcp_sock` (`sock_common`, `sock`, `inet_sock`, `inet_connection_sock`) have its own
/// address.
#[macro_export]
macro_rules! kernel_members {
    ($then:ident) => {
        $then! {
            socket {
                /// Socket cookie: unique on this host since boot.
                cookie: u64 { "sock_common.skc_cookie" }
                /// cgroup v2 id of the socket (`sk_cgrp_data`); 0 if unknown.
                cgroup_id: u64 { by TcpSock::cgroup_id }
                /// Bytes sent, retransmissions included.
                bytes_sent: u64 { "tcp_sock.bytes_sent" }
                /// Bytes retransmitted.
                bytes_retrans: u64 { "tcp_sock.bytes_retrans" }
                /// Bytes acknowledged.
                bytes_acked: u64 { "tcp_sock.bytes_acked" }
                /// Bytes received in order; the peer's FIN counts one.
                bytes_received: u64 { "tcp_sock.bytes_received" }
                /// Last refresh of the packet clock, CLOCK_MONOTONIC in ns.
                tcp_clock_cache: u64 { "tcp_sock.tcp_clock_cache" }
                /// Rate at which it may send, in bytes per second (`sk_pacing_rate`); `u64::MAX` for no bound.
                pacing_rate: u64 { "sock.sk_pacing_rate" or(u64::MAX) }
                /// Local address in network order; an IPv4 address fills the first four bytes.
                local: [u8; 16] { by Addresses::local }
                /// Remote address, likewise.
                remote: [u8; 16] { by Addresses::remote }
                /// Local port, host order.
                local_port: u16 { by TcpSock::local_port }
                /// Remote port, host order.
                remote_port: u16 { by TcpSock::remote_port }
                /// 4 or 6: see [`Family`].
                family: u16 { by Addresses::family }
                /// Times the retransmission timer expired without an ACK since (`icsk_retransmits`).
                retransmits: u8 { "inet_connection_sock.icsk_retransmits" }
                /// Window and keepalive probes unanswered (`icsk_probes_out`).
                probes_out: u8 { "inet_connection_sock.icsk_probes_out" }
                /// A [`TcpState`] number.
                state: u32 { "sock_common.skc_state" as u8 }
                /// Inode of the network namespace; 0 if unknown.
                netns: u32 { by TcpSock::netns }
                /// Owner's uid in the initial user namespace.
                uid: u32 { "sock.sk_uid" }
                /// Pending error, a positive errno (`sk_err`).
                sk_err: u32 { "sock.sk_err" }
                /// `jiffies` at that moment, low 32 bits.
                jiffies: u32 { by TcpSock::jiffies }
                /// Last data sent, in jiffies (retransmissions count).
                lsndtime: u32 { by TcpSock::lsndtime }
                /// Last data received, in jiffies (`icsk_ack.lrcvtime`).
                lrcvtime: u32 { by TcpSock::lrcvtime }
                /// Last ACK received that passed the fast or slow path, in jiffies.
                rcv_tstamp: u32 { "tcp_sock.rcv_tstamp" }
                /// First unacknowledged sequence number.
                snd_una: u32 { "tcp_sock.snd_una" }
                /// Next sequence number to send.
                snd_nxt: u32 { "tcp_sock.snd_nxt" }
                /// End of the data the application handed over.
                write_seq: u32 { "tcp_sock.write_seq" }
                /// Next sequence number expected from the peer.
                rcv_nxt: u32 { "tcp_sock.rcv_nxt" }
                /// Start of the data the application has not read.
                copied_seq: u32 { "tcp_sock.copied_seq" }
                /// Peer's window in bytes.
                snd_wnd: u32 { "tcp_sock.snd_wnd" }
                /// Our window in bytes.
                rcv_wnd: u32 { "tcp_sock.rcv_wnd" }
                /// Segments in flight.
                packets_out: u32 { "tcp_sock.packets_out" }
                /// Segments received, all kinds; in receive facts the arriving one is counted.
                segs_in: u32 { "tcp_sock.segs_in" }
                /// Segments sent, all kinds.
                segs_out: u32 { "tcp_sock.segs_out" }
                /// Segments with data received.
                data_segs_in: u32 { "tcp_sock.data_segs_in" }
                /// Segments with data sent.
                data_segs_out: u32 { "tcp_sock.data_segs_out" }
                /// Smoothed round-trip time in us (the kernel's `srtt_us` divided by 8).
                srtt_us: u32 { by TcpSock::srtt_us }
                /// Retransmission timeout in jiffies, backoff included.
                rto_jiffies: u32 { "inet_connection_sock.icsk_rto" }
                /// Keepalive: silence before the first probe, in jiffies, the namespace's default where the socket sets
                /// none; 0 if unknown.
                keepalive_time: u32 { by TcpSock::keepalive_time }
                /// Keepalive: time between probes, in jiffies, likewise.
                keepalive_intvl: u32 { by TcpSock::keepalive_intvl }
                /// Keepalive: unanswered probes until the connection is given up, likewise.
                keepalive_probes: u32 { by TcpSock::keepalive_probes }
                /// TCP_USER_TIMEOUT in ms, as `tcp_sock_set_user_timeout` keeps it; 0 if not set.
                user_timeout_ms: u32 { "inet_connection_sock.icsk_user_timeout" }
                /// `rcv_nxt` when our window was last advertised: the window that is left is
                /// `rcv_wup + rcv_wnd - rcv_nxt`.
                rcv_wup: u32 { "tcp_sock.rcv_wup" }
                /// Sequence number of the segment that last acknowledged new data or was looked at for the peer's window
                /// (`tcp_update_wl`). With all data acknowledged, before `rcv_nxt` only if the peer's payload came with
                /// or after that segment: the peer spoke last. Equal to it if this host spoke last, but also after any
                /// later bare ACK of the peer's, such as its answer to a keepalive probe.
                snd_wl1: u32 { "tcp_sock.snd_wl1" }
                /// TSval of the last segment received that had one; 0 if unknown.
                rcv_tsval: u32 { "tcp_sock.rx_opt.rcv_tsval" or(0) }
                /// Segments retransmitted since the connection began.
                total_retrans: u32 { "tcp_sock.total_retrans" }
                /// Segments retransmitted and not acknowledged yet.
                retrans_out: u32 { "tcp_sock.retrans_out" }
                /// Smallest round-trip time of the last minutes in us (over `net.ipv4.tcp_min_rtt_wlen`); `u32::MAX` if
                /// none was measured. The first of three samples is the smallest (`minmax_get`).
                rtt_min_us: u32 { "tcp_sock.rtt_min.s.v" or(u32::MAX) }
                /// Payload of the largest segment received lately; 0 if unknown.
                rcv_mss: u32 { "inet_connection_sock.icsk_ack.rcv_mss" as u16 or(0) }
                /// Segments in flight that the peer has selectively acknowledged; in receive facts as after the arriving
                /// one.
                sacked_out: u32 { "tcp_sock.sacked_out" }
                /// Segments delivered, selectively acknowledged ones included (the SYN counts one); in receive facts as
                /// after the arriving one.
                delivered: u32 { "tcp_sock.delivered" }
                /// Payload of a full segment that this host sends, in bytes.
                mss_cache: u32 { "tcp_sock.mss_cache" }
                /// When the first segment of the present recovery was sent again, in ms of CLOCK_MONOTONIC, low 32 bits; 0 if
                /// none was (`tcp_retransmit_skb`). In us where the route asks for such timestamps.
                retrans_stamp: u32 { "tcp_sock.retrans_stamp" }
                /// Segments with data received out of order; in receive facts as after the arriving one.
                rcv_ooopack: u32 { "tcp_sock.rcv_ooopack" or(0) }
                /// 1 if no process holds it: closed by its application, or not accepted yet (`sk_socket` is null).
                orphan: u32 { by TcpSock::orphan }
                /// Length of the TCP header of a segment with data: 32 where the timestamp option was negotiated and no
                /// other of every segment.
                tcp_header_len: u16 { "tcp_sock.tcp_header_len" or(0) }
                /// Shift of the windows that the peer announces (`rx_opt.snd_wscale`), 0 to 14; [`UNKNOWN_WSCALE`] if
                /// unknown.
                snd_wscale: u8 { by TcpSock::snd_wscale }
                /// 1 if a listener accepted it, 0 if not, and for listeners without any backlog: a child inherits its
                /// listener's backlog (`sk_max_ack_backlog`; `sk_clone` copies the whole socket), and who connects has
                /// none.
                accepted: u8 { by TcpSock::accepted }
            }
            loaded {
                skc_family: u16 { "sock_common.skc_family" }
                skc_daddr: u32 { "sock_common.skc_daddr" }
                skc_rcv_saddr: u32 { "sock_common.skc_rcv_saddr" }
                skc_dport: u16 { "sock_common.skc_dport" }
                skc_hash: u32 { "sock_common.skc_hash" }
                skc_net: u64 { "sock_common.skc_net" }
                skc_flags: u64 { "sock_common.skc_flags" }
                sk_dst_cache: u64 { "sock.sk_dst_cache" }
                sk_max_ack_backlog: u32 { "sock.sk_max_ack_backlog" }
                inet_sport: u16 { "inet_sock.inet_sport" }
                srtt_us_shifted: u32 { "tcp_sock.srtt_us" }
                own_keepalive_time: u32 { "tcp_sock.keepalive_time" }
                own_keepalive_intvl: u32 { "tcp_sock.keepalive_intvl" }
                own_keepalive_probes: u8 { "tcp_sock.keepalive_probes" }
                callbacks: u32 { "tcp_sock.bpf_sock_ops_cb_flags" as u8 or(0) }
            }
            reached {
                skc_v6_daddr { "sock_common.skc_v6_daddr" }
                skc_v6_rcv_saddr { "sock_common.skc_v6_rcv_saddr" }
                sk_socket { "sock.sk_socket" }
                sk_cgrp_data { "sock.sk_cgrp_data.cgroup" optional }
                snd_wscale { "tcp_sock.rx_opt.snd_wscale" bits 4 }
                snd_wscale_shift { "tcp_sock.rx_opt.snd_wscale" shift 4 }
                transparent { "inet_sock.transparent" bits 1 }
                transparent_shift { "inet_sock.transparent" shift 1 }
                freebind { "inet_sock.freebind" bits 1 }
                freebind_shift { "inet_sock.freebind" shift 1 }
                inet_flags { "inet_sock.inet_flags" optional }
                saw_tstamp { "tcp_sock.rx_opt.saw_tstamp" bits 1 }
                saw_tstamp_shift { "tcp_sock.rx_opt.saw_tstamp" shift 1 }
                net_inum { "net.ns.inum" }
                net_keepalive_time { "net.ipv4.sysctl_tcp_keepalive_time" optional }
                net_keepalive_intvl { "net.ipv4.sysctl_tcp_keepalive_intvl" optional }
                net_keepalive_probes { "net.ipv4.sysctl_tcp_keepalive_probes" optional }
                dst_dev { "dst_entry.dev" }
                dev_flags { "net_device.flags" }
                rt_uses_gateway { "rtable.rt_uses_gateway" }
                rt6i_flags { "rt6_info.rt6i_flags" optional }
                cgroup_kn { "cgroup.kn" optional }
                kernfs_id { "kernfs_node.id" optional }
                cgroup_level { "cgroup.level" optional }
                cgroup_ancestors { "cgroup.ancestors" optional }
                cgroup_ancestor_ids { "cgroup.ancestor_ids" optional }
                skb_data { "sk_buff.data" }
                skb_len { "sk_buff.len" }
                skb_head { "sk_buff.head" optional }
                skb_network_header { "sk_buff.network_header" optional }
                socket_sk { "socket.sk" }
                task_tgid { "task_struct.tgid" }
                task_group_leader { "task_struct.group_leader" }
                task_comm { "task_struct.comm" }
                task_start_time { "task_struct.start_time" }
            }
            hot {
                sk_bpf_storage: u64 { "sock.sk_bpf_storage" }
                lrcvtime: u32 { "inet_connection_sock.icsk_ack.lrcvtime" }
                lsndtime: u32 { "tcp_sock.lsndtime" }
            }
        }
    };
}
