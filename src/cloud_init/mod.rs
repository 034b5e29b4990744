//! Rendering of the seven cloud-init stages, and what a guest reports about them.
