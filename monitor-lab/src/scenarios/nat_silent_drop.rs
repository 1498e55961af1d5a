//! The incident that `tcplull` was made for, with minutes scaled to seconds: a
//! NAT forgets a silent connection and drops what it no longer knows. The
//! server is never told, the client's kernel retries for a quarter of an hour.

use super::prelude::*;
use std::ops::RangeInclusive;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "nat-silent-drop",
    about: "a NAT forgets after 4 s and drops what it no longer knows",
    case: Some(1),
    middlebox: NAT,
    configuration: NAT_PATH,
    truth,
    tell,
    ..BASE
};

fn truth() -> Truth {
    // By the third timeout, which comes after about 1.7 s.
    blackholed_by(1.0..=3.0)
}

/// The truth, where the verdict rests on so many timeouts.
pub(super) fn blackholed_by(timeouts: RangeInclusive<f64>) -> Truth {
    Truth::of_path("nat", TIMEOUT)
        .crosses_at_both_ends()
        .counts("tcplull_crossed_total", &[])
        .due(Client, Blackholed, Page, 5.8..=6.8)
        .resting_on("timeouts", timeouts)
        .timed()
        .counts("tcplull_outcomes_total", &[("outcome", "blackholed")])
        .leaves_firing(Blackholed, Page, Client)
        // Nothing has reached the server since: its silence goes on.
        .leaves_firing(Crossed, Ticket, Server)
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.crosses_at_both_ends()?;
    story.silence(6.0)?;
    story.client_sends("b")?;
    story.awaits(Client, Blackholed)?;
    story.page_fires(Blackholed)?;
    story.reads_metrics()?;
    story.watches_on(2.0)?;
    story.server_received_no_more()?;
    story.reads_alerts()
}
