//! What the client sends arrives, and the server's kernel drops it and answers each time
//! with what it expects instead.

use super::prelude::*;

/// Packets of more bytes than this are struck: no bare ACK.
const STRUCK: u32 = 100;

/// Bytes that are sent: in flight at once, and more than is struck.
const BYTES: u64 = 10_000;

pub(super) const NUMBERS: Scenario = Scenario {
    name: "box-shifts-numbers",
    about: "a box shifts the client's sequence numbers: each segment is answered and refused",
    configuration: FAR,
    truth: numbers_truth,
    tell: numbers,
    ..BASE
};

pub(super) const WINDOW: Scenario = Scenario {
    name: "window-shrinks",
    about: "the server takes back the room that it had promised, under what is in flight",
    truth: window_truth,
    tell: window,
    ..NUMBERS
};

fn numbers_truth() -> Truth {
    Truth::far()
        .stalls(Client, StallBlackholed, 1.0..=4.0)
        .resting_on("timeouts", 3.0..=4.0)
        .showing("peer_heard", "refused")
        .timed()
}

fn numbers(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.misnumbers(Client, STRUCK)?;
    story.sends_bulk(Client, BYTES)?;
    story.awaits(Client, StallBlackholed)?;
    story.watches_on(2.0)?;
    story.no_bulk_arrived(Server)
}

fn window_truth() -> Truth {
    // Whose application does not read is known: no black hole.
    Truth::far()
        // A box stands in for it: its own kernel knows nothing of a window that it closed.
        .unwatched(Server)
        .stalls(Client, ZeroWindow, 0.5..=20.0)
        .resting_on("peer_window_bytes", 0.0..=0.0)
        .resting_on("waiting_bytes", 1.0..=f64::MAX)
}

fn window(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.shrinks_window(Server, STRUCK)?;
    story.sends_bulk(Client, BYTES)?;
    // Whichever kernel: a window is believed that comes with something new.
    story.delivers(Server, "wait")?;
    story.awaits(Client, ZeroWindow)?;
    story.watches_on(3.0)?;
    story.no_bulk_arrived(Server)
}
