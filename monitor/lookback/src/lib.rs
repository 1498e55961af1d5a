//! Looking back: what the history says of some time. [`Past`] reads it; [`Standing`] rebuilds the alerts of a moment,
//! [`Found`] what was found by then and [`Reporter`] a report, all from records and nothing else; [`text`] and [`html`] are
//! what people see of a report, and [`Asked`] is how they say a time.
//!
//! Everything here is bounded, whatever the history holds: what a report has no room for is counted as `~other`.

mod asked;
mod found;
mod html;
mod not_seen;
mod owners;
mod past;
mod paths;
mod reporter;
mod shown;
mod standing;
mod text;
mod told;

pub use asked::{Asked, AskedError};
pub use found::Found;
pub use html::html;
pub use past::{Lines, Past};
pub use reporter::Reporter;
pub use standing::{Standing, Stood};
pub use text::text;
pub use told::told;
