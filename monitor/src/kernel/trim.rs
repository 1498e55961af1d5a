use nix::sys::prctl;

/// Gives back to the system what the allocator keeps after the types of a whole
/// kernel were read: some 10 MiB that the daemon never needs again.
pub(super) fn give_memory_back() {
    // Where huge pages are always on (Debian), the kernel soon fills the gaps that are
    // given back here with zeros again: khugepaged makes 2 MiB of one page in use.
    // A kernel built without huge pages refuses, and needs nothing.
    let _ = prctl::set_thp_disable(true);
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the call takes the allocator's own locks and moves nothing in use.
    unsafe {
        libc::malloc_trim(0);
    }
}
