//! What the kernel side counts.

numbered! {
    /// Indexes of the kernel side's per-CPU counters. All count up from zero and
    /// never reset while the programs live.
    pub enum Counter: u32 {
        /// Facts that a hook had to emit.
        FactsSeen = 0,
        /// Facts handed to the ring buffer.
        FactsSubmitted = 1,
        /// Facts dropped because the ring buffer was full.
        FactsDroppedRingFull = 2,
        /// Facts dropped because the suspect had used up its budget of facts.
        FactsDroppedBudget = 3,
        /// Suspects created.
        SuspectsCreated = 4,
        /// Suspects removed: answered, expired or closed.
        SuspectsRemoved = 5,
        /// Sockets that became no suspect because the kernel refused the storage.
        SuspectsRefused = 6,
        /// Sockets seen by the sweep (a socket held twice counts twice).
        SweepSockets = 7,
        /// Sockets that began to be watched: from then on their callbacks run.
        SocketsWatched = 8,
        /// Sockets no longer watched. Connections that end while watched are not counted.
        SocketsUnwatched = 9,
        /// Sockets that could not be watched: the kernel refused, or too many network
        /// namespaces held newly silent ones.
        WatchesRefused = 10,
        /// Sockets that a sweep counted as silent, or about to be: see
        /// [`crate::SilentSockets::Counted`].
        SweepSilent = 11,
        /// Silent sockets of which a snapshot was taken: see [`crate::SilentSockets::Kept`].
        SnapshotsTaken = 12,
        /// Silent sockets of which none could be taken: there are [`crate::MAX_SNAPSHOTS`], or the kernel refused.
        SnapshotsRefused = 13,
        /// Snapshots that were held against their sockets.
        SnapshotsRevisited = 14,
        /// Sockets within the scope that were due as samples, whatever else was found of them.
        SweepSamplesWithin = 15,
    }
}

impl Counter {
    /// How many counters there are.
    pub const COUNT: u32 = Self::ALL.len() as u32;
}
