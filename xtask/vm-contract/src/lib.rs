//! What the two halves of `cargo xtask vm` say to each other.
//!
//! The host boots a kernel on an initramfs that holds a [`Plan`] at [`PLAN`]. The guest, `monitor-lab guest` as the
//! first process, carries it out and writes one JSON object a line to its second serial port, each a [`Line`]. The
//! first port is the kernel's console.

use serde::{Deserialize, Serialize};

/// Where the initramfs holds the plan.
pub const PLAN: &str = "/etc/plan.json";

/// The guest's device for its lines. A PC has both ports; elsewhere the console is another kind of port, and this one
/// the host's `pci-serial`.
pub const LINES: &str = if cfg!(target_arch = "x86_64") {
    "/dev/ttyS1"
} else {
    "/dev/ttyS0"
};

/// What the guest is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Kernel modules to load first: files in the initramfs, in this order.
    pub modules: Vec<String>,
    /// Commands to run, one after the other, also after one that failed.
    pub steps: Vec<Step>,
    /// Whether the guest has cgroup v1 alone, as hosts of long ago have.
    #[serde(default)]
    pub cgroup_v1: bool,
}

/// One command in the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, in every line about it.
    pub name: String,
    /// The program, an absolute path, and its arguments.
    pub command: Vec<String>,
    /// Seconds that it may take; then it is killed.
    pub seconds: u64,
}

/// One line from the guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// The guest is up, its modules are loaded, and the steps begin.
    Ready {
        /// As `uname -r` says.
        release: String,
    },
    /// A step wrote a line.
    Output {
        /// The step.
        step: String,
        /// Whether to standard error.
        stderr: bool,
        /// The line, without its end.
        text: String,
    },
    /// A step is over.
    Ended {
        /// The step.
        step: String,
        /// How.
        ending: Ending,
        /// How long it took, in seconds of the guest's clock.
        seconds: f64,
    },
    /// The guest cannot go on, and turns itself off.
    Trouble {
        /// What is wrong, in one line.
        what: String,
    },
    /// Every step is over. The guest turns itself off.
    Done,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It exited with this code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
    /// It took longer than its plan allows, and was killed.
    TooLong,
    /// It could not be started.
    NotStarted,
}

impl Ending {
    /// Whether it exited with 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::TooLong => f.write_str("killed, it took too long"),
            Self::NotStarted => f.write_str("could not be started"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_json_object_with_its_kind_in_it() {
        let line = Line::Ended {
            step: "check".into(),
            ending: Ending::Code(1),
            seconds: 0.5,
        };
        let text = serde_json::to_string(&line).unwrap();
        assert_eq!(
            text,
            r#"{"line":"ended","step":"check","ending":{"code":1},"seconds":0.5}"#
        );
        assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line);
    }

    #[test]
    fn only_exit_code_0_is_success() {
        assert!(Ending::Code(0).is_success());
        for ending in [
            Ending::Code(1),
            Ending::Signal(9),
            Ending::TooLong,
            Ending::NotStarted,
        ] {
            assert!(!ending.is_success(), "{ending}");
        }
    }
}
