//! What a reader asks for.

use crate::moment::Moment;
use crate::record::Kind;

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// From this moment on, in ns since 1970.
    pub from: i64,
    /// To this one, which is not part of it.
    pub until: i64,
    /// The present moment, where it is known: what was written in this boot is then placed by the clock that does not step,
    /// as today's wall clock would have it.
    pub now: Option<Moment>,
}

impl Range {
    /// Everything.
    pub const ALL: Self = Self {
        from: i64::MIN,
        until: i64::MAX,
        now: None,
    };

    /// The last `ns` before `now`, and all that comes.
    pub fn since(ns: u64, now: Moment) -> Self {
        let ns = i64::try_from(ns).unwrap_or(i64::MAX);
        Self {
            from: now.wall_unix_ns.saturating_sub(ns),
            until: i64::MAX,
            now: Some(now),
        }
    }

    /// Whether what was written at `at` is part of it.
    pub fn contains(&self, at: &Moment) -> bool {
        let wall = self.now.map_or(at.wall_unix_ns, |now| now.wall_of(at));
        (self.from..self.until).contains(&wall)
    }

    /// Whether all that was written before `at`, which a segment begins with, is surely too early. Only within this boot:
    /// across boots the wall clock may have been set back.
    pub(crate) fn all_before_is_too_early(&self, at: &Moment) -> bool {
        self.now
            .is_some_and(|now| now.boot_id == at.boot_id && now.wall_of(at) <= self.from)
    }
}

/// Which kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// Every kind.
    pub const ALL: Self = Self(u8::MAX);

    /// These.
    pub fn of(kinds: &[Kind]) -> Self {
        Self(kinds.iter().fold(0, |bits, kind| bits | kind.bit()))
    }

    /// Whether `kind` is one of them.
    pub fn contains(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }
}

/// What a reader shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// By time.
    pub range: Range,
    /// By kind.
    pub kinds: Kinds,
}

impl Filter {
    /// Everything.
    pub const ALL: Self = Self {
        range: Range::ALL,
        kinds: Kinds::ALL,
    };
}
