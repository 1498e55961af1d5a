//! The history: what was told, kept on disk within a bound, and read again while it is written.
//!
//! A folder holds *segments*, files named by rising numbers, each at most a sixteenth of the bound. Records are only ever
//! appended, to the last one; where the bound would be passed the oldest segment goes, as a whole. So nothing is ever
//! rewritten or compacted, and there is no index that could disagree with what it indexes.
//!
//! **What holds after a crash.** A record counts once it is there as a whole, with the right CRC; else it never happened. A
//! [`Writer`] cuts the last segment at its last whole record when it opens it. So a process that is killed loses at most the
//! record that it was writing. When the host itself stops, the kernel has written what is older than half a minute
//! (`vm.dirty_expire_centisecs`); a segment is synced when it is full, and the last one when the writer is asked to.
//!
//! **Who writes and who reads.** One writer at a time, by a lock; any number of readers, at any time. A reader shows whole
//! records only, holds one record at a time, and believes nothing that it reads.

mod contents;
mod error;
mod folder;
mod moment;
mod pack;
mod range;
mod reader;
mod record;
mod segment;
mod state;
mod writer;

pub use contents::Contents;
pub use error::{AppendError, OpenError, ReadError, Refused};
pub use moment::{BootId, Moment};
pub use range::{Filter, Kinds, Range};
pub use reader::{Backwards, Forwards, ReadStats};
pub use record::{Kind, MOST_PAYLOAD, Record, record_bytes};
pub use state::{MOST_LINE, MOST_STATE, State, StateLines};
pub use writer::{LEAST_BYTES, MOST_BYTES, Settings, Stats, Writer};
