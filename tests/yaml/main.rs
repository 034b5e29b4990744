//! The strict YAML tree against what other decoders are known to do, and against arbitrary input.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod always;
mod matrix;
mod property;
mod refusals;
