//! The first process of a virtual machine that `cargo xtask vm` boots: the hidden subcommand `monitor-lab guest`.
//!
//! It mounts what the laboratory needs, loads the kernel modules that its plan names, carries out the plan's steps,
//! says on a serial port of its own what came of each, and turns the machine off.

mod machine;
pub mod odd;
mod port;
mod step;

use nix::sys::utsname::uname;
use port::Port;
use std::{fs, io};
use vm_contract::{Line, PLAN, Plan};

/// Carries out the plan and turns the machine off. Returns only if that is refused, or
/// if this is not the first process of a machine.
pub fn live() -> io::Result<()> {
    if std::process::id() != 1 {
        return Err(io::Error::other(
            "this is for the first process of a virtual machine; use `cargo xtask vm`",
        ));
    }
    // Where the lines go is a file of the mounted /dev.
    let plan = plan();
    let cgroup_v1 = plan.as_ref().is_ok_and(|plan| plan.cgroup_v1);
    let mounted = machine::mount_all(cgroup_v1);
    let port = Port::open()?;
    if let Err(error) = mounted.and_then(|()| work(&plan?, &port)) {
        port.write(&Line::Trouble {
            what: error.to_string(),
        });
    }
    port.finish();
    machine::turn_off()
}

fn plan() -> io::Result<Plan> {
    fs::read(PLAN)
        .and_then(|text| serde_json::from_slice(&text).map_err(io::Error::from))
        .map_err(|error| io::Error::other(format!("cannot read {PLAN}: {error}")))
}

fn work(plan: &Plan, port: &Port) -> io::Result<()> {
    machine::prepare()?;
    for module in &plan.modules {
        machine::load_module(module)?;
    }
    let release = uname().map_err(io::Error::from)?;
    port.write(&Line::Ready {
        release: release.release().to_string_lossy().into_owned(),
    });
    for step in &plan.steps {
        step::run(step, port);
    }
    port.write(&Line::Done);
    Ok(())
}
