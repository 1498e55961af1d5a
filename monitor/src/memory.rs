//! What the allocator keeps beyond what is used, given back to the system.

use nix::sys::prctl;

/// From so many bytes on, memory is asked of the system, and goes back to it at once
/// (glibc's own number to begin with is half of it). Left to itself the allocator raises
/// this to the largest block that was ever given back, and a sweep's rows, 23 MB at most,
/// would be kept for the next.
const OWN_MAPPING: i32 = 256 * 1024;

/// What may lie free for what comes next, in bytes.
const FREE: i32 = 4 << 20;

/// To be called when the start is over: some 10 MiB that the types of a whole kernel took
/// to read are never needed again, nor is most of the code that it ran. From here on what
/// is large goes back when it is done with.
pub(crate) fn settle() {
    // Where huge pages are always on (Debian), the kernel soon fills the gaps that are
    // given back here with zeros again: khugepaged makes 2 MiB of one page in use.
    // A kernel built without huge pages refuses, and needs nothing.
    let _ = prctl::set_thp_disable(true);
    allocator::map_from(OWN_MAPPING);
    allocator::trim();
    code::let_go();
}

/// To be called after something that may have taken much for a while: gives back what
/// is free, where that is much.
pub(crate) fn give_back() {
    if allocator::free_bytes() > FREE {
        allocator::trim();
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod allocator {
    pub(super) fn map_from(bytes: i32) {
        // SAFETY: sets a number under the allocator's own lock.
        unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, bytes) };
    }

    /// Free bytes of the whole heap. Beyond 2 GiB the number wraps.
    pub(super) fn free_bytes() -> i32 {
        // SAFETY: reads the allocator's lists under its own locks.
        unsafe { libc::mallinfo() }.fordblks
    }

    pub(super) fn trim() {
        // SAFETY: takes the allocator's own locks and moves nothing in use.
        unsafe { libc::malloc_trim(0) };
    }
}

/// Other allocators keep less, and are not asked.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod allocator {
    pub(super) fn map_from(_bytes: i32) {}

    pub(super) fn free_bytes() -> i32 {
        0
    }

    pub(super) fn trim() {}
}

mod code {
    use libc::c_void;
    use procfs::process::{MMPermissions, MMapPath, MemoryMap, Process};

    /// Lets go of all code and constants that are mapped: what is used from now on comes back out of the files, which the
    /// kernel has at hand. Around each page that is touched the kernel maps 15 others, so a start comes to hold nearly all.
    pub(super) fn let_go() {
        let maps = Process::myself().and_then(|process| process.smaps());
        for map in maps.into_iter().flatten().filter(is_as_in_its_file) {
            let (from, to) = map.address;
            let length = usize::try_from(to.saturating_sub(from)).unwrap_or(0);
            let from = std::ptr::with_exposed_provenance_mut::<c_void>(from as usize);
            // SAFETY: no page of it was ever written into, and none can be: each is read from its file again at the next
            // touch. The file of a running program or library stays as it is.
            unsafe { libc::madvise(from, length, libc::MADV_DONTNEED) };
        }
    }

    /// Whether nothing in it is other than in its file, now and later. What the loader has written into, or a debugger, has
    /// pages of its own.
    fn is_as_in_its_file(map: &MemoryMap) -> bool {
        let private = map.perms.contains(MMPermissions::PRIVATE);
        let written = map.perms.contains(MMPermissions::WRITE);
        let own_pages = map.extension.map.get("Anonymous");
        private && !written && own_pages == Some(&0) && matches!(map.pathname, MMapPath::Path(_))
    }
}
