//! Room on the disk, asked for before an hour's work, not found missing amid it.

use crate::error::Error;
use crate::workspace;
use nix::sys::statvfs::statvfs;

/// What a run writes where nothing is built yet, bytes: 8.0 GB below target/ after `cargo xtask test` in a fresh checkout
/// (4.5 of them the workspace and its tests, 2.4 the fuzzer's), and a gigabyte of disks and folders of its machines and
/// servers while it runs.
const NEEDED: u64 = 10_000_000_000;

/// Refuses to begin where a first build would fill the disk. Where something is built already, nobody knows how much is
/// still to come.
pub fn ask() -> Result<(), Error> {
    let target = workspace::target_dir()?;
    // A file system that does not say how much is free is no reason not to try.
    let Ok(disk) = statvfs(target.parent().unwrap_or(&target)) else {
        return Ok(());
    };
    let free = disk.blocks_available() * disk.fragment_size();
    if free < NEEDED && !target.join("debug/monitor-lab").exists() {
        return Err(Error::NoRoom {
            needed: NEEDED,
            free,
        });
    }
    Ok(())
}
