//! What is said where what is due is not acknowledged, after a silence or without one.

use crate::advice;
use crate::connection::{local, remote};
use crate::evidence::EvidenceList;
use crate::fact_view::FactView;
use crate::farewell::{Farewell, farewell};
use crate::heard::Heard;
use crate::keepalive::Settings;
use crate::ruling::Ruling;
use crate::sizes::too_large;
use crate::stalls::snapshot::{refused_here, waiting_bytes};
use crate::thresholds::SACKED_PAGE_NS;
use crate::unanswered::{self, Sign};
use monitor_common::TcpState;
use monitor_model::finding::Severity;
use monitor_model::format;

/// What shows it.
pub(crate) struct Lost<'a> {
    pub(crate) view: &'a FactView<'a>,
    pub(crate) settings: &'a Settings,
    pub(crate) sign: Sign,
    pub(crate) timeouts: u8,
    pub(crate) probes: u8,
    /// How long nothing new was acknowledged, in ns.
    pub(crate) waited_ns: u64,
    pub(crate) heard: Option<Heard>,
    /// Segments of the peer's meanwhile.
    pub(crate) segments: u32,
    /// It was sent well before the application closed, if that has.
    pub(crate) sent_before_close: bool,
    /// When the judge began, CLOCK_MONOTONIC in ns.
    pub(crate) began_ns: u64,
    /// What to do where nothing else says better; `None` leaves it to how others fare.
    pub(crate) advice: Option<String>,
}

impl Lost<'_> {
    /// Whether this host itself refuses to let out what waits, or has lost the address that the answer would come to.
    pub(crate) fn refused_here(&self) -> bool {
        self.refused() || self.view.address_gone
    }

    fn refused(&self) -> bool {
        self.sign == Sign::Probes && refused_here(&self.view.fact.socket)
    }

    /// The ruling that says so, about what has not moved, or was silent, for `length_ns`.
    pub(crate) fn ruling(self, length_ns: u64) -> Ruling {
        let socket = &self.view.fact.socket;
        let farewell = farewell(self.view, self.sent_before_close);
        let before_start = self.view.at.ns.saturating_sub(self.waited_ns) < self.began_ns;
        let already_dead = before_start && farewell.is_some();
        let too_large = self.heard.and_then(|_| too_large(socket));
        let mut evidence = EvidenceList::default();
        evidence
            .count("timeouts", self.timeouts)
            .count("unanswered_probes", self.probes)
            .count("ack_progress_bytes", 0_u32)
            .count("segments_received", self.segments)
            .count("unacknowledged_bytes", waiting_bytes(socket))
            .seconds("seconds_without_ack", self.waited_ns);
        if let Some(heard) = self.heard {
            evidence.text("peer_heard", heard.word());
        }
        if let Some(sizes) = too_large {
            evidence
                .text("mtu", "suspected")
                .count("in_flight_segment_bytes", sizes.in_flight)
                .count(
                    "acknowledged_segment_bytes_at_most",
                    sizes.acknowledged_at_most,
                );
        }
        let refused = self.refused();
        let address_gone = self.view.address_gone;
        if refused || address_gone && local(socket).is_ipv4() {
            evidence.flag("refused_by_this_host", true);
        }
        if address_gone {
            evidence.text("own_address_gone", local(socket).ip().to_string());
        }
        if let Sign::Error(errno) = self.sign {
            evidence.text("error", format!("{errno:?}"));
        }
        if let Some(farewell) = farewell {
            evidence.flag("nobody_waits", true);
            if let Farewell::Lost { bytes } = farewell {
                evidence.count("lost_bytes_at_most", bytes);
            }
        }
        if before_start {
            evidence.flag("began_before_start", true);
        }
        if already_dead {
            evidence.flag("already_dead", true);
        }
        self.settings.add_to(&mut evidence);
        let advice = match (farewell, too_large, self.heard) {
            (Some(Farewell::Goodbye), ..) => None,
            (Some(Farewell::Lost { .. }), ..) => Some(advice::lost_unseen()),
            _ if address_gone => Some(advice::address_gone(
                local(socket).ip(),
                remote(socket).ip(),
            )),
            _ if refused => Some(advice::refused_here(self.settings)),
            (None, Some(_), _) => Some(advice::mtu()),
            (None, None, Some(Heard::Sacked)) => Some(advice::one_segment()),
            (None, None, Some(Heard::Refused)) => Some(advice::refused_there()),
            (None, None, Some(Heard::OneWay)) => Some(
                self.advice
                    .clone()
                    .unwrap_or_else(|| advice::one_way(self.settings)),
            ),
            (None, None, None) => self.advice.clone(),
        };
        Ruling {
            severity: if already_dead {
                Severity::None
            } else {
                self.severity(farewell)
            },
            may_be_silence: self.heard.is_none() && !refused && !address_gone,
            gone: self.heard.is_none() && !refused && !address_gone,
            left_behind: farewell.is_some(),
            peer_closed: matches!(
                self.view.state(),
                Some(TcpState::CloseWait | TcpState::LastAck)
            ),
            given_up: matches!(self.sign, Sign::Error(_)),
            summary_tail: self.summary(refused, farewell, too_large.is_some()),
            evidence,
            advice,
            ..Ruling::of(length_ns)
        }
    }

    fn severity(&self, farewell: Option<Farewell>) -> Severity {
        match farewell {
            Some(Farewell::Goodbye) => Severity::None,
            Some(Farewell::Lost { .. }) => Severity::Ticket,
            None if self.heard == Some(Heard::Sacked) && self.waited_ns < SACKED_PAGE_NS => {
                Severity::Ticket
            }
            None => Severity::Page,
        }
    }

    fn summary(&self, refused: bool, farewell: Option<Farewell>, too_large: bool) -> String {
        let no_ack = match self.heard {
            Some(_) => "no ACK of anything new",
            None => "no ACK since",
        };
        let mut words = match self.sign {
            Sign::Timeouts => format!(
                "{}, {no_ack}",
                format::count(self.timeouts.into(), "timeout")
            ),
            Sign::Probes if refused => unanswered::refused(self.probes),
            Sign::Probes => format!("{} unanswered", format::count(self.probes.into(), "probe")),
            Sign::Time => format!("no ACK for {}", format::duration(self.waited_ns)),
            Sign::Error(errno) => format!("given up with {errno:?}, no ACK since"),
        };
        if let Some(heard) = self.heard {
            words.push_str("; ");
            words.push_str(heard.words());
        }
        if self.view.address_gone {
            words.push_str("; its own address ");
            words.push_str(&local(&self.view.fact.socket).ip().to_string());
            words.push_str(" is on no interface of this host");
        }
        if too_large {
            words.push_str("; no segment of this size ever arrived: suspect the path's MTU");
        }
        match farewell {
            None => {}
            Some(Farewell::Goodbye) => {
                words.push_str("; the application has closed: it was its goodbye")
            }
            Some(Farewell::Lost { bytes }) => {
                words.push_str("; the application has closed, and is not told that up to ");
                words.push_str(&format::bytes(bytes.into()));
                words.push_str(" are lost");
            }
        }
        words
    }
}

/// What is said where the peer sends the same again and again, `resent` times in `lasted_ns`: our ACKs do not arrive.
/// About what has not moved, or was silent, for `length_ns`.
pub(crate) fn unheard(
    resent: u32,
    lasted_ns: u64,
    settings: &Settings,
    advice: String,
    length_ns: u64,
) -> Ruling {
    let mut evidence = EvidenceList::default();
    evidence
        .text("peer_heard", Heard::OneWay.word())
        .count("resent_segments", resent)
        .count("payload_bytes", 0_u32)
        .seconds("seconds_without_news", lasted_ns);
    settings.add_to(&mut evidence);
    Ruling {
        severity: Severity::Page,
        evidence,
        advice: Some(advice),
        summary_tail: format!(
            "the peer has sent the same {}: it hears no ACK of ours",
            format::count(resent.into(), "time")
        ),
        ..Ruling::of(length_ns)
    }
}
