//! The log of a kernel side that is built for debugging, with the feature `kernel-log`: what it
//! decides, line by line.

/// Logs one line through aya-log. Without the feature nothing is left of it, not even the
/// arguments.
macro_rules! log {
    ($($line:tt)*) => {
        #[cfg(feature = "kernel-log")]
        {
            // The first argument is to be a hook's context, but is not used.
            aya_log_ebpf::info!(&(), target: "kernel", $($line)*);
        }
    };
}
