//! The words that a scenario declares its truth in.

use super::{
    AlertDue, Certainty, Conclusion, Due, INTERRUPTED, ListingDue, MetricDue, Severity, Shows,
    Truth, UNREACHABLE, Verdict,
};
use crate::ends::End;
use crate::simulated_middlebox::Clock;
use std::ops::{Range, RangeInclusive};

impl Truth {
    /// A truth in which nothing is ever said.
    pub fn of_path(path: &'static str, timeout_seconds: u32) -> Self {
        Self {
            path,
            timeout_seconds,
            pathless: false,
            clock: Clock::Packets,
            connections: 1,
            due: Vec::new(),
            allowed: Vec::new(),
            quiet: false,
            unwatched: None,
            verdict: None,
            alerts_in_silence: Vec::new(),
            alerts: Vec::new(),
            metrics: Vec::new(),
            listing: Vec::new(),
        }
    }

    /// Says that only application data ends a silence on this path.
    pub fn counting_payload(mut self) -> Self {
        self.clock = Clock::Payload;
        self
    }

    /// Adds that `end` crosses its timeout in silence: a finding for somebody to read
    /// within one sweep or two, an alert as long as the silence lasts, and a warning
    /// before, perhaps.
    pub fn crosses(mut self, end: End) -> Self {
        self.allowed.push((end, Conclusion::AtRisk));
        let timeout = f64::from(self.timeout_seconds);
        let sweeps = 2.0;
        self.alerts_in_silence.push(AlertDue {
            name: Conclusion::Crossed.alert(),
            severity: Severity::Ticket,
            end,
            connections: 1,
        });
        self.due(
            end,
            Conclusion::Crossed,
            Severity::Ticket,
            timeout..=timeout + sweeps,
        )
    }

    /// [`Self::crosses`] at each end.
    pub fn crosses_at_both_ends(self) -> Self {
        self.crosses(End::Client).crosses(End::Server)
    }

    /// Adds a finding that must be said.
    pub fn due(
        mut self,
        end: End,
        conclusion: Conclusion,
        severity: Severity,
        gap_seconds: RangeInclusive<f64>,
    ) -> Self {
        self.due.push(Due {
            end,
            connections: 0..1,
            conclusion,
            severity,
            certainty: Certainty::Observed,
            gap_seconds: [*gap_seconds.start(), *gap_seconds.end()],
            provoked: true,
            scope: None,
            advice: None,
            summary: None,
            advice_not_first: None,
            unsaid: None,
            evidence: Vec::new(),
        });
        self
    }

    /// Changes the finding named last.
    fn last(mut self, change: impl FnOnce(&mut Due)) -> Self {
        if let Some(last) = self.due.last_mut() {
            change(last);
        }
        self
    }

    /// Adds that `end` is warned before its timeout, with advice that holds `reason`.
    pub fn warned(self, end: End, reason: &'static str) -> Self {
        let timeout = f64::from(self.timeout_seconds);
        let (conclusion, severity) = (Conclusion::AtRisk, Severity::None);
        self.due(end, conclusion, severity, 0.0..=timeout)
            .last(|last| last.advice = Some(reason))
    }

    /// Adds a stall that must be said after nothing has moved for so many seconds,
    /// with the severity and certainty that its cause has.
    pub fn stalls(self, end: End, cause: Conclusion, unmoved_seconds: RangeInclusive<f64>) -> Self {
        let severity = match cause {
            Conclusion::StallBlackholed => Severity::Page,
            Conclusion::AwaitingReply | Conclusion::Mtu | Conclusion::Unexplained => {
                Severity::Ticket
            }
            _ => Severity::None,
        };
        let due = self.due(end, cause, severity, unmoved_seconds);
        match cause {
            Conclusion::AwaitingReply => due.suspected(),
            _ => due,
        }
    }

    /// Says that the story has so many connections. What is not due is due about none.
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Makes the finding named last due about each of these connections.
    pub fn about(self, connections: Range<usize>) -> Self {
        self.last(|last| last.connections = connections)
    }

    /// Makes the finding named last one that says that the peer or the network is down.
    pub fn says_unreachable(self) -> Self {
        self.last(|last| last.scope = Some("peer_or_network"))
    }

    /// Makes the finding named last a suspicion: one host alone cannot prove it.
    pub fn suspected(self) -> Self {
        self.last(|last| last.certainty = Certainty::Suspected)
    }

    /// Adds a number that the finding named last must rest on.
    pub fn resting_on(self, fact: &'static str, value: RangeInclusive<f64>) -> Self {
        self.with_fact(fact, Shows::Between([*value.start(), *value.end()]))
    }

    /// Adds a fact that the finding named last must show as this word.
    pub fn showing(self, fact: &'static str, word: &'static str) -> Self {
        self.with_fact(fact, Shows::Word(word))
    }

    fn with_fact(self, fact: &'static str, shows: Shows) -> Self {
        self.last(|last| last.evidence.push((fact, shows)))
    }

    /// Adds words that the summary of the finding named last must hold.
    pub fn saying(self, words: &'static str) -> Self {
        self.last(|last| last.summary = Some(words))
    }

    /// Adds a fact that the finding named last must not hold.
    pub fn without(self, fact: &'static str) -> Self {
        self.with_fact(fact, Shows::Absent)
    }

    /// Adds words that the summary of the finding named last must not hold.
    pub fn not_saying(self, words: &'static str) -> Self {
        self.last(|last| last.unsaid = Some(words))
    }

    /// Adds words that the advice of the finding named last must not begin with.
    pub fn not_advising_first(self, words: &'static str) -> Self {
        self.last(|last| last.advice_not_first = Some(words))
    }

    /// Says that the stated path does not cover the connections, and that none does.
    pub fn on_no_path(mut self) -> Self {
        self.pathless = true;
        self
    }

    /// Says that no send provokes the finding named last: how soon it comes is not
    /// reported.
    pub fn unprovoked(self) -> Self {
        self.last(|last| last.provoked = false)
    }

    /// Makes the finding named last the verdict, whose time is reported.
    pub fn timed(mut self) -> Self {
        self.verdict = self.due.last().map(|last| Verdict {
            end: last.end,
            conclusion: last.conclusion,
        });
        self
    }

    /// Adds something that may be said once, or not.
    pub fn allows(mut self, end: End, conclusion: Conclusion) -> Self {
        self.allowed.push((end, conclusion));
        self
    }

    /// Adds an alert that fires at the end.
    pub fn leaves_firing(self, conclusion: Conclusion, severity: Severity, end: End) -> Self {
        self.fires(conclusion.alert(), severity, end, 1)
    }

    /// Adds an alert that still fires at the end, for whoever looks seldom, though its
    /// connections are in trouble no more.
    pub fn leaves_ended(self, conclusion: Conclusion, severity: Severity, end: End) -> Self {
        self.fires(conclusion.alert(), severity, end, 0)
    }

    /// Makes the alert named last one for so many connections.
    pub fn for_connections(mut self, connections: u64) -> Self {
        if let Some(last) = self.alerts.last_mut() {
            last.connections = connections;
        }
        self
    }

    /// Adds the page that fires at the end for all of `end`'s connections to a peer
    /// or a network that is down.
    pub fn leaves_unreachable(self, end: End, connections: u64) -> Self {
        self.fires(UNREACHABLE, Severity::Page, end, connections)
    }

    /// Adds the ticket, left in the end, that counts what mended at `end` before it paged.
    pub fn leaves_interrupted(self, end: End) -> Self {
        self.fires(INTERRUPTED, Severity::Ticket, end, 0)
    }

    fn fires(mut self, name: &'static str, severity: Severity, end: End, connections: u64) -> Self {
        self.alerts.push(AlertDue {
            name,
            severity,
            end,
            connections,
        });
        self
    }

    /// Nobody may be woken, ever, but by the tickets that are due on the way; and
    /// nothing may be left firing at the end.
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Lets `end` stand for a host without `tcplull`: what is said about it is not
    /// looked at.
    pub fn unwatched(mut self, end: End) -> Self {
        self.unwatched = Some(end);
        self
    }

    /// Adds a counter of this path that has reached 1 while the story runs.
    pub fn counts(mut self, name: &'static str, labels: &[(&'static str, &'static str)]) -> Self {
        let mut labels = labels.to_vec();
        labels.push(("path", self.path));
        self.metrics.push(MetricDue {
            name,
            labels,
            at_least: 1.0,
        });
        self
    }

    /// Adds that, in the silence, `ls` shows `end` with payload idle beyond the
    /// timeout, packets idle below it, and the keepalive that its socket has.
    pub fn lists_kept_alive(mut self, end: End, keepalive: Option<[u32; 2]>) -> Self {
        let timeout = f64::from(self.timeout_seconds);
        self.listing.push(ListingDue {
            end,
            payload_idle_over: timeout,
            packet_idle_under: timeout,
            keepalive,
        });
        self
    }
}
