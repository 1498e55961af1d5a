//! Whether the end of a silence says anything of the timeout. What may have had another cause says nothing: a bound that is
//! missing misleads nobody.

use crate::blame::Blame;
use crate::paths::{JudgedPath, PeerRole};
use crate::peers::siblings::SiblingCounts;
use crate::ruling::Bearing;
use monitor_model::finding::{Outcome, Role};

/// What is known of how a silence ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proof {
    pub(crate) outcome: Outcome,
    pub(crate) bearing: Bearing,
    pub(crate) blamed: Blame,
    /// Whether more than silent connections fail there.
    pub(crate) beyond: bool,
    pub(crate) others: SiblingCounts,
    /// Whether the peer [`comes_and_goes`].
    pub(crate) comes_and_goes: bool,
    /// When the silence began, at the earliest, CLOCK_MONOTONIC in ns.
    pub(crate) since_ns: u64,
    /// Whether what ended the silence came from this host.
    pub(crate) by_us: bool,
}

/// What it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bears {
    /// The timeout is longer.
    Survived,
    /// The timeout is no longer.
    Died,
    /// What was taken for a death was none: answers came again.
    Retracted,
    /// Connections die there by something else than the timeout: a longer silence was survived lately.
    Doubted,
    /// Nothing.
    Nothing,
}

/// What the end of a silence says of the timeout.
pub(crate) fn bears(proof: &Proof) -> Bears {
    if proof.outcome == Outcome::Recovered {
        return Bears::Retracted;
    }
    // A longer silence of the same hour was survived, others fail that were not silent, or the client has gone.
    let not_the_silence = proof.beyond || matches!(proof.blamed, Blame::Cleared | Blame::Gone);
    match proof.bearing {
        Bearing::Failed if proof.blamed == Blame::Cleared => Bears::Doubted,
        _ if not_the_silence => Bears::Nothing,
        Bearing::Survived => Bears::Survived,
        Bearing::Failed if of_the_path(proof) => Bears::Died,
        Bearing::Failed | Bearing::Neutral => Bears::Nothing,
    }
}

/// Whether the peer is a client of this host's that comes and goes: where one vanishes, nobody knows of what.
pub(crate) fn comes_and_goes(role: Role, path: Option<&JudgedPath>) -> bool {
    role == Role::Server && path.is_none_or(|path| path.role == PeerRole::Clients)
}

/// Whether the path has forgotten it, and not the peer: the peer's other connections live.
fn of_the_path(proof: &Proof) -> bool {
    if proof.comes_and_goes || proof.others.moving == 0 {
        return false;
    }
    match proof.outcome {
        // A peer that has started anew would say RST.
        Outcome::Blackholed => true,
        // It may be that RST, unless the peer has others from before the silence. One that comes of itself may be the
        // application's there.
        Outcome::Reset => {
            let oldest_ns = proof.others.oldest_moving_ns;
            proof.by_us && oldest_ns.is_some_and(|oldest_ns| oldest_ns < proof.since_ns)
        }
        // An ACK that is forged is suspected, and a FIN is a goodbye.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn others(moving: u64, oldest_moving_ns: Option<u64>) -> SiblingCounts {
        let mut others = SiblingCounts::default();
        others.moving = moving;
        others.oldest_moving_ns = oldest_moving_ns;
        others
    }

    fn proof() -> Proof {
        Proof {
            outcome: Outcome::Blackholed,
            bearing: Bearing::Failed,
            blamed: Blame::AsStated,
            beyond: false,
            others: others(1, Some(5)),
            comes_and_goes: false,
            since_ns: 10,
            by_us: true,
        }
    }

    fn reset() -> Proof {
        Proof {
            outcome: Outcome::Reset,
            ..proof()
        }
    }

    #[test]
    fn a_death_counts_where_the_peer_s_other_connections_live() {
        assert_eq!(bears(&proof()), Bears::Died);
        assert_eq!(bears(&reset()), Bears::Died);
        let below = Proof {
            blamed: Blame::Below,
            ..proof()
        };
        assert_eq!(
            bears(&below),
            Bears::Died,
            "below what was stated: that may be wrong"
        );
    }

    #[test]
    fn a_dead_peer_a_dead_network_and_a_goodbye_say_nothing() {
        let (alone, anew) = (others(0, None), others(3, Some(11)));
        let nothing = [
            (
                "nobody else lives",
                Proof {
                    others: alone,
                    ..proof()
                },
            ),
            (
                "others fail",
                Proof {
                    beyond: true,
                    ..proof()
                },
            ),
            (
                "the client has gone",
                Proof {
                    blamed: Blame::Gone,
                    ..proof()
                },
            ),
            (
                "clients come and go",
                Proof {
                    comes_and_goes: true,
                    ..proof()
                },
            ),
            (
                "the peer started anew",
                Proof {
                    others: anew,
                    ..reset()
                },
            ),
            (
                "RST in the silence",
                Proof {
                    by_us: false,
                    ..reset()
                },
            ),
            (
                "FIN",
                Proof {
                    outcome: Outcome::Closed,
                    ..proof()
                },
            ),
            (
                "suspected",
                Proof {
                    outcome: Outcome::Undelivered,
                    ..proof()
                },
            ),
            (
                "of the peer's own kernel",
                Proof {
                    bearing: Bearing::Neutral,
                    ..reset()
                },
            ),
        ];
        for (why, proof) in nothing {
            assert_eq!(bears(&proof), Bears::Nothing, "{why}");
        }
    }

    #[test]
    fn a_death_below_what_was_survived_lately_is_a_doubt_whoever_else_lives() {
        for others in [others(1, Some(5)), others(0, None)] {
            let proof = Proof {
                blamed: Blame::Cleared,
                others,
                ..proof()
            };
            assert_eq!(bears(&proof), Bears::Doubted);
        }
    }

    #[test]
    fn what_came_back_was_no_death() {
        let back = Proof {
            outcome: Outcome::Recovered,
            bearing: Bearing::Neutral,
            ..proof()
        };
        assert_eq!(bears(&back), Bears::Retracted);
    }
}
