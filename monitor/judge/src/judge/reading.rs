//! Reading what the judge knows of one connection: it changes nothing, and no verdict comes of it.

use super::Judge;
use crate::connection::Identity;
use crate::known::Known;
use crate::learn::LearnedBefore;
use crate::peers::siblings::Beside;
use crate::thresholds::LATELY_NS;
use monitor_common::{Fact, Socket};
use monitor_model::detail::SiblingsNow;
use monitor_model::learned::LearnedTimeout;

impl Judge {
    /// What is known of the connection of this fact, at the fact's time.
    pub fn known(&self, fact: &Fact) -> Known {
        let socket = &fact.socket;
        let identity = Identity::of(socket);
        let mut known = self.followed(socket, &identity);
        let waits_since_ns = self.contrasts.siblings.waits_since_ns(socket.cookie);
        known.waits_since_ns = waits_since_ns;
        let path = self.paths.find(fact.path_id).unwrap_or_default();
        let path = path.map(AsRef::as_ref);
        let gap_waits = known.gap.as_ref().filter(|gap| gap.open);
        let fails_since = [
            known.stalled_since_ns,
            gap_waits.map(|gap| gap.ended_ns),
            waits_since_ns,
        ];
        let fails_since = fails_since.into_iter().flatten().min();
        let beside = Beside {
            since_ns: fails_since.unwrap_or(fact.time_ns.saturating_sub(LATELY_NS)),
            fate_ns: fails_since.unwrap_or(fact.time_ns),
            now_ns: fact.time_ns,
        };
        let counts = self
            .contrasts
            .siblings
            .counts_beside(&identity, path, &beside);
        known.siblings = SiblingsNow {
            fine: counts.moving,
            newer: counts.newer,
            failing: counts.failing,
            connects_failing: counts.connects_failing,
        };
        let contrast = self.contrasts.of(path, identity.remote());
        known.longest_survived_ns = contrast.longest_survived_ns();
        known.shortest_failed_ns = contrast.shortest_failed_ns();
        known
    }

    /// The longest silence that was survived on the path of this name and the shortest that failed, in ns.
    pub fn silences_of(&self, path: &str) -> [Option<u64>; 2] {
        self.contrasts.of_path(path)
    }

    /// What was learned of the timeout of the path of this name (`None`: of connections without one), to each prefix: the
    /// shortest that is known comes first.
    pub fn learned(&self, path: Option<&str>) -> Vec<LearnedTimeout> {
        self.learned.of_path(path)
    }

    /// All that was learned, for [`crate::Input::Learned`] of a later run.
    pub fn learned_to_keep(&self) -> Vec<LearnedBefore> {
        self.learned.to_keep()
    }

    /// A number that is another one whenever something was learned since, or forgotten.
    pub fn learned_changes(&self) -> u64 {
        self.learned.changes()
    }

    /// What is followed on it.
    fn followed(&self, socket: &Socket, identity: &Identity) -> Known {
        let tracked = self.connections.get(&socket.cookie);
        let tracked = tracked.filter(|tracked| tracked.is_of(identity));
        let (stalled_since_ns, cause) = self
            .stalls
            .standing(socket.cookie, identity)
            .map_or((None, None), |(since_ns, cause)| (Some(since_ns), cause));
        Known {
            silent_since_ns: tracked.and_then(|tracked| tracked.silent_since_ns()),
            gap: tracked.and_then(|tracked| tracked.last_gap()),
            stalled_since_ns,
            cause,
            ..Known::default()
        }
    }
}
