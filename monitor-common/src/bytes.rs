//! What may cross between kernel and user space as its bytes.

/// A record that crosses between kernel and user space as its bytes.
///
/// # Safety
///
/// The type is `repr(C)`, `Copy`, has no padding, no pointer and no reference,
/// and every bit pattern of its size is a valid value.
pub unsafe trait Record: Copy + 'static {}
