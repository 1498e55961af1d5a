//! Names that several rooms share: of directories and of what lies in them.

/// First part of the name of a daemon's directory or of a control group; the pid of the
/// process that made it and letters or a number follow.
pub(crate) const DIRECTORY: &str = "tcplull-lab-";

/// The inspection socket's name in the daemon's directory.
pub(crate) const SOCKET: &str = "tcplull.sock";
