//! Real applications, as their users have them: servers and clients that were written by others, each with its natural
//! habits, on the laboratory's two hosts. What is scripted elsewhere is not here: nobody tells these applications when to
//! be silent.
//!
//! Each lives three times ([`Staging`]): on a stated path without a box, on no path among all that goes wrong in a day
//! ([`Disturbance`]), and behind a box that forgets. To add one: its file in [`applications`], and its line there.

mod application;
pub mod applications;
mod judgement;
pub mod monitoring;
mod program;
mod run;
mod stage;
mod staging;
pub mod table;

pub use application::{Application, BASE, Due, Need};
pub use judgement::{Judgement, Phase, judge};
pub use program::Program;
pub use run::{Report, run};
pub use stage::Stage;
pub use staging::{Disturbance, Staging};
