//! Which members and words are no names, and stay.

/// Words that stand where a name would: there is none, or more than one.
pub(super) const RESERVED: [&str; 5] = ["none", "any", "unknown", "~other", "daemon"];

/// Names that every host has, ours among them.
pub(super) const COMMON: [&str; 14] = [
    "tcplull",
    "tcplull.service",
    "system.slice",
    "user.slice",
    "session.slice",
    "app.slice",
    "machine.slice",
    "init.scope",
    "kubepods",
    "kubepods.slice",
    "system",
    "user",
    "session",
    "init",
];

/// Members whose words are of lists of ours, or numbers and times: they stay.
pub(super) const OURS: [&str; 42] = [
    "schema",
    "alerts",
    "made",
    "time",
    "since",
    "until",
    "started",
    "fired",
    "ended",
    "kind",
    "outcome",
    "cause",
    "certainty",
    "severity",
    "severity_before_rules",
    "scope",
    "clock",
    "id",
    "flow_id",
    "example",
    "family",
    "role",
    "state",
    "silence",
    "change",
    "name",
    "fact",
    "event",
    "version",
    "kernel",
    "level",
    "watching",
    "hook",
    "mechanism",
    "subject",
    // Of a configuration.
    "preset",
    "dialogue",
    "timeout",
    "min_gap",
    "sweep_interval",
    "page_after",
    "cpu_budget",
];

/// Members that are names of somebody, or of something that somebody named.
pub(super) const NAMES: [&str; 12] = [
    "comm",
    "unit",
    "container",
    "pod",
    "workload",
    "cgroup",
    "path",
    "paths",
    "path_owner",
    "owner",
    "host",
    "file",
];

/// Labels of metrics whose words are ours.
pub(super) const LABELS: [&str; 19] = [
    "alert",
    "cause",
    "end",
    "finding",
    "hook",
    "kind",
    "le",
    "level",
    "log",
    "mechanism",
    "outcome",
    "program",
    "reason",
    "room",
    "severity",
    "silence",
    "to",
    "version",
    "what",
];
