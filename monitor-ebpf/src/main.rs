//! tcplull's kernel side: it records facts and draws no conclusions.
//!
//! One file a hook family under `hooks`. What they read of a socket is in `sock`, of an
//! arriving segment in `segment`, of anything else in `kernel`; all arithmetic on silences
//! is in `silence`; why some values are kept in memory, in `verifier`.
#![no_std]
#![no_main]
#![cfg_attr(target_arch = "bpf", feature(asm_experimental_arch))]

#[macro_use]
mod log;

mod awaited;
mod counters;
mod emit;
mod gap;
mod globals;
mod hooks;
mod kernel;
mod missed;
mod paths;
mod scope;
mod segment;
mod serial;
mod shown;
mod silence;
mod snapshot;
mod sock;
mod storage;
mod suspects;
mod task;
mod verifier;
mod watched;

// The kernel lends most helpers used here to GPL-compatible programs only.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 4] = *b"GPL\0";

#[cfg(not(test))]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
