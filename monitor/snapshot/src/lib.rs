//! A snapshot: what one host's tcplull knew at one moment, in one file, for a ticket.
//!
//! The file is a tar archive, compressed by gzip, so that `tar xzf` opens it too. Its first member, `about.json`, says what it
//! is of and what it lacks. The others are named as the API's resources and hold what these answered, a line each; `Part`
//! lists them. So a part is as the API's schemas say, and whoever can show an answer can show a snapshot.
//!
//! **Reading believes nothing.** A file is what somebody attached to a ticket. Bytes, lines and their lengths are bounded while
//! it is uncompressed, nothing is written to disk, only members that are known are taken, and a line that is not of its part's
//! form is left out and counted.

mod collect;
mod error;
mod part;
mod read;
mod redact;
mod snapshot;
mod write;

pub use collect::{Connections, Newest};
pub use error::{ReadError, RedactError};
pub use part::Part;
pub use read::{Bounds, read};
pub use snapshot::Snapshot;
pub use write::write;
