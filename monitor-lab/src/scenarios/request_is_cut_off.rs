//! A proxy closes a connection on which a request is running: to the client a FIN comes in place of its answer.

use super::prelude::*;

/// When the proxy closes: before the path's 6 s, so that nothing but the FIN is news.
const CUTS_AFTER: Duration = Duration::from_millis(5_500);

/// As many bytes as TLS close_notify has.
const GOODBYE_BYTES: usize = 31;

const PAYLOAD: Configuration = Configuration {
    clock: Clock::Payload,
    ..PATH_OF_6
};

pub(super) const FIN: Scenario = Scenario {
    name: "request-is-cut-off",
    about: "a proxy that counts payload closes both ends while a request is running",
    middlebox: Middlebox::simulated(CUTS_AFTER, Clock::Payload, Expiry::FinishesBoth),
    configuration: PAYLOAD,
    service: Service {
        dialogue: Some("client-asks"),
        ..UNKNOWN_SERVICE
    },
    truth,
    tell: tell_fin,
    ..BASE
};

pub(super) const GOODBYE: Scenario = Scenario {
    name: "request-is-cut-off-with-a-goodbye",
    about: "the same with 31 bytes before the FIN, as TLS has it, to a client of PostgreSQL: no answer either",
    configuration: PAYLOAD,
    truth,
    tell: tell_goodbye,
    ..BASE
};

fn truth() -> Truth {
    Truth::of_path(PATH_OF_6.path, PATH_OF_6.timeout)
        .counting_payload()
        .allows(Client, AtRisk)
        .due(Client, Closed, Ticket, 5.0..=6.0)
        .showing("answer_lost", "true")
        .resting_on("unacknowledged_bytes", 0.0..=0.0)
        .saying("FIN from the peer in place of the answer, which is lost")
        .leaves_ended(Closed, Ticket, Client)
        .unwatched(Server)
}

fn tell_fin(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.delivers(Client, "report")?;
    story.hears_goodbye(Client)?;
    ends(story)
}

fn tell_goodbye(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.delivers(Client, "report")?;
    story.silence(CUTS_AFTER.as_secs_f64())?;
    story.sends_and_closes(Server, &"x".repeat(GOODBYE_BYTES))?;
    story.hears_goodbye(Client)?;
    ends(story)
}

fn ends(story: &mut Story<'_>) -> Result<(), LabError> {
    story.awaits(Client, Closed)?;
    story.ends(Client)?;
    story.watches_on(1.0)?;
    story.reads_alerts()
}
