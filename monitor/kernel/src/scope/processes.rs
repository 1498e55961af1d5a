//! The process of a scope: itself, and not another one that has its number later.

use std::fs::File;
use std::io::{Read, Seek};

/// A process that was there once.
#[derive(Debug)]
pub(super) struct Process {
    pid: u32,
    /// Its `stat`, held open: it cannot be read any more once this very process is gone.
    stat: File,
}

impl Process {
    /// The process with this number.
    pub(super) fn open(pid: u32) -> Result<Self, String> {
        let path = format!("/proc/{pid}/stat");
        // The thread of another process has such a directory too, and holds nothing of its own.
        let leads = std::fs::read_dir("/proc").is_ok_and(|found| {
            found
                .flatten()
                .any(|entry| entry.file_name() == *pid.to_string())
        });
        match File::open(path) {
            Ok(stat) if leads => Ok(Self { pid, stat }),
            Ok(_) => Err(format!(
                "{pid} is a thread, not a process; name its process (the Tgid in /proc/{pid}/status)"
            )),
            Err(_) => Err(format!("there is no process {pid}")),
        }
    }

    /// Its number; 0 once it has ended.
    pub(super) fn number(&mut self) -> u32 {
        let mut byte = [0];
        let there =
            self.stat.rewind().is_ok() && self.stat.read(&mut byte).is_ok_and(|read| read > 0);
        if there { self.pid } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_has_its_number_until_it_is_gone() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let mut process = Process::open(child.id()).unwrap();
        assert_eq!(process.number(), child.id());
        assert_eq!(process.number(), child.id(), "it can be asked again");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(process.number(), 0);
        assert!(Process::open(child.id()).is_err());
    }
}
