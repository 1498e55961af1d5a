//! Whole files through [`Config::load`].

mod alertmanagers;
mod conf_d;
mod heal;
mod limits;
mod rules;
mod wrong_lines;

use super::*;
use monitor_model::finding::FindingClass;
use tempfile::TempDir;

/// A directory with a configuration file in it, and a machine without a cloud.
struct Bench {
    dir: TempDir,
}

impl Bench {
    fn new(text: impl AsRef<[u8]>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.toml"), text).unwrap();
        Self { dir }
    }

    fn on_aws(self) -> Self {
        std::fs::write(self.dir.path().join("sys_vendor"), "Amazon EC2\n").unwrap();
        self
    }

    fn load(&self, overrides: &Overrides) -> Result<Config, ConfigError> {
        let file = self.dir.path().join("config.toml");
        Config::load_on(
            Some(&file),
            Path::new("/nonexistent"),
            overrides,
            self.dir.path(),
            &mut LastGood::default(),
        )
    }

    /// The whole message without the temporary directory.
    fn message(&self, overrides: &Overrides) -> String {
        let error = self
            .load(overrides)
            .expect_err("a configuration that cannot run");
        let message = error.to_string();
        assert_eq!(message.lines().count(), 1, "one line: {message}");
        message.replace(&format!("{}/", self.dir.path().display()), "")
    }
}

fn load(text: &str) -> Config {
    Bench::new(text).load(&Overrides::default()).unwrap()
}

fn message(text: &str) -> String {
    Bench::new(text).message(&Overrides::default())
}

fn timeout(seconds: u64) -> Overrides {
    Overrides {
        timeout: Some(Duration::from_secs(seconds)),
        ..Overrides::default()
    }
}

fn nets(path: &PathConfig) -> Vec<String> {
    path.remote.iter().map(ToString::to_string).collect()
}

#[test]
fn without_a_file_the_defaults_hold() {
    let config = Config::load(
        None,
        Path::new("/nonexistent/config.toml"),
        &Overrides::default(),
    );
    let expected = Config {
        listen: vec!["127.0.0.1:9469".parse().unwrap()],
        web: Web {
            telemetry_path: "/metrics".into(),
            config_file: None,
            open_health: true,
            api: false,
        },
        allowed_hosts: Vec::new(),
        socket: PathBuf::from("/run/tcplull/tcplull.sock"),
        socket_group: None,
        sweep_interval: Duration::from_secs(5),
        sweep_budget: 0.01,
        sweep_interval_max: Duration::from_secs(60),
        cpu_budget: parse_cpu_budget("50%").unwrap(),
        min_gap: Duration::from_secs(1),
        warn_at: 0.75,
        page_after: Duration::from_secs(10),
        log_rate: 50,
        close_wait_ticket: 100,
        history: load("").history,
        metrics: MetricsConfig::default(),
        alertmanagers: Vec::new(),
        notifications: Notifications::default(),
        scope: Scope::default(),
        paths: Vec::new(),
        notes: Vec::new(),
        rule_notes: Vec::new(),
        faults: Vec::new(),
    };
    assert_eq!(config.unwrap(), expected);
    assert_eq!(load(""), expected);
}

#[test]
fn a_file_named_by_flag_must_exist() {
    let file = Path::new("/nonexistent/mine.toml");
    let error = Config::load(Some(file), Path::new("/nonexistent"), &Overrides::default());
    let message = error.unwrap_err().to_string();
    assert!(
        message.starts_with("/nonexistent/mine.toml: cannot read the configuration"),
        "{message}"
    );
    assert!(message.contains("--config"), "{message}");
}

#[test]
fn a_default_file_that_exists_but_cannot_be_read_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let error = Config::load(None, dir.path(), &Overrides::default());
    assert!(
        matches!(error, Err(ConfigError::NotAFile { .. })),
        "a directory is no file"
    );
}

#[test]
fn the_example_file_is_valid_and_shows_the_defaults() {
    let config = load(include_str!("../../../../deploy/config.example.toml"));
    let defaults = load("");
    assert_eq!(config.listen, defaults.listen);
    assert_eq!(config.allowed_hosts, defaults.allowed_hosts);
    assert_eq!(config.socket, defaults.socket);
    assert_eq!(config.sweep_interval, defaults.sweep_interval);
    assert_eq!(config.sweep_budget, defaults.sweep_budget);
    assert_eq!(config.sweep_interval_max, defaults.sweep_interval_max);
    assert_eq!(config.cpu_budget, defaults.cpu_budget);
    assert_eq!(config.min_gap, defaults.min_gap);
    assert_eq!(config.warn_at, defaults.warn_at);
    assert_eq!(config.page_after, defaults.page_after);
    assert_eq!(config.log_rate, defaults.log_rate);
    assert_eq!(config.history, defaults.history);
    assert_eq!(config.metrics, defaults.metrics);
    assert_eq!(config.alertmanagers, defaults.alertmanagers);
    assert_eq!(config.notifications, defaults.notifications);
    let names: Vec<_> = config.paths.iter().map(|path| path.name.as_str()).collect();
    assert_eq!(names, ["internet", "databases", "aws-nlb"]);
}

#[test]
fn every_value_of_the_file_is_taken() {
    let config = load(
        r#"
        listen = "[::1]:1234"
        allowed_hosts = ["Node.example", "*.nodes.example"]
        socket = "/tmp/x.sock"
        sweep_interval = "250ms"
        sweep_budget = 0.2
        sweep_interval_max = "20s"
        cpu_budget = "75%"
        min_gap = "500ms"
        warn_at = 0.5
        log_rate = 7
        close_wait_ticket = 12
        [history]
        dir = "/data/history"
        max_bytes = 2_097_152
        max_age = "30days"
        [metrics]
        by_workload = ["crossed", "stall", "crossed"]
        workloads = 250
        [[path]]
        name = "nat"
        remote = ["10.0.0.0/8", "2001:db8::/32"]
        ports = [443, 0x1538]
        timeout = "1h30m"
        clock = "payload"
        dialogue = "client-asks"
        role = "servers"
        "#,
    );
    assert_eq!(config.listen, ["[::1]:1234".parse().unwrap()]);
    assert_eq!(config.allowed_hosts, ["node.example", "*.nodes.example"]);
    assert_eq!(config.socket, PathBuf::from("/tmp/x.sock"));
    assert_eq!(config.sweep_interval, Duration::from_millis(250));
    assert_eq!(config.sweep_budget, 0.2);
    assert_eq!(config.sweep_interval_max, Duration::from_secs(20));
    assert_eq!(config.cpu_budget.share(), Some(0.75));
    assert_eq!(config.min_gap, Duration::from_millis(500));
    assert_eq!(config.warn_at, 0.5);
    assert_eq!(config.log_rate, 7);
    assert_eq!(config.close_wait_ticket, 12);
    let history = config.history.unwrap();
    assert_eq!(history.dir, PathBuf::from("/data/history"));
    assert_eq!(history.max_bytes, 2 << 20);
    assert_eq!(history.max_age, Some(Duration::from_secs(30 * 86_400)));
    let metrics = MetricsConfig {
        by_workload: vec![FindingClass::Crossed, FindingClass::Stall],
        workloads: 250,
    };
    assert_eq!(config.metrics, metrics);
    let path = &config.paths[0];
    assert_eq!(path.name, "nat");
    assert_eq!(nets(path), ["10.0.0.0/8", "2001:db8::/32"]);
    assert_eq!(path.ports, [443, 5432]);
    assert_eq!(path.timeout, Duration::from_secs(5400));
    assert_eq!(path.clock, PathClock::Payload);
    assert_eq!(path.dialogue, Some(Dialogue::ClientAsks));
    assert_eq!(path.role, PeerRole::Servers);
    assert!(path.stated);
}

#[test]
fn who_sweeps_rarely_by_choice_need_not_say_so_twice() {
    let config = load("sweep_interval = \"5m\"\n");
    assert_eq!(config.sweep_interval_max, Duration::from_secs(300));
}

#[test]
fn flags_go_before_the_file() {
    let bench = Bench::new("listen = \"127.0.0.1:1\"\nsocket = \"/a\"\nsweep_interval = \"9s\"\n");
    let config = bench
        .load(&Overrides {
            web: WebChoice {
                listen: vec!["127.0.0.1:2".parse().unwrap()],
                ..WebChoice::default()
            },
            socket: Some(PathBuf::from("/b")),
            sweep_interval: Some(Duration::from_secs(2)),
            ..Overrides::default()
        })
        .unwrap();
    assert_eq!(config.listen, ["127.0.0.1:2".parse().unwrap()]);
    assert_eq!(config.socket, PathBuf::from("/b"));
    assert_eq!(config.sweep_interval, Duration::from_secs(2));
}

#[test]
fn the_examples_scope_is_valid_too() {
    let example = include_str!("../../../../deploy/config.example.toml");
    let lines = example
        .lines()
        .skip_while(|line| *line != "# [scope]")
        .take_while(|line| line.starts_with("# "));
    let text: Vec<&str> = lines.map(|line| &line[2..]).collect();
    let scope = load(&text.join("\n")).scope;
    assert_eq!(scope.cgroup, Some("/system.slice".into()));
    assert_eq!(
        scope.netns,
        Some(monitor_kernel::Netns::Path("/run/netns/blue".into()))
    );
    assert_eq!(scope.unit.as_deref(), Some("api.service"));
    assert_eq!(scope.pid, Some(1234));
}

#[test]
fn a_timeout_by_flag_makes_a_default_path() {
    let config = Bench::new("").load(&timeout(5)).unwrap();
    assert_eq!(config.paths.len(), 1);
    let path = &config.paths[0];
    assert_eq!(path.name, "default");
    assert_eq!(nets(path), ["0.0.0.0/0", "::/0"]);
    assert_eq!(path.timeout, Duration::from_secs(5));
    assert!(path.stated && path.ports.is_empty());
}

#[test]
fn a_timeout_by_flag_overrides_the_files_default_path_and_no_other() {
    let bench = Bench::new(
        r#"
        path = [
            { name = "nat", timeout = "4m" },
            { name = "db", timeout = "1h", remote = ["10.0.0.0/8"] },
            { name = "web", timeout = "2h", ports = [443] },
        ]
        "#,
    );
    let config = bench.load(&timeout(5)).unwrap();
    let timeouts: Vec<_> = config
        .paths
        .iter()
        .map(|path| path.timeout.as_secs())
        .collect();
    assert_eq!(timeouts, [5, 3600, 7200]);
}

#[test]
fn a_timeout_by_flag_covers_the_family_that_the_file_leaves_open() {
    let bench = Bench::new("[[path]]\nname = \"v4\"\ntimeout = \"4m\"\nremote = [\"0.0.0.0/0\"]\n");
    let config = bench.load(&timeout(5)).unwrap();
    assert_eq!(config.paths[0].timeout.as_secs(), 5);
    assert_eq!(config.paths[1].name, "default");
    assert_eq!(nets(&config.paths[1]), ["::/0"]);
}

#[test]
fn a_preset_gives_name_timeout_and_clock_and_yields_to_what_is_written() {
    let config = load("[[path]]\npreset = \"aws-classic-elb\"\nremote = [\"10.0.0.0/8\"]\n");
    let path = &config.paths[0];
    assert_eq!(
        (path.name.as_str(), path.timeout.as_secs()),
        ("aws-classic-elb", 60)
    );
    assert_eq!(path.clock, PathClock::Payload);
    assert!(path.stated && config.notes.is_empty());

    let config = load(
        "[[path]]\npreset = \"azure-snat\"\nname = \"nat\"\ntimeout = \"30m\"\nclock = \"payload\"\n",
    );
    let path = &config.paths[0];
    assert_eq!((path.name.as_str(), path.timeout.as_secs()), ("nat", 1800));
    assert_eq!(path.clock, PathClock::Payload);
    assert_eq!(nets(path), ["0.0.0.0/0", "::/0"]);
}

#[test]
fn a_box_inside_the_subnet_asks_for_a_prefix() {
    let config = load("[[path]]\npreset = \"aws-nlb\"\n");
    assert_eq!(config.notes.len(), 1);
    assert!(
        config.notes[0].contains("inside one subnet"),
        "{:?}",
        config.notes
    );
}

#[test]
fn auto_guesses_the_cloud_for_public_addresses_and_says_so() {
    let bench = Bench::new("[[path]]\npreset = \"auto\"\n").on_aws();
    let config = bench.load(&Overrides::default()).unwrap();
    let path = &config.paths[0];
    assert_eq!(
        (path.name.as_str(), path.timeout.as_secs()),
        ("auto-aws-nat-gateway", 350)
    );
    assert!(!path.stated, "a guess is not stated");
    let covers = |address: &str| {
        let address: std::net::IpAddr = address.parse().unwrap();
        path.remote.iter().any(|net| net.contains(&address))
    };
    assert!(covers("20.1.2.3") && covers("2600::1"));
    assert!(!covers("10.0.0.1") && !covers("fd00::1"));
    assert!(
        config.notes[0].contains("350") || config.notes[0].contains("5m 50s"),
        "{:?}",
        config.notes
    );
}

#[test]
fn auto_gives_no_path_where_no_cloud_shows_itself() {
    let config = load("[[path]]\npreset = \"auto\"\n");
    assert!(config.paths.is_empty());
    assert!(
        config.notes[0].contains("neither Azure nor AWS nor GCP"),
        "{:?}",
        config.notes
    );
}

#[test]
fn a_timeout_by_flag_replaces_the_guess() {
    let bench = Bench::new("[[path]]\npreset = \"auto\"\n").on_aws();
    let config = bench.load(&timeout(5)).unwrap();
    let names: Vec<_> = config.paths.iter().map(|path| path.name.as_str()).collect();
    assert_eq!(names, ["default"]);
    assert!(
        config
            .notes
            .iter()
            .any(|note| note.contains("--timeout replaces")),
        "{:?}",
        config.notes
    );
}

#[test]
fn the_same_prefix_with_other_ports_is_another_path() {
    let config = load(
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\n[[path]]\nname = \"b\"\ntimeout = \"5m\"\nports = [443]\n",
    );
    assert_eq!(config.paths.len(), 2);
}
