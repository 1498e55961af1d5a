//! A process that was just forked from this one, and has a copy of one of its sockets and of nothing else.

use libtest_mimic::Failed;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, pause};
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process;

/// The child; it ends with this.
pub struct SocketCopy(Pid);

impl SocketCopy {
    /// Forks a child whose number is lower than this process's own.
    pub fn held_by_child(socket: &TcpStream) -> Result<Self, Failed> {
        let own = i32::try_from(process::id())?;
        let free = |pid: &i32| !Path::new("/proc").join(pid.to_string()).exists();
        for pid in (2..own).rev().filter(free) {
            match fork_as(pid, socket.as_raw_fd()) {
                Ok(child) => return Ok(Self(child)),
                // Somebody else took it meanwhile.
                Err(Errno::EEXIST) => {}
                Err(error) => return Err(format!("clone3: {error}").into()),
            }
        }
        Err("no number below this process's is free".into())
    }

    /// The child's number.
    pub fn pid(&self) -> i32 {
        self.0.as_raw()
    }
}

impl Drop for SocketCopy {
    fn drop(&mut self) {
        // It is this process's own child, and nobody else waits for it.
        let _ = kill(self.0, Signal::SIGKILL);
        let _ = waitpid(self.0, None);
    }
}

/// `struct clone_args` (include/uapi/linux/sched.h), up to `set_tid_size`.
#[derive(Default)]
#[repr(C)]
struct CloneArguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
}

/// Forks a child of this number, which keeps `kept` alone and waits for its end.
fn fork_as(pid: i32, kept: i32) -> Result<Pid, Errno> {
    let numbers = [pid];
    let arguments = CloneArguments {
        exit_signal: libc::SIGCHLD as u64,
        set_tid: numbers.as_ptr() as u64,
        set_tid_size: 1,
        ..CloneArguments::default()
    };
    // SAFETY: arguments of that size, and a number that outlives the call. No memory is shared, so that the child runs on
    // a stack of its own, and it makes system calls alone: what other threads held locked does not matter to it.
    let child = unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw const arguments,
            size_of::<CloneArguments>(),
        )
    };
    if child == 0 {
        wait_with(kept);
    }
    let child = Errno::result(child)?;
    Ok(Pid::from_raw(
        i32::try_from(child).map_err(|_| Errno::ERANGE)?,
    ))
}

/// What the child does: it lets go of all descriptors but this one, and waits to be killed, at the latest with its parent.
fn wait_with(kept: i32) -> ! {
    close(0, kept - 1);
    close(kept + 1, i32::MAX);
    // Without it the child outlives a parent that is killed; nothing else comes of it.
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    loop {
        pause();
    }
}

/// Closes the descriptors from `first` to `last`.
fn close(first: i32, last: i32) {
    // SAFETY: three numbers; in the child, where nothing makes use of these copies.
    unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
}
