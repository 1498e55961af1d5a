//! What all packages say of themselves.

/// The version of all packages.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What it is, in one line.
pub(super) const SUMMARY: &str =
    "watches TCP connections that fall silent for longer than a middlebox remembers";

/// What it is, for whoever looks at a package.
pub(super) const DESCRIPTION: [&str; 3] = [
    "A daemon that watches all TCP connections of a host from inside the kernel and says in plain words when silence has",
    "outlived the idle timeout of a NAT or load balancer, what became of the connection, and why one that should move does",
    "not. For people, Prometheus and Alertmanager.",
];

/// Whom it is from.
pub(super) const MAINTAINER: &str = "The tcplull project <tcplull@localhost>";
