//! Boxes that close politely: both ends get a FIN in the middle of the silence, as if
//! the other had said goodbye. Both then close as well, and nobody is woken.

use super::prelude::*;

/// After a sweep that has seen the silence cross its 6 s, and with time to read the alert
/// on that; a FIN that comes 2 s after the timeout is not the timeout's doing any more.
const EXPIRES_AFTER: Duration = Duration::from_millis(7_600);

pub(super) const SCENARIO: Scenario = Scenario {
    name: "box-closes-both",
    about: "a box forgets in the silence and sends a FIN to both ends at once",
    case: Some(4),
    middlebox: closes(Clock::Packets),
    configuration: PATH_OF_6,
    truth,
    tell,
    ..BASE
};

pub(super) const PROXY: Scenario = Scenario {
    name: "proxy-closes-kept-alive",
    about: "a proxy that counts payload closes both ends in spite of keepalive every second",
    case: Some(13),
    middlebox: closes(Clock::Payload),
    configuration: Configuration {
        clock: Clock::Payload,
        ..PATH_OF_6
    },
    truth: proxy_truth,
    tell: tell_kept_alive,
    ..BASE
};

const fn closes(clock: Clock) -> Middlebox {
    Middlebox::simulated(EXPIRES_AFTER, clock, Expiry::FinishesBoth)
}

fn truth() -> Truth {
    closed(path())
}

fn proxy_truth() -> Truth {
    let far_end_counts_payload = "keepalive probes do not count";
    closed(
        path()
            .counting_payload()
            .warned(Client, far_end_counts_payload)
            // What its probes move does not count.
            .resting_on("packet_idle_seconds", 0.0..=2.0)
            .showing("keepalive", "true")
            .warned(Server, far_end_counts_payload),
    )
}

fn path() -> Truth {
    Truth::of_path(PATH_OF_6.path, PATH_OF_6.timeout)
}

fn closed(truth: Truth) -> Truth {
    let goodbye = |truth: Truth, end| {
        truth
            .due(end, Closed, Severity::None, 7.5..=8.0)
            .showing("gap_ended_by", "fin")
            .resting_on("fin_from_timeout_seconds", 1.5..=2.0)
            .resting_on("unacknowledged_bytes", 0.0..=0.0)
    };
    let truth = truth.crosses(Client).crosses(Server);
    // Nothing was under way, and nobody wrote again: a goodbye like any other.
    goodbye(goodbye(truth, Client), Server)
        .counts("tcplull_outcomes_total", &[("outcome", "closed")])
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.crosses_at_both_ends()?;
    story.hears_goodbye(Client)?;
    story.hears_goodbye(Server)?;
    story.closes()?;
    story.awaits(Client, Closed)?;
    story.awaits(Server, Closed)?;
    story.reads_metrics()?;
    story.watches_on(2.0)?;
    story.reads_alerts()
}

fn tell_kept_alive(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(1, 1)?;
    tell(story)
}
