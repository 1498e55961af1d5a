//! What idle timeout a path has, learned from what its connections lived through.
//!
//! A silence that was survived is a lower bound, a death by the path an upper one; what an application closed, and what died
//! with its peer or the network, is neither ([`says`]). They are kept by path, remote prefix and the side that spoke first
//! ([`table`], [`lived`]), bounded ([`kept`]); from them follow the bounds ([`bounds`]), by Turnbull's estimate
//! ([`turnbull`]), and, where it is certain, that a stated timeout is wrong ([`turns`]). What is known can be kept and taken
//! up again ([`before`]).

mod before;
mod bounds;
mod kept;
mod lived;
mod says;
mod table;
#[cfg(test)]
mod tests;
mod turnbull;
mod turns;

pub use before::LearnedBefore;
pub(crate) use says::{Bears, Proof, bears, comes_and_goes};
pub(crate) use table::Learned;
pub(crate) use turns::Contradiction;
