//! One virtual machine, from its start to its end. It ends in bounded time.

use super::console;
use super::image::Kernel;
use super::initramfs::Contents;
use super::pause::Pauser;
use crate::error::Error;
use crate::{command, setup};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{fs, thread};
use vm_contract::{Line, PLAN, Plan};

/// Until the guest is up. Emulated, a kernel boots in 3 s on an idle machine.
const BOOT_WITHIN: Duration = Duration::from_secs(120);

/// Between the guest's last line and its power-off.
const END_WITHIN: Duration = Duration::from_secs(20);

/// Memory of a machine in MiB.
const MEMORY: &str = "1024";

/// The guest's clock counts instructions, one a nanosecond, and jumps while the guest sleeps. So the time that scenarios
/// rest on passes for them as on a machine of 1 GHz, however slow the emulation is and whatever else this machine does;
/// and no silence need be waited for.
const CLOCK: [&str; 2] = ["-icount", "shift=0,sleep=off"];

/// There is no order between the instructions of two processors.
const CPUS: &str = "1";

/// The guest's first process, as the kernel is told of it. What stands behind `--` is handed on.
pub const GUEST: &str = "rdinit=/bin/monitor-lab -- guest";

/// A machine to be started.
#[derive(Debug)]
pub struct Vm<'a> {
    /// What it boots.
    pub kernel: &'a Kernel,
    /// Further parameters of the kernel.
    pub parameters: &'a str,
    /// Its first process: [`GUEST`], or one that starts `monitor-lab guest`.
    pub first: &'a str,
    /// Its file system, without the kernel's modules and the plan. It holds `monitor-lab` in `/bin`.
    pub contents: &'a Contents,
    /// What it does; its modules are filled in.
    pub plan: Plan,
    /// Whether it is paused from outside while it works.
    pub paused: bool,
}

/// What came of a machine.
#[derive(Debug)]
pub struct Outcome {
    /// The guest's lines, in order.
    pub lines: Vec<Line>,
    /// What kept it from its end, or an alarm of its kernel; one line.
    pub failure: Option<String>,
    /// The last lines on the console.
    pub console: Vec<String>,
    /// How long it took to boot.
    pub boot: Option<Duration>,
    /// How long it took altogether.
    pub took: Duration,
    /// How often it was paused, and went on.
    pub pauses: u32,
}

impl Vm<'_> {
    /// Boots the machine, hands each line to `seen` as it comes, and ends it after `limit` at the latest.
    pub fn run(&self, limit: Duration, mut seen: impl FnMut(&Line)) -> Result<Outcome, Error> {
        let place = tempfile::Builder::new()
            .prefix("tcplull-vm-")
            .tempdir()
            .map_err(|source| Error::io("make a folder for a virtual machine", source))?;
        let initramfs = place.path().join("initramfs");
        self.whole()?.write(&initramfs)?;
        let console = place.path().join("console");
        let start = Instant::now();
        let mut command = self.command(&initramfs, &console)?;
        let socket = place.path().join("qmp");
        if self.paused {
            let server = format!("unix:{},server=on,wait=off", socket.display());
            command.args(["-qmp", &server]);
        }
        let mut process = Guarded::start(&mut command)?;
        let mut pauser = None;
        let lines = process.lines();

        let mut outcome = Outcome {
            lines: Vec::new(),
            failure: None,
            console: Vec::new(),
            boot: None,
            took: Duration::ZERO,
            pauses: 0,
        };
        let ended = loop {
            let until = match outcome.boot {
                None => BOOT_WITHIN.min(limit),
                Some(_) => limit,
            };
            match lines.recv_timeout(until.saturating_sub(start.elapsed())) {
                Ok(line) => {
                    if matches!(line, Line::Ready { .. }) {
                        outcome.boot = Some(start.elapsed());
                        pauser = self.paused.then(|| Pauser::start(socket.clone()));
                    }
                    seen(&line);
                    outcome.lines.push(line);
                }
                Err(RecvTimeoutError::Timeout) => break false,
                Err(RecvTimeoutError::Disconnected) => break true,
            }
        };
        if ended {
            process.wait_within(END_WITHIN);
        }
        let complaint = process.end();
        outcome.pauses = pauser.map_or(0, Pauser::times);
        outcome.took = start.elapsed();
        let text = fs::read(&console).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        outcome.failure = console::alarm(&text)
            .map(|alarm| format!("the kernel complains: {alarm}"))
            .or_else(|| failure(&outcome, ended, &complaint));
        outcome.console = console::tail(&text);
        Ok(outcome)
    }

    fn whole(&self) -> Result<Contents, Error> {
        let mut contents = self.contents.clone();
        let mut plan = self.plan.clone();
        for module in self.kernel.modules()? {
            let name = module.file_name().unwrap_or_default().to_string_lossy();
            let place = format!("/modules/{name}");
            contents.file(&place, &module);
            plan.modules.push(place);
        }
        let plan = serde_json::to_vec(&plan)
            .map_err(|source| Error::io("write the guest's plan", source.into()))?;
        contents.bytes(PLAN, plan);
        Ok(contents)
    }

    fn command(&self, initramfs: &Path, console: &Path) -> Result<Command, Error> {
        let machine = &self.kernel.architecture.machine;
        let qemu = setup::find(machine.emulator).ok_or_else(|| {
            let remedy = format!("install QEMU for {}", self.kernel.architecture.name);
            Error::not_debian(format!("{} is", machine.emulator), remedy)
        })?;
        let mut command = Command::new(qemu);
        command
            // Emulation works everywhere; hardware virtualisation is often not to be had inside another machine.
            .args("-accel tcg -nodefaults -no-user-config".split(' '))
            .args(machine.board)
            .args("-display none -no-reboot -nic none".split(' '))
            .args(["-smp", CPUS, "-m", MEMORY])
            .arg("-kernel")
            .arg(self.kernel.vmlinuz())
            .arg("-initrd")
            .arg(initramfs)
            // An oops must end the machine, and a panic at once.
            .args([
                "-append",
                &format!(
                    "{} oops=panic panic=-1 {} {}",
                    machine.console, self.parameters, self.first
                ),
            ])
            .arg("-chardev")
            .arg(format!("file,id=console,path={}", console.display()))
            .args(["-serial", "chardev:console"])
            .args(["-chardev", "stdio,id=lines,signal=off"])
            .args(machine.lines)
            .args(CLOCK)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(command)
    }
}

/// Why a machine did not come to its end.
fn failure(outcome: &Outcome, ended: bool, complaint: &str) -> Option<String> {
    let trouble = outcome.lines.iter().rev().find_map(|line| match line {
        Line::Trouble { what } => Some(what.clone()),
        _ => None,
    });
    if let Some(what) = trouble {
        return Some(format!("the guest gave up: {what}"));
    }
    if outcome.lines.contains(&Line::Done) {
        return None;
    }
    let seconds = outcome.took.as_secs();
    Some(match (outcome.boot, ended) {
        (None, true) if !complaint.is_empty() => format!("QEMU did not start: {complaint}"),
        (None, true) => {
            "it did not boot: the machine ended before its first process spoke".to_owned()
        }
        (None, false) => format!("it did not boot within {seconds} s"),
        (Some(_), true) => "the machine ended before its work was done".to_owned(),
        (Some(_), false) => format!("it hung: not done after {seconds} s, and was ended"),
    })
}

/// A running QEMU, killed when dropped.
struct Guarded(Child);

impl Guarded {
    fn start(command: &mut Command) -> Result<Self, Error> {
        // SAFETY: between fork and exec only the prctl system call is made; it takes no lock and allocates nothing.
        unsafe {
            // A machine must not outlive the command that was killed.
            command.pre_exec(|| prctl::set_pdeathsig(Signal::SIGKILL).map_err(Into::into));
        }
        command::start(command).map(Self)
    }

    /// The guest's lines as they come; closed when QEMU has ended.
    fn lines(&mut self) -> mpsc::Receiver<Line> {
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = self.0.stdout.take() {
            thread::spawn(move || {
                for text in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                    // The terminal behind a serial port ends lines in its own way. What is no line of the guest's is
                    // left out: a firmware may greet on every port.
                    if let Ok(line) = serde_json::from_slice(text.trim_ascii())
                        && sender.send(line).is_err()
                    {
                        return;
                    }
                }
            });
        }
        lines
    }

    fn wait_within(&mut self, bound: Duration) {
        let until = Instant::now() + bound;
        while Instant::now() < until && matches!(self.0.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it, if it has not ended, and returns the last line of its complaints.
    fn end(&mut self) -> String {
        // Both fail only for a process that has been reaped.
        let _ = self.0.kill();
        let _ = self.0.wait();
        let mut text = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            let _ = stderr.read_to_string(&mut text);
        }
        let last = text.lines().rev().find(|line| !line.trim().is_empty());
        last.unwrap_or_default().trim().to_owned()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(lines: Vec<Line>, boot: Option<Duration>) -> Outcome {
        Outcome {
            lines,
            failure: None,
            console: Vec::new(),
            boot,
            took: Duration::from_secs(99),
            pauses: 0,
        }
    }

    const BOOTED: Option<Duration> = Some(Duration::from_secs(3));

    #[test]
    fn a_machine_that_says_it_is_done_has_not_failed_however_it_ends() {
        let outcome = outcome(vec![Line::Done], BOOTED);
        assert_eq!(failure(&outcome, true, ""), None);
        assert_eq!(failure(&outcome, false, ""), None);
    }

    #[test]
    fn a_machine_that_never_speaks_hangs_or_dies_is_told_apart() {
        let silent = outcome(Vec::new(), None);
        let says = |outcome: &Outcome, ended, complaint: &str| {
            failure(outcome, ended, complaint).unwrap_or_default()
        };
        assert!(says(&silent, false, "").contains("did not boot within 99 s"));
        assert!(says(&silent, true, "").contains("did not boot"));
        assert_eq!(
            says(&silent, true, "qemu: no such machine"),
            "QEMU did not start: qemu: no such machine"
        );
        let booted = outcome(Vec::new(), BOOTED);
        assert!(says(&booted, false, "").contains("hung"));
        assert!(says(&booted, true, "").contains("before its work was done"));
    }

    #[test]
    fn a_guest_that_gives_up_says_why() {
        let what = "cannot load the module veth".to_owned();
        let outcome = outcome(vec![Line::Trouble { what }], None);
        let failure = failure(&outcome, true, "").unwrap_or_default();
        assert_eq!(failure, "the guest gave up: cannot load the module veth");
    }
}
