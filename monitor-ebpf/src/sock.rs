//! A TCP socket, and all that is read of it.

use crate::globals::offset;
use crate::kernel::{guarded, jiffies};
use aya_ebpf::helpers::generated::{bpf_get_socket_cookie, bpf_skc_to_tcp_sock};
use core::ffi::c_void;
use monitor_common::{
    Family, MISSING, Offsets, Socket, TcpState, UNKNOWN_WSCALE, flags, kernel_members,
};

/// `SOCK_KEEPOPEN` in `enum sock_flags` (include/net/sock.h): bit 3 of `sk_flags`.
const SOCK_KEEPOPEN: u64 = 1 << 3;
/// `INET_FLAGS_FREEBIND` and `INET_FLAGS_TRANSPARENT` (include/net/inet_sock.h, from Linux 6.6 on; before, each is a bit
/// field of its own).
const INET_FLAGS_FREEBIND: u32 = 11;
const INET_FLAGS_TRANSPARENT: u32 = 15;
/// `AF_INET6` (include/linux/socket.h).
const AF_INET6: u16 = 10;
/// `IFF_LOOPBACK` (include/uapi/linux/if.h).
const IFF_LOOPBACK: u32 = 1 << 3;
/// `RTF_GATEWAY` (include/uapi/linux/route.h).
const RTF_GATEWAY: u32 = 2;

/// How the peer is reached, by the socket's cached route.
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
    /// The bits of [`flags`] that say how.
    #[inline(always)]
    pub const fn flags(self) -> u32 {
        match self {
            Self::Loopback => flags::LOOPBACK,
            Self::OnLink => flags::ON_LINK,
            Self::Unknown => flags::ROUTE_UNKNOWN,
            Self::Gateway => 0,
        }
    }
}

/// A full TCP socket, as the verifier knows it (`struct tcp_sock`).
#[derive(Clone, Copy)]
pub struct TcpSock(*const u8);

/// Family and addresses as [`Socket`] holds them: an IPv4-mapped IPv6 peer is IPv4.
#[derive(Clone, Copy)]
pub struct Addresses {
    pub family: Family,
    pub local: [u8; 16],
    pub remote: [u8; 16],
}

/// The method that loads a member of the list, unless another one reads it.
macro_rules! loading {
    ($(#[$doc:meta])* $name:ident: $type:ty { by $($method:tt)* }) => {};
    ($(#[$doc:meta])* $name:ident: $type:ty {
        $path:literal $(as $kept:ident)? $(or($missing:expr))?
    }) => {
        $(#[$doc])*
        #[inline(always)]
        pub fn $name(self) -> $type {
            $(if offset(|offsets| &offsets.$name) == MISSING {
                return $missing;
            })?
            let kept: kept!($type $(as $kept)?) = self.load(|offsets| &offsets.$name);
            kept.into()
        }
    };
}

/// The type of a member in the kernel.
macro_rules! kept {
    ($type:ty) => {
        $type
    };
    ($type:ty as $kept:ident) => {
        $kept
    };
}

/// Writes a member that is loaded from the socket, and no other.
macro_rules! write_loaded {
    ($sock:ident $to:ident $name:ident { by $($how:tt)* }) => {};
    ($sock:ident $to:ident $name:ident { $($how:tt)* }) => {
        $to.$name = $sock.$name();
    };
}

/// Writes a member that takes a method to read, and no other.
macro_rules! write_by_method {
    ($sock:ident $addresses:ident $to:ident $name:ident { by Addresses::$part:ident }) => {
        $to.$name = $addresses.$part.into();
    };
    ($sock:ident $addresses:ident $to:ident $name:ident { by TcpSock::$method:ident }) => {
        $to.$name = $sock.$method().into();
    };
    ($sock:ident $addresses:ident $to:ident $name:ident { $($how:tt)* }) => {};
}

macro_rules! reading {
    (
        socket { $($(#[$doc:meta])* $name:ident: $type:ty { $($how:tt)* })* }
        loaded { $($loaded:ident: $loaded_type:ty { $($loaded_how:tt)* })* }
        reached { $($reached:tt)* }
        hot { $($hot:ident: $hot_type:ty { $($hot_how:tt)* })* }
    ) => {
        impl TcpSock {
            $(loading! { $(#[$doc])* $name: $type { $($how)* } })*
            $(loading! { $loaded: $loaded_type { $($loaded_how)* } })*
            $(loading! { $hot: $hot_type { $($hot_how)* } })*

            /// Writes all that a fact holds of a socket, every member of `to`. The socket
            /// must have its cookie ([`Self::ensure_cookie`]).
            #[inline(always)]
            pub fn write_to(self, to: &mut Socket) {
                $(write_loaded!(self to $name { $($how)* });)*
                // Methods branch: what came after them the verifier would walk once for each branch.
                let addresses = self.addresses();
                $(write_by_method!(self addresses to $name { $($how)* });)*
            }
        }
    };
}

kernel_members!(reading);

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

    /// 1 if the socket may have an address that is not this host's (IP_TRANSPARENT, IP_FREEBIND), else 0.
    #[inline(always)]
    pub fn foreign_address(self) -> u32 {
        if offset(|offsets| &offsets.inet_flags) != MISSING {
            let bits: u32 = self.load(|offsets| &offsets.inet_flags);
            return ((bits >> INET_FLAGS_FREEBIND) | (bits >> INET_FLAGS_TRANSPARENT)) & 1;
        }
        let mut foreign = 0;
        if offset(|offsets| &offsets.transparent) != MISSING {
            let byte: u8 = self.load(|offsets| &offsets.transparent);
            foreign |= byte >> offset(|offsets| &offsets.transparent_shift) & 1;
        }
        if offset(|offsets| &offsets.freebind) != MISSING {
            let byte: u8 = self.load(|offsets| &offsets.freebind);
            foreign |= byte >> offset(|offsets| &offsets.freebind_shift) & 1;
        }
        u32::from(foreign)
    }

    /// Inode of the network namespace; 0 if unknown.
    #[inline(always)]
    pub fn netns(self) -> u32 {
        guarded(self.skc_net(), |offsets| &offsets.net_inum)
    }

    /// Not `skc_num`, which is zero already when the change to CLOSE is traced.
    #[inline(always)]
    fn local_port(self) -> u16 {
        u16::from_be(self.inet_sport())
    }

    #[inline(always)]
    fn remote_port(self) -> u16 {
        u16::from_be(self.skc_dport())
    }

    #[inline(always)]
    fn jiffies(self) -> u32 {
        jiffies()
    }

    /// The kernel keeps it shifted by three: `tcp_rtt_estimator`.
    #[inline(always)]
    fn srtt_us(self) -> u32 {
        self.srtt_us_shifted() >> 3
    }

    #[inline(always)]
    fn keepalive_time(self) -> u32 {
        self.or_default(self.own_keepalive_time(), |offsets| {
            &offsets.net_keepalive_time
        })
    }

    #[inline(always)]
    fn keepalive_intvl(self) -> u32 {
        self.or_default(self.own_keepalive_intvl(), |offsets| {
            &offsets.net_keepalive_intvl
        })
    }

    #[inline(always)]
    fn keepalive_probes(self) -> u8 {
        self.or_default(self.own_keepalive_probes(), |offsets| {
            &offsets.net_keepalive_probes
        })
    }

    /// Zero means the network namespace's default: `keepalive_time_when` and the like.
    #[inline(always)]
    fn or_default<T: Copy + Default + PartialEq>(self, own: T, default: fn(&Offsets) -> &u32) -> T {
        if own != T::default() {
            own
        } else {
            guarded(self.skc_net(), default)
        }
    }

    /// Gives the socket its cookie, if it has none yet. Only in tracing programs and iterators:
    /// to others the kernel offers this helper in another form.
    #[inline(always)]
    pub fn ensure_cookie(self) {
        // SAFETY: the helper takes any full socket; `self` is one.
        let _ = unsafe { bpf_get_socket_cookie(self.as_ptr()) };
    }

    /// A number for the connection that is as good as random, and the same for as long as it lives: the kernel's own, by
    /// which it finds the connection in its table (`inet_ehashfn`, with a secret). It lies in the socket's first cache line,
    /// as its state does.
    #[inline(always)]
    pub fn hash(self) -> u32 {
        self.skc_hash()
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

    /// Whether any program keeps storage with this socket: one load.
    #[inline(always)]
    pub fn has_storage(self) -> bool {
        let storage = self.sk_bpf_storage();
        // To the verifier this is a pointer, and it allows nothing but a comparison. In plain
        // Rust the compiler would merge the comparison with other conditions.
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

    /// Whether no process holds it: see [`Socket::orphan`].
    #[inline(always)]
    pub fn orphan(self) -> bool {
        // Read as a number: to the verifier a loaded pointer is two, one of them null, from there on.
        let socket: u64 = guarded(self.0 as u64, |offsets| &offsets.sk_socket);
        socket == 0
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

    /// How both ends are shown.
    #[inline(always)]
    pub fn addresses(self) -> Addresses {
        if self.skc_family() == AF_INET6 {
            let remote = self.address6(|offsets| &offsets.skc_v6_daddr);
            // ::ffff:0:0/96 is IPv4-mapped: RFC 4291, section 2.5.5.2.
            let mapped = remote[0] == 0 && remote[1] == 0 && remote[2] == 0xffff_u32.to_be();
            if !mapped {
                let local = self.address6(|offsets| &offsets.skc_v6_rcv_saddr);
                return Addresses {
                    family: Family::Ipv6,
                    local: bytes(local),
                    remote: bytes(remote),
                };
            }
        }
        Addresses {
            family: Family::Ipv4,
            local: bytes([self.skc_rcv_saddr(), 0, 0, 0]),
            remote: bytes([self.skc_daddr(), 0, 0, 0]),
        }
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
        let dst = self.sk_dst_cache();
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

    /// The address of the socket's cgroup in the v2 hierarchy; 0 if unknown.
    #[inline(always)]
    pub fn cgroup(self) -> u64 {
        if offset(|offsets| &offsets.sk_cgrp_data) == MISSING {
            return 0;
        }
        self.load(|offsets| &offsets.sk_cgrp_data)
    }

    /// The id of that cgroup; 0 if unknown.
    #[inline(always)]
    pub fn cgroup_id(self) -> u64 {
        cgroup_id(self.cgroup())
    }
}

/// The id of the cgroup at this address; 0 if unknown.
#[inline(always)]
pub fn cgroup_id(cgroup: u64) -> u64 {
    let node: u64 = guarded(cgroup, |offsets| &offsets.cgroup_kn);
    guarded(node, |offsets| &offsets.kernfs_id)
}

/// Whether data can be sent in this state, a [`TcpState`] number.
#[inline(always)]
pub fn is_open(state: u32) -> bool {
    state == TcpState::Established as u32 || state == TcpState::CloseWait as u32
}

/// Four words in memory order as sixteen bytes.
#[inline(always)]
fn bytes(words: [u32; 4]) -> [u8; 16] {
    // SAFETY: both are plain bytes of one size.
    unsafe { core::mem::transmute(words) }
}
