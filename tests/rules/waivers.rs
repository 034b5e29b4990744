//! Waivers.
