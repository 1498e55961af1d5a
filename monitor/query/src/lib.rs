//! Which connections, findings and alerts are shown, and in which order: one set of words for every command, the API and
//! the page, in which those of `ss` are understood too.
//!
//! ```
//! use monitor_query::{Filter, List};
//! let filter = Filter::parse("state at-risk and remote 20.0.0.0/8 and not port 22")?;
//! filter.fits(List::Connections)?;
//! # Ok::<(), monitor_query::FilterError>(())
//! ```

mod bounds;
mod error;
mod expr;
mod filter;
mod first;
mod glob;
mod host;
mod list;
mod parse;
mod sort;
mod states;
mod subject;
mod term;
mod tokens;
mod values;
mod words;

pub use error::{FilterError, Problem};
pub use filter::Filter;
pub use first::First;
pub use list::List;
pub use sort::{Column, Rank, Sort, SortError};
pub use subject::{Subject, owner_names};
pub use words::{Field, WORDS, Word, nearest};

#[cfg(test)]
mod tests;
