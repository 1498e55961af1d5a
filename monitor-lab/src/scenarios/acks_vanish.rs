//! The server sends, and what acknowledges that is lost. The client has nothing to send and is
//! owed nothing: that the same comes again and again is all it can know by. Where a silence
//! went before, it has not survived.

use super::prelude::*;
use super::push_is_no_answer;

/// What the server streams: bytes a time, and seconds from one to the next.
const LINE: u32 = 100;
const EVERY: f64 = 0.2;

pub(super) const AFTER_SILENCE: Scenario = Scenario {
    name: "acks-vanish",
    about: "after a silence the server pushes, and the client's ACKs vanish",
    tell: after_silence,
    ..push_is_no_answer::SCENARIO
};

pub(super) const STREAM: Scenario = Scenario {
    name: "stream-acks-vanish",
    about: "the server streams to the client, whose ACKs vanish",
    configuration: FAR,
    truth: stream_truth,
    tell: stream,
    ..BASE
};

fn after_silence(story: &mut Story<'_>) -> Result<(), LabError> {
    push_is_no_answer::crosses(story)?;
    story.loses(Client, Segments::BareAcks)?;
    story.server_sends("news")?;
    story.arrives(Client, "news")?;
    push_is_no_answer::is_told(story)
}

fn stream_truth() -> Truth {
    Truth::far()
        .stalls(Client, StallBlackholed, 1.0..=6.0)
        .showing("peer_heard", "one_way")
        .timed()
        .stalls(Server, StallBlackholed, 1.0..=4.0)
        .resting_on("timeouts", 3.0..=4.0)
        .without("peer_heard")
}

fn stream(story: &mut Story<'_>) -> Result<(), LabError> {
    story.pushes(Server, LINE, EVERY)?;
    story.watches_on(1.0)?;
    story.loses(Client, Segments::BareAcks)?;
    story.awaits(Client, StallBlackholed)?;
    story.awaits(Server, StallBlackholed)?;
    story.watches_on(2.0)?;
    story.bulk_stands_still(Client)
}
