//! What the tests share: when one is skipped, and the
//! programs and networks they work with.

pub mod dashboard;
pub mod kernel;
pub mod left_behind;
pub mod net;
pub mod place;
pub mod run;
pub mod sock_ops;
pub mod socket_copy;
pub mod terminal;

use libtest_mimic::{Failed, Trial};
use monitor_lab::real::monitoring::{ALERTMANAGER, AMTOOL, JSONNET, PROMETHEUS, PROMTOOL, find};
use monitor_lab::testbed::wait;
use nix::unistd::geteuid;
use std::fmt::Display;
use std::thread;

/// The variable that says for how many seconds slow tests may run; without it there are none.
pub const SLOW: &str = "TCPLULL_SLOW";

/// How a test ends.
pub type Tested = Result<(), Failed>;

/// One test.
pub struct Test {
    name: &'static str,
    /// What is missing here for it to run.
    missing: fn() -> Option<&'static str>,
    test: fn() -> Tested,
    /// Whether it is left out unless somebody says how long it may take.
    slow: bool,
    /// Whether it is left out where the kernel forbids to everybody what it is of.
    of_snapshots: bool,
}

impl Test {
    const fn new(
        name: &'static str,
        missing: fn() -> Option<&'static str>,
        test: fn() -> Tested,
    ) -> Self {
        Self {
            name,
            missing,
            test,
            slow: false,
            of_snapshots: false,
        }
    }

    /// A test that runs everywhere.
    pub const fn anywhere(name: &'static str, test: fn() -> Tested) -> Self {
        Self::new(name, || None, test)
    }

    /// A test that loads programs into the kernel or builds networks.
    pub const fn as_root(name: &'static str, test: fn() -> Tested) -> Self {
        Self::new(name, root, test)
    }

    /// A test that needs root and Debian's Alertmanager.
    pub const fn with_alertmanager(name: &'static str, test: fn() -> Tested) -> Self {
        let missing = || root().or_else(|| find(ALERTMANAGER).is_none().then_some(ALERTMANAGER));
        Self::new(name, missing, test)
    }

    /// The same, of one that takes long: see [`Self::slow`].
    pub const fn slow_with_alertmanager(name: &'static str, test: fn() -> Tested) -> Self {
        Self {
            slow: true,
            ..Self::with_alertmanager(name, test)
        }
    }

    /// A test that needs root and tmux.
    pub const fn with_tmux(name: &'static str, test: fn() -> Tested) -> Self {
        let missing = || root().or_else(|| find("tmux").is_none().then_some("tmux"));
        Self::new(name, missing, test)
    }

    /// A test that needs root and Schemathesis, which asks an API for all that its document says.
    pub const fn with_schemathesis(name: &'static str, test: fn() -> Tested) -> Self {
        let missing = || {
            root().or_else(|| {
                find(run::SCHEMATHESIS)
                    .is_none()
                    .then_some(run::SCHEMATHESIS)
            })
        };
        Self::new(name, missing, test)
    }

    /// A test that needs kubectl, Helm and the schemas of Kubernetes.
    pub const fn with_kubernetes(name: &'static str, test: fn() -> Tested) -> Self {
        let missing = || find(run::KUBERNETES).is_none().then_some(run::KUBERNETES);
        Self::new(name, missing, test)
    }

    /// A test that needs root, a browser and what drives it.
    pub const fn with_browser(name: &'static str, test: fn() -> Tested) -> Self {
        let missing = || {
            let mut programs = [run::BROWSER, run::DRIVER].into_iter();
            root().or_else(|| programs.find(|program| find(program).is_none()))
        };
        Self::new(name, missing, test)
    }

    /// A test that needs root, PostgreSQL and mosquitto.
    pub const fn with_servers(name: &'static str, test: fn() -> Tested) -> Self {
        let missing = || {
            let mut programs = [run::POSTGRES, run::INITDB, run::MOSQUITTO].into_iter();
            root().or_else(|| programs.find(|program| find(program).is_none()))
        };
        Self::new(name, missing, test)
    }

    /// A test that needs root, containerd with runc, and a compiler for what runs in its container.
    pub const fn with_containerd(name: &'static str, test: fn() -> Tested) -> Self {
        let missing = || {
            let programs = [
                run::CONTAINERD,
                run::CONTAINERD_SHIM,
                run::RUNC,
                run::CTR,
                "rustc",
            ];
            let mut programs = programs.into_iter();
            root().or_else(|| programs.find(|program| find(program).is_none()))
        };
        Self::new(name, missing, test)
    }

    /// A test that needs root and a kernel whose sockets can be watched one by one.
    pub const fn per_socket(name: &'static str, test: fn() -> Tested) -> Self {
        let missing = || root().or_else(|| (!run::watches_per_socket()).then_some("Linux 6.12"));
        Self::new(name, missing, test)
    }

    /// A test of watching by snapshots: as root, and left out where the [kernel forbids that to everybody](kernel::permits_snapshots),
    /// which no installation mends. Machines of `cargo xtask vm` are watched so whatever this one forbids.
    pub const fn by_snapshots(name: &'static str, test: fn() -> Tested) -> Self {
        Self {
            of_snapshots: true,
            ..Self::new(name, root, test)
        }
    }

    /// A test that needs root, and takes as long as a person says: never run unless one does, under CI=true neither.
    pub const fn slow(name: &'static str, test: fn() -> Tested) -> Self {
        Self {
            slow: true,
            ..Self::new(name, root, test)
        }
    }

    /// A test that needs root, Prometheus, Alertmanager and jsonnet.
    pub const fn with_monitoring(name: &'static str, test: fn() -> Tested) -> Self {
        Self::new(name, monitoring, test)
    }

    /// The same, of one that takes long: see [`Self::slow`].
    pub const fn slow_with_monitoring(name: &'static str, test: fn() -> Tested) -> Self {
        Self {
            slow: true,
            ..Self::new(name, monitoring, test)
        }
    }

    /// A test that needs root and `promtool`.
    pub const fn with_promtool(name: &'static str, test: fn() -> Tested) -> Self {
        let missing = || root().or_else(|| run::promtool().is_none().then_some("promtool"));
        Self::new(name, missing, test)
    }
}

fn root() -> Option<&'static str> {
    (!geteuid().is_root()).then_some("root")
}

fn monitoring() -> Option<&'static str> {
    let programs = [PROMTOOL, PROMETHEUS, ALERTMANAGER, AMTOOL, JSONNET];
    let there = programs.iter().all(|program| find(program).is_some());
    let missing = (!there).then_some("Prometheus, Alertmanager and jsonnet");
    root().or(missing)
}

/// All tests of all files. One that lacks what it needs is reported as ignored,
/// with the need before its name; under CI=true it runs all the same, and fails.
pub fn trials(files: &[(&str, &'static [Test])]) -> Vec<Trial> {
    let in_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let has_time = std::env::var_os(SLOW).is_some();
    let tests = files
        .iter()
        .flat_map(|(file, tests)| tests.iter().map(move |test| (file, test)));
    tests
        .filter(|(_, test)| has_time || !test.slow)
        .filter(|(_, test)| !test.of_snapshots || kernel::permits_snapshots())
        .map(|(file, test)| {
            let missing = (test.missing)().filter(|_| !in_ci);
            let name = match missing {
                Some(need) => format!("needs {need}: {file}::{}", test.name),
                None => format!("{file}::{}", test.name),
            };
            Trial::test(name, test.test).with_ignored_flag(missing.is_some())
        })
        .collect()
}

/// Ten times the same at once, each for itself; how many of them failed, and each one why.
pub fn ten_times(life: fn() -> Tested) -> Tested {
    thread::scope(|scope| {
        let lives: Vec<_> = (0..10).map(|_| scope.spawn(life)).collect();
        // All are waited for before the first that failed is told.
        let ended: Vec<_> = lives.into_iter().map(|life| life.join()).collect();
        let failed: Vec<String> = ended
            .into_iter()
            .map(|life| life.unwrap_or_else(|_| Err("it panicked".into())))
            .filter_map(|life| Some(life.err()?.message().unwrap_or_default().to_owned()))
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        Err(format!("{} of ten: {}", failed.len(), failed.join("\n")).into())
    })
}

/// Looks again and again until there is an answer.
pub fn eventually<T, W: Display>(
    what: &str,
    look: impl FnMut() -> Result<Result<T, W>, Failed>,
) -> Result<T, Failed> {
    wait::eventually(what, look)
}

/// For [`eventually`]: done once `value` is `wanted`.
pub fn is(value: f64, wanted: impl Into<f64>) -> Result<(), f64> {
    if value == wanted.into() {
        Ok(())
    } else {
        Err(value)
    }
}
