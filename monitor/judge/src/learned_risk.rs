//! The warning that rests on what was learned, where no path states a timeout: a silence comes near to one that is fatal there.

use crate::advice;
use crate::connection::{self, Identity};
use crate::context::Context;
use crate::evidence::EvidenceList;
use crate::fact_view::FactView;
use crate::keepalive::{self, Settings};
use crate::report::{self, About};
use crate::ruling::Ruling;
use crate::thresholds::{LEARN_WARN_AT, MAX_LEARNED_RISKS};
use crate::verdict::Verdict;
use monitor_common::{FactKind, TcpState};
use monitor_model::finding::{Certainty, FindingKind};
use monitor_model::format;
use std::collections::BTreeMap;

/// Silences of which it was told, by the socket's cookie: until when each is fatal, CLOCK_MONOTONIC in ns. No other silence of
/// the same socket comes as far before that.
#[derive(Debug, Default)]
pub(crate) struct LearnedRisks {
    told: BTreeMap<u64, u64>,
    /// Silences that were not told of, for there was no room to remember them: each look at one counts.
    dropped: u64,
}

impl LearnedRisks {
    /// Tells it of the connection that a sweep shows here, once for each silence.
    pub(crate) fn look(&mut self, view: &FactView<'_>, context: &mut Context<'_>) {
        let (fact, socket) = (view.fact, &view.fact.socket);
        let silent = view.kind == FactKind::Swept
            && view.path.is_none()
            && view.state() == Some(TcpState::Established)
            && socket.packets_out == 0
            && socket.probes_out == 0;
        if !silent || self.told.contains_key(&socket.cookie) {
            return;
        }
        let Some(learned) = context.learned.fatal(connection::remote(socket).ip()) else {
            return;
        };
        let idle_ns = view.idle_ns();
        // Past it there is nothing to say before it ends: what is learned is no statement that can be crossed.
        if idle_ns >= learned.at_most_ns
            || (idle_ns as f64) < learned.at_most_ns as f64 * LEARN_WARN_AT
        {
            return;
        }
        let left_ns = learned.at_most_ns - idle_ns;
        if keepalive::probes_within(fact, left_ns, view.jiffy_ns) {
            return;
        }
        if self.told.len() >= MAX_LEARNED_RISKS {
            // What is not remembered would be told at each sweep.
            self.dropped += 1;
            return;
        }
        self.told
            .insert(socket.cookie, view.at.ns.saturating_add(left_ns));
        let settings = Settings::of(fact, view.jiffy_ns);
        let mut evidence = EvidenceList::default();
        evidence
            .seconds("packet_idle_seconds", fact.packet_idle_ns)
            .seconds("payload_idle_seconds", fact.payload_idle_ns)
            .seconds("time_left_seconds", left_ns);
        if let Some(at_least_ns) = learned.at_least_ns {
            evidence.seconds("learned_at_least_seconds", at_least_ns);
        }
        evidence
            .seconds("learned_at_most_seconds", learned.at_most_ns)
            .count("learned_deaths", learned.died)
            .count("learned_occasions", learned.occasions);
        settings.add_to(&mut evidence);
        let ruling = Ruling {
            evidence,
            advice: Some(advice::outlived(None, &settings)),
            summary_tail: format!(
                "{} of it were fatal there on {}, {} left",
                format::duration(learned.at_most_ns),
                format::count(learned.occasions, "occasion"),
                format::duration(left_ns)
            ),
            ..Ruling::of(idle_ns)
        };
        let about = About {
            kind: FindingKind::AtRisk,
            certainty: Certainty::Suspected,
            beside: None,
            before: None,
            settings: &settings,
            wall_unix_ns: view.at.wall_unix_ns,
            path: None,
            clock: view.clock(),
        };
        let identity = Identity::of(socket);
        let said = report::finding(ruling, &about, &identity, view.owner, context.contrasts);
        context.out.push(Verdict::Finding(Box::new(said.finding)));
    }

    /// Forgets silences that came to what is fatal by `now_ns`, or ended before.
    pub(crate) fn forget(&mut self, now_ns: u64) {
        self.told.retain(|_, fatal_ns| *fatal_ns > now_ns);
    }

    /// Looks at silences that found no room.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }
}
