//! The testbed of `tcplull`: it builds two hosts and the middlebox between
//! them in network namespaces, lets them live a story whose truth is known,
//! and compares that truth with what `tcplull` says about it.
//!
//! Reading order for a newcomer: [`scenarios`] (the stories), [`story`] (the
//! vocabulary they are told in), [`truth`] (what they declare and how it is
//! compared), then the machinery: [`network`], [`simulated_middlebox`], [`app`], [`testbed`].

pub mod app;
pub mod applications;
pub mod children;
pub mod configuration;
pub mod disturbance;
pub mod ends;
pub mod error;
pub mod fixture;
pub mod fleet;
pub mod guest;
pub mod interrupt;
mod names;
pub mod network;
pub mod real;
pub mod runner;
pub mod scenarios;
pub mod simulated_middlebox;
pub mod story;
pub mod testbed;
pub mod timeline;
pub mod truth;

pub use error::LabError;
