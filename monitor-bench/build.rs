//! Builds the programs that the product is measured against, so that one binary carries them. The object lands in
//! `OUT_DIR/monitor-bench-ebpf`.

use std::process::ExitCode;

fn main() -> ExitCode {
    match ebpf_toolchain::build_into_out_dir("monitor-ebpf", "monitor-bench-ebpf", &[]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Cargo prints this as an error of its own, apart from what the script wrote before.
            println!("cargo::error={message}");
            ExitCode::FAILURE
        }
    }
}
