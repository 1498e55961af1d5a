//! The first process of a virtual machine that `cargo xtask vm` boots: the hidden subcommand `monitor-lab guest`.
//!
//! It mounts what the laboratory needs, loads the kernel modules that its plan names, carries out the plan's steps,
//! says on a serial port of its own what came of each, and turns the machine off. Where a service manager is the first
//! process, it is a service of that, which has mounted all and goes on with its own work.

mod machine;
pub mod odd;
mod port;
mod step;

use nix::sys::utsname::uname;
use nix::unistd::getppid;
use port::Port;
use std::path::Path;
use std::{fs, io};
use step::Others;
use vm_contract::{Line, PLAN, Plan};

/// Carries out the plan and turns the machine off. Returns only if that is refused, or
/// if this is neither the first process of a machine nor one of its services.
pub fn live() -> io::Result<()> {
    if std::process::id() != 1 {
        return live_as_service();
    }
    // Where the lines go is a file of the mounted /dev.
    let plan = plan();
    let cgroup_v1 = plan.as_ref().is_ok_and(|plan| plan.cgroup_v1);
    let mounted = machine::mount_all(cgroup_v1);
    let port = Port::open()?;
    let prepared = mounted.and_then(|()| machine::prepare());
    end(
        prepared.and_then(|()| work(&plan?, Others::None, &port)),
        &port,
    )
}

fn live_as_service() -> io::Result<()> {
    if getppid().as_raw() != 1 || !Path::new(PLAN).exists() {
        return Err(io::Error::other(
            "this is for the first process of a virtual machine; use `cargo xtask vm`",
        ));
    }
    let port = Port::open()?;
    end(
        plan().and_then(|plan| work(&plan, Others::Services, &port)),
        &port,
    )
}

/// Says what kept the work from its end, and turns the machine off.
fn end(worked: io::Result<()>, port: &Port) -> io::Result<()> {
    if let Err(error) = worked {
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

fn work(plan: &Plan, others: Others, port: &Port) -> io::Result<()> {
    for module in &plan.modules {
        machine::load_module(module)?;
    }
    let release = uname().map_err(io::Error::from)?;
    port.write(&Line::Ready {
        release: release.release().to_string_lossy().into_owned(),
    });
    for step in &plan.steps {
        step::run(step, others, port);
    }
    port.write(&Line::Done);
    Ok(())
}
