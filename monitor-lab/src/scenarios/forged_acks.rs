//! The worst there is: after the silence the gateway acknowledges whatever the client
//! sends, in the server's name, and delivers none of it. The client's kernel is
//! content; the server never hears a word.

use super::prelude::*;

/// Seconds between the client's sends.
const PAUSE: f64 = 1.0;

pub(super) const THEN_FIN: Scenario = Scenario {
    name: "forged-acks-then-fin",
    about: "a gateway acknowledges what it drops, without timestamps, and closes 4 s later",
    case: Some(5),
    middlebox: forger(Forged::Missing, Some(4)),
    truth: || forged("timestamp_missing"),
    tell: then_fin,
    ..BASE
};

pub(super) const FOR_EVER: Scenario = Scenario {
    name: "forged-acks",
    about: "a gateway acknowledges what it drops, with timestamps that stand still",
    case: Some(6),
    middlebox: forger(Forged::Frozen, None),
    truth: || forged("timestamp_stood_still"),
    tell: for_ever,
    ..THEN_FIN
};

pub(super) const IPV6: Scenario = Scenario {
    name: "forged-acks-then-fin-ipv6",
    about: "as forged-acks-then-fin, over IPv6",
    case: Some(14),
    family: Family::V6,
    ..THEN_FIN
};

pub(super) const ALARM_BUTTON: Scenario = Scenario {
    name: "alarm-button",
    about: "as forged-acks-then-fin, and the client closes once its data is acknowledged",
    case: Some(30),
    tell: alarm_button,
    ..THEN_FIN
};

pub(super) const SEND_AND_CLOSE: Scenario = Scenario {
    name: "forged-send-and-close",
    about: "as forged-acks-then-fin, with send(); close() at once after the gap",
    case: Some(35),
    // Out of ESTABLISHED no segment is seen: the socket's own clock stood still.
    truth: || forged("timestamp_stood_still"),
    tell: send_and_close,
    ..THEN_FIN
};

const fn forger(timestamps: Forged, fin_after: Option<u32>) -> Middlebox {
    Middlebox::simulated(
        Duration::from_secs(TIMEOUT as u64),
        Clock::Packets,
        Expiry::Forges {
            timestamps,
            fin_after,
        },
    )
}

/// The truth, where this sign is seen. In each case nothing that came since moved the
/// clock that the server's kernel shows, in 6 s and more.
fn forged(sign: &'static str) -> Truth {
    Truth::usual()
        .crosses_at_both_ends()
        .allows(Client, Acknowledged)
        .due(Client, Undelivered, Page, 5.8..=6.8)
        .suspected()
        .showing("forged_ack_sign", sign)
        .resting_on("tsval_moved", 0.0..=0.0)
        .resting_on("tsval_expected_at_least", 4.0..=10.0)
        .resting_on("payload_bytes", 0.0..=0.0)
        .resting_on("ack_progress_bytes", 1.0..=5.0)
        .resting_on("unanswered_sends", 1.0..=3.0)
        .saying("no answer")
        .timed()
        .counts("tcplull_outcomes_total", &[("outcome", "undelivered")])
        // What is lost is lost: the page fires on for who looks seldom.
        .leaves_ended(Undelivered, Page, Client)
        // Nothing has reached the server since: its silence goes on.
        .leaves_firing(Crossed, Ticket, Server)
}

/// The incident in full: data about once a second, and in the end a polite FIN.
fn then_fin(story: &mut Story<'_>) -> Result<(), LabError> {
    sends_in_vain(story)?;
    story.hears_goodbye(Client)?;
    ends(story)
}

/// Nobody closes, and the client does not stop: it is never silent again.
fn for_ever(story: &mut Story<'_>) -> Result<(), LabError> {
    sends_in_vain(story)?;
    story.awaits(Client, Undelivered)?;
    story.reads_metrics()?;
    for word in ["e", "f"] {
        story.client_sends(word)?;
        story.watches_on(PAUSE)?;
    }
    story.server_received_no_more()?;
    story.reads_alerts()
}

fn alarm_button(story: &mut Story<'_>) -> Result<(), LabError> {
    crosses(story)?;
    story.client_sends("help")?;
    // The ACK is there within a millisecond.
    story.watches_on(0.2)?;
    story.ends(Client)?;
    ends(story)
}

fn send_and_close(story: &mut Story<'_>) -> Result<(), LabError> {
    crosses(story)?;
    story.sends_and_closes(Client, "b")?;
    ends(story)
}

fn crosses(story: &mut Story<'_>) -> Result<(), LabError> {
    story.exchange("a", "A")?;
    story.crosses_at_both_ends()?;
    story.silence(6.0)
}

fn sends_in_vain(story: &mut Story<'_>) -> Result<(), LabError> {
    crosses(story)?;
    for word in ["b", "c", "d"] {
        story.client_sends(word)?;
        story.watches_on(PAUSE)?;
    }
    Ok(())
}

fn ends(story: &mut Story<'_>) -> Result<(), LabError> {
    story.awaits(Client, Undelivered)?;
    story.reads_metrics()?;
    story.watches_on(2.0)?;
    story.server_received_no_more()?;
    story.reads_alerts()
}
