//! What can be known before anything is loaded, and what a refusal means.

use crate::error::KernelError;
use crate::host_view::in_host_user_namespace;
use crate::time_namespace::Ahead;
use nix::errno::Errno;
use std::path::Path;
use std::ptr;

/// Numbers of capabilities (include/uapi/linux/capability.h).
const CAP_NET_ADMIN: u32 = 12;
const CAP_SYS_ADMIN: u32 = 21;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;

/// Checks that this process may load the kernel side.
///
/// # Errors
///
/// [`KernelError::NoProc`], [`KernelError::UserNamespace`], [`KernelError::MissingPrivileges`],
/// [`KernelError::Seccomp`], [`KernelError::TimeNamespace`], [`KernelError::Lockdown`].
pub fn check() -> Result<(), KernelError> {
    let status =
        std::fs::read_to_string("/proc/self/status").map_err(|error| KernelError::NoProc {
            reason: error.to_string(),
        })?;
    // First what makes the capabilities count for nothing.
    if !in_host_user_namespace() {
        return Err(KernelError::UserNamespace);
    }
    let missing = missing_capabilities(effective_capabilities(&status));
    if !missing.is_empty() {
        return Err(KernelError::MissingPrivileges { missing });
    }
    refused_before_the_kernel(&status)?;
    Ahead::own().map_err(|error| KernelError::TimeNamespace {
        reason: error.to_string(),
    })?;
    match lockdown(Path::new("/sys/kernel/security/lockdown")) {
        // Under "confidentiality" no program may read kernel memory at all
        // (LOCKDOWN_BPF_READ_KERNEL, include/linux/security.h).
        Some(mode) if mode == "confidentiality" => Err(KernelError::Lockdown { mode }),
        _ => Ok(()),
    }
}

/// As `Seccomp:` in `/proc/PID/status` has it where a filter is in force (SECCOMP_MODE_FILTER in include/uapi/linux/seccomp.h).
const SECCOMP_FILTER: &str = "2";

/// Whether a filter answers bpf(2) in the kernel's place.
fn refused_before_the_kernel(status: &str) -> Result<(), KernelError> {
    let filter = status
        .lines()
        .find_map(|line| line.strip_prefix("Seccomp:"));
    if filter.map(str::trim) != Some(SECCOMP_FILTER) {
        return Ok(());
    }
    match without_effect() {
        // What filters of runtimes answer: EPERM, or ENOSYS for calls that their authors had not heard of.
        refused @ (Errno::EPERM | Errno::EACCES | Errno::ENOSYS) => Err(KernelError::Seccomp {
            reason: refused.desc(),
        }),
        _ => Ok(()),
    }
}

/// What is answered to a bpf(2) that does nothing: its arguments would be longer than a page, which the kernel refuses with
/// E2BIG before it asks a security module (`__sys_bpf` in kernel/bpf/syscall.c).
fn without_effect() -> Errno {
    let arguments = ptr::null::<libc::c_void>();
    // SAFETY: nothing is read from arguments of that length, and no command gets to run.
    let answer = unsafe { libc::syscall(libc::SYS_bpf, 0, arguments, libc::c_uint::MAX) };
    Errno::result(answer).err().unwrap_or(Errno::E2BIG)
}

/// Whether this process may change what belongs to its network namespace.
pub(crate) fn may_administer_networks() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    effective_capabilities(&status) & (1 << CAP_NET_ADMIN) != 0
}

fn effective_capabilities(status: &str) -> u64 {
    status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

fn missing_capabilities(effective: u64) -> Vec<&'static str> {
    let has = |capability: u32| effective & (1 << capability) != 0;
    if has(CAP_SYS_ADMIN) {
        return Vec::new();
    }
    [(CAP_BPF, "CAP_BPF"), (CAP_PERFMON, "CAP_PERFMON")]
        .into_iter()
        .filter(|(capability, _)| !has(*capability))
        .map(|(_, name)| name)
        .collect()
}

/// The lockdown mode in force, if the kernel tells: the one in brackets.
pub fn lockdown(path: &Path) -> Option<String> {
    let modes = std::fs::read_to_string(path).ok()?;
    let (_, rest) = modes.split_once('[')?;
    let (mode, _) = rest.split_once(']')?;
    Some(mode.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_user_is_told_both_capabilities_by_name() {
        let status = "Name:\tx\nCapEff:\t0000000000000000\n";
        let missing = missing_capabilities(effective_capabilities(status));
        let message = KernelError::MissingPrivileges { missing }.to_string();
        assert!(
            message.contains("missing CAP_BPF and CAP_PERFMON"),
            "{message}"
        );
    }

    #[test]
    fn one_of_two_is_not_enough_and_the_other_is_named() {
        assert_eq!(missing_capabilities(1 << CAP_BPF), ["CAP_PERFMON"]);
    }

    #[test]
    fn root_and_the_exact_pair_are_enough() {
        assert!(missing_capabilities(u64::MAX).is_empty());
        assert!(missing_capabilities(1 << CAP_BPF | 1 << CAP_PERFMON).is_empty());
    }

    #[test]
    fn the_kernel_itself_refuses_the_call_without_effect_in_its_own_way() {
        // Whatever this process may do, and whatever the kernel calls what it has.
        assert_eq!(without_effect(), Errno::E2BIG);
        assert!(refused_before_the_kernel("Seccomp:\t2\n").is_ok());
    }

    #[test]
    fn the_lockdown_mode_is_the_one_in_brackets() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "none integrity [confidentiality]\n").unwrap();
        assert_eq!(lockdown(file.path()).as_deref(), Some("confidentiality"));
        assert_eq!(lockdown(Path::new("/nonexistent")), None);
    }
}
