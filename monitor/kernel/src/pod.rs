//! Records of the contract as the bytes that the maps of the kernel hold.

use crate::error::KernelError;
use aya::maps::Map;
use monitor_common::Record;

/// A record of the contract as the kernel's maps hold it.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Pod<T>(pub T);

// SAFETY: a `Record` is plain bytes without padding, and `Pod` is transparent.
unsafe impl<T: Record> aya::Pod for Pod<T> {}

/// Records as the bytes that they are.
pub fn bytes_of<T: Record>(records: &[T]) -> &[u8] {
    // SAFETY: a `Record` is plain bytes without padding, and these live as long as what is handed out.
    unsafe { std::slice::from_raw_parts(records.as_ptr().cast::<u8>(), size_of_val(records)) }
}

/// Reads records back to back from bytes; an incomplete one at the end is left.
pub fn read_records<T: Record>(bytes: &[u8]) -> impl Iterator<Item = T> + '_ {
    bytes.chunks_exact(size_of::<T>()).map(|record| {
        // SAFETY: exactly the bytes of one `T`, for which every bit pattern is valid;
        // they need not be aligned.
        unsafe { record.as_ptr().cast::<T>().read_unaligned() }
    })
}

/// Takes a map out of the loaded object.
pub(crate) fn take<T>(
    ebpf: &mut aya::Ebpf,
    name: &'static str,
    convert: impl FnOnce(Map) -> Result<T, aya::maps::MapError>,
) -> Result<T, KernelError> {
    let map = ebpf
        .take_map(name)
        .ok_or(KernelError::Incomplete { name })?;
    convert(map).map_err(KernelError::map(name))
}
