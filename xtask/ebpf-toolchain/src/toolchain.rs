//! A compiler and a linker that fit together.

use crate::{Compiler, Error, Linker, compilers, linker_for};

/// All that it takes to build the kernel side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// Compiles `core` and the program to bitcode.
    pub compiler: Compiler,
    /// Links the bitcode to an object.
    pub linker: Linker,
}

impl Toolchain {
    /// The best compiler on this machine that has a fitting linker. Takes a few hundred milliseconds at most and
    /// installs nothing.
    ///
    /// # Errors
    /// [`Error::Missing`], with every candidate that was looked at.
    pub fn find() -> Result<Self, Error> {
        let (compilers, mut rejected) = compilers();
        for compiler in compilers {
            match linker_for(&compiler) {
                Ok(linker) => return Ok(Self { compiler, linker }),
                Err(reasons) => rejected.extend(reasons),
            }
        }
        Err(Error::Missing(rejected))
    }
}
