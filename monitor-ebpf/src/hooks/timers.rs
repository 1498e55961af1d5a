//! Sets the timers of sockets that user space names, in a pass over the table of TCP sockets of one network namespace:
//! only there may a program set what belongs to a socket that it does not run for.

use crate::kernel::pointer_at;
use crate::sock::TcpSock;
use aya_ebpf::bindings::BPF_F_NO_PREALLOC;
use aya_ebpf::helpers::generated::{bpf_getsockopt, bpf_setsockopt};
use aya_ebpf::macros::map;
use aya_ebpf::maps::HashMap;
use core::ffi::c_void;
use monitor_common::{
    MAX_TIMER_ORDERS, SocketTimers, TcpState, TimerOrder, timer_task, timers_done,
};

/// Byte offset of the socket in `struct bpf_iter__tcp`.
const SOCK_COMMON: usize = 8;

/// `SOL_SOCKET` and `SO_KEEPALIVE` (include/uapi/asm-generic/socket.h).
const SOL_SOCKET: i32 = 1;
const SO_KEEPALIVE: i32 = 9;
/// `IPPROTO_TCP`, and options of it (include/uapi/linux/tcp.h).
const IPPROTO_TCP: i32 = 6;
const TCP_KEEPIDLE: i32 = 4;
const TCP_KEEPINTVL: i32 = 5;
const TCP_KEEPCNT: i32 = 6;
const TCP_USER_TIMEOUT: i32 = 18;

/// What is to be done, by the cookies of the sockets. User space empties it after each pass.
#[map]
static TIMER_ORDERS: HashMap<u64, TimerOrder> =
    HashMap::with_max_entries(MAX_TIMER_ORDERS, BPF_F_NO_PREALLOC);

/// Carries the orders out.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/tcp")]
pub extern "C" fn set_timers(context: *mut c_void) -> i32 {
    let Some(sock) = TcpSock::from_sock(pointer_at(context, SOCK_COMMON)) else {
        return 0;
    };
    if sock.state() != TcpState::Established as u32 {
        return 0;
    }
    let Some(order) = TIMER_ORDERS.get_ptr_mut(sock.cookie()) else {
        return 0;
    };
    // SAFETY: a value of the map's; user space runs one pass at a time, and reads it afterwards.
    carry_out(sock, unsafe { &mut *order });
    0
}

#[inline(always)]
fn carry_out(sock: TcpSock, order: &mut TimerOrder) {
    let mut done = timers_done::SEEN;
    if order.task != timer_task::LOOK {
        if !same_keepalive(&order.from, &order.to) {
            done |= keepalive(sock, order);
        }
        if order.from.user_timeout_ms != order.to.user_timeout_ms {
            done |= user_timeout(sock, order);
        }
    }
    order.done = done;
}

#[inline(always)]
fn keepalive(sock: TcpSock, order: &TimerOrder) -> u32 {
    let own = sock.own_keepalive_time()
        | sock.own_keepalive_intvl()
        | u32::from(sock.own_keepalive_probes());
    if order.task == timer_task::FIRST && own != 0 {
        return timers_done::OWN;
    }
    let now = SocketTimers {
        keepalive: get(sock, SOL_SOCKET, SO_KEEPALIVE),
        keepalive_time_s: get(sock, IPPROTO_TCP, TCP_KEEPIDLE),
        keepalive_intvl_s: get(sock, IPPROTO_TCP, TCP_KEEPINTVL),
        keepalive_probes: get(sock, IPPROTO_TCP, TCP_KEEPCNT),
        user_timeout_ms: 0,
    };
    if !same_keepalive(&now, &order.from) {
        return timers_done::CHANGED;
    }
    if put_keepalive(sock, &order.to) {
        return timers_done::KEEPALIVE;
    }
    put_keepalive(sock, &now);
    timers_done::REFUSED
}

/// The switch comes first: with keepalive on, the kernel counts TCP_KEEPIDLE from the last segment that came, and a probe
/// that is due goes out at once; when it is switched on, from that moment (`tcp_sock_set_keepidle_locked`,
/// `tcp_set_keepalive`).
#[inline(always)]
fn put_keepalive(sock: TcpSock, to: &SocketTimers) -> bool {
    put(sock, SOL_SOCKET, SO_KEEPALIVE, to.keepalive)
        && put(sock, IPPROTO_TCP, TCP_KEEPINTVL, to.keepalive_intvl_s)
        && put(sock, IPPROTO_TCP, TCP_KEEPCNT, to.keepalive_probes)
        && put(sock, IPPROTO_TCP, TCP_KEEPIDLE, to.keepalive_time_s)
}

#[inline(always)]
fn user_timeout(sock: TcpSock, order: &TimerOrder) -> u32 {
    if get(sock, IPPROTO_TCP, TCP_USER_TIMEOUT) != order.from.user_timeout_ms {
        return timers_done::CHANGED;
    }
    if put(
        sock,
        IPPROTO_TCP,
        TCP_USER_TIMEOUT,
        order.to.user_timeout_ms,
    ) {
        timers_done::USER_TIMEOUT
    } else {
        timers_done::REFUSED
    }
}

#[inline(always)]
fn same_keepalive(one: &SocketTimers, other: &SocketTimers) -> bool {
    one.keepalive == other.keepalive
        && one.keepalive_time_s == other.keepalive_time_s
        && one.keepalive_intvl_s == other.keepalive_intvl_s
        && one.keepalive_probes == other.keepalive_probes
}

/// `u32::MAX` where the kernel does not say: no option here is ever so large.
#[inline(always)]
fn get(sock: TcpSock, level: i32, option: i32) -> u32 {
    let mut value = 0_u32;
    // SAFETY: a full socket whose lock the iterator holds, and an int on the stack.
    let error = unsafe {
        bpf_getsockopt(
            sock.as_ptr(),
            level,
            option,
            (&raw mut value).cast(),
            size_of::<u32>() as i32,
        )
    };
    if error == 0 { value } else { u32::MAX }
}

#[inline(always)]
fn put(sock: TcpSock, level: i32, option: i32, value: u32) -> bool {
    let mut value = value;
    // SAFETY: as above.
    let error = unsafe {
        bpf_setsockopt(
            sock.as_ptr(),
            level,
            option,
            (&raw mut value).cast(),
            size_of::<u32>() as i32,
        )
    };
    error == 0
}
