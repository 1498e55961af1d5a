//! A value under its labels.

use super::numbers::{Labels, Sample};

pub(super) fn sample<const LABELS: usize>(labels: [&str; LABELS], value: u64) -> Sample {
    (self::labels(labels), value)
}

pub(super) fn labels<const LABELS: usize>(labels: [&str; LABELS]) -> Labels {
    labels.map(str::to_owned).to_vec()
}
