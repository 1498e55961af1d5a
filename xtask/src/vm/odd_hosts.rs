//! Hosts that are not as most are: what tcplull says on them, and that what works there is right.

use super::guest::step;
use super::image::Kernel;
use super::initramfs::Contents;
use super::machine::Vm;
use crate::error::Error;
use crate::progress;
use crate::results::Results;
use std::time::Duration;
use vm_contract::{Ending, Line, Plan};

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

/// A command on it, its words parted by spaces, and what comes of it.
struct Try {
    command: &'static str,
    code: i32,
    says: &'static [&'static str],
}

const fn tried(command: &'static str, code: i32, says: &'static [&'static str]) -> Try {
    Try {
        command,
        code,
        says,
    }
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
    for host in HOSTS {
        host.boot(kernel, contents, results)?;
    }
    Ok(())
}

impl Host {
    fn boot(
        &self,
        kernel: &Kernel,
        contents: &Contents,
        results: &mut Results,
    ) -> Result<(), Error> {
        progress::step(&format!("booting a host with {}", self.name));
        let words = |tried: &Try| -> Vec<String> {
            tried
                .command
                .split_whitespace()
                .map(str::to_owned)
                .collect()
        };
        let steps = self.tries.iter().map(|tried| {
            let words = words(tried);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            step(tried.command.to_owned(), &words, STEP_WITHIN)
        });
        let vm = Vm {
            kernel,
            parameters: &format!("{} {}", super::QUICK, self.parameters),
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
            return Ok(());
        }
        if self.paused && outcome.pauses == 0 {
            results.fail(format!("vm {}: it was never paused", self.name));
        }
        for tried in self.tries {
            tried.judge(self.name, &outcome.lines, results);
        }
        Ok(())
    }
}

impl Try {
    fn judge(&self, host: &str, lines: &[Line], results: &mut Results) {
        let mut said = String::new();
        let mut ended = None;
        for line in lines {
            match line {
                Line::Output { step, text, .. } if step == self.command => {
                    said.push_str(text);
                    said.push('\n');
                }
                Line::Ended { step, ending, .. } if step == self.command => ended = Some(*ending),
                _ => {}
            }
        }
        let lacks = self.says.iter().find(|part| !said.contains(**part));
        let complaint = match (ended, lacks) {
            (Some(ending), None) if ending == Ending::Code(self.code) => None,
            (Some(ending), None) => Some(format!("{ending}, not {}", self.code)),
            (None, _) => Some("it did not end".to_owned()),
            (_, Some(lacks)) => Some(format!("it does not say {lacks:?}")),
        };
        match complaint {
            None => {
                progress::note(&format!("{host}: {}: as it should", self.command));
                results.pass(1);
            }
            Some(complaint) => {
                eprintln!("{said}");
                results.fail(format!("vm {host}: {}: {complaint}", self.command));
            }
        }
    }
}
