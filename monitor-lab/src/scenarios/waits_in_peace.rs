//! Controls: all who spoke last, were acknowledged, and wait in peace. Keepalive moves
//! packets on the path, so that only what was said, and by whom, tells them from
//! somebody whose answer is lost.

use super::prelude::*;

/// How long each waits, in seconds: ten times the usual rest, and beyond the timeout.
const WAITS: f64 = 11.0;

/// Seconds between exchanges that make a habit: longer than a sweep's interval.
const RESTS: f64 = 1.1;

/// How often each does what it usually does, before it waits.
const TIMES: usize = 3;

pub(super) const ANSWERED: Scenario = Scenario {
    name: "answered-server",
    about: "a server that has answered, and is asked nothing for ten times its habit",
    case: Some(36),
    service: UNKNOWN_SERVICE,
    tell: answered,
    ..BASE
};

pub(super) const WINDOW_UPDATE: Scenario = Scenario {
    name: "http2-window-update",
    about: "an HTTP/2 client that has its answer and has sent WINDOW_UPDATE after it",
    case: Some(36),
    service: UNKNOWN_SERVICE,
    tell: window_update,
    ..BASE
};

pub(super) const CONSUMER: Scenario = Scenario {
    name: "consumer-after-ack",
    about: "a consumer that has acknowledged its last message and waits for the next",
    case: Some(36),
    service: UNKNOWN_SERVICE,
    tell: consumer,
    ..BASE
};

pub(super) const SUBSCRIBER: Scenario = Scenario {
    name: "subscriber",
    about: "a subscriber that has logged in, subscribed, and waits for the first event",
    case: Some(36),
    service: UNKNOWN_SERVICE,
    tell: subscriber,
    ..BASE
};

fn answered(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(KEEPS_ALIVE, KEEPS_ALIVE)?;
    for _ in 0..TIMES {
        story.exchange("ask", "ANSWER")?;
        story.silence(RESTS)?;
    }
    waits(story)
}

fn window_update(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(KEEPS_ALIVE, KEEPS_ALIVE)?;
    for _ in 0..=TIMES {
        story.exchange("get", "page")?;
        story.watches_on(0.05)?;
        story.delivers(Client, "window update")?;
        story.silence(RESTS)?;
    }
    waits(story)
}

fn consumer(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(KEEPS_ALIVE, KEEPS_ALIVE)?;
    story.exchange("consume", "ok")?;
    for _ in 0..=TIMES {
        story.silence(RESTS)?;
        story.delivers(Server, "message")?;
        story.watches_on(0.05)?;
        story.delivers(Client, "ack")?;
    }
    waits(story)
}

fn subscriber(story: &mut Story<'_>) -> Result<(), LabError> {
    story.client_keeps_alive(KEEPS_ALIVE, KEEPS_ALIVE)?;
    story.exchange("login", "welcome")?;
    story.silence(RESTS)?;
    story.delivers(Client, "subscribe")?;
    waits(story)
}

fn waits(story: &mut Story<'_>) -> Result<(), LabError> {
    story.silence(WAITS)?;
    story.reads_alerts()
}
