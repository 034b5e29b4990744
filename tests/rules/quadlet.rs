//! Quadlet units.
