//! Scope: which connections are told of. Decided in one place for all programs, where a silence, a stall or an end is
//! about to be measured: [`leaves_out`]. What goes on as a suspect has been found within the scope before.
//!
//! Which kinds of scope there are is a read-only global, so the verifier drops all of this where there is none.

use crate::globals::{offset, setting};
use crate::kernel::{guarded, read};
use crate::sock::{TcpSock, cgroup_id};
use crate::verifier::hidden;
use aya_ebpf::macros::map;
use aya_ebpf::maps::{Array, LruHashMap};
use core::ffi::c_void;
use monitor_common::{MISSING, Scope, ScopeGroup, scope_kinds};

/// What the scope stands for now.
#[map]
static SCOPE: Array<Scope> = Array::with_max_entries(1, 0);

/// Sockets that sweeps saw the scope's process hold, by cookie, with the last such sweep: in a softirq nobody knows
/// whose a socket is. User space gives it its size where a process is the scope.
#[map]
static SCOPE_SOCKETS: LruHashMap<u64, u32> = LruHashMap::with_max_entries(128, 0);

/// Whether a connection is outside the scope, so that nothing is told of it.
#[inline(always)]
pub fn leaves_out(sock: TcpSock) -> bool {
    let kinds = setting(|settings| &settings.scope);
    if kinds == 0 {
        return false;
    }
    let within = u32::from(SCOPE.get(0).is_some_and(|scope| holds(sock, scope, kinds)));
    // From here on it matters no more why.
    hidden(&within) != Some(1)
}

/// A sweep sees a socket with a task that holds it: where a process is the scope, its sockets are remembered.
#[inline(always)]
pub fn seen(sock: TcpSock, task: Option<*const c_void>) {
    if setting(|settings| &settings.scope) & scope_kinds::PID == 0 {
        return;
    }
    let (Some(task), Some(scope)) = (task, SCOPE.get(0)) else {
        return;
    };
    if scope.pid != 0 && guarded::<u32>(task as u64, |offsets| &offsets.task_tgid) == scope.pid {
        sock.ensure_cookie();
        // Of a table that is full the kernel forgets what was seen longest ago.
        let _ = SCOPE_SOCKETS.insert(sock.cookie(), scope.sweep, 0);
    }
}

#[inline(always)]
fn holds(sock: TcpSock, scope: &Scope, kinds: u32) -> bool {
    if kinds & scope_kinds::NETNS != 0 && (scope.netns == 0 || sock.netns() != scope.netns) {
        return false;
    }
    if kinds & scope_kinds::CGROUP != 0 && !is_below(sock, &scope.cgroup) {
        return false;
    }
    if kinds & scope_kinds::UNIT != 0 && !is_below(sock, &scope.unit) {
        return false;
    }
    kinds & scope_kinds::PID == 0 || is_of_process(sock, scope)
}

/// Whether the socket is of this cgroup or of one below it.
#[inline(always)]
fn is_below(sock: TcpSock, group: &ScopeGroup) -> bool {
    let cgroup = sock.cgroup();
    let level: u32 = guarded(cgroup, |offsets| &offsets.cgroup_level);
    if group.id == 0 || cgroup == 0 || level < group.level {
        return false;
    }
    let place = u64::from(group.level) * 8;
    // A cgroup has itself and all above it in a list, by level: their addresses since 6.1, before that their ids.
    let ancestors = offset(|offsets| &offsets.cgroup_ancestors);
    let id = if ancestors == MISSING {
        guarded::<u64>(cgroup.wrapping_add(place), |offsets| {
            &offsets.cgroup_ancestor_ids
        })
    } else {
        let list = cgroup.wrapping_add(u64::from(ancestors));
        read::<u64>(list.wrapping_add(place)).map_or(0, cgroup_id)
    };
    id == group.id
}

/// Whether a sweep saw the scope's process hold the socket lately; or at any time, if nobody holds it any more: what a
/// process leaves behind when it closes is still its own.
#[inline(always)]
fn is_of_process(sock: TcpSock, scope: &Scope) -> bool {
    // SAFETY: a plain number is read, and only compared.
    let Some(sweep) = (unsafe { SCOPE_SOCKETS.get(sock.cookie()) }) else {
        return false;
    };
    scope.sweep.wrapping_sub(*sweep) <= 1 || sock.orphan()
}
