//! What the product is measured against, on the product's own hooks: a program that does nothing, and the way of
//! watching that keeps something for every connection and looks it up at every segment. Never loaded by the product.
#![no_std]
#![no_main]

mod empty;
mod storage;

// The kernel lends socket storage to GPL-compatible programs only.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 4] = *b"GPL\0";

#[cfg(not(test))]
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
