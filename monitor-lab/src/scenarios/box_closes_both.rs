//! Boxes that close politely: both ends get a FIN in the middle of the silence, as if
//! the other had said goodbye. Both then close as well, and nobody is woken.

use super::box_resets_both::EXPIRES_AFTER;
use super::{BASE, PATH, Scenario, TIMEOUT};
use crate::LabError;
use crate::app::End::{Client, Server};
use crate::boxes::{Behaviour, Clock, Expiry};
use crate::daemon::Configuration;
use crate::network::middlebox::Middlebox;
use crate::story::Story;
use crate::truth::Conclusion::{AtRisk, Closed, Crossed};
use crate::truth::{Severity, Truth};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "box-closes-both",
    about: "a box forgets in the silence and sends a FIN to both ends at once",
    middlebox: closes(Clock::Packets),
    truth,
    tell,
    ..BASE
};

pub(super) const PROXY: Scenario = Scenario {
    name: "proxy-closes-kept-alive",
    about: "a proxy that counts payload closes both ends in spite of keepalive every second",
    middlebox: closes(Clock::Payload),
    configuration: Configuration {
        path: PATH,
        timeout: TIMEOUT,
        clock: Clock::Payload,
    },
    truth: proxy_truth,
    tell: tell_kept_alive,
    ..BASE
};

const fn closes(clock: Clock) -> Middlebox {
    Middlebox::Program(Behaviour {
        expires_after: EXPIRES_AFTER,
        clock,
        expiry: Expiry::FinishesBoth,
    })
}

fn truth() -> Truth {
    closed(Truth::of_path(PATH, TIMEOUT))
}

fn proxy_truth() -> Truth {
    let warned = 0.0..=f64::from(TIMEOUT);
    closed(
        Truth::of_path(PATH, TIMEOUT)
            .due(Client, AtRisk, Severity::None, warned.clone())
            .due(Server, AtRisk, Severity::None, warned),
    )
}

fn closed(truth: Truth) -> Truth {
    truth
        .crosses(Client)
        .crosses(Server)
        // Nothing was under way, and nobody wrote again: a goodbye like any other.
        .due(Client, Closed, Severity::None, 5.4..=6.0)
        .due(Server, Closed, Severity::None, 5.4..=6.0)
        .counts("tcplull_outcomes_total", &[("outcome", "closed")])
}

fn tell(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.hears(Client, Crossed)?;
    story.hears(Server, Crossed)?;
    story.reads_alerts_in_silence()?;
    story.hears_goodbye(Client)?;
    story.hears_goodbye(Server)?;
    story.closes()?;
    story.hears(Client, Closed)?;
    story.hears(Server, Closed)?;
    story.reads_metrics()?;
    story.listens_on(2.0)?;
    story.reads_alerts()
}

fn tell_kept_alive(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(1, 1)?;
    tell(story)
}
