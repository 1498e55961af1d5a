//! Each enters a sandbox on a thread of its own, which ends with it, and tries there what a daemon never does.

use super::*;
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::signal::kill;
use nix::unistd::{chroot, execv, getpid};
use std::ffi::CString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// What `tries` comes to within the sandbox.
fn within<T: Send + 'static>(
    sandbox: Sandbox,
    needs: &Needs,
    tries: impl FnOnce(Entered) -> T + Send + 'static,
) -> T {
    let needs = needs.clone();
    let thread = thread::spawn(move || tries(sandbox.enter(&needs).unwrap()));
    thread.join().unwrap()
}

fn exec() -> Errno {
    // Without a sandbox it is not found.
    let nothing = CString::new("/nonexistent").unwrap();
    execv(&nothing, &[&nothing]).unwrap_err()
}

fn mounts() -> Errno {
    let nothing: Option<&str> = None;
    let tried = mount(
        nothing,
        "/nonexistent",
        Some("tmpfs"),
        MsFlags::empty(),
        nothing,
    );
    tried.unwrap_err()
}

#[test]
fn no_program_no_process_no_mount_and_no_namespace_can_be_had() {
    for sandbox in [Sandbox::Auto, Sandbox::Global] {
        within(sandbox, &Needs::default(), |_| {
            assert_eq!(exec(), Errno::EPERM);
            let process = Command::new("/bin/true").spawn();
            assert_eq!(process.unwrap_err().kind(), ErrorKind::PermissionDenied);
            assert_eq!(mounts(), Errno::EPERM);
            assert_eq!(chroot("/nonexistent"), Err(Errno::EPERM));
            assert_eq!(unshare(CloneFlags::CLONE_NEWUSER), Err(Errno::EPERM));
            assert_eq!(kill(getpid(), None), Err(Errno::EPERM));
            let other = File::open("/proc/thread-self/ns/mnt").unwrap();
            assert_eq!(setns(other, CloneFlags::CLONE_NEWNS), Err(Errno::EPERM));
        });
    }
}

#[test]
fn every_call_of_the_list_answers_eperm_by_each_of_its_numbers() {
    // Whoever failed to be refused would be done by these without an argument that is wrong.
    let harmful = [
        #[cfg(target_arch = "x86_64")]
        libc::SYS_fork,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_vfork,
        libc::SYS_vhangup,
    ];
    let mut all = calls::refused();
    all.retain(|call| !harmful.contains(call));
    assert!(all.len() > 60, "{all:?}");
    let let_through = within(Sandbox::Auto, &Needs::default(), move |_| {
        all.retain(|call| {
            // SAFETY: no kernel takes these for a pointer, a number or flags; so none of the calls does anything.
            let answer =
                unsafe { libc::syscall(*call, -1_i64, -1_i64, -1_i64, -1_i64, -1_i64, -1_i64) };
            answer != -1 || Errno::last() != Errno::EPERM
        });
        all
    });
    assert!(let_through.is_empty(), "{let_through:?}");
}

#[test]
fn a_thread_that_starts_later_is_in_it_too() {
    let (errno, now) = within(Sandbox::Global, &Needs::default(), |entered| {
        let later = thread::spawn(move || (exec(), in_force(entered)));
        later.join().unwrap()
    });
    assert_eq!(errno, Errno::EPERM);
    assert!(now.no_new_privs && now.refuses_calls, "{now:?}");
    assert_eq!(
        (now.profile.as_str(), now.other_capabilities),
        ("global", 0)
    );
    let more = now
        .capabilities
        .iter()
        .any(|one| one != "CAP_BPF" && one != "CAP_PERFMON");
    assert!(!more, "{now:?}");
}

#[test]
fn files_are_written_in_its_own_folders_and_read_everywhere() {
    let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(other.path().join("kept"), "text").unwrap();
    let needs = Needs {
        folders: vec![own.path().to_owned(), "/nonexistent".into()],
        mounts: false,
    };
    let (own, other) = (own.path().to_owned(), other.path().to_owned());
    within(Sandbox::Global, &needs, move |entered| {
        writes(&own).unwrap();
        assert_eq!(fs::read_to_string(other.join("kept")).unwrap(), "text");
        if matches!(entered.writes, Writes::Anywhere(_)) {
            // This kernel has no Landlock, and `check` says so.
            return;
        }
        let refused = writes(&other).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
        let removed = fs::remove_file(other.join("kept")).unwrap_err();
        assert_eq!(removed.kind(), ErrorKind::PermissionDenied);
    });
}

/// Writes as a daemon does: a new file that takes an old one's place.
fn writes(folder: &Path) -> std::io::Result<()> {
    fs::write(folder.join("new"), "text")?;
    fs::rename(folder.join("new"), folder.join("file"))?;
    fs::create_dir_all(folder.join("below"))?;
    fs::write(folder.join("below/file"), "text")?;
    fs::remove_file(folder.join("file"))
}

#[test]
fn off_gives_up_nothing_and_trying_it_changes_nothing() {
    let before = in_force(Entered::default());
    let (kept, _) = Sandbox::Auto.tried(&Needs::default()).unwrap();
    assert!(kept.no_new_privs && kept.refuses_calls, "{kept:?}");
    assert_eq!(in_force(Entered::default()), before);
    let (off, errno) = within(Sandbox::Off, &Needs::default(), |entered| {
        (in_force(entered), exec())
    });
    assert_eq!(off, before);
    assert_eq!(errno, Errno::ENOENT);
}
