//! Which section of docs/settings.md is for a connection: by the port of its service and the name of its process.
//!
//! A row that names both is asked first, then programs that are known by their names, then ports, then what runs
//! programs of any kind (`java`, `node`, `python`).

/// The page, from the root of the project.
pub const PAGE: &str = "docs/settings.md";

/// The section for what no row fits.
pub const ANY_PROGRAM: &str = "Any program: sysctls";

const LIBPQ: &str = "PostgreSQL: libpq and psycopg";
const MYSQL: &str = "MySQL and MariaDB";
const MQTT: &str = "MQTT";
const GO: &str = "Go";

/// One line of the table: a section, and whom it is for.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The section's heading.
    pub section: &'static str,
    /// Names of processes as `comm` has them, cut at 15 bytes, without a version at the end; none: of any.
    pub processes: &'static [&'static str],
    /// Ports of the service, wherever it listens; none: of any.
    pub ports: &'static [u16],
}

const fn by_both(
    section: &'static str,
    processes: &'static [&'static str],
    ports: &'static [u16],
) -> Row {
    Row {
        section,
        processes,
        ports,
    }
}

const fn by_process(section: &'static str, processes: &'static [&'static str]) -> Row {
    by_both(section, processes, &[])
}

const fn by_port(section: &'static str, ports: &'static [u16]) -> Row {
    by_both(section, &[], ports)
}

/// The table, in the order in which it is asked. Ports are those that the project registered with IANA, or delivers as
/// its default.
pub const ROWS: &[Row] = &[
    by_both("PostgreSQL: pgjdbc", &["java"], &[5432, 6432]),
    by_both(MYSQL, &["java"], &[3306]),
    // Oracle, SQL Server, Db2: whatever the driver is, a pool of the application holds its connections.
    by_both("HikariCP", &["java"], &[1521, 1433, 50_000]),
    by_both(MQTT, &["beam.smp"], &[1883, 8883]),
    by_process("PgBouncer", &["pgbouncer"]),
    by_process(
        LIBPQ,
        &[
            "postgres",
            "psql",
            "pgbench",
            "pg_dump",
            "pg_restore",
            "pg_basebackup",
            "pg_receivewal",
        ],
    ),
    by_process(
        MYSQL,
        &["mysqld", "mariadbd", "mysql", "mariadb", "mysqldump"],
    ),
    by_process("SQL Server: SqlClient", &["sqlservr"]),
    by_process(
        "Redis",
        &[
            "redis-server",
            "redis-sentinel",
            "redis-cli",
            "valkey-server",
            "valkey-sentinel",
            "valkey-cli",
        ],
    ),
    by_process("MongoDB", &["mongod", "mongos", "mongosh"]),
    by_process(
        MQTT,
        &[
            "mosquitto",
            "mosquitto_sub",
            "mosquitto_pub",
            "mosquitto_rr",
        ],
    ),
    by_process("curl", &["curl"]),
    by_process("nginx", &["nginx"]),
    by_process("HAProxy", &["haproxy"]),
    by_process("Envoy and Istio", &["envoy", "pilot-agent"]),
    by_process("OpenSSH", &["ssh", "sshd", "sshd-session", "scp", "sftp"]),
    by_process("systemd sockets", &["systemd", "systemd-socket-"]),
    // Alertmanager's port is one of Kafka's.
    by_process(GO, &["prometheus", "alertmanager"]),
    by_port(LIBPQ, &[5432]),
    by_port("PgBouncer", &[6432]),
    by_port(MYSQL, &[3306, 33_060]),
    by_port("SQL Server: SqlClient", &[1433]),
    by_port("Redis", &[6379, 6380, 26_379]),
    by_port("MongoDB", &[27_017, 27_018, 27_019]),
    by_port("Kafka", &[9092, 9093]),
    by_port("AMQP", &[5671, 5672]),
    by_port(MQTT, &[1883, 8883]),
    // etcd speaks gRPC on its two.
    by_port("gRPC", &[50_051, 2379, 2380]),
    by_port("OpenSSH", &[22]),
    by_port("Envoy and Istio", &[15_001, 15_006, 15_008]),
    by_process("Java", &["java"]),
    // Its main thread, and so the process, has a name of its own in Node 24.
    by_process("Node", &["node", "MainThread"]),
    by_process(
        "Python: requests and httpx",
        &["python", "gunicorn", "uwsgi", "celery"],
    ),
    by_process(
        GO,
        &[
            "kubelet",
            "kube-apiserver",
            "kube-controller",
            "kube-scheduler",
            "kube-proxy",
            "containerd",
            "dockerd",
            "etcd",
            "coredns",
            "traefik",
            "caddy",
            "consul",
            "nats-server",
        ],
    ),
];

/// The heading of the section for a process named so, as far as that is known, and a service on `port`.
pub fn section(process: Option<&str>, port: u16) -> &'static str {
    let name = process.map(without_version);
    let fits = |row: &&Row| {
        let named = name.is_some_and(|name| row.processes.contains(&name));
        (row.processes.is_empty() || named) && (row.ports.is_empty() || row.ports.contains(&port))
    };
    ROWS.iter()
        .find(fits)
        .map_or(ANY_PROGRAM, |row| row.section)
}

/// Where that section stands: the page, and the anchor that a heading gets where Markdown is shown.
pub fn link(process: Option<&str>, port: u16) -> String {
    format!("{PAGE}#{}", anchor(section(process, port)))
}

/// The anchor of `heading`: in small letters, a dash for each space, and no other punctuation.
pub fn anchor(heading: &str) -> String {
    let kept = |letter: &char| letter.is_alphanumeric() || " -_".contains(*letter);
    let letters = heading.chars().filter(kept);
    let dashed = letters.map(|letter| if letter == ' ' { '-' } else { letter });
    dashed.flat_map(char::to_lowercase).collect()
}

/// "python3.11" is python.
fn without_version(name: &str) -> &str {
    name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_by_both_goes_before_its_program_and_its_port() {
        assert_eq!(section(Some("java"), 5432), "PostgreSQL: pgjdbc");
        assert_eq!(section(Some("java"), 443), "Java");
        assert_eq!(section(Some("api"), 5432), LIBPQ);
        assert_eq!(section(None, 5432), LIBPQ);
    }

    #[test]
    fn a_program_goes_before_the_port_and_the_port_before_what_runs_any_program() {
        assert_eq!(section(Some("haproxy"), 5432), "HAProxy");
        assert_eq!(section(Some("python3.11"), 6379), "Redis");
        assert_eq!(
            section(Some("python3.11"), 443),
            "Python: requests and httpx"
        );
        assert_eq!(section(Some("prometheus"), 9093), GO);
    }

    #[test]
    fn who_is_unknown_is_sent_to_what_holds_for_any_program() {
        assert_eq!(section(Some("api"), 443), ANY_PROGRAM);
        assert_eq!(section(None, 443), ANY_PROGRAM);
        assert_eq!(section(Some(""), 443), ANY_PROGRAM);
        assert_eq!(section(Some("3.11"), 443), ANY_PROGRAM);
        assert_eq!(link(None, 443), "docs/settings.md#any-program-sysctls");
    }

    #[test]
    fn every_row_can_be_reached() {
        for row in ROWS {
            assert!(!row.processes.is_empty() || !row.ports.is_empty());
            for process in row.processes {
                assert!(process.len() <= 15, "comm has 15 bytes: {process}");
                assert_eq!(without_version(process), *process);
                let port = row.ports.first().copied().unwrap_or(1);
                assert_eq!(section(Some(process), port), row.section, "{process}");
            }
            for port in row.ports.iter().filter(|_| row.processes.is_empty()) {
                assert_eq!(section(None, *port), row.section, "{port}");
            }
        }
    }
}
