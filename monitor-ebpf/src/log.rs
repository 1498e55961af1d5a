//! What a kernel side built for debugging says of what it decides: the feature `kernel-log`.

/// Logs one line through aya-log; nothing, and not even its arguments, without the feature.
macro_rules! log {
    ($($line:tt)*) => {
        #[cfg(feature = "kernel-log")]
        {
            // Of a hook's context the macro takes no note.
            aya_log_ebpf::info!(&(), target: "kernel", $($line)*);
        }
    };
}
