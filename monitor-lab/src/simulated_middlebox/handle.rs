//! The simulated middlebox, seen from the testbed.

use super::process::READY;
use super::{DEVICE, Orders};
use crate::LabError;
use crate::children::Guarded;
use crate::network::family::Family;
use crate::network::namespace::Namespace;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// The routing table that leads into the middlebox.
const TABLE: u32 = 100;

/// Packets that may wait for the middlebox: a bulk transfer's burst, and more.
const WAITING: u32 = 10_000;

/// A simulated middlebox that runs. Dropping it kills it, and packets pass again.
#[derive(Debug)]
pub struct SimulatedMiddlebox {
    process: Guarded,
}

impl SimulatedMiddlebox {
    /// Starts `lab` (the laboratory's own binary) as the middlebox in `namespace`, and leads all
    /// that comes in at `ports` through it.
    ///
    /// # Errors
    /// If it cannot be started, or the kernel has no TUN devices.
    pub fn start(
        lab: &Path,
        namespace: &Namespace,
        family: Family,
        ports: [&str; 2],
        orders: &Orders,
    ) -> Result<Self, LabError> {
        let orders = serde_json::to_string(orders)
            .map_err(std::io::Error::from)
            .map_err(LabError::io("writing the middlebox's orders"))?;
        let mut process = Guarded::start(
            Command::new(lab)
                .args(["box", &orders, "--namespace"])
                .arg(namespace.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::inherit()),
        )?;
        let mut said = String::new();
        if let Some(stdout) = process.child().stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut said)
                .map_err(LabError::io("listening to the middlebox"))?;
        }
        if said.trim_end() != READY {
            return Err(LabError::Premise(
                "the simulated middlebox did not start, see above".to_owned(),
            ));
        }
        // It needs no address, and must not ask the hosts for one.
        namespace.ip(&format!("link set {DEVICE} addrgenmode none"))?;
        namespace.ip(&format!("link set {DEVICE} txqueuelen {WAITING} up"))?;
        let v = family.option();
        namespace.ip(&format!("{v} route add default dev {DEVICE} table {TABLE}"))?;
        for port in ports {
            namespace.ip(&format!("{v} rule add iif {port} lookup {TABLE}"))?;
        }
        Ok(Self { process })
    }
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }
}
