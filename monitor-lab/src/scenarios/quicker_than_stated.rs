//! A box forgets sooner than was stated, or nothing was stated. Five connections were idle
//! for longer than it remembers, and all ask: all fail on their first word after a silence.

use super::prelude::*;
use std::ops::Range;

const IDLE: Range<usize> = 0..5;
const WORKS: usize = 5;

/// What is stated: nobody comes near enough to be warned.
const PATH: Configuration = Configuration {
    timeout: 12,
    ..PATH_OF_6
};

/// What is so, and how long they are idle, in seconds.
const FORGETS_AFTER: u32 = 5;
const RESTS: f64 = 7.0;

pub(super) const ONE_WORKS: Scenario = Scenario {
    name: "box-quicker-than-stated",
    about: "12 s are stated, the NAT forgets after 5 s, five are idle for 7 s, a sixth works on",
    middlebox: Middlebox::Nat {
        forgets_after: FORGETS_AFTER,
        unknown: Unknown::Drop,
    },
    configuration: PATH,
    truth: || {
        die(Truth::of_path(PATH.path, PATH.timeout))
            .resting_on("siblings_moving", 1.0..=1.0)
            .saying("quicker than stated")
    },
    tell: |story| tell(story, Sixth::Asks),
    ..BASE
};

pub(super) const ALONE: Scenario = Scenario {
    name: "box-quicker-and-none-works",
    about: "12 s are stated, the NAT forgets after 5 s, five are idle for 7 s, and no other is there",
    truth: || die(Truth::of_path(PATH.path, PATH.timeout)).not_saying("it was not the silence"),
    tell: |story| tell(story, Sixth::IsAbsent),
    ..ONE_WORKS
};

pub(super) const NO_PATH: Scenario = Scenario {
    name: "box-quick-and-no-path",
    about: "nothing is stated, the NAT forgets after 5 s, five are idle for 7 s, a sixth is kept alive",
    configuration: Configuration {
        covers: false,
        ..PATH
    },
    truth: || {
        die(Truth::of_path(PATH.path, PATH.timeout).on_no_path())
            .resting_on("siblings_moving", 1.0..=1.0)
            .not_saying("it was not the silence")
    },
    tell: |story| tell(story, Sixth::IsKeptAlive),
    ..ONE_WORKS
};

/// What the sixth connection does.
#[derive(PartialEq, Eq)]
enum Sixth {
    Asks,
    IsKeptAlive,
    IsAbsent,
}

/// Each dies of its silence: no word that the peer is down.
fn die(truth: Truth) -> Truth {
    truth
        .with_connections(WORKS + 1)
        // Nothing has come to it for long.
        .allows(Server, AtRisk)
        .stalls(Client, StallBlackholed, 1.0..=5.0)
        .about(IDLE)
        .resting_on("preceding_silence_seconds", 6.8..=9.0)
}

fn tell(story: &mut Story<'_>, sixth: Sixth) -> Result<(), LabError> {
    story.opens(4)?;
    if sixth != Sixth::IsAbsent {
        story.opens(1)?;
    }
    if sixth == Sixth::IsKeptAlive {
        story.keeps_alive_on(WORKS, KEEPS_ALIVE, KEEPS_ALIVE)?;
        story.exchange_on(WORKS, "a", "A")?;
    }
    for connection in IDLE {
        story.exchange_on(connection, "a", "A")?;
    }
    match sixth {
        Sixth::Asks => story.works_for(WORKS, RESTS)?,
        Sixth::IsKeptAlive | Sixth::IsAbsent => story.silence(RESTS)?,
    }
    for connection in IDLE {
        story.sends_on(Client, connection, "b")?;
    }
    match sixth {
        Sixth::Asks | Sixth::IsKeptAlive => story.works_for(WORKS, 2.5)?,
        Sixth::IsAbsent => {}
    }
    story.awaits_each(Client, IDLE, StallBlackholed)?;
    story.server_received_no_more()
}
