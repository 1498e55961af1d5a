//! The two processes of the self-test, and what they say.

use crate::cli::self_test_error::SelfTestError;
use monitor_model::finding::Finding;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getppid};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

/// What is heard of them.
pub(super) enum Event {
    /// The world says a word.
    Word(String),
    /// The daemon tells a finding.
    Finding(Box<Finding>),
    /// The daemon says something of itself.
    Said(String),
    /// One of them has ended.
    Over(Name),
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    World,
    Daemon,
}

/// How long the daemon gets to let go of the kernel.
const TO_END: Duration = Duration::from_secs(10);

/// A process that ends with this one, whatever ends this one. Dropping it ends it.
pub(super) struct Part(Child);

impl Part {
    /// Starts this very binary with these arguments, and tells `events` what it says.
    pub(super) fn start(
        name: Name,
        arguments: &[&str],
        events: &Sender<Event>,
    ) -> Result<Self, SelfTestError> {
        // The one that runs, also where it has been replaced on disk.
        let mut command = Command::new("/proc/self/exe");
        command
            .args(arguments)
            // Where this runs as a service, its folder is not the daemon's.
            .env_remove("STATE_DIRECTORY")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let parent = Pid::this();
        // SAFETY: between fork and exec two system calls are made, which take no lock and allocate nothing.
        unsafe {
            command.pre_exec(move || {
                set_pdeathsig(Signal::SIGKILL)?;
                // Who ended before that sends no signal any more.
                match getppid() == parent {
                    true => Ok(()),
                    false => Err(io::ErrorKind::BrokenPipe.into()),
                }
            });
        }
        let started = command.spawn().map(Self);
        let mut part = started.map_err(SelfTestError::system("starting itself"))?;
        part.listen(name, events)
            .map_err(SelfTestError::system("listening to itself"))?;
        Ok(part)
    }

    fn listen(&mut self, name: Name, events: &Sender<Event>) -> io::Result<()> {
        let told = move |line: String| match name {
            Name::World => Some(Event::Word(line)),
            Name::Daemon => {
                let finding = serde_json::from_str(&line).ok()?;
                Some(Event::Finding(Box::new(finding)))
            }
        };
        let said = move |line: String| Some(Event::Said(message(&line).unwrap_or(line)));
        if let Some(out) = self.0.stdout.take() {
            let over = Some(Event::Over(name));
            read(out, told, over, events.clone())?;
        }
        if let Some(errors) = self.0.stderr.take() {
            read(errors, said, None, events.clone())?;
        }
        Ok(())
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Tells it a word.
    pub(super) fn tell(&mut self, word: &str) -> Result<(), SelfTestError> {
        let written = self
            .0
            .stdin
            .as_mut()
            .map_or(Ok(()), |stdin| writeln!(stdin, "{word}"));
        written.map_err(SelfTestError::system("telling the world what to do"))
    }

    /// Asks it to end, and waits a while until it has.
    pub(super) fn end(&mut self) {
        if let Ok(pid) = self.0.id().try_into() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let until = Instant::now() + TO_END;
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < until {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // One that has ended is no error.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Tells of each line, and of the end.
fn read(
    from: impl Read + Send + 'static,
    event: impl Fn(String) -> Option<Event> + Send + 'static,
    over: Option<Event>,
    events: Sender<Event>,
) -> io::Result<()> {
    let read = move || {
        let lines = BufReader::new(from).lines().map_while(Result::ok);
        let all = lines.filter_map(event).chain(over);
        for event in all {
            if events.send(event).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().spawn(read).map(|_| ())
}

/// What a line of the daemon's log says.
fn message(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    Some(line["fields"]["message"].as_str()?.to_owned())
}
