//! The lock of those that start or clear up at one inspection socket: a file beside it that only this user can open, so
//! that nobody else can hold it. Whoever finds it held waits a while, and then says by whom.

use super::error::InspectError;
use crate::own_file;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::{major, minor};
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long it may be held: to look for a daemon and to bind a socket takes milliseconds.
const HELD: Duration = Duration::from_secs(2);

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// The kernel's list of locks (proc_locks(5)): the most of it that is read.
const MOST_LOCKS: u64 = 1 << 20;

/// The lock, until it is dropped. Its file stays: if it went, two could hold two files of that name.
pub(super) type Held = Flock<File>;

/// Takes the lock of those at this socket.
///
/// # Errors
/// [`InspectError::Held`] after a while, and what else is in the way.
pub(super) fn take(socket: &Path) -> Result<Held, InspectError> {
    let path = own_file::beside(socket, ".lock");
    let opened = own_file::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if error.raw_os_error() == Some(Errno::ELOOP as i32) => {
            return Err(InspectError::NotOurs { path });
        }
        Err(error) => return Err(InspectError::other(&path, error)),
    };
    let found = file
        .metadata()
        .map_err(|error| InspectError::other(&path, error))?;
    if !own_file::is_ours(&found) {
        return Err(InspectError::NotOurs { path });
    }
    let until = Instant::now() + HELD;
    loop {
        file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(held) => return Ok(held),
            Err((file, Errno::EAGAIN | Errno::EINTR)) if Instant::now() < until => file,
            Err((_, Errno::EAGAIN | Errno::EINTR)) => {
                let holder = holder(&found);
                return Err(InspectError::Held { path, holder });
            }
            Err((_, errno)) => return Err(InspectError::other(&path, errno)),
        };
        sleep(PAUSE);
    }
}

/// Who holds a lock on this file, in words.
fn holder(file: &Metadata) -> String {
    let mut locks = String::new();
    // What is cut, or cannot be read, names nobody.
    let _ = File::open("/proc/locks").map(|list| list.take(MOST_LOCKS).read_to_string(&mut locks));
    let device = file.dev();
    let place = format!("{:02x}:{:02x}:{}", major(device), minor(device), file.ino());
    match locks.lines().find_map(|line| holds(line, &place)) {
        Some(pid) => format!("process {pid}"),
        // It lives in another pid namespace, or has let go meanwhile.
        None => "a process that this one does not see".to_owned(),
    }
}

/// The process of a line of the list, if that is about a whole file at this place: the number, the kind, how, for what,
/// the process, the file, the range. What waits for a lock has an arrow behind the number.
fn holds(line: &str, place: &str) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    (words.next()? == "FLOCK").then_some(())?;
    let pid = words.nth(2)?.parse().ok().filter(|pid| *pid != 0)?;
    (words.next()? == place).then_some(pid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    fn socket() -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::tempdir().unwrap();
        let socket = place.path().join("tcplull.sock");
        (place, socket)
    }

    #[test]
    fn it_is_for_its_user_alone_and_can_be_taken_again() {
        let (_place, socket) = socket();
        drop(take(&socket).unwrap());
        let mode = fs::metadata(own_file::beside(&socket, ".lock"))
            .unwrap()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        take(&socket).unwrap();
    }

    #[test]
    fn whoever_holds_it_is_named_and_waited_for_no_longer_than_a_while() {
        let (_place, socket) = socket();
        let held = take(&socket).unwrap();
        let begun = Instant::now();
        let error = take(&socket).unwrap_err().to_string();
        let took = begun.elapsed();
        assert!(took >= HELD && took < HELD * 5, "{took:?}");
        let this = format!("held by process {},", std::process::id());
        assert!(error.contains(&this), "{error}");
        drop(held);
        take(&socket).unwrap();
    }

    #[test]
    fn one_that_others_can_open_or_that_leads_elsewhere_is_refused() {
        let (place, socket) = socket();
        let lock = own_file::beside(&socket, ".lock");
        let refused = || matches!(take(&socket), Err(InspectError::NotOurs { .. }));
        fs::write(&lock, "").unwrap();
        fs::set_permissions(&lock, Permissions::from_mode(0o644)).unwrap();
        assert!(refused());
        fs::remove_file(&lock).unwrap();
        let elsewhere = place.path().join("elsewhere");
        symlink(&elsewhere, &lock).unwrap();
        assert!(refused());
        assert!(!elsewhere.exists(), "made through a link");
    }

    #[test]
    fn in_the_kernels_list_only_who_holds_this_file_counts() {
        let place = "fd:01:1234";
        for (line, pid) in [
            ("1: FLOCK  ADVISORY  WRITE 42 fd:01:1234 0 EOF", Some(42)),
            ("1: -> FLOCK  ADVISORY  WRITE 43 fd:01:1234 0 EOF", None),
            ("1: FLOCK  ADVISORY  WRITE 42 fd:01:12345 0 EOF", None),
            ("1: POSIX  ADVISORY  WRITE 42 fd:01:1234 0 0", None),
            ("1: FLOCK  ADVISORY  WRITE 0 fd:01:1234 0 EOF", None),
            ("nonsense", None),
        ] {
            assert_eq!(holds(line, place), pid, "{line}");
        }
    }
}
