//! The peer is heard all the while, and acknowledges nothing of what this host sends.
//! What it says stops no clock but its own: what is due stands, and by the third timeout
//! that is told.

use super::prelude::*;

/// Seconds between two words of the server: more often than the third timeout comes.
const CHATTER: f64 = 0.7;

/// How many bytes each word has.
const WORD: u32 = 20;

/// The largest packet that passes, in bytes: no full segment, and every word and every ACK.
const PASSES: u32 = 1_000;

/// More than the client can have on its way at once.
const BULK: u64 = 4_000_000;

pub(super) const LARGE: Scenario = Scenario {
    name: "large-segments-vanish",
    about: "full segments from the client vanish, small ones pass, the server talks every 0.7 s",
    configuration: FAR,
    truth: large_truth,
    tell: large,
    ..BASE
};

pub(super) const ALL: Scenario = Scenario {
    name: "one-way-dies",
    about: "all that the client sends vanishes, the server talks every 0.7 s",
    truth: all_truth,
    tell: all,
    ..LARGE
};

/// The client's stall, by its third timeout.
fn stalls_heard() -> Truth {
    Truth::far()
        .stalls(Client, StallBlackholed, 1.0..=4.0)
        .resting_on("timeouts", 3.0..=4.0)
        .showing("peer_heard", "one_way")
        .timed()
}

pub(super) fn large_truth() -> Truth {
    stalls_heard().showing("mtu", "suspected")
}

fn large(story: &mut Story<'_>) -> Result<(), LabError> {
    large_vanish(story)?;
    story.watches_on(2.0)?;
    story.bulk_keeps_coming(Client)?;
    story.no_bulk_arrived(Server)
}

/// Full segments vanish until that is told, and the server talks on.
pub(super) fn large_vanish(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.pushes(Server, WORD, CHATTER)?;
    story.loses(Client, Segments::LongerThan(PASSES))?;
    story.sends_bulk(Client, BULK)?;
    story.awaits(Client, StallBlackholed)?;
    story.bulk_keeps_coming(Client)
}

fn all_truth() -> Truth {
    stalls_heard()
        // It hears nothing.
        .stalls(Server, StallBlackholed, 1.0..=4.0)
        .resting_on("timeouts", 3.0..=4.0)
        .without("peer_heard")
}

fn all(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.pushes(Server, WORD, CHATTER)?;
    story.loses(Client, Segments::All)?;
    story.client_sends("b")?;
    story.awaits(Client, StallBlackholed)?;
    story.awaits(Server, StallBlackholed)?;
    // Its words come again and again: nobody tells it that they have arrived.
    story.bulk_arrives(Client, WORD.into())?;
    story.watches_on(1.0)?;
    story.server_received_no_more()
}
