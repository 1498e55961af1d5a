//! Lists that several ask for at about the same time, such as everybody who has the page open: one sweep finds all of them.
//! Who asks so says how old what it is told may be. What is asked for again and again is found by each of these sweeps,
//! whoever it is made for, so that ten readers of ten lists cost one sweep and not ten.

use super::candidate::Candidate;
use super::lister::Lister;
use super::lock::lock;
use super::row_room::{RowRoom, Taken};
use crate::surfaces::api::{ApiCounters, ConnectionQuery, Rows};
use monitor_common::Fact;
use monitor_model::api::ApiError;
use monitor_model::format::told_line;
use monitor_query::{First, Sort};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::time::sleep;

/// So many lists are shared at the most; who asks for another has a sweep of its own.
const LISTS: usize = 16;

/// Connections of all lists together that one sweep finds; each list has an equal part. The page's table asks for 500.
const ROWS: usize = 16_384;

/// What one of them takes at the most, found and as a line, in bytes.
const ROW_BYTES: usize = size_of::<Fact>() + 1_024;

/// So many sweeps may be held: the last, the next, and two that are read slowly.
const SWEEPS: usize = 4;

/// A list that nobody has asked for in this time is forgotten, and none is kept for longer, but for [`RESTS`].
const KEPT: Duration = Duration::from_secs(10);

/// So many times as long as a sweep took, what it found may serve who asks again and again: on a host with a million
/// connections they cost a tenth of a core at the most, and not all of one.
const RESTS: u32 = 10;

/// Which connections are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Those that this takes, however old they may be.
    List(ConnectionQuery),
    /// The one with this cookie.
    One(u64),
}

/// The lists. All clones are the same.
#[derive(Clone)]
pub(super) struct SharedLists {
    shared: Arc<Shared>,
    room: RowRoom,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    swept: Condvar,
}

#[derive(Default)]
struct State {
    lists: Vec<List>,
    /// A sweep is under way.
    sweeping: bool,
    /// How long the last one took.
    took: Duration,
}

/// One that is asked for.
struct List {
    wanted: Wanted,
    asked: Instant,
    found: Option<Arc<Found>>,
}

/// What a sweep found of a list.
pub(super) struct Found {
    begun: Instant,
    facts: Vec<Fact>,
    left_out: u64,
    lines: OnceLock<Vec<Arc<str>>>,
    _room: Arc<Taken>,
}

impl SharedLists {
    /// Who finds no room is counted there.
    pub(super) fn new(counters: Arc<ApiCounters>) -> Self {
        Self {
            shared: Arc::default(),
            room: RowRoom::of(SWEEPS, ROWS * ROW_BYTES, counters),
        }
    }

    /// What is wanted, as a sweep found it that began `max_age` before now at the soonest, or [`RESTS`] times as long ago as
    /// it took: one that was, one under way, or else `sweep`, which is handed what it finds. Besides, whether that was made
    /// for it; with a `max_age` of zero it always is. `None` where too many other lists are shared. It may wait.
    ///
    /// # Errors
    /// Why the sweep failed, or there is no room.
    pub(super) fn get(
        &self,
        wanted: &Wanted,
        max_age: Duration,
        choosing: impl FnOnce() -> Lister,
        sweep: impl FnOnce(&mut dyn FnMut(&Fact)) -> Result<(), String>,
    ) -> Result<Option<(Arc<Found>, bool)>, String> {
        let now = Instant::now();
        let mut state = lock(&self.shared.state);
        loop {
            let since = now.checked_sub(state.allowed(max_age));
            let Some(list) = state.asked(wanted) else {
                return Ok(None);
            };
            let found = list.found.as_ref();
            if let Some(found) =
                found.filter(|found| since.is_none_or(|since| found.begun >= since))
            {
                return Ok(Some((Arc::clone(found), false)));
            }
            if !state.sweeping {
                break;
            }
            let waited = self.shared.swept.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.sweeping = true;
        let lists = state.lists.iter().map(|list| list.wanted.clone()).collect();
        drop(state);
        let _under_way = UnderWay(&self.shared);
        let mut own = None;
        let lists = swept(lists, self.room.for_a_list()?, choosing(), sweep)?;
        if let Some((_, found)) = lists.first() {
            lock(&self.shared.state).took = found.age();
        }
        for (of, found) in lists {
            let found = Arc::new(found);
            if of == *wanted {
                own = Some(Arc::clone(&found));
            }
            lock(&self.shared.state).put(&of, found);
        }
        self.forget_later();
        Ok(own.map(|own| (own, true)))
    }

    /// Lets go of what nobody asks for any more, once that is so.
    fn forget_later(&self) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let shared = Arc::downgrade(&self.shared);
        runtime.spawn(async move {
            sleep(KEPT).await;
            if let Some(shared) = shared.upgrade() {
                lock(&shared.state).forget();
            }
        });
    }
}

/// A sweep that is over when this is dropped, however it ended.
struct UnderWay<'a>(&'a Shared);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).sweeping = false;
        self.0.swept.notify_all();
    }
}

impl State {
    /// Notes that this is asked for now; `None` where there is no place for it.
    fn asked(&mut self, wanted: &Wanted) -> Option<&List> {
        let now = Instant::now();
        let mut place = self.lists.iter().position(|list| list.wanted == *wanted);
        if place.is_none() {
            if self.lists.len() >= LISTS {
                self.forget();
            }
            if self.lists.len() < LISTS {
                place = Some(self.lists.len());
                self.lists.push(List {
                    wanted: wanted.clone(),
                    asked: now,
                    found: None,
                });
            }
        }
        let list = self.lists.get_mut(place?)?;
        list.asked = now;
        Some(list)
    }

    /// How old what is told may be.
    fn allowed(&self, max_age: Duration) -> Duration {
        match max_age.is_zero() {
            true => max_age,
            false => max_age.max(self.took.saturating_mul(RESTS)),
        }
    }

    fn put(&mut self, wanted: &Wanted, found: Arc<Found>) {
        if let Some(list) = self.lists.iter_mut().find(|list| list.wanted == *wanted) {
            list.found = Some(found);
        }
    }

    fn forget(&mut self) {
        let kept = self.allowed(KEPT);
        self.lists.retain(|list| list.asked.elapsed() < KEPT);
        for list in &mut self.lists {
            list.found.take_if(|found| found.age() >= kept);
        }
    }
}

/// What a sweep finds of each of these lists.
fn swept(
    lists: Vec<Wanted>,
    mut room: Taken,
    mut choosing: Lister,
    sweep: impl FnOnce(&mut dyn FnMut(&Fact)) -> Result<(), String>,
) -> Result<Vec<(Wanted, Found)>, String> {
    let part = ROWS / lists.len().max(1);
    let mut lists: Vec<Part> = lists.into_iter().map(|of| Part::new(of, part)).collect();
    let begun = Instant::now();
    sweep(&mut |fact| {
        choosing.look(fact, |candidate| {
            for list in &mut lists {
                list.look(fact, candidate);
            }
        });
    })?;
    let rows: usize = lists.iter().map(|list| list.kept.count()).sum();
    room.keep(rows * ROW_BYTES);
    let room = Arc::new(room);
    let found = lists.into_iter().map(|list| {
        let (facts, left_out) = list.kept.into_facts();
        let found = Found {
            begun,
            facts,
            left_out,
            lines: OnceLock::new(),
            _room: Arc::clone(&room),
        };
        (list.of, found)
    });
    Ok(found.collect())
}

/// What is found of a list while a sweep runs.
struct Part {
    of: Wanted,
    kept: Kept,
}

/// What is kept of it.
enum Kept {
    /// So many as they come, of so many that are wanted.
    AsTheyCome {
        facts: Vec<Fact>,
        left_out: u64,
        most: usize,
        wanted: u64,
    },
    /// The first of all.
    InOrder(Sort, First<Fact>),
}

impl Kept {
    fn count(&self) -> usize {
        match self {
            Self::AsTheyCome { facts, .. } => facts.len(),
            Self::InOrder(_, first) => first.kept(),
        }
    }

    /// Those, and how many more there are.
    fn into_facts(self) -> (Vec<Fact>, u64) {
        match self {
            Self::AsTheyCome {
                facts, left_out, ..
            } => (facts, left_out),
            Self::InOrder(_, first) => {
                let left_out = first.left_out();
                (first.into_rows().collect(), left_out)
            }
        }
    }
}

impl Part {
    fn new(of: Wanted, most: usize) -> Self {
        let (sort, wanted) = match &of {
            Wanted::List(asked) => {
                let first = |sort| (sort, First::new(asked.most_sorted().min(most)));
                (asked.sort.map(first), asked.limit.unwrap_or(u64::MAX))
            }
            Wanted::One(_) => (None, 1),
        };
        let kept = match sort {
            Some((sort, first)) => Kept::InOrder(sort, first),
            None => Kept::AsTheyCome {
                facts: Vec::new(),
                left_out: 0,
                most,
                wanted,
            },
        };
        Self { of, kept }
    }

    fn look(&mut self, fact: &Fact, candidate: &Candidate<'_>) {
        let takes = || match &self.of {
            Wanted::List(asked) => asked.filter.matches(candidate),
            Wanted::One(cookie) => fact.socket.cookie == *cookie,
        };
        match &mut self.kept {
            Kept::InOrder(sort, first) => {
                if takes() {
                    first.push(sort.rank(candidate), || *fact);
                }
            }
            Kept::AsTheyCome {
                facts,
                left_out,
                most,
                wanted,
            } => {
                let has_all = facts.len() as u64 + *left_out >= *wanted;
                match !has_all && takes() {
                    true if facts.len() < *most => facts.push(*fact),
                    true => *left_out += 1,
                    false => {}
                }
            }
        }
    }
}

impl Found {
    /// How long ago the sweep began that found it.
    pub(super) fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// The first of what was found.
    pub(super) fn first(&self) -> Option<Fact> {
        self.facts.first().copied()
    }

    /// As rows, which the first who reads them makes, by this lister.
    pub(super) fn rows(self: Arc<Self>, lister: impl FnOnce() -> Lister) -> Rows {
        let age = self.age();
        let made = self.lines.get_or_init(|| self.made(lister())).len();
        let line = move |line: usize| Some(Arc::clone(self.lines.get()?.get(line)?));
        Rows::lines((0..made).map_while(line)).aged(age)
    }

    fn made(&self, mut lister: Lister) -> Vec<Arc<str>> {
        let told_error = |error: ApiError| told_line(&error).unwrap_or_default();
        let told = |fact| {
            let told = told_line(&lister.row(fact));
            told.unwrap_or_else(|error| told_error(error.to_string().into()))
        };
        let lines = self.facts.iter().map(told);
        let cut = ApiError::left_out(self.facts.len() as u64, self.left_out);
        lines.chain(cut.map(told_error)).map(Arc::from).collect()
    }
}

impl Wanted {
    /// A list as the API is asked for it.
    pub(super) fn list(asked: &ConnectionQuery) -> Self {
        Self::List(ConnectionQuery {
            max_age: None,
            ..asked.clone()
        })
    }
}

#[cfg(test)]
mod tests;
