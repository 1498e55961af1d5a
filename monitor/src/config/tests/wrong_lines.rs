//! Every wrong line is refused by its number.

use super::*;

/// Wrong files: the text, the line at fault, and what the message must say.
const WRONG: &[(&str, usize, &[&str])] = &[
    ("listen = \n", 1, &["not valid TOML"]),
    (
        "min_gap = \"1s\"\nwarn_at = 0.5 0.6\n",
        2,
        &["not valid TOML"],
    ),
    (
        "min_gap = \"1s\"\nmin_gap = \"2s\"\n",
        2,
        &["not valid TOML", "duplicate key"],
    ),
    (
        "# a comment\nlistn = \"[::1]:1\"\n",
        2,
        &[
            "unknown key \"listn\" at the top level",
            "did you mean \"listen\"?",
        ],
    ),
    (
        "[[path]]\nname = \"a\"\ntiemout = \"4m\"\n",
        3,
        &[
            "unknown key \"tiemout\" in [[path]]",
            "did you mean \"timeout\"?",
        ],
    ),
    ("scope = \"a\"\n", 1, &["scope must be a table", "[scope]"]),
    (
        "[history]\ndir = \"history\"\n",
        2,
        &["dir: \"history\"", "\"/var/lib/tcplull/history\""],
    ),
    (
        "[history]\nmax_bytes = 1000\n",
        2,
        &["max_bytes is 1000", "2097152 to 4294967296", "or 0"],
    ),
    ("[history]\nmax_bytes = 1e300\n", 2, &["max_bytes is 1"]),
    ("[history]\nmax_age = \"5m\"\n", 2, &["below 1h"]),
    (
        "[history]\nmax_byte = 1\n",
        2,
        &["in [history]", "did you mean \"max_bytes\"?"],
    ),
    (
        "[scope]\nunits = \"a\"\n",
        2,
        &["unknown key \"units\" in [scope]", "did you mean \"unit\"?"],
    ),
    (
        "[scope]\ncgroup = \"system.slice\"\n",
        2,
        &["cgroup: \"system.slice\"", "\"/system.slice/api.service\""],
    ),
    (
        "[scope]\nnetns = \"blue\"\n",
        2,
        &["netns: \"blue\"", "\"/run/netns/blue\""],
    ),
    ("[scope]\nunit = \"a/b\"\n", 2, &["unit: \"a/b\""]),
    ("[scope]\npid = 0\n", 2, &["pid: \"0\""]),
    ("[scope]\npid = 1.5\n", 2, &["pid: \"1.5\""]),
    (
        "[exporter]\nx = 1\n",
        1,
        &[
            "unknown key \"exporter\"",
            "known are listen, allowed_hosts",
        ],
    ),
    (
        "listen = \"localhost\"\n",
        1,
        &["\"localhost\"", "\"127.0.0.1:9469\""],
    ),
    (
        "listen = 9469\n",
        1,
        &["listen must be an address in quotes", "not an integer"],
    ),
    (
        "\nallowed_hosts = [\"a.example\", \"b.example:9469\"]\n",
        2,
        &["\"b.example:9469\"", "without a port"],
    ),
    (
        "allowed_hosts = \"a.example\"\n",
        1,
        &["a list of names in quotes"],
    ),
    (
        "close_wait_ticket = 0\n",
        1,
        &["close_wait_ticket is 0", "1 to 4096"],
    ),
    (
        "close_wait_ticket = 4_097\n",
        1,
        &["close_wait_ticket is 4097", "1 to 4096"],
    ),
    (
        "[metrics]\nby_workload = [\"stalls\"]\n",
        2,
        &[
            "\"stalls\"",
            "did you mean \"stall\"?",
            "at_risk, crossed, outcome, stall",
        ],
    ),
    (
        "[metrics]\nby_workload = \"stall\"\n",
        2,
        &["by_workload must be a list", "[\"outcome\", \"stall\"]"],
    ),
    (
        "[metrics]\nworkloads = 0\n",
        2,
        &["workloads is 0", "1 to 250"],
    ),
    (
        "[metrics]\nworkloads = 251\n",
        2,
        &["workloads is 251", "1 to 250"],
    ),
    (
        "[metrics]\n\nworkload = 5\n",
        3,
        &["unknown key \"workload\" in [metrics]", "\"workloads\"?"],
    ),
    ("metrics = 1\n", 1, &["metrics must be a table"]),
    ("log_rate = 0\n", 1, &["log_rate is 0", "whole number"]),
    ("log_rate = 0.5\n", 1, &["log_rate is 0.5", "whole number"]),
    (
        "log_rate = 1_000_001\n",
        1,
        &["log_rate is 1000001", "1 to 1000000"],
    ),
    (
        "socket = \"tcplull.sock\"\n",
        1,
        &["\"tcplull.sock\"", "absolute"],
    ),
    (
        "\n\nsweep_interval = \"0s\"\n",
        3,
        &["sweep_interval: zero", "at least 100ms"],
    ),
    (
        "sweep_interval = \"-5s\"\n",
        1,
        &["sweep_interval", "negative"],
    ),
    ("sweep_interval = \"1ms\"\n", 1, &["below 100ms"]),
    ("sweep_interval = \"2h\"\n", 1, &["above 1h"]),
    (
        "sweep_interval = 5\n",
        1,
        &["a duration in quotes such as \"4m\"", "not an integer"],
    ),
    (
        "sweep_budget = 0\n",
        1,
        &["sweep_budget is 0", "0.0001 and 1"],
    ),
    ("sweep_budget = 1.5\n", 1, &["sweep_budget is 1.5"]),
    ("sweep_budget = nan\n", 1, &["sweep_budget is NaN"]),
    (
        "sweep_budget = \"1%\"\n",
        1,
        &["sweep_budget must be a number", "not a string"],
    ),
    (
        "sweep_interval_max = \"2h\"\n",
        1,
        &["sweep_interval_max", "above 1h"],
    ),
    (
        "sweep_interval = \"20s\"\nsweep_interval_max = \"10s\"\n",
        2,
        &["sweep_interval_max is 10s", "below sweep_interval (20s)"],
    ),
    (
        "cpu_budget = \"50\"\n",
        1,
        &[
            "cpu_budget is \"50\"",
            "from 0.1% to 10000%",
            "\"50%\"",
            "\"off\"",
        ],
    ),
    (
        "cpu_budget = 50\n",
        1,
        &[
            "cpu_budget must be a share of one core in quotes",
            "not an integer",
        ],
    ),
    ("cpu_budget = \"0%\"\n", 1, &["cpu_budget is \"0%\""]),
    (
        "sweep_budget = 0.1\ncpu_budget = \"20%\"\n",
        2,
        &["cpu_budget is 20%", "may take 20%", "sweep_budget = 0.1"],
    ),
    ("min_gap = \"0s\"\n", 1, &["min_gap: zero"]),
    (
        "min_gap = \"soon\"\n",
        1,
        &["min_gap", "\"soon\" is no duration", "\"350s\""],
    ),
    ("warn_at = 1.0\n", 1, &["warn_at is 1", "between 0 and 1"]),
    ("warn_at = 0\n", 1, &["warn_at is 0"]),
    ("warn_at = -0.5\n", 1, &["warn_at is -0.5"]),
    ("warn_at = nan\n", 1, &["warn_at is NaN"]),
    (
        "warn_at = \"0.75\"\n",
        1,
        &["warn_at must be a number", "not a string"],
    ),
    ("[path]\nname = \"a\"\n", 1, &["[[path]]", "two brackets"]),
    ("path = [1]\n", 1, &["[[path]]", "two brackets"]),
    (
        "min_gap = \"1s\"\n[[path]]\ntimeout = \"4m\"\n",
        2,
        &["no name", "preset"],
    ),
    ("\n[[path]]\nname = \"a\"\n", 2, &["no timeout", "preset"]),
    (
        "[[path]]\nname = \"\"\ntimeout = \"4m\"\n",
        2,
        &["name \"\" will not do"],
    ),
    (
        "[[path]]\nname = \"none\"\ntimeout = \"4m\"\n",
        2,
        &["stands for connections without a path"],
    ),
    (
        "[[path]]\nname = \"a b\"\ntimeout = \"4m\"\n",
        2,
        &["letters, digits"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"0s\"\n",
        3,
        &["timeout: zero"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"-4m\"\n",
        3,
        &["timeout", "negative"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"60days\"\n",
        3,
        &["above 30days", "jiffies"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = 240\n",
        3,
        &["timeout must be a duration in quotes", "not an integer"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"1s\"\n",
        3,
        &[
            "path \"a\" would warn after 750ms",
            "min_gap, 1s",
            "raise the timeout or lower min_gap",
        ],
    ),
    (
        "min_gap = \"3s\"\n[[path]]\nname = \"a\"\ntimeout = \"4s\"\n",
        4,
        &["would warn after 3s", "min_gap, 3s"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nclock = \"wall\"\n",
        4,
        &["unknown clock \"wall\"", "\"packets\"", "\"payload\""],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\ndialogue = \"server-asks\"\n",
        4,
        &[
            "unknown dialogue \"server-asks\"",
            "\"client-asks\"",
            "\"either-speaks\"",
        ],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nrole = \"server\"\n",
        4,
        &["unknown role \"server\"", "\"clients\"", "\"servers\""],
    ),
    (
        "[[path]]\npreset = \"azur-snat\"\n",
        2,
        &[
            "unknown preset \"azur-snat\"",
            "did you mean \"azure-snat\"?",
            "auto",
            "azure-snat",
            "aws-nlb",
            "nginx-stream",
        ],
    ),
    (
        "[[path]]\npreset = \"auto\"\ntimeout = \"4m\"\n",
        3,
        &["guesses timeout itself"],
    ),
    (
        "[[path]]\npreset = \"auto\"\nremote = [\"10.0.0.0/8\"]\n",
        3,
        &["guesses remote itself"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nremote = []\n",
        4,
        &["remote is empty"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nremote = \"10.0.0.0/8\"\n",
        4,
        &["remote must be a list of prefixes", "not a string"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nremote = [\n \"10.0.0.0/8\",\n \"10.0.0.0/99\",\n]\n",
        6,
        &["\"10.0.0.0/99\" is no prefix", "\"10.0.0.0/8\""],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nremote = [\"10.0.0.1/8\"]\n",
        4,
        &[
            "\"10.0.0.1/8\" has address bits set beyond its /8",
            "write \"10.0.0.0/8\"",
        ],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nremote = [7]\n",
        4,
        &["remote must be a list of prefixes", "not an integer"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nports = [\n443,\n0]\n",
        6,
        &["0 is no port", "between 1 and 65535"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nports = [65536]\n",
        4,
        &["65536 is no port"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nports = [-1]\n",
        4,
        &["-1 is no port"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nports = [\"https\"]\n",
        4,
        &["ports must be a list of ports", "not a string"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nports = 443\n",
        4,
        &["ports must be a list of ports", "not an integer"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nports = [443, 443]\n",
        4,
        &["443 is listed twice"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\n[[path]]\nname = \"a\"\ntimeout = \"5m\"\nremote = [\"10.0.0.0/8\"]\n",
        5,
        &["name \"a\" is taken by the path in line 2"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\n[[path]]\nname = \"b\"\ntimeout = \"5m\"\n",
        5,
        &[
            "path \"b\" is a second default path",
            "\"a\" (line 2)",
            "0.0.0.0/0 for all ports",
        ],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nremote = [\"::/0\"]\n[[path]]\nname = \"b\"\ntimeout = \"5m\"\nremote = [\"0.0.0.0/0\", \"::/0\"]\n",
        8,
        &["second default path", "::/0"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nports = [443]\n[[path]]\nname = \"b\"\ntimeout = \"5m\"\nports = [80, 443]\n",
        6,
        &["second default path", "for port 443"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nremote = [\"10.0.0.0/8\"]\n[[path]]\nname = \"b\"\ntimeout = \"5m\"\nremote = [\"10.0.0.0/8\"]\n",
        8,
        &["10.0.0.0/8 for all ports is already taken by path \"a\" (line 4)"],
    ),
    (
        "[[path]]\nname = \"a\"\ntimeout = \"4m\"\nremote = [\"10.0.0.0/8\", \"10.0.0.0/8\"]\n",
        4,
        &["10.0.0.0/8 for all ports is already taken by path \"a\""],
    ),
];

#[test]
fn every_wrong_line_is_named_with_what_would_be_right() {
    for (text, line, parts) in WRONG {
        let message = message(text);
        assert!(
            message.starts_with(&format!("config.toml:{line}: ")),
            "{text}\n{message}"
        );
        for part in *parts {
            assert!(message.contains(part), "{text}\n{message}\nlacks {part}");
        }
    }
}
