//! Finds the compiler and the linker that can build an eBPF program on this machine, and builds it with them.
//!
//! The kernel side needs more than a stable Rust: `core` has to be compiled for the `bpf` target, so the compiler
//! must accept unstable flags and its `core` sources must be installed (`rust-src`); and the LLVM bitcode it emits
//! is linked by `bpf-linker`, which must be built against the same LLVM major version. Two sets are looked for, best
//! first:
//!
//! 1. rustup's `nightly` with `rust-src`,
//! 2. a distribution's own Rust in `/usr/bin` with its source package (Debian: `rustc-web cargo-web rust-web-src`).
//!
//! [`CARGO_VARIABLE`] and [`LINKER_VARIABLE`] name another compiler and linker.

mod build_script;
mod compiler;
mod environment;
mod error;
mod linker;
mod object;
mod strip;
mod toolchain;
mod version;

pub use build_script::build_into_out_dir;
pub use compiler::{CARGO_VARIABLE, Compiler, compilers, distribution_compiler, nightly_compiler};
pub use environment::cargo_home;
pub use error::{Error, Rejected, listed};
pub use linker::{
    CACHED_LINKER_VERSION, LINKER_VARIABLE, Linker, cache_dir, cached_linker_root, linker_for,
};
pub use object::ObjectRequest;
pub use toolchain::Toolchain;
pub use version::LlvmVersion;
