//! What a server says of itself on its `/metrics`.

use super::MOST_MEMORY;
use crate::LabError;
use crate::testbed::{http, prometheus};
use std::net::SocketAddr;

/// What it says now.
#[derive(Clone, Debug)]
pub(super) struct Numbers(String);

impl Numbers {
    /// Asks the server at `address`.
    pub(super) fn of(address: SocketAddr) -> Result<Self, LabError> {
        match http::get(address, "/metrics")? {
            (200, text) => Ok(Self(text)),
            (code, text) => Err(failed(
                address,
                format!("answers /metrics with {code} {text}"),
            )),
        }
    }

    /// The sum of a metric's series, 0 where there is none yet.
    pub(super) fn sum(&self, name: &str) -> f64 {
        prometheus::sum(&self.0, name, &[]).unwrap_or_default()
    }

    /// Of how many series a metric consists.
    pub(super) fn series(&self, name: &str) -> usize {
        let of_it = |line: &&str| line.split(['{', ' ']).next() == Some(name);
        self.0.lines().filter(of_it).count()
    }

    /// CPU time that the process has used, in seconds.
    pub(super) fn cpu_seconds(&self) -> f64 {
        self.sum("process_cpu_seconds_total")
    }

    /// Memory that it holds, in bytes.
    pub(super) fn memory(&self) -> u64 {
        self.sum("process_resident_memory_bytes") as u64
    }

    /// The same, if it may go on.
    pub(super) fn memory_within_bounds(&self, address: SocketAddr) -> Result<u64, LabError> {
        match self.memory() {
            memory if memory <= MOST_MEMORY => Ok(memory),
            memory => Err(failed(
                address,
                format!(
                    "holds {} MiB, and may not hold more: ask for fewer nodes",
                    memory >> 20
                ),
            )),
        }
    }
}

fn failed(address: SocketAddr, what: String) -> LabError {
    let name = format!("the server at {address}");
    LabError::App { name, what }
}
