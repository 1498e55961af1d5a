//! Builds the kernel side, so that one binary carries both sides and they always fit together. The object lands in
//! `OUT_DIR/monitor-ebpf`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let features: &[&str] = match std::env::var_os("CARGO_FEATURE_KERNEL_LOG") {
        Some(_) => &["kernel-log"],
        None => &[],
    };
    match ebpf_toolchain::build_into_out_dir("monitor-ebpf", "monitor-ebpf", features) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Cargo prints this as an error of its own, apart from what the script wrote before.
            println!("cargo::error={message}");
            ExitCode::FAILURE
        }
    }
}
