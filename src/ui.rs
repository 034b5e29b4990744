//! All output of podclaw.
