//! `tcplull top`: what a daemon knows, on a terminal, live.
//!
//! State and drawing are apart. [`App`] is told of keys, of time, of data that came and of a daemon that is gone, and says
//! what to do next; it has neither a clock, nor a terminal, nor a thread. [`draw`] shows it. [`run`] has all three, and gets
//! its data from a [`Source`], which another crate gives; or all at once, for a moment that is over ([`past`]).

pub mod app;
pub mod draw;
pub mod event;
pub mod filter;
pub mod keep;
pub mod key;
pub mod order;
pub mod past;
pub mod run;
pub mod source;
mod text;

pub use app::App;
pub use draw::draw;
pub use run::{RunError, Start, run};
pub use source::{Source, SourceError};
