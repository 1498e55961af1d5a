//! What the allocator keeps beyond what is used, given back to the system.

use nix::sys::prctl;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod bounds {
    /// From so many bytes on, memory is asked of the system, and goes back to it at once
    /// (glibc's own number to begin with is half of it). Left to itself the allocator
    /// raises this to the largest block that was ever given back, and a sweep's rows,
    /// 23 MB at most, would be kept for the next.
    pub(super) const OWN_MAPPING: libc::c_int = 256 * 1024;

    /// What may lie free for what comes next, in bytes: half of it is what one burst of
    /// findings takes until the log has written it.
    pub(super) const FREE: libc::c_int = 8 << 20;
}

/// To be called when the start is over: some 10 MiB that the types of a whole kernel took
/// to read are never needed again. From here on what is large goes back when it is done
/// with.
pub(crate) fn settle() {
    // Where huge pages are always on (Debian), the kernel soon fills the gaps that are
    // given back here with zeros again: khugepaged makes 2 MiB of one page in use.
    // A kernel built without huge pages refuses, and needs nothing.
    let _ = prctl::set_thp_disable(true);
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: the calls take the allocator's own locks and move nothing in use.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, bounds::OWN_MAPPING);
        libc::malloc_trim(0);
    }
}

/// To be called after something that may have taken much for a while: gives back what
/// is free, where that is much.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: as above.
    unsafe {
        // Of the whole heap; beyond 2 GiB the number would wrap, and this be left out.
        if libc::mallinfo().fordblks > bounds::FREE {
            libc::malloc_trim(0);
        }
    }
}
