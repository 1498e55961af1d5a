//! One connection as people read it: what happened on it, in order ([`events`]), and all that is known of it as a page of
//! text ([`connection`]), as wide as whoever shows it says. Pure: it is given all, and has neither clock nor terminal.

mod connection;
mod events;
mod lines;
mod note;
mod numbers;
mod page;
pub mod words;

pub use connection::{Names, connection, state, verdict};
pub use events::events;
pub use lines::{event, timeline};
pub use note::Note;
pub use page::{Kind, Line, Page};
