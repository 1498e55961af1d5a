//! What a table of this host says, in the words of a finding.

use crate::advice;
use crate::evidence::EvidenceList;
use crate::local_tables::{LocalBackend, LocalTable};
use crate::thresholds::SECOND;

/// What stands in it, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// No entry, and no room for one.
    Full,
    /// An entry that leads to a backend which cannot be reached.
    Dangles,
    /// No entry any more.
    Gone,
    /// An entry that was made by what was sent last: the one before it is gone.
    BegunAnew,
    /// The entry, which leads somewhere.
    Stands,
}

/// A table that has to do with the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Telling<'a> {
    pub(crate) standing: Standing,
    table: &'a LocalTable,
}

impl<'a> Telling<'a> {
    /// What `table` says, in which an entry was seen before, or not; `None` where nobody knows that it ever had one.
    pub(crate) fn of(table: &'a LocalTable, stood: bool) -> Option<Self> {
        let full = table
            .entries
            .zip(table.most)
            .is_some_and(|(entries, most)| most > 0 && entries >= most);
        let standing = match &table.entry {
            Some(entry) => match entry.backend {
                LocalBackend::NoRoute | LocalBackend::NoNeighbour => Standing::Dangles,
                _ if entry.answered => Standing::Stands,
                _ => Standing::BegunAnew,
            },
            None if !table.passes && !stood => return None,
            None if full => Standing::Full,
            None => Standing::Gone,
        };
        Some(Self { standing, table })
    }

    /// Whether a silence of `ns` is past its timeout, as it is set there.
    fn outlived_by(&self, ns: u64) -> bool {
        let timeout_s = self.table.timeout_s;
        timeout_s.is_some_and(|seconds| ns >= u64::from(seconds) * SECOND)
    }

    /// Adds it to the evidence.
    pub(crate) fn add_to(&self, evidence: &mut EvidenceList) {
        let word = match self.standing {
            Standing::Full => "full",
            Standing::Gone => "gone",
            Standing::BegunAnew => "begun_anew",
            Standing::Dangles | Standing::Stands => "stands",
        };
        evidence.text("local_conntrack", word);
        let whose = if self.table.host { "host" } else { "namespace" };
        evidence.text("local_conntrack_of", whose);
        if let Some(entry) = &self.table.entry {
            evidence.count("local_conntrack_left_seconds", entry.left_s);
            if let Some(local) = entry.local {
                evidence.text("seen_as", local.to_string());
            }
            if let Some(remote) = entry.remote {
                evidence.text("backend", remote.to_string());
                evidence.text(
                    "backend_found",
                    match entry.backend {
                        LocalBackend::Unknown => "unknown",
                        LocalBackend::NoRoute => "no_route",
                        LocalBackend::NoNeighbour => "no_neighbour",
                        LocalBackend::Answers => "answers",
                    },
                );
            }
        } else {
            let counts = [
                ("local_conntrack_entries", self.table.entries),
                ("local_conntrack_max", self.table.most),
            ];
            for (fact, count) in counts {
                if let Some(count) = count {
                    evidence.count(fact, count);
                }
            }
        }
        if let Some(seconds) = self.table.timeout_s {
            evidence.count("local_conntrack_timeout_seconds", seconds);
        }
    }

    /// The same for the end of the summary, where that is worth a word; after a silence of so many ns.
    pub(crate) fn words(&self, silence_ns: u64) -> Option<String> {
        let backend = self.backend();
        match (self.standing, backend) {
            (Standing::Full, _) => Some("this host's own conntrack table has no entry of it, and is full".into()),
            (Standing::Gone, _) if self.outlived_by(silence_ns) => {
                Some("this host's own conntrack table forgot it".into())
            }
            (Standing::Gone, _) => {
                Some("this host's own conntrack table lost its entry before its time".into())
            }
            (Standing::BegunAnew, _) => Some(
                "this host's own conntrack table has an entry of it that no answer has passed: the one before is gone"
                    .into(),
            ),
            (Standing::Dangles, Some(backend)) => Some(format!(
                "this host leads it to the backend {backend}, which {}",
                self.lacks()
            )),
            (Standing::Stands, Some(backend)) => Some(format!("this host leads it to the backend {backend}")),
            (Standing::Dangles | Standing::Stands, None) => None,
        }
    }

    /// What to do about a connection that is lost after a silence of so many ns; `otherwise` is the advice that does not
    /// know of the table.
    pub(crate) fn advice(&self, silence_ns: u64, otherwise: Option<String>) -> Option<String> {
        let (timeout_s, table) = (self.table.timeout_s, self.table);
        let forgot = self.outlived_by(silence_ns);
        match (self.standing, timeout_s) {
            (Standing::Full, _) => {
                Some(advice::conntrack_full(table.entries, table.most, timeout_s))
            }
            (Standing::Gone | Standing::BegunAnew, Some(seconds)) if forgot => {
                let own = advice::conntrack_forgot(seconds);
                Some(otherwise.map_or(own.clone(), |otherwise| own + "; or: " + &otherwise))
            }
            (Standing::Gone, _) => {
                Some(advice::conntrack_lost(table.entries, table.most, timeout_s))
            }
            (Standing::Dangles, _) => self
                .backend()
                .map(|backend| advice::backend_gone(&backend, self.lacks(), table.host)),
            (Standing::BegunAnew | Standing::Stands, _) => otherwise,
        }
    }

    /// What to do about a silence on a path that forgets after `path_ns`, which this host itself does; `otherwise` as there.
    pub(crate) fn advice_in_silence(
        &self,
        path_ns: u64,
        otherwise: Option<String>,
    ) -> Option<String> {
        let own = self.table.timeout_s.filter(|_| self.outlived_by(path_ns));
        let Some(seconds) = own else {
            return otherwise;
        };
        let own = advice::conntrack_forgets(seconds);
        Some(otherwise.map_or(own.clone(), |otherwise| otherwise + "; " + &own))
    }

    fn backend(&self) -> Option<String> {
        let entry = self.table.entry.as_ref()?;
        entry.remote.map(|remote| remote.to_string())
    }

    fn lacks(&self) -> &'static str {
        match self.table.entry.as_ref().map(|entry| entry.backend) {
            Some(LocalBackend::NoRoute) => "no route leads to",
            _ => "does not answer as a neighbour",
        }
    }
}
