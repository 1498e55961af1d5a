//! What filters mean, how they are written, and what is said of those that mean nothing.

mod meaning;
mod properties;
mod rows;
mod sorting;
mod wrong;
