//! Which kernel this is.

/// The kernel's release, as `uname -r` says.
pub fn release() -> String {
    nix::sys::utsname::uname()
        .map(|names| names.release().to_string_lossy().into_owned())
        .unwrap_or_else(|_| "unknown".to_owned())
}
