//! podclaw turns a machine that you can afford to lose into a lab for an AI agent gateway that you do not trust.
//!
//! Calls go downwards only: [`cli`] calls [`lab`] and [`image`], which call [`incus`], [`profile`] and [`cloud_init`],
//! which call [`yaml`]. Nothing below [`cli`] prints, reads the environment or exits.

pub mod cli;
pub mod cloud_init;
pub mod digest;
pub mod doctor;
pub mod fence;
pub mod host;
pub mod image;
pub mod incus;
pub mod json;
pub mod lab;
pub mod lab_file;
pub mod lint;
pub mod mark;
pub mod names;
pub mod policy;
pub mod probe;
pub mod profile;
pub mod program;
pub mod progress;
pub mod ranges;
pub mod reference;
pub mod report;
pub mod rules;
pub mod turn;
pub mod ui;
pub mod unit_file;

pub use podclaw_yaml::{file, place, text, yaml};
