//! What idle timeout a path has, learned from what its connections lived through.
//!
//! A silence that was survived is a lower bound, a death by the path an upper one; what an application closed, and what died
//! with its peer or the network, is neither ([`says`]). They are kept by path, remote prefix and the side that spoke first
//! ([`table`], [`lived`]), bounded ([`kept`]); from them follow the bounds ([`bounds`]), by Turnbull's estimate
//! ([`turnbull`]).

mod bounds;
mod kept;
mod lived;
mod says;
mod table;
#[cfg(test)]
mod tests;
mod turnbull;

pub(crate) use says::{Bears, Proof, bears, comes_and_goes};
pub(crate) use table::Learned;
