//! Base image, gateway image, and the lock that pins them.
