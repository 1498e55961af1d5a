//! tcplull's kernel side: it records facts and draws no conclusions.
//!
//! One file a hook family under `hooks`; all reading of kernel memory is in
//! `kernel`, of a segment's bytes in `segment`, all arithmetic on silences in `silence`;
//! why some values are kept in memory, in `verifier`.
#![no_std]
#![no_main]
#![cfg_attr(target_arch = "bpf", feature(asm_experimental_arch))]

mod counters;
mod emit;
mod gap;
mod globals;
mod hooks;
mod kernel;
mod looks;
mod marks;
mod paths;
mod segment;
mod silence;
mod storage;
mod suspects;
mod verifier;

// The kernel lends most helpers used here to GPL-compatible programs only.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 4] = *b"GPL\0";

#[cfg(not(test))]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
