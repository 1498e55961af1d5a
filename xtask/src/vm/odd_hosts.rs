//! Hosts that are not as most are: what tcplull says on them, and that what works there is right.

use super::image::Kernel;
use super::initramfs::Contents;
use super::machine::{GUEST, Vm};
use super::side_by_side::side_by_side;
use super::tries::{Try, tried};
use crate::error::Error;
use crate::progress;
use crate::results::Results;
use std::time::Duration;
use vm_contract::Plan;

/// The kernel on which they are tried: the oldest that can watch socket by socket.
pub const SERIES: &str = "6.12";

/// A machine is ended after this.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Seconds of the guest's clock for one step.
const STEP_WITHIN: u64 = 240;

/// A host.
struct Host {
    name: &'static str,
    /// Further parameters of the kernel.
    parameters: &'static str,
    /// Whether it has cgroup v1 alone.
    cgroup_v1: bool,
    /// Whether it is paused from outside while its commands run.
    paused: bool,
    tries: &'static [Try],
}

/// Each of these scenarios is right, or the command fails.
const SCENARIOS: &str = "/bin/monitor-lab run nat-silent-drop nat-rst-next-packet survives --tcplull /bin/tcplull --jobs 3";

const CONFIDENTIAL: &[&str] = &["lockdown (confidentiality)", "lockdown=integrity"];

const HOSTS: &[Host] = &[
    Host {
        name: "lockdown=confidentiality",
        parameters: "lockdown=confidentiality",
        cgroup_v1: false,
        paused: false,
        tries: &[
            tried("/bin/tcplull check", 3, CONFIDENTIAL),
            tried("/bin/tcplull run", 3, CONFIDENTIAL),
            tried("/bin/tcplull ls", 3, CONFIDENTIAL),
        ],
    },
    Host {
        name: "lockdown=integrity",
        parameters: "lockdown=integrity",
        cgroup_v1: false,
        paused: false,
        tries: &[
            tried("/bin/tcplull check", 0, &["iter/bpf_sk_storage_map"]),
            tried(
                "/bin/tcplull check --watch per-socket",
                0,
                &["sock_ops+iter/tcp"],
            ),
            tried(SCENARIOS, 0, &[]),
        ],
    },
    Host {
        name: "cgroup v1 only",
        parameters: "",
        cgroup_v1: true,
        paused: false,
        tries: &[
            tried("/bin/tcplull check", 0, &["snapshots"]),
            tried(
                "/bin/tcplull check --watch per-socket",
                3,
                &["no cgroup v2 hierarchy is mounted", "--watch global"],
            ),
            tried(SCENARIOS, 0, &[]),
        ],
    },
    Host {
        name: "another program alone on the root cgroup",
        parameters: "",
        cgroup_v1: false,
        paused: false,
        tries: &[
            tried(
                "/bin/monitor-lab odd alone-on-cgroup -- /bin/tcplull check --watch per-socket",
                3,
                &["another program", "BPF_F_ALLOW_MULTI"],
            ),
            tried(
                "/bin/monitor-lab odd alone-on-cgroup -- /bin/monitor-lab run nat-silent-drop --tcplull /bin/tcplull",
                0,
                &[],
            ),
        ],
    },
    Host {
        name: "a guest that is paused again and again",
        parameters: "",
        cgroup_v1: false,
        paused: true,
        tries: &[tried(SCENARIOS, 0, &[])],
    },
    Host {
        name: "a wall clock that steps",
        parameters: "",
        cgroup_v1: false,
        paused: false,
        tries: &[tried(
            "/bin/monitor-lab odd clock-steps -- /bin/monitor-lab run nat-silent-drop nat-rst-next-packet survives \
             forged-acks peer-stops-reading --tcplull /bin/tcplull --jobs 3",
            0,
            &["the wall clock was set"],
        )],
    },
];

/// Boots each host and tries all of it; each try is a test.
pub fn run(kernel: &Kernel, contents: &Contents, results: &mut Results) -> Result<(), Error> {
    progress::step("booting hosts that are not as most are");
    for told in side_by_side(HOSTS, |host| host.boot(kernel, contents)) {
        results.join(told?);
    }
    Ok(())
}

impl Host {
    fn boot(&self, kernel: &Kernel, contents: &Contents) -> Result<Results, Error> {
        let mut results = Results::default();
        let steps = self.tries.iter().map(|tried| tried.step(STEP_WITHIN));
        let vm = Vm {
            kernel,
            parameters: &format!("{} {}", super::QUICK, self.parameters),
            first: GUEST,
            contents,
            plan: Plan {
                steps: steps.collect(),
                cgroup_v1: self.cgroup_v1,
                ..Plan::default()
            },
            paused: self.paused,
        };
        let outcome = vm.run(LIMIT, |_| {})?;
        if let Some(failure) = &outcome.failure {
            results.fail(format!("vm {}: {failure}", self.name));
            return Ok(results);
        }
        if self.paused && outcome.pauses == 0 {
            results.fail(format!("vm {}: it was never paused", self.name));
        }
        for tried in self.tries {
            match tried.complaint(&outcome.lines) {
                None => {
                    progress::note(&format!("{}: {}: as it should", self.name, tried.command));
                    results.pass(1);
                }
                Some(complaint) => results.fail(format!("vm {}: {complaint}", self.name)),
            }
        }
        Ok(results)
    }
}
