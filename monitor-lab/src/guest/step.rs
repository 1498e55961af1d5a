//! One step of the plan.

use super::port::Port;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use vm_contract::{Ending, Line, Step};

/// How often the first process looks whether anything has ended.
const LOOK: Duration = Duration::from_millis(20);

/// The PATH of every step.
const PATH: &str = "/bin:/sbin:/usr/bin:/usr/sbin";

/// Who else lives on the machine.
#[derive(Clone, Copy)]
pub(super) enum Others {
    /// Nobody but the steps.
    None,
    /// Services, which go on when a step is over.
    Services,
}

/// Runs `step`, passing on each line that it writes.
pub(super) fn run(step: &Step, others: Others, port: &Port) {
    let start = Instant::now();
    let ending = follow(step, start, others, port);
    port.write(&Line::Ended {
        step: step.name.clone(),
        ending,
        seconds: start.elapsed().as_secs_f64(),
    });
}

fn follow(step: &Step, start: Instant, others: Others, port: &Port) -> Ending {
    let Some((program, arguments)) = step.command.split_first() else {
        return Ending::NotStarted;
    };
    let child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            say(step, port, true, format!("cannot start {program}: {error}"));
            return Ending::NotStarted;
        }
    };
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let Ok(pid) = i32::try_from(child.id()).map(Pid::from_raw) else {
        return Ending::NotStarted;
    };
    thread::scope(|scope| {
        scope.spawn(|| pass_on(step, port, false, stdout));
        scope.spawn(|| pass_on(step, port, true, stderr));
        let ending = wait(pid, start + Duration::from_secs(step.seconds));
        // Whoever is left holds the step's pipes open, and is no part of the next: all but the first process itself, or
        // those of the step's group.
        let left = match others {
            Others::None => Pid::from_raw(-1),
            Others::Services => Pid::from_raw(-pid.as_raw()),
        };
        let _ = kill(left, Signal::SIGKILL);
        ending
    })
}

/// Reaps whatever ends, as a first process must, until `pid` has ended.
fn wait(pid: Pid, until: Instant) -> Ending {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(ended, code)) if ended == pid => return Ending::Code(code),
            Ok(WaitStatus::Signaled(ended, signal, _)) if ended == pid => {
                return Ending::Signal(signal as i32);
            }
            Ok(WaitStatus::StillAlive) | Err(Errno::EINTR) => {}
            // Another's end: there may be more to reap.
            Ok(_) => continue,
            Err(_) => return Ending::NotStarted,
        }
        if Instant::now() >= until {
            return Ending::TooLong;
        }
        thread::sleep(LOOK);
    }
}

fn pass_on(step: &Step, port: &Port, stderr: bool, pipe: Option<impl Read>) {
    let Some(pipe) = pipe else { return };
    for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
        say(
            step,
            port,
            stderr,
            String::from_utf8_lossy(&line).into_owned(),
        );
    }
}

fn say(step: &Step, port: &Port, stderr: bool, text: String) {
    port.write(&Line::Output {
        step: step.name.clone(),
        stderr,
        text,
    });
}
