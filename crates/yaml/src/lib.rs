//! The part of podclaw in which `lint` spends its time: strict YAML, and what that stands on.
//!
//! It is a crate of its own for one reason: a compiler optimises a crate as a whole, this one for speed, and podclaw, of
//! which nearly all runs once, for size. podclaw has these modules under the same names.

pub mod file;
pub mod place;
pub mod text;
pub mod yaml;
