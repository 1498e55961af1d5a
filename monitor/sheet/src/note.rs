//! What was noted of a connection when it happened.

use monitor_common::FactKind;
use monitor_model::detail::{EventKind, TimelineEvent};
use monitor_model::format::{bytes, count, duration_of};
use monitor_model::time::Timestamp;

/// One thing that the kernel side told of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// When it was.
    pub time: Timestamp,
    /// What it was.
    pub kind: FactKind,
    /// Payload of the segment that arrived, in bytes; 0 where none did.
    pub payload: u32,
    /// Retransmission timeouts in a row by then.
    pub timeouts: u8,
    /// The silence that it ended, in ns; 0 where it ended none.
    pub silence_ns: u64,
    /// The name of the state that the connection went to, where it changed.
    pub state: Option<&'static str>,
}

impl Note {
    /// As moments of a timeline: the silence before it, and itself.
    pub(crate) fn events(&self) -> impl Iterator<Item = TimelineEvent> {
        let silence = (self.silence_ns > 0).then(|| {
            let ns = i64::try_from(self.silence_ns).unwrap_or(i64::MAX);
            let seconds = self.silence_ns as f64 / 1e9;
            TimelineEvent {
                time: Timestamp::of(self.time.unix_ns().saturating_sub(ns)),
                what: EventKind::Silence,
                seconds: Some(seconds),
                wrong: false,
                text: format!("silence: {}", duration_of(seconds)),
            }
        });
        silence.into_iter().chain(self.event())
    }

    fn event(&self) -> Option<TimelineEvent> {
        let (what, text) = match self.kind {
            FactKind::GapEndedBySend | FactKind::Sent => (EventKind::Sent, "sends".to_owned()),
            FactKind::GapEndedByReceive | FactKind::AckArrived | FactKind::PayloadArrived => {
                match self.payload {
                    0 => (
                        EventKind::Acknowledged,
                        "a segment without data arrives".to_owned(),
                    ),
                    payload => (
                        EventKind::Received,
                        format!("{} arrive", bytes(payload.into())),
                    ),
                }
            }
            FactKind::Retransmitted => {
                // The timeout that this sends for is counted after it.
                let timeouts = u64::from(self.timeouts) + 1;
                let text = match self.timeouts {
                    0 => "sends again what is not acknowledged".to_owned(),
                    _ => format!("sends again: {} in a row", count(timeouts, "attempt")),
                };
                (EventKind::SentAgain, text)
            }
            FactKind::ResetReceived => (EventKind::ResetReceived, "a RST arrives".to_owned()),
            FactKind::ResetSent => (EventKind::ResetSent, "sends a RST".to_owned()),
            FactKind::StateChanged => {
                let state = self.state.unwrap_or("unknown");
                (EventKind::State, format!("its state becomes {state}"))
            }
            // A look is no moment of the connection's, and what ends a suspicion none either.
            FactKind::Swept | FactKind::ProbationOver => return None,
        };
        Some(TimelineEvent {
            time: self.time,
            what,
            seconds: None,
            wrong: matches!(what, EventKind::ResetReceived | EventKind::ResetSent),
            text,
        })
    }
}
