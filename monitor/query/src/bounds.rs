//! How much a filter may hold: far beyond what anybody types, and little enough for whoever is asked over a socket.

/// Longest text of a filter, as it is given and as it is written again, in bytes.
pub const LONGEST: usize = 4_096;

/// Most conditions in one filter.
pub const MOST_TERMS: usize = 128;

/// Brackets and exclusions within each other, at most: those of the text, and half as many levels of what it comes to.
pub const DEEPEST: usize = 64;
