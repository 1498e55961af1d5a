/// Gives back to the system what the allocator keeps after the types of a whole
/// kernel were read: some 10 MiB that the daemon never needs again.
pub(super) fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the call takes the allocator's own locks and moves nothing in use.
    unsafe {
        libc::malloc_trim(0);
    }
}
