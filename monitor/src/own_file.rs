//! Files beside the inspection socket that only this user may read and write, so that nobody else can hold or change
//! what the daemon rests on.

use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use nix::unistd::geteuid;
use std::fs::{Metadata, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What such a file is made with.
pub(crate) const MODE: u32 = 0o600;

/// The file beside `path` that has its name and this ending.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// How such a file is opened: never through a link, and without waiting for what others may have put there.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(MODE).custom_flags(O_NOFOLLOW | O_NONBLOCK);
    options
}

/// Whether what was opened is such a file: somebody may have made it before us.
pub(crate) fn is_ours(found: &Metadata) -> bool {
    found.is_file() && found.uid() == geteuid().as_raw() && found.mode() & 0o077 == 0
}
