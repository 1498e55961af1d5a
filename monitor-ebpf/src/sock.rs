//! A TCP socket, and all that is read of it.

use crate::globals::offset;
use crate::kernel::{guarded, jiffies};
use aya_ebpf::helpers::generated::{bpf_get_socket_cookie, bpf_skc_to_tcp_sock};
use core::ffi::c_void;
use monitor_common::{Family, MISSING, Offsets, Socket, UNKNOWN_WSCALE, flags};

/// `SOCK_KEEPOPEN` in `enum sock_flags` (include/net/sock.h): bit 3 of `sk_flags`.
const SOCK_KEEPOPEN: u64 = 1 << 3;
/// `AF_INET6` (include/linux/socket.h).
const AF_INET6: u16 = 10;
/// `IFF_LOOPBACK` (include/uapi/linux/if.h).
const IFF_LOOPBACK: u32 = 1 << 3;
/// `RTF_GATEWAY` (include/uapi/linux/route.h).
const RTF_GATEWAY: u32 = 2;

/// How the peer is reached, as far as the socket's cached route tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// By the loopback device, or to an address of the socket's own.
    Loopback,
    /// Without a gateway.
    OnLink,
    /// Through a gateway.
    Gateway,
    /// No route is cached.
    Unknown,
}

impl Route {
    /// The bits of [`flags`] that say how; none where nothing is known of a route.
    #[inline(always)]
    pub fn flags(route: Option<Self>) -> u32 {
        match route {
            Some(Self::Loopback) => flags::LOOPBACK,
            Some(Self::OnLink) => flags::ON_LINK,
            Some(Self::Unknown) => flags::ROUTE_UNKNOWN,
            Some(Self::Gateway) | None => 0,
        }
    }
}

/// A full TCP socket, as the verifier knows it (`struct tcp_sock`).
#[derive(Clone, Copy)]
pub struct TcpSock(*const u8);

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {
        $(
            $(#[$doc])*
            #[inline(always)]
            pub fn $name(self) -> $type {
                self.load(|offsets| &offsets.$name)
            }
        )*
    };
}

impl TcpSock {
    /// The TCP socket behind a hook's `struct sock *`; `None` for anything else
    /// (no socket, a request or TIME_WAIT socket, MPTCP).
    #[inline(always)]
    pub fn from_sock(sk: *const c_void) -> Option<Self> {
        if sk.is_null() {
            return None;
        }
        // SAFETY: `sk` is the hook's own argument and not null; the helper checks
        // what kind of socket it is.
        let sock = unsafe { bpf_skc_to_tcp_sock(sk.cast_mut()) };
        (!sock.is_null()).then_some(Self(sock.cast::<u8>()))
    }

    /// The pointer for helpers that take a socket.
    #[inline(always)]
    pub fn as_ptr(self) -> *mut c_void {
        self.0.cast_mut().cast()
    }

    /// Loads a member directly: the verifier checks type and offset, and the
    /// kernel turns a bad address into zero.
    #[inline(always)]
    fn load<T: Copy>(self, member: fn(&Offsets) -> &u32) -> T {
        let at = self.0.wrapping_add(offset(member) as usize).cast::<T>();
        // SAFETY: the offset is that of the member in the running kernel's BTF, and
        // the verifier refuses the program if a `T` there is not readable. Volatile,
        // so that the load keeps its width.
        unsafe { core::ptr::read_volatile(at) }
    }

    fields! {
        skc_family: u16;
        skc_daddr: u32;
        skc_rcv_saddr: u32;
        skc_dport: u16;
        skc_flags: u64;
        skc_cookie: u64;
        sk_err: u32;
        sk_uid: u32;
        sk_max_ack_backlog: u32;
        inet_sport: u16;
        icsk_rto: u32;
        icsk_retransmits: u8;
        icsk_probes_out: u8;
        icsk_user_timeout: u32;
        lrcvtime: u32;
        lsndtime: u32;
        rcv_tstamp: u32;
        tcp_clock_cache: u64;
        snd_una: u32;
        snd_nxt: u32;
        write_seq: u32;
        rcv_nxt: u32;
        copied_seq: u32;
        snd_wnd: u32;
        rcv_wnd: u32;
        packets_out: u32;
        segs_in: u32;
        segs_out: u32;
        data_segs_in: u32;
        data_segs_out: u32;
        bytes_sent: u64;
        bytes_retrans: u64;
        bytes_acked: u64;
        bytes_received: u64;
        srtt_us: u32;
        keepalive_time: u32;
        keepalive_intvl: u32;
        keepalive_probes: u8;
        rcv_wup: u32;
        snd_wl1: u32;
        total_retrans: u32;
        retrans_out: u32;
    }

    /// Payload of the largest segment received lately; 0 if unknown.
    #[inline(always)]
    pub fn rcv_mss(self) -> u16 {
        self.load_or(|offsets| &offsets.rcv_mss, 0)
    }

    /// TSval of the last segment that had one; 0 if unknown.
    #[inline(always)]
    pub fn rcv_tsval(self) -> u32 {
        self.load_or(|offsets| &offsets.rcv_tsval, 0)
    }

    /// Whether the segment that was received last had the timestamp option; `None`
    /// where that cannot be read.
    #[inline(always)]
    pub fn saw_tstamp(self) -> Option<bool> {
        if offset(|offsets| &offsets.saw_tstamp) == MISSING {
            return None;
        }
        let byte: u8 = self.load(|offsets| &offsets.saw_tstamp);
        Some(byte >> offset(|offsets| &offsets.saw_tstamp_shift) & 1 != 0)
    }

    /// The callbacks that programs have asked for: see [`monitor_common::callbacks`].
    #[inline(always)]
    pub fn callbacks(self) -> u32 {
        let flags: u8 = self.load_or(|offsets| &offsets.bpf_sock_ops_cb_flags, 0);
        u32::from(flags)
    }

    /// Inode of the network namespace; 0 if unknown.
    #[inline(always)]
    pub fn netns(self) -> u32 {
        let net: u64 = self.load(|offsets| &offsets.skc_net);
        guarded(net, |offsets| &offsets.net_inum)
    }

    /// Gives the socket its cookie, if it has none yet. Only in tracing programs and
    /// iterators; others lend this helper in another form.
    #[inline(always)]
    pub fn ensure_cookie(self) {
        // SAFETY: the helper takes any full socket; `self` is one.
        let _ = unsafe { bpf_get_socket_cookie(self.as_ptr()) };
    }

    /// A number of the connection's own, as good as random: its peer and its ports,
    /// by Fibonacci hashing (Knuth, The Art of Computer Programming, section 6.4).
    /// The socket's address would do too, but the verifier lets nobody reckon with it.
    #[inline(always)]
    pub fn hash(self) -> u32 {
        let daddr6 = self.address6(|offsets| &offsets.skc_v6_daddr);
        let peer = u64::from(self.skc_daddr() ^ daddr6[3]);
        let ports = u64::from(self.skc_dport()) << 16 | u64::from(self.inet_sport());
        // The upper bits are the good ones.
        ((peer << 32 | ports).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
    }

    /// Loads a member that not every kernel has; `missing` where it has none.
    #[inline(always)]
    fn load_or<T: Copy>(self, member: fn(&Offsets) -> &u32, missing: T) -> T {
        if offset(member) == MISSING {
            return missing;
        }
        self.load(member)
    }

    /// Shift of the windows that the peer announces.
    #[inline(always)]
    pub fn snd_wscale(self) -> u8 {
        if offset(|offsets| &offsets.snd_wscale) == MISSING {
            return UNKNOWN_WSCALE;
        }
        let byte: u8 = self.load(|offsets| &offsets.snd_wscale);
        (byte >> offset(|offsets| &offsets.snd_wscale_shift)) & 0xf
    }

    /// The connection's state as a `TcpState` number.
    #[inline(always)]
    pub fn state(self) -> u32 {
        let state: u8 = self.load(|offsets| &offsets.skc_state);
        u32::from(state)
    }

    /// Whether any program keeps storage with this socket: one load.
    #[inline(always)]
    pub fn has_storage(self) -> bool {
        let storage: u64 = self.load(|offsets| &offsets.sk_bpf_storage);
        // To the verifier this is a pointer, on which it allows a comparison and
        // nothing else; left alone, the compiler merges it with other conditions.
        #[cfg(target_arch = "bpf")]
        let has = {
            let has: u64;
            // SAFETY: compares a register and sets another.
            unsafe {
                core::arch::asm!(
                    "{has} = 0",
                    "if {storage} == 0 goto +1",
                    "{has} = 1",
                    has = out(reg) has,
                    storage = in(reg) storage,
                );
            }
            has
        };
        // Only lints are run for another target.
        #[cfg(not(target_arch = "bpf"))]
        let has = storage;
        has != 0
    }

    /// Whether SO_KEEPALIVE is set.
    #[inline(always)]
    pub fn keepalive(self) -> bool {
        self.skc_flags() & SOCK_KEEPOPEN != 0
    }

    /// Whether a listener accepted it: see [`Socket::accepted`].
    #[inline(always)]
    pub fn accepted(self) -> bool {
        self.sk_max_ack_backlog() != 0
    }

    /// The family and both addresses, local first, as [`Socket`] holds them: an
    /// IPv4-mapped IPv6 peer comes out as IPv4.
    #[inline(always)]
    pub fn addresses(self) -> (Family, [u8; 16], [u8; 16]) {
        if self.skc_family() == AF_INET6 {
            let remote = self.address6(|offsets| &offsets.skc_v6_daddr);
            // ::ffff:0:0/96 is IPv4-mapped: RFC 4291, section 2.5.5.2.
            let mapped = remote[0] == 0 && remote[1] == 0 && remote[2] == 0xffff_u32.to_be();
            if !mapped {
                let local = self.address6(|offsets| &offsets.skc_v6_rcv_saddr);
                return (Family::Ipv6, bytes(local), bytes(remote));
            }
        }
        let local = [self.skc_rcv_saddr(), 0, 0, 0];
        let remote = [self.skc_daddr(), 0, 0, 0];
        (Family::Ipv4, bytes(local), bytes(remote))
    }

    #[inline(always)]
    fn address6(self, member: fn(&Offsets) -> &u32) -> [u32; 4] {
        let start = self.0.wrapping_add(offset(member) as usize).cast::<u32>();
        // SAFETY: as in `load`: the member is an IPv6 address, four readable words.
        let word = |at: usize| unsafe { core::ptr::read_volatile(start.wrapping_add(at)) };
        [word(0), word(1), word(2), word(3)]
    }

    /// How the peer is reached. Costs a few guarded reads: not for the hot path.
    #[inline(always)]
    pub fn route(self, family: Family) -> Route {
        let dst: u64 = self.load(|offsets| &offsets.sk_dst_cache);
        if dst == 0 {
            return Route::Unknown;
        }
        let device: u64 = guarded(dst, |offsets| &offsets.dst_dev);
        let device_flags: u32 = guarded(device, |offsets| &offsets.dev_flags);
        if device == 0 {
            Route::Unknown
        } else if device_flags & IFF_LOOPBACK != 0 {
            Route::Loopback
        } else if match family {
            Family::Ipv4 => guarded::<u8>(dst, |offsets| &offsets.rt_uses_gateway) != 0,
            Family::Ipv6 => guarded::<u32>(dst, |offsets| &offsets.rt6i_flags) & RTF_GATEWAY != 0,
        } {
            Route::Gateway
        } else {
            Route::OnLink
        }
    }

    /// The id of the socket's cgroup in the v2 hierarchy; 0 if unknown.
    #[inline(always)]
    pub fn cgroup_id(self) -> u64 {
        if offset(|offsets| &offsets.sk_cgrp_data) == MISSING {
            return 0;
        }
        let cgroup: u64 = self.load(|offsets| &offsets.sk_cgrp_data);
        let node: u64 = guarded(cgroup, |offsets| &offsets.cgroup_kn);
        guarded(node, |offsets| &offsets.kernfs_id)
    }

    /// Writes all that a fact tells of a socket, every member of `to`. The socket must
    /// have its cookie ([`Self::ensure_cookie`]).
    #[inline(always)]
    pub fn snapshot(self, to: &mut Socket) {
        let (family, local, remote) = self.addresses();
        let net: u64 = self.load(|offsets| &offsets.skc_net);
        let keepalive_time = self.keepalive_time();
        let keepalive_intvl = self.keepalive_intvl();
        let keepalive_probes = self.keepalive_probes();
        to.cookie = self.skc_cookie();
        to.cgroup_id = self.cgroup_id();
        to.bytes_sent = self.bytes_sent();
        to.bytes_retrans = self.bytes_retrans();
        to.bytes_acked = self.bytes_acked();
        to.bytes_received = self.bytes_received();
        to.tcp_clock_cache = self.tcp_clock_cache();
        to.local = local;
        to.remote = remote;
        // Not `skc_num`, which is zero by the time the change to CLOSE is told.
        to.local_port = u16::from_be(self.inet_sport());
        to.remote_port = u16::from_be(self.skc_dport());
        to.family = family as u16;
        to.retransmits = self.icsk_retransmits();
        to.probes_out = self.icsk_probes_out();
        to.state = self.state();
        to.netns = self.netns();
        to.uid = self.sk_uid();
        to.sk_err = self.sk_err();
        to.jiffies = jiffies();
        to.lsndtime = self.lsndtime();
        to.lrcvtime = self.lrcvtime();
        to.rcv_tstamp = self.rcv_tstamp();
        to.snd_una = self.snd_una();
        to.snd_nxt = self.snd_nxt();
        to.write_seq = self.write_seq();
        to.rcv_nxt = self.rcv_nxt();
        to.copied_seq = self.copied_seq();
        to.snd_wnd = self.snd_wnd();
        to.rcv_wnd = self.rcv_wnd();
        to.packets_out = self.packets_out();
        to.segs_in = self.segs_in();
        to.segs_out = self.segs_out();
        to.data_segs_in = self.data_segs_in();
        to.data_segs_out = self.data_segs_out();
        // The kernel keeps it shifted by three: tcp_rtt_estimator.
        to.srtt_us = self.srtt_us() >> 3;
        to.rto_jiffies = self.icsk_rto();
        // Zero means the namespace's default: keepalive_time_when and its kin.
        to.keepalive_time = if keepalive_time != 0 {
            keepalive_time
        } else {
            guarded(net, |offsets| &offsets.net_keepalive_time)
        };
        to.keepalive_intvl = if keepalive_intvl != 0 {
            keepalive_intvl
        } else {
            guarded(net, |offsets| &offsets.net_keepalive_intvl)
        };
        to.keepalive_probes = u32::from(if keepalive_probes != 0 {
            keepalive_probes
        } else {
            guarded(net, |offsets| &offsets.net_keepalive_probes)
        });
        // Kept in ms: tcp_sock_set_user_timeout.
        to.user_timeout_ms = self.icsk_user_timeout();
        to.pacing_rate = self.load_or(|offsets| &offsets.sk_pacing_rate, u64::MAX);
        to.rcv_wup = self.rcv_wup();
        to.snd_wl1 = self.snd_wl1();
        to.rcv_tsval = self.rcv_tsval();
        to.total_retrans = self.total_retrans();
        to.retrans_out = self.retrans_out();
        to.rtt_min_us = self.load_or(|offsets| &offsets.rtt_min, u32::MAX);
        to.rcv_mss = u32::from(self.rcv_mss());
        to.tcp_header_len = self.load_or(|offsets| &offsets.tcp_header_len, 0);
        to.snd_wscale = self.snd_wscale();
        to.accepted = u8::from(self.accepted());
    }
}

/// Four words in memory order as sixteen bytes.
#[inline(always)]
fn bytes(words: [u32; 4]) -> [u8; 16] {
    // SAFETY: both are plain bytes of one size.
    unsafe { core::mem::transmute(words) }
}
