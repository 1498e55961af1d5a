//! The words that scenarios are told in.

pub(super) use super::base::*;
pub(super) use crate::LabError;
pub(super) use crate::applications::Placement;
pub(super) use crate::configuration::{Configuration, Service};
pub(super) use crate::ends::End::{self, Client, Server};
pub(super) use crate::network::clients::Prefix;
pub(super) use crate::network::family::Family;
pub(super) use crate::network::faults::Segments;
pub(super) use crate::network::middlebox::{Middlebox, Unknown};
pub(super) use crate::simulated_middlebox::{Clock, Expiry, Forged};
pub(super) use crate::story::Story;
pub(super) use crate::truth::Conclusion::*;
pub(super) use crate::truth::Severity::{self, Page, Ticket};
pub(super) use crate::truth::Truth;
pub(super) use std::time::Duration;
