//! The kernel's types out of their file.

use crate::error::KernelError;
use aya::{Btf, Endianness};
use std::path::Path;

/// The kernel's types, as the loader wants them.
pub(crate) fn read_btf(file: &Path) -> Result<Btf, KernelError> {
    Btf::parse_file(file, Endianness::default()).map_err(|error| KernelError::NoBtf {
        path: file.to_owned(),
        reason: error.to_string(),
    })
}
