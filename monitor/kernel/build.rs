//! Builds the kernel side, so that one binary carries both sides and they always fit together. The object lands in
//! `OUT_DIR/monitor-ebpf`.

use std::hash::{DefaultHasher, Hasher};
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let features: &[&str] = match env::var_os("CARGO_FEATURE_KERNEL_LOG") {
        Some(_) => &["kernel-log"],
        None => &[],
    };
    match ebpf_toolchain::build_into_out_dir("monitor-ebpf", "monitor-ebpf", features) {
        Ok(()) => {
            println!("cargo::rustc-env=TCPLULL_OBJECT_ID={:016x}", id());
            ExitCode::SUCCESS
        }
        Err(message) => {
            // Cargo prints this as an error of its own, apart from what the script wrote before.
            println!("cargo::error={message}");
            ExitCode::FAILURE
        }
    }
}

/// A number that another object does not have; 0 where it cannot be read, which ends the build by itself.
fn id() -> u64 {
    let folder = env::var_os("OUT_DIR").unwrap_or_default();
    let object = fs::read(Path::new(&folder).join("monitor-ebpf"));
    let mut hasher = DefaultHasher::new();
    object.map_or(0, |object| {
        hasher.write(&object);
        hasher.finish()
    })
}
