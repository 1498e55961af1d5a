//! What makes a host an odd one, while a command runs on it: nothing that may be done to a machine that is not ours.

use nix::libc;
use nix::time::{ClockId, clock_gettime, clock_settime};
use nix::unistd::getppid;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// The oddities, by the names that a plan calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Oddity {
    /// The wall clock is set forward and back, by seconds and by days.
    ClockSteps,
    /// Another program holds the root of the cgroup hierarchy for itself.
    AloneOnCgroup,
}

/// Seconds by which the wall clock is set, one after the other; they add up to nothing.
const STEPS: [i64; 8] = [
    3_600,
    -7_200,
    3_600,
    86_400,
    -1,
    -86_400,
    31_536_000,
    -31_535_999,
];

/// From one step to the next: several fall into each silence of a scenario, and into each sweep or between.
const BETWEEN: Duration = Duration::from_millis(370);

/// Runs a command to its end on an odd host. Only in a virtual machine that `cargo xtask vm` has booted.
///
/// # Errors
/// Elsewhere, and where the kernel does not let the host be odd.
pub fn run(oddity: Oddity, command: &[String]) -> io::Result<ExitStatus> {
    if getppid().as_raw() != 1 || !std::path::Path::new(vm_contract::PLAN).exists() {
        return Err(io::Error::other(
            "this is for a step in a virtual machine; use `cargo xtask vm --odd-hosts`",
        ));
    }
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| io::Error::other("no command"))?;
    let mut command = Command::new(program);
    command.args(arguments);
    match oddity {
        Oddity::ClockSteps => {
            let over = AtomicBool::new(false);
            thread::scope(|scope| {
                let stepping = scope.spawn(|| step_the_clock(&over));
                let status = command.status();
                over.store(true, Ordering::Relaxed);
                let steps = stepping
                    .join()
                    .unwrap_or_else(|_| Err(io::Error::other("stepping broke off")))?;
                println!("the wall clock was set {steps} times");
                status
            })
        }
        Oddity::AloneOnCgroup => {
            let _alone = attach_alone(&File::open("/sys/fs/cgroup")?)?;
            command.status()
        }
    }
}

/// Sets the wall clock again and again until it is over; answers how often.
fn step_the_clock(over: &AtomicBool) -> io::Result<usize> {
    let mut steps = 0;
    for seconds in STEPS.into_iter().cycle() {
        // Whole rounds: in the end it is right again.
        if over.load(Ordering::Relaxed) && steps % STEPS.len() == 0 {
            break;
        }
        let now = clock_gettime(ClockId::CLOCK_REALTIME)?;
        let then = nix::sys::time::TimeSpec::new(now.tv_sec() + seconds, now.tv_nsec());
        clock_settime(ClockId::CLOCK_REALTIME, then)?;
        steps += 1;
        thread::sleep(BETWEEN);
    }
    Ok(steps)
}

/// Commands and numbers of include/uapi/linux/bpf.h.
const BPF_PROG_LOAD: libc::c_long = 5;
const BPF_PROG_ATTACH: libc::c_long = 8;
const BPF_PROG_TYPE_SOCK_OPS: u32 = 13;
const BPF_CGROUP_SOCK_OPS: u32 = 3;

/// The start of `union bpf_attr` for a load.
#[repr(C)]
struct Load {
    kind: u32,
    instructions: u32,
    code: u64,
    license: u64,
}

/// The start of `union bpf_attr` for an attachment.
#[repr(C)]
struct Attach {
    target: u32,
    program: u32,
    attach_type: u32,
    flags: u32,
}

/// Attaches a program that does nothing to `cgroup`, in the old way that lets no other program in beside it.
fn attach_alone(cgroup: &File) -> io::Result<OwnedFd> {
    // `struct bpf_insn`: r0 = 1; exit.
    let code: [u64; 2] = [0x0000_0001_0000_00b7, 0x0000_0000_0000_0095];
    let load = Load {
        kind: BPF_PROG_TYPE_SOCK_OPS,
        instructions: 2,
        code: code.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
    };
    let program = bpf(BPF_PROG_LOAD, &load)?;
    // SAFETY: a descriptor that the kernel has just given to this process.
    let program = unsafe { OwnedFd::from_raw_fd(program) };
    let number = |fd: i32| u32::try_from(fd).map_err(io::Error::other);
    let attach = Attach {
        target: number(cgroup.as_raw_fd())?,
        program: number(program.as_raw_fd())?,
        attach_type: BPF_CGROUP_SOCK_OPS,
        flags: 0,
    };
    bpf(BPF_PROG_ATTACH, &attach)?;
    Ok(program)
}

/// `bpf(2)`.
fn bpf<T>(command: libc::c_long, attributes: &T) -> io::Result<i32> {
    // SAFETY: the attributes are as long as they are said to be, the kernel takes what is behind them for zeros, and the
    // memory that they point to outlives the call.
    let answer = unsafe { libc::syscall(libc::SYS_bpf, command, attributes, size_of::<T>()) };
    match i32::try_from(answer) {
        Ok(answer) if answer >= 0 => Ok(answer),
        _ => Err(io::Error::last_os_error()),
    }
}
