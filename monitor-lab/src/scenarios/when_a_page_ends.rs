//! When a page begins, and when it is over: it stays while its connection hangs, whatever the peer says; it stays for
//! whoever looks seldom when the kernel gives the connection up; and an outage that is shorter than a page waits wakes
//! nobody.

use super::heard_in_vain::{large_truth, large_vanish};
use super::kernel_gives_up::{is_given_up, late_truth, nearly_given_up};
use super::prelude::*;

/// How long a page waits where the outage is over before, in seconds: as by default.
const WAITS: u32 = 10;

pub(super) const HANGS: Scenario = Scenario {
    name: "page-stays-while-it-hangs",
    about: "as large-segments-vanish: the page stays, although the server talks every 0.7 s",
    configuration: FAR,
    truth: || large_truth().leaves_firing(StallBlackholed, Page, Client),
    tell: |story| {
        large_vanish(story)?;
        story.page_fires(StallBlackholed)?;
        story.watches_on(4.0)?;
        story.bulk_keeps_coming(Client)?;
        story.reads_alerts()
    },
    ..BASE
};

pub(super) const GIVEN_UP: Scenario = Scenario {
    name: "page-stays-for-a-scrape",
    about: "as given-up-late: the page fires on for who looks seldom",
    truth: || {
        late_truth()
            .counts(
                "tcplull_alerts_firing",
                &[("alert", "blackholed"), ("severity", "page")],
            )
            .leaves_ended(StallBlackholed, Page, Client)
    },
    tell: |story| {
        nearly_given_up(story)?;
        story.page_fires(StallBlackholed)?;
        is_given_up(story)?;
        story.reads_metrics()?;
        story.reads_alerts()
    },
    ..HANGS
};

pub(super) const OUTAGE: Scenario = Scenario {
    name: "short-outage",
    about: "the path is dead for less time than a page waits: one ticket says so, and nobody is woken",
    configuration: Configuration {
        page_after: WAITS,
        ..FAR
    },
    truth: || {
        Truth::far()
            .stalls(Client, StallBlackholed, 1.0..=4.0)
            .resting_on("timeouts", 3.0..=4.0)
            .timed()
            .leaves_interrupted(Client)
    },
    tell: |story| {
        story.exchange("a", "A")?;
        story.path_dies()?;
        story.client_sends("b")?;
        story.awaits(Client, StallBlackholed)?;
        story.path_comes_back()?;
        story.arrives(Server, "b")?;
        story.exchange("c", "C")?;
        story.watches_on(1.0)?;
        story.reads_alerts()
    },
    ..HANGS
};
