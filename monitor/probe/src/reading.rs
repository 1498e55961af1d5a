//! What was seen of one silent connection, and what that comes to.

use monitor_model::probe::Expiry;
use std::time::Duration;

/// What was seen of a connection that was silent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How long it was silent, until the first word or until it ended by itself.
    pub lasted: Duration,
    /// What became of it, from here.
    pub end: End,
    /// What became of a new connection that was opened beside it.
    pub fresh: Fresh,
    /// What the other side says that it saw; `None` where it is not ours.
    pub peer: Option<PeerSaw>,
}

/// What became of a silent connection, as this host saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The first word passed, and its answer came.
    Answered,
    /// A FIN came during the silence.
    ClosedInSilence,
    /// A RST came during the silence.
    ResetInSilence,
    /// A FIN came after the first word, in place of an answer.
    ClosedOnWord,
    /// A RST came after the first word.
    ResetOnWord,
    /// ICMP said after the first word that there is no way.
    Unreachable,
    /// Nothing came. Of a word that was said here: whether somebody acknowledged it.
    Unanswered {
        /// Nothing that was sent is unacknowledged.
        acknowledged: bool,
    },
    /// Something came that is no answer, or this host failed.
    Nonsense(String),
}

/// What became of a new connection to the same address and port, beside one that was not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fresh {
    /// None was needed.
    NotTried,
    /// It was answered.
    Answered,
    /// It was not, and why.
    Failed(String),
}

/// What the other side says of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerSaw {
    /// It does not know the connection: it was started anew, or somebody else answers in its place.
    Unknown,
    /// It does.
    Known {
        /// A word came from here after the silence.
        heard: bool,
        /// What it said itself was acknowledged; `false` as well where it said nothing.
        acknowledged: bool,
        /// How the connection ended there.
        end: PeerEnd,
    },
}

/// How a connection ended at the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerEnd {
    /// It has not ended.
    None,
    /// By a FIN.
    Closed,
    /// By a RST.
    Reset,
    /// By ICMP.
    Unreachable,
    /// The other side ended it itself, for it has bounds.
    Bound,
}

/// What a connection comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The silence was survived.
    Survived,
    /// It was not, and that looked so.
    Expired(Expiry),
    /// New connections do not get through either, and why.
    Dead(String),
    /// It says nothing of the path, and why.
    Unusable(String),
}

/// What was seen comes to this. `outside` says that the other side had the first word.
pub fn read(seen: &Seen, outside: bool) -> Reading {
    let end = match &seen.end {
        End::Answered => return Reading::Survived,
        End::Nonsense(what) => return Reading::Unusable(what.clone()),
        end => end,
    };
    match &seen.fresh {
        Fresh::Answered => {}
        Fresh::Failed(why) => return Reading::Dead(why.clone()),
        Fresh::NotTried => {
            return Reading::Unusable("no new connection was tried beside it".to_owned());
        }
    }
    match seen.peer {
        Some(PeerSaw::Unknown) => Reading::Unusable(
            "the other side does not know the connection: was it started anew, or does somebody answer in its place?"
                .to_owned(),
        ),
        Some(PeerSaw::Known {
            end: PeerEnd::Bound,
            ..
        }) => Reading::Unusable("the other side ended it, by its own bounds".to_owned()),
        peer => Reading::Expired(expiry(end, outside, peer)),
    }
}

fn expiry(end: &End, outside: bool, peer: Option<PeerSaw>) -> Expiry {
    match (end, peer) {
        (End::ClosedInSilence, _) => Expiry::FinAtOnce,
        (End::ResetInSilence, _) => Expiry::ResetAtOnce,
        // Of the other side's word, that side saw what became.
        (
            _,
            Some(PeerSaw::Known {
                acknowledged, end, ..
            }),
        ) if outside => match end {
            PeerEnd::Reset => Expiry::ResetOnNextPacket,
            PeerEnd::Closed => Expiry::FinOnNextPacket,
            PeerEnd::Unreachable => Expiry::Unreachable,
            PeerEnd::None | PeerEnd::Bound if acknowledged => Expiry::ForgedAck,
            PeerEnd::None | PeerEnd::Bound => Expiry::Drop,
        },
        (End::ClosedOnWord, _) => Expiry::FinOnNextPacket,
        (End::ResetOnWord, _) => Expiry::ResetOnNextPacket,
        (End::Unreachable, _) => Expiry::Unreachable,
        (_, Some(PeerSaw::Known { heard: true, .. })) => Expiry::AnswerLost,
        (End::Unanswered { acknowledged: true }, _) => Expiry::ForgedAck,
        _ => Expiry::Drop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: PeerSaw = PeerSaw::Known {
        heard: false,
        acknowledged: false,
        end: PeerEnd::None,
    };

    fn seen(end: End, fresh: Fresh, peer: Option<PeerSaw>) -> Seen {
        Seen {
            lasted: Duration::from_secs(5),
            end,
            fresh,
            peer,
        }
    }

    fn became(end: End, outside: bool, peer: Option<PeerSaw>) -> Reading {
        read(&seen(end, Fresh::Answered, peer), outside)
    }

    #[test]
    fn each_end_has_its_name() {
        let silent = End::Unanswered {
            acknowledged: false,
        };
        let forged = End::Unanswered { acknowledged: true };
        for (end, expiry) in [
            (End::ClosedInSilence, Expiry::FinAtOnce),
            (End::ResetInSilence, Expiry::ResetAtOnce),
            (End::ClosedOnWord, Expiry::FinOnNextPacket),
            (End::ResetOnWord, Expiry::ResetOnNextPacket),
            (End::Unreachable, Expiry::Unreachable),
            (silent.clone(), Expiry::Drop),
            (forged.clone(), Expiry::ForgedAck),
        ] {
            for peer in [None, Some(KNOWN)] {
                let expired = Reading::Expired(expiry);
                assert_eq!(became(end.clone(), false, peer), expired, "{end:?}");
            }
        }
        let heard = PeerSaw::Known {
            heard: true,
            acknowledged: false,
            end: PeerEnd::None,
        };
        let lost = Reading::Expired(Expiry::AnswerLost);
        assert_eq!(became(forged, false, Some(heard)), lost);
        assert_eq!(became(silent, false, Some(heard)), lost);
    }

    #[test]
    fn what_became_of_the_other_side_s_word_that_side_says() {
        let nothing = End::Unanswered { acknowledged: true };
        for (end, acknowledged, expiry) in [
            (PeerEnd::None, false, Expiry::Drop),
            (PeerEnd::None, true, Expiry::ForgedAck),
            (PeerEnd::Reset, false, Expiry::ResetOnNextPacket),
            (PeerEnd::Closed, false, Expiry::FinOnNextPacket),
            (PeerEnd::Unreachable, false, Expiry::Unreachable),
        ] {
            let peer = PeerSaw::Known {
                heard: false,
                acknowledged,
                end,
            };
            let expired = Reading::Expired(expiry);
            assert_eq!(became(nothing.clone(), true, Some(peer)), expired);
        }
    }

    #[test]
    fn nothing_is_said_of_the_path_where_something_else_explains_it() {
        let dead = seen(
            End::ResetOnWord,
            Fresh::Failed("refused".to_owned()),
            Some(KNOWN),
        );
        assert_eq!(read(&dead, false), Reading::Dead("refused".to_owned()));
        let bound = PeerSaw::Known {
            heard: false,
            acknowledged: false,
            end: PeerEnd::Bound,
        };
        for peer in [PeerSaw::Unknown, bound] {
            let reading = became(End::ClosedInSilence, false, Some(peer));
            assert!(matches!(reading, Reading::Unusable(_)), "{reading:?}");
        }
        let odd = became(End::Nonsense("500 bytes of noise".to_owned()), false, None);
        assert_eq!(odd, Reading::Unusable("500 bytes of noise".to_owned()));
        let answered = seen(End::Answered, Fresh::NotTried, None);
        assert_eq!(read(&answered, true), Reading::Survived);
    }
}
