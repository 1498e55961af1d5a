//! What a kernel side built for debugging logs of what it decides (the feature `kernel-log`), as
//! lines of this process's own log.

use crate::error::KernelError;
use aya::Ebpf;
use aya_log::EbpfLogger;
use log::{Log, Metadata, Record};
use std::time::Duration;

/// How long a line may lie in its ring.
const DELAY: Duration = Duration::from_millis(100);

/// Prints each line that the programs log, from a thread of its own, until the process ends.
///
/// # Errors
///
/// [`KernelError::Incomplete`] where the object does not log, [`KernelError::System`].
pub(crate) fn printing(mut ebpf: Ebpf) -> Result<Ebpf, KernelError> {
    let mut lines = EbpfLogger::init_with_logger(&mut ebpf, Printer)
        .map_err(|_| KernelError::Incomplete { name: "AYA_LOGS" })?;
    let thread = std::thread::Builder::new().name("kernel-log".to_owned());
    let started = thread.spawn(move || {
        loop {
            lines.flush();
            std::thread::sleep(DELAY);
        }
    });
    started.map_err(KernelError::system(
        "starting the thread that prints the kernel side's log",
    ))?;
    Ok(ebpf)
}

struct Printer;

impl Log for Printer {
    fn enabled(&self, _: &Metadata) -> bool {
        true
    }

    fn log(&self, record: &Record) {
        tracing::info!(target: "kernel", "{}", record.args());
    }

    fn flush(&self) {}
}
