//! The strict YAML tree against what other decoders are known to do, and against arbitrary input.

mod matrix;
mod property;
mod refusals;
