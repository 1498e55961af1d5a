//! What a scenario states, and what most have in common.

use crate::LabError;
use crate::applications::Placement;
use crate::configuration::{Configuration, PAGE_AFTER, Service};
use crate::network::family::Family;
use crate::network::middlebox::{Middlebox, Unknown};
use crate::simulated_middlebox::Clock;
use crate::story::Story;
use crate::truth::Truth;
use std::ops::RangeInclusive;

/// A story and its truth.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name, as the command takes it.
    pub name: &'static str,
    /// What it is about, in one line.
    pub about: &'static str,
    /// Which of the [`super::CASES`] of the taxonomy it tells, from 1; `None` for a
    /// story beside them.
    pub case: Option<u8>,
    /// The family of the hosts' addresses.
    pub family: Family,
    /// What stands between the hosts.
    pub middlebox: Middlebox,
    /// Whether the daemon runs on the middlebox, of which the hosts are containers then; else the middlebox is elsewhere.
    pub daemon_on_middlebox: bool,
    /// What `tcplull` is told about the path.
    pub configuration: Configuration,
    /// What the server is taken for.
    pub service: Service,
    /// What the path's `[path.heal]` says, if there is one.
    pub heal: Option<&'static str>,
    /// Whether the connection is made, and used, before `tcplull` is there.
    pub connected_first: bool,
    /// Where the applications live.
    pub placement: Placement,
    /// Whether it keeps a whole core busy: at most one such runs at a time.
    pub heavy: bool,
    /// What is true.
    pub truth: fn() -> Truth,
    /// What happens.
    pub tell: fn(&mut Story<'_>) -> Result<(), LabError>,
}

/// What most scenarios have: two hosts, a router that forgets nothing, a path with
/// the usual timeout. A scenario states its name, its truth and its story, and what
/// is different.
pub(super) const BASE: Scenario = Scenario {
    name: "",
    about: "",
    case: None,
    family: Family::V4,
    middlebox: Middlebox::Router,
    daemon_on_middlebox: false,
    configuration: Configuration {
        path: PATH,
        timeout: TIMEOUT,
        clock: Clock::Packets,
        covers: true,
        page_after: PAGE_AFTER,
    },
    service: Service::USUAL,
    heal: None,
    connected_first: false,
    placement: Placement::Apart,
    heavy: false,
    truth: quiet,
    tell: |_| Ok(()),
};

/// The usual path.
pub(super) const PATH: &str = "stated";

/// Its timeout, in seconds.
pub(super) const TIMEOUT: u32 = 4;

/// A timeout that nothing in a story comes near, in seconds.
pub(super) const NEVER: u32 = 60;

/// A path whose timeout nothing in a story comes near.
pub(super) const FAR: Configuration = Configuration {
    path: PATH,
    timeout: NEVER,
    clock: Clock::Packets,
    covers: true,
    page_after: PAGE_AFTER,
};

/// Seconds of silence before the first keepalive probe, and between probes, that keep
/// the usual path awake.
pub(super) const KEEPS_ALIVE: u32 = 1;

/// A NAT that forgets when the usual path says, and drops what it does not know.
pub(super) const NAT: Middlebox = Middlebox::Nat {
    forgets_after: TIMEOUT,
    unknown: Unknown::Drop,
};

/// The path of its own name, where the truth is about that NAT.
pub(super) const NAT_PATH: Configuration = Configuration {
    path: "nat",
    timeout: TIMEOUT,
    clock: Clock::Packets,
    covers: true,
    page_after: PAGE_AFTER,
};

/// A path that must be warned of: a sweep surely falls between three quarters of its
/// timeout and the timeout, also on a busy machine.
pub(super) const PATH_OF_6: Configuration = Configuration {
    path: PATH,
    timeout: 6,
    clock: Clock::Packets,
    covers: true,
    page_after: PAGE_AFTER,
};

/// The NAT of that path.
pub(super) const NAT_OF_6: Middlebox = Middlebox::Nat {
    forgets_after: PATH_OF_6.timeout,
    unknown: Unknown::Drop,
};

impl Truth {
    /// The truth of a story on the usual path, on which nothing is to be said so far.
    pub(super) fn usual() -> Self {
        Self::of_path(PATH, TIMEOUT)
    }

    /// The truth of a story on the path of [`FAR`].
    pub(super) fn far() -> Self {
        Self::of_path(PATH, NEVER)
    }
}

pub(super) fn quiet() -> Truth {
    Truth::usual().quiet()
}

pub(super) fn quiet_far() -> Truth {
    Truth::far().quiet()
}

/// How long an answer is waited for before that is told: past the usual timeout, and past ten times the longest answer
/// seen, which a busy machine stretches. In s.
pub(super) const LATE: RangeInclusive<f64> = 4.0..=40.0;

/// How soon a client is usually answered that has made a habit of asking, in s: at once, which a busy machine stretches.
pub(super) const HABIT: RangeInclusive<f64> = 0.0..=1.5;

/// Answers seen of such a client ([`Story::becomes_a_habit`]): of the first a sweep may see only
/// that it was there, and a busy machine makes it ask on.
pub(super) const HABIT_SEEN: RangeInclusive<f64> = 3.0..=32.0;

/// A service at a port of which nothing is known.
pub(super) const UNKNOWN_SERVICE: Service = Service::at(7000);
