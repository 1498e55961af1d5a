//! What is seen of few gaps: kept apart, so that those of fifty thousand connections that nobody answers take less memory.

use crate::resent::Resent;
use crate::window_probe::Held;
use std::ops::{Deref, DerefMut};

/// A FIN from the peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fin {
    pub(crate) ns: u64,
    /// Bytes that were not acknowledged then.
    pub(crate) outstanding: u32,
    /// It ended the silence: nothing came between but, perhaps, a goodbye that belongs to it.
    pub(crate) in_silence: bool,
    /// This host's application sent after it.
    pub(crate) sent_after: bool,
}

/// What is seen of few gaps.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Where what it sends used to be answered: how long an answer may take before it is out of the ordinary, in ns.
    pub(crate) patience_ns: Option<u64>,
    /// The end of the data that later looks at the socket have shown to be written since.
    pub(super) written: Option<u32>,
    /// When payload first came since.
    pub(crate) payload_ns: Option<u64>,
    /// What waits behind the peer's closed window, as it was when that was seen first.
    pub(super) held: Option<Held>,
    /// When a window probe was seen to be answered since.
    pub(crate) probe_answered_ns: Option<u64>,
    /// What came of the peer's since, and was no news.
    pub(crate) resent: Option<Resent>,
    pub(crate) fin: Option<Fin>,
    /// When this host sent a reset.
    pub(crate) reset_sent_ns: Option<u64>,
    /// When the connection was closed.
    pub(crate) closed_ns: Option<u64>,
    /// Its application has closed it, or shut its side down, with something due: by when the next two timeouts came then, in
    /// ns.
    pub(crate) closing_until_ns: Option<u64>,
    /// It was told that its application has closed it, likewise: by when the next two timeouts come if nobody has answered
    /// by then what it left behind.
    pub(crate) left_until_ns: Option<u64>,
}

static NOTHING: Seen = Seen {
    patience_ns: None,
    written: None,
    payload_ns: None,
    held: None,
    probe_answered_ns: None,
    resent: None,
    fin: None,
    reset_sent_ns: None,
    closed_ns: None,
    closing_until_ns: None,
    left_until_ns: None,
};

/// All of it. It takes memory from when any of it is written on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seldom(Option<Box<Seen>>);

impl Seldom {
    /// Of a gap at whose end this waited behind the peer's closed window, if anything did.
    pub(super) fn holding(held: Option<Held>) -> Self {
        let mut seldom = Self::default();
        if held.is_some() {
            seldom.held = held;
        }
        seldom
    }

    /// How long an answer may take; `None` where none is out of the ordinary.
    pub(crate) fn has_patience(&mut self, patience_ns: Option<u64>) {
        if patience_ns.is_some() {
            self.patience_ns = patience_ns;
        }
    }
}

impl Deref for Seldom {
    type Target = Seen;

    fn deref(&self) -> &Seen {
        self.0.as_deref().unwrap_or(&NOTHING)
    }
}

impl DerefMut for Seldom {
    fn deref_mut(&mut self) -> &mut Seen {
        self.0.get_or_insert_with(|| Box::new(NOTHING.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_takes_no_memory_and_what_is_written_stays() {
        let mut seldom = Seldom::default();
        assert_eq!(seldom.closed_ns, None);
        assert!(seldom.0.is_none());
        seldom.closed_ns = Some(7);
        assert_eq!((seldom.closed_ns, seldom.left_until_ns), (Some(7), None));
    }
}
