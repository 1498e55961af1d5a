//! Recordings: all that the judge is told, one JSON object a line, so that the
//! same judge can say the same again, elsewhere, later, and without privileges.
//!
//! The first line is the header: format version, the judge's limits, the paths in
//! force. Each line after it is one [`crate::Input`], in the order in which
//! the judge was told. Members that are zero are left out; names, units and ranges
//! are those of the contract between kernel and user space (`monitor-common`). A
//! line stands for itself: who wants less may take lines away, all but the first.
//!
//! ```text
//! {"tcplull_recording":2,"made_by":"0.1.0","limits":{"jiffy_ns":4000000,…},"paths":[{"id":0,"name":"nat",…}]}
//! {"observation":{"wall_unix_ns":…,"owner":{"pid":7,"comm":"api"},"fact":{"kind":"sent",…,"socket":{"cookie":5,…}}}}
//! {"next_look":{"within_ns":…}}  within how much time after its row a connection is looked at again
//! {"own_address":{"now_ns":…,"netns":4026531840,"address":"10.0.0.4","there":true}}
//!                                whether a connection in trouble has an address that is on an interface of its host
//! {"local_tables":{"now_ns":…,"cookie":5,"in_trouble":true,"tables":[{"host":true,"passes":true,"timeout_s":432000,…}]}}
//!                                what the host's own tables of connections say of one in trouble, or silent for too long
//! {"samples":{"one_in":8}}       of so many healthy connections the next sweeps show one; all until it is said
//! {"row":{"number":3,"wall_unix_ns":…,"owner":{…},"fact":{"kind":"swept",…}}}
//!                                every row of a sweep, before the first is judged
//! {"judge_rows":{"below":256}}   the turn of its rows up to this number; what came meanwhile stands between the turns
//! {"sweep_done":{"started_ns":…,"now_ns":…,"wall_unix_ns":…}}
//! {"tick":{"now_ns":…,"wall_unix_ns":…}}
//! {"paths":[…]}                  a reload
//! {"lost":{"inputs":3}}          what the disk was too slow for
//! {"end":{"reason":"stopped"}}   or "size_limit"
//! ```

mod entry;
mod error;
mod fact;
mod header;
mod reader;
mod replay;
#[cfg(test)]
mod tests;
mod text;
mod writer;

pub use entry::{EndReason, Entry};
pub use error::{Place, RecordingError};
pub use header::Header;
pub use reader::{Ending, Recording};
pub use replay::{Replayed, replay};
pub use writer::{Over, Writer};

/// Version of the format. It goes up when a line comes to mean something else.
/// New members do not change it: a recording without them has zero there, and a
/// build that does not know one refuses it by name.
pub const FORMAT: u32 = 2;
