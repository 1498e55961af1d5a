//! Which system calls a daemon never makes, and is refused from then on. It is a list of what is refused and not of what is
//! let through: a C library or a kernel to come may do the same things by other calls, and a watcher that dies of that in the
//! field, or sees less, is worse than one that may still call `getitimer`. What is refused answers EPERM; nothing is killed.

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};
use std::collections::BTreeMap;
use std::process;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What is refused whatever the arguments are, by what it would do.
#[rustfmt::skip]
const REFUSED: &[c_long] = &[
    // Other programs.
    libc::SYS_execve, libc::SYS_execveat,
    // Other processes: their memory, their descriptors, their end.
    libc::SYS_ptrace, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_process_madvise, libc::SYS_kcmp,
    libc::SYS_pidfd_getfd, libc::SYS_pidfd_send_signal, libc::SYS_kill, libc::SYS_tkill, libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo, libc::SYS_move_pages, libc::SYS_migrate_pages,
    // File systems, but for what `Calls::mounts` lets through.
    libc::SYS_pivot_root, libc::SYS_chroot, libc::SYS_move_mount, libc::SYS_open_tree, libc::SYS_fsopen, libc::SYS_fsconfig,
    libc::SYS_fsmount, libc::SYS_fspick, libc::SYS_mount_setattr, libc::SYS_swapon, libc::SYS_swapoff, libc::SYS_quotactl,
    libc::SYS_quotactl_fd, libc::SYS_acct, libc::SYS_mknodat, libc::SYS_open_by_handle_at, libc::SYS_fanotify_init,
    // The kernel itself.
    libc::SYS_init_module, libc::SYS_finit_module, libc::SYS_delete_module, libc::SYS_kexec_load, libc::SYS_reboot,
    libc::SYS_syslog, libc::SYS_perf_event_open, libc::SYS_userfaultfd, libc::SYS_io_uring_setup, libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register, libc::SYS_personality, libc::SYS_vhangup, libc::SYS_nfsservctl,
    // Namespaces, names, keys, clocks.
    libc::SYS_unshare, libc::SYS_sethostname, libc::SYS_setdomainname, libc::SYS_add_key, libc::SYS_request_key,
    libc::SYS_keyctl, libc::SYS_settimeofday, libc::SYS_clock_settime, libc::SYS_clock_adjtime, libc::SYS_adjtimex,
    // Other users.
    libc::SYS_setuid, libc::SYS_setgid, libc::SYS_setreuid, libc::SYS_setregid, libc::SYS_setresuid, libc::SYS_setresgid,
    libc::SYS_setgroups, libc::SYS_setfsuid, libc::SYS_setfsgid,
];

/// What this architecture has besides.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const OF_THIS_ARCHITECTURE: &[c_long] = &[
    libc::SYS_fork, libc::SYS_vfork, libc::SYS_kexec_file_load, libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt,
    libc::SYS_mknod, libc::SYS_uselib, libc::SYS_ustat, libc::SYS_sysfs, libc::SYS__sysctl,
];
#[cfg(not(target_arch = "x86_64"))]
const OF_THIS_ARCHITECTURE: &[c_long] = &[libc::SYS_kexec_file_load];

/// The same calls by the numbers of x32, which a kernel may know and which are of the same architecture to a filter.
#[cfg(target_arch = "x86_64")]
const X32: i64 = 1 << 30;

/// Those that have a number of their own there (arch/x86/entry/syscalls/syscall_64.tbl): execve, ptrace, rt_sigqueueinfo,
/// kexec_load, rt_tgsigqueueinfo, process_vm_readv, process_vm_writev, execveat.
#[cfg(target_arch = "x86_64")]
const OF_X32: [i64; 8] = [520, 521, 524, 528, 536, 539, 540, 545];

/// What is let through beyond that, because this daemon needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    /// To enter network namespaces of others, and no other kind.
    pub(super) enters_namespaces: bool,
    /// To mount a BPF file system for pins where there is none, and to take it away.
    pub(super) mounts: bool,
}

impl Calls {
    /// Refuses all others for this thread and those that it starts, for good.
    pub(super) fn refuse_others(self) -> Result<(), String> {
        let refused = |error: seccompiler::Error| error.to_string();
        let clone3 = filter([(libc::SYS_clone3, Vec::new())].into(), libc::ENOSYS)?;
        let others = filter(self.rules()?, libc::EPERM)?;
        apply_filter(&clone3).map_err(refused)?;
        apply_filter(&others).map_err(refused)
    }

    fn rules(self) -> Result<Rules, String> {
        let always = REFUSED.iter().chain(OF_THIS_ARCHITECTURE);
        let mut rules: Rules = always.map(|call| (*call, Vec::new())).collect();
        if !self.mounts {
            rules.extend([libc::SYS_mount, libc::SYS_umount2].map(|call| (call, Vec::new())));
        }
        // A thread is no process. What `clone3` is asked for no filter can see, and without it the C library takes `clone`.
        let is_process = argument(
            0,
            SeccompCmpOp::MaskedEq(u64::from(libc::CLONE_THREAD as u32)),
            0,
        )?;
        rules.insert(libc::SYS_clone, vec![is_process]);
        let other_kind = match self.enters_namespaces {
            true => vec![argument(1, SeccompCmpOp::Ne, libc::CLONE_NEWNET as u64)?],
            false => Vec::new(),
        };
        rules.insert(libc::SYS_setns, other_kind);
        // To itself: as `abort` does.
        let to_another = argument(0, SeccompCmpOp::Ne, process::id().into())?;
        rules.insert(libc::SYS_tgkill, vec![to_another]);
        // Memory that was written is not run.
        let (write, run) = (libc::PROT_WRITE as u64, libc::PROT_EXEC as u64);
        let both = argument(2, SeccompCmpOp::MaskedEq(write | run), write | run)?;
        rules.insert(libc::SYS_mmap, vec![both]);
        for call in [libc::SYS_mprotect, libc::SYS_pkey_mprotect] {
            rules.insert(call, vec![argument(2, SeccompCmpOp::MaskedEq(run), run)?]);
        }
        #[cfg(target_arch = "x86_64")]
        {
            let same: Rules = rules
                .iter()
                .map(|(call, rule)| (call | X32, rule.clone()))
                .collect();
            rules.extend(same);
            rules.extend(OF_X32.map(|call| (call | X32, Vec::new())));
        }
        Ok(rules)
    }
}

/// Every number that is refused without a look at the arguments, where nothing is let through.
#[cfg(test)]
pub(super) fn refused() -> Vec<c_long> {
    let rules = Calls::default().rules().expect("a filter that can be made");
    let always = rules.into_iter().filter(|(_, rules)| rules.is_empty());
    always.map(|(call, _)| call).collect()
}

/// That the argument of this number, of which the kernel takes the lower half, is so.
fn argument(number: u8, is: SeccompCmpOp, value: u64) -> Result<SeccompRule, String> {
    SeccompCondition::new(number, SeccompCmpArgLen::Dword, is, value)
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .map_err(|error| error.to_string())
}

/// What answers these calls with `errno`.
fn filter(rules: Rules, errno: i32) -> Result<BpfProgram, String> {
    let answer = SeccompAction::Errno(errno.unsigned_abs());
    let architecture = std::env::consts::ARCH.try_into();
    architecture
        .and_then(|target| SeccompFilter::new(rules, SeccompAction::Allow, answer, target))
        .and_then(BpfProgram::try_from)
        .map_err(|error| error.to_string())
}
