//! runc, with a state folder of its own: containers of others on this host are not seen.

use crate::error::Error;
use crate::{files, setup};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long something may take that a loaded machine does in some seconds.
const BOUND: Duration = Duration::from_secs(60);

/// How long between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// What starts containers.
pub(super) struct Runtime {
    program: PathBuf,
    state: PathBuf,
}

/// A container that runs; it ends with this.
pub(super) struct Container<'a> {
    runtime: &'a Runtime,
    name: &'a str,
    child: Child,
    output: PathBuf,
}

impl Runtime {
    /// With its state in this folder. Ends what a run that was killed has left there.
    pub(super) fn new(state: &Path) -> Result<Self, Error> {
        files::create_folder(state)?;
        let program = setup::find("runc");
        let runtime = Self {
            program: program.ok_or_else(|| Error::not_debian("runc is", "install runc"))?,
            state: state.to_path_buf(),
        };
        let left = files::with_path("read", state, state.read_dir())?;
        for container in left.flatten() {
            runtime.delete(&container.file_name().to_string_lossy());
        }
        Ok(runtime)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--root").arg(&self.state).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    /// Where it has ended there is nothing to remove, and nothing to say.
    fn delete(&self, container: &str) {
        let _ = output(&mut self.command(&["delete", "--force", container]));
    }

    /// Starts the container that a bundle describes.
    pub(super) fn start<'a>(
        &'a self,
        name: &'a str,
        bundle: &Path,
    ) -> Result<Container<'a>, String> {
        let output = bundle.join("output");
        let file = File::create(&output).map_err(|error| error.to_string())?;
        let other = file.try_clone().map_err(|error| error.to_string())?;
        let mut command = self.command(&["run", name]);
        let child = command
            .current_dir(bundle)
            // Held as long as this lives.
            .stdin(Stdio::piped())
            .stdout(file)
            .stderr(other)
            .spawn();
        Ok(Container {
            runtime: self,
            name,
            child: child.map_err(|error| error.to_string())?,
            output,
        })
    }

    /// Runs one to its end; answers its exit code and what it said.
    pub(super) fn run_to_end(
        &self,
        name: &str,
        bundle: &Path,
    ) -> Result<(Option<i32>, String), String> {
        let mut container = self.start(name, bundle)?;
        let code = container.ended()?;
        Ok((code, container.said()))
    }
}

/// Looks again and again until there is an answer.
pub(super) fn eventually<T>(mut look: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let begun = Instant::now();
    loop {
        match look() {
            Err(why) if begun.elapsed() > BOUND => return Err(why),
            Err(_) => thread::sleep(PAUSE),
            found => return found,
        }
    }
}

impl Container<'_> {
    /// Runs a program within it that is to succeed, as `kubectl exec` does; answers what it prints.
    pub(super) fn run(&self, program: &[&str]) -> Result<String, String> {
        let mut command = self.runtime.command(&["exec", self.name]);
        let output = output(command.args(program))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // 1: something that is shown is wrong.
        match output.status.code() {
            Some(0 | 1) => Ok(text),
            _ => Err(format!(
                "{} in the container ({}): {text}{}; it says: {}",
                program.join(" "),
                output.status,
                String::from_utf8_lossy(&output.stderr),
                self.said(),
            )),
        }
    }

    /// The number of its first process on this host.
    pub(super) fn pid(&self) -> Result<u64, String> {
        let output = output(&mut self.runtime.command(&["state", self.name]))?;
        let state: Value =
            serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
        state["pid"]
            .as_u64()
            .ok_or_else(|| "it does not run".to_owned())
    }

    /// Ends it as the kubelet does; it ends with 0.
    pub(super) fn stop(mut self) -> Result<(), String> {
        output(&mut self.runtime.command(&["kill", self.name, "TERM"]))?;
        match self.ended()? {
            Some(0) => Ok(()),
            code => Err(format!(
                "it ended with {code:?} after SIGTERM: {}",
                self.said()
            )),
        }
    }

    fn ended(&mut self) -> Result<Option<i32>, String> {
        let child = &mut self.child;
        eventually(|| match child.try_wait() {
            Ok(Some(status)) => Ok(status.code()),
            Ok(None) => Err("it does not end".to_owned()),
            Err(error) => Err(error.to_string()),
        })
    }

    fn said(&self) -> String {
        let bytes = std::fs::read(&self.output).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        // The one that waits for it first, so that none is started any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.runtime.delete(self.name);
    }
}

fn output(command: &mut Command) -> Result<Output, String> {
    command.output().map_err(|error| error.to_string())
}
