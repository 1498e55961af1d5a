//! What several commands are given.

use crate::config::{
    self, Config, ConfigError, CpuBudget, LastGood, Overrides, SocketGroup, WebChoice,
};
use clap::Args;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What every command is given besides its own arguments.
#[derive(Clone, Copy)]
pub(super) struct Context {
    /// Details are to be shown.
    pub(super) verbose: bool,
}

/// Where the configuration comes from.
#[derive(Args, Clone, Debug)]
pub(super) struct ConfigArguments {
    /// Configuration file [default: /etc/tcplull/config.toml, which may be absent]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Live inspection socket, in place of the configuration's
    #[arg(long, value_name = "PATH")]
    pub(super) socket: Option<PathBuf>,
}

impl ConfigArguments {
    pub(super) fn load(&self, overrides: Overrides) -> Result<Config, ConfigError> {
        self.load_again(overrides, &mut LastGood::default())
    }

    /// The same for who loads it again and again.
    pub(super) fn load_again(
        &self,
        mut overrides: Overrides,
        last: &mut LastGood,
    ) -> Result<Config, ConfigError> {
        overrides.socket.clone_from(&self.socket);
        let file = self.config.as_deref();
        Config::load_again(file, Path::new(config::DEFAULT_FILE), &overrides, last)
    }
}

/// What a command that loads the kernel side must know besides.
#[derive(Args, Clone, Debug)]
pub(super) struct KernelArguments {
    /// File with this kernel's BTF
    #[arg(long, value_name = "FILE", default_value = monitor_kernel::VMLINUX_BTF)]
    pub(super) btf: PathBuf,
}

/// A way of watching, as the command line has it.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum WatchWay {
    /// A program runs on every send and every received segment of the host.
    Global,
    /// The sweep marks sockets that have been silent for a while, and only their
    /// traffic runs a program (Linux 6.12 and later).
    PerSocket,
    /// The sweep keeps a snapshot of sockets that have been silent for a while, and looks
    /// at these again every second. No program runs for healthy traffic.
    Snapshots,
}

impl From<WatchWay> for monitor_kernel::WatchMode {
    fn from(way: WatchWay) -> Self {
        match way {
            WatchWay::Global => Self::Global,
            WatchWay::PerSocket => Self::PerSocket,
            WatchWay::Snapshots => Self::Snapshots,
        }
    }
}

/// What a command that attaches hooks must know besides.
#[derive(Args, Clone, Debug)]
pub(super) struct HookArguments {
    /// Watch by programs on every segment of the host, or of silent sockets only: by looks at
    /// snapshots, or by callbacks of their own (from 6.12 on) [default: snapshots]
    #[arg(long, value_enum, value_name = "WAY")]
    pub(super) watch: Option<WatchWay>,
    /// Serve a hook by this kind of mechanism alone, such as "send=fentry" (for tests
    /// and support)
    #[arg(long, value_name = "HOOK=MECHANISM", value_delimiter = ',')]
    pub(super) hooks: Vec<monitor_kernel::HookOverride>,
}

impl HookArguments {
    /// For the daemon with this inspection socket.
    pub(super) fn options(&self, socket: PathBuf) -> monitor_kernel::HookOptions {
        monitor_kernel::HookOptions {
            watch: self.watch.map(Into::into),
            overrides: self.hooks.clone(),
            socket: Some(socket),
        }
    }
}

/// Flags that state a timeout.
#[derive(Args, Clone, Debug)]
pub(super) struct TimeoutArgument {
    /// Idle timeout of the default path, such as "4m": no file is needed then
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = config::parse_timeout)]
    pub(super) timeout: Option<Duration>,
}

/// Flags that limit which connections are told of; of several, all must hold.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ScopeArguments {
    /// Tell only of sockets of this cgroup and those below it, such as "/system.slice"
    #[arg(long, help_heading = "Scope", value_name = "PATH", value_parser = config::parse_cgroup)]
    pub(super) cgroup: Option<PathBuf>,
    /// Tell only of sockets in this network namespace: a file such as "/run/netns/blue", or a process in it
    #[arg(long, help_heading = "Scope", value_name = "PATH|PID", value_parser = config::parse_netns)]
    pub(super) netns: Option<monitor_kernel::Netns>,
    /// Tell only of sockets of this systemd unit
    #[arg(long, help_heading = "Scope", value_name = "NAME", value_parser = config::parse_unit)]
    pub(super) unit: Option<String>,
    /// Tell only of sockets that this process holds
    #[arg(long, help_heading = "Scope", value_name = "PID", value_parser = config::parse_pid)]
    pub(super) pid: Option<u32>,
}

impl ScopeArguments {
    /// What they say.
    pub(super) fn scope(&self) -> monitor_kernel::Scope {
        monitor_kernel::Scope {
            cgroup: self.cgroup.clone(),
            netns: self.netns.clone(),
            unit: self.unit.clone(),
            pid: self.pid,
        }
    }
}

/// Flags of the daemon that override its configuration.
#[derive(Args, Clone, Debug)]
pub(super) struct DaemonArguments {
    /// Address of metrics and health, in place of the configuration's
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<SocketAddr>,
    /// Address of metrics and health as exporters have it, such as ":9469" for every address of this host; may be
    /// given several times
    #[arg(long = "web.listen-address", value_name = "ADDRESS:PORT", help_heading = "Web", value_parser = config::parse_web_listen)]
    web_listen_address: Vec<SocketAddr>,
    /// Path of the metrics [default: /metrics]
    #[arg(long = "web.telemetry-path", value_name = "PATH", help_heading = "Web", value_parser = config::parse_telemetry_path)]
    web_telemetry_path: Option<String>,
    /// File that turns on TLS, passwords and a rate limit, in the format of Prometheus' exporter-toolkit
    #[arg(long = "web.config.file", value_name = "FILE", help_heading = "Web")]
    web_config_file: Option<PathBuf>,
    /// Whether anybody may ask for /healthz and /readyz, whatever that file asks for [default: true]
    #[arg(
        long = "web.open-health",
        value_name = "true|false",
        help_heading = "Web"
    )]
    web_open_health: Option<bool>,
    /// Serve the whole API there, as on the inspection socket; connections and findings for those who show who they are
    #[arg(long = "web.api", help_heading = "Web", value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    web_api: Option<bool>,
    /// Let the members of this group use the inspection socket (mode 0660), a name or a number [default: its user alone]
    #[arg(long, value_name = "GROUP", value_parser = config::parse_socket_group)]
    pub(super) socket_group: Option<SocketGroup>,
    /// Time between two sweeps, such as "5s"
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true, value_parser = config::parse_sweep_interval)]
    pub(super) sweep_interval: Option<Duration>,
    /// What daemon and kernel programs may take of one core, such as "50%", or "off"; above it less is watched
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true, value_parser = config::parse_cpu_budget)]
    pub(super) cpu_budget: Option<CpuBudget>,
}

impl DaemonArguments {
    /// What they say of the HTTP server.
    pub(super) fn web(&self) -> WebChoice {
        let listen = self.listen.iter().chain(&self.web_listen_address);
        WebChoice {
            listen: listen.copied().collect(),
            telemetry_path: self.web_telemetry_path.clone(),
            config_file: self.web_config_file.clone(),
            open_health: self.web_open_health,
            api: self.web_api,
        }
    }
}
