//! A control group of the testbed's own, so that an application in it has an owner
//! that nobody else has.

use crate::LabError;
use crate::names::DIRECTORY;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid, write};
use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{io, thread};

/// Groups made by this process so far, for their names.
static MADE: AtomicU32 = AtomicU32::new(0);

/// How long its last process may take to be gone for good after it was reaped.
const EMPTY_WITHIN: Duration = Duration::from_secs(10);

/// A cgroup v2 directory `tcplull-lab-<pid>-<number>`, removed when dropped. Its
/// processes must have ended by then.
#[derive(Debug)]
pub struct Cgroup {
    directory: PathBuf,
    path: String,
}

impl Cgroup {
    /// Makes it, below the group that this process has for itself, or else below the root.
    ///
    /// # Errors
    /// If no hierarchy is mounted, or the kernel refuses it.
    pub fn create() -> Result<Self, LabError> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("{DIRECTORY}{}-{number}", process::id());
        let above = own_path().unwrap_or_default();
        let root = root()?;
        Self::make(
            root.join(above.trim_start_matches('/')).join(&name),
            format!("{above}/{name}"),
        )
    }

    /// Makes one named `name` below this one; it must go first.
    ///
    /// # Errors
    /// If the kernel refuses it.
    pub fn below(&self, name: &str) -> Result<Self, LabError> {
        Self::make(self.directory.join(name), format!("{}/{name}", self.path))
    }

    fn make(directory: PathBuf, path: String) -> Result<Self, LabError> {
        fs::create_dir(&directory)
            .map_err(LabError::io(format!("making {}", directory.display())))?;
        Ok(Self { directory, path })
    }

    /// The name of its directory.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Its path in the hierarchy, as `/proc/PID/cgroup` shows it.
    pub fn path(&self) -> String {
        self.path.clone()
    }

    /// Its directory in the file system.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Sends `signal` to every process in it.
    ///
    /// # Errors
    /// If its processes cannot be listed. One that ends meanwhile is no error.
    pub fn signal(&self, signal: Signal) -> Result<(), LabError> {
        let list = self.directory.join("cgroup.procs");
        let list = fs::read_to_string(&list)
            .map_err(LabError::io(format!("reading {}", list.display())))?;
        let pids = list.lines().filter_map(|line| line.parse().ok());
        // Whom it cannot see it lists as 0, which to kill(2) is this process' own group.
        for pid in pids.filter(|pid| *pid > 0) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
        Ok(())
    }

    /// Kills every process in it, also those that are being made, and waits until they are gone.
    ///
    /// # Errors
    /// If the kernel is older than 5.14, or a process does not go.
    pub fn kill(&self) -> Result<(), LabError> {
        kill_all(&self.directory).map_err(LabError::io(format!(
            "killing all in {}",
            self.directory.display()
        )))
    }

    /// Has `command` started in it, so that every socket the process ever makes is the group's.
    pub fn hold(&self, command: &mut Command) -> Result<(), LabError> {
        let list = self.directory.join("cgroup.procs");
        let list = OpenOptions::new()
            .write(true)
            .open(&list)
            .map_err(LabError::io(format!("opening {}", list.display())))?;
        // SAFETY: between fork and exec only the write system call is made; it takes no
        // lock and allocates nothing. To the kernel, 0 is the process that writes.
        unsafe {
            command.pre_exec(move || write(&list, b"0").map(|_| ()).map_err(io::Error::from));
        }
        Ok(())
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let until = Instant::now() + EMPTY_WITHIN;
        while let Err(error) = fs::remove_dir(&self.directory) {
            if error.kind() != io::ErrorKind::ResourceBusy || Instant::now() >= until {
                eprintln!(
                    "monitor-lab: {} is left behind: {error}",
                    self.directory.display()
                );
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

fn root() -> Result<PathBuf, LabError> {
    mounted()
        .map_err(LabError::io("reading /proc/self/mountinfo"))?
        .ok_or_else(|| {
            LabError::Premise(
                "cgroup v2 is not mounted: mount -t cgroup2 none /sys/fs/cgroup/unified".to_owned(),
            )
        })
}

/// Kills every process of the group, and waits until they are gone (cgroup-v2, "Core Interface Files").
fn kill_all(directory: &Path) -> io::Result<()> {
    fs::write(directory.join("cgroup.kill"), "1")?;
    let until = Instant::now() + EMPTY_WITHIN;
    loop {
        let events = fs::read_to_string(directory.join("cgroup.events"))?;
        if events.lines().any(|line| line == "populated 0") {
            return Ok(());
        }
        if Instant::now() >= until {
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Removes a group and all below it, with those who are left in it: they outlived a testbed that was killed.
pub(super) fn remove_tree(directory: &Path) -> io::Result<()> {
    // Before 5.14 the kernel has no such file, and who is left keeps the group.
    let _ = kill_all(directory);
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        }
    }
    fs::remove_dir(directory)
}

/// The path of the group that this process has for itself.
static OWN: Mutex<Option<String>> = Mutex::new(None);

/// The path of the group that this process has for itself, if it has one.
pub fn own_path() -> Option<String> {
    OWN.lock().map_or(None, |path| path.clone())
}

/// This process in a control group of its own, with all that it starts and every socket that it makes from now on: by
/// it the daemons under test tell its connections from the host's. Dropping it takes the process back.
#[derive(Debug)]
pub struct OwnGroup {
    group: Option<Cgroup>,
    /// Where it was before.
    before: PathBuf,
}

impl OwnGroup {
    /// Moves this process there; `None` where it may not, or there is no such hierarchy: then nothing tells its
    /// connections from others.
    ///
    /// # Errors
    /// If the kernel refuses it to root.
    pub fn enter() -> Result<Option<Self>, LabError> {
        if !geteuid().is_root() || !matches!(mounted(), Ok(Some(_))) {
            return Ok(None);
        }
        let moving = || LabError::io("moving this process to a control group of its own");
        let own = fs::read_to_string("/proc/self/cgroup").map_err(moving())?;
        // Of the second hierarchy, by proc_pid_cgroup(5).
        let path = own.lines().find_map(|line| line.strip_prefix("0::/"));
        let before = root()?.join(path.unwrap_or_default());
        let group = Cgroup::create()?;
        fs::write(group.directory.join("cgroup.procs"), "0").map_err(moving())?;
        if let Ok(mut own) = OWN.lock() {
            *own = Some(group.path());
        }
        Ok(Some(Self {
            group: Some(group),
            before,
        }))
    }
}

impl Drop for OwnGroup {
    fn drop(&mut self) {
        if let Ok(mut own) = OWN.lock() {
            *own = None;
        }
        if let Err(error) = fs::write(self.before.join("cgroup.procs"), "0") {
            eprintln!("monitor-lab: cannot leave the own control group: {error}");
        }
        self.group.take();
    }
}

/// Where cgroup v2 is mounted; `None` if it is not.
pub(super) fn mounted() -> io::Result<Option<PathBuf>> {
    Ok(mount_in(&fs::read_to_string("/proc/self/mountinfo")?))
}

/// The mount point of cgroup v2 in the text of `mountinfo` (proc_pid_mountinfo(5)): the
/// fifth field of a line, whose type stands behind a lone hyphen.
fn mount_in(mountinfo: &str) -> Option<PathBuf> {
    mountinfo.lines().find_map(|line| {
        let (mount, filesystem) = line.split_once(" - ")?;
        let kind = filesystem.split(' ').next()?;
        let point = mount.split(' ').nth(4)?;
        (kind == "cgroup2").then(|| Path::new(point).to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mount_is_found_by_its_type() {
        let hybrid = "31 24 0:27 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n\
            40 31 0:37 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu\n\
            41 31 0:38 / /sys/fs/cgroup/unified rw shared:10 master:1 - cgroup2 cgroup2 rw\n";
        let unified = PathBuf::from("/sys/fs/cgroup/unified");
        assert_eq!(mount_in(hybrid), Some(unified));
        assert_eq!(
            mount_in("40 31 0:37 / /cgroup2 rw - cgroup cgroup rw"),
            None
        );
    }
}
