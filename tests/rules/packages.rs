//! Versions of the gateway.
