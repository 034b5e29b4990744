//! The policy's data: what each config key, device type and device key of Incus may be, and which threats that serves.

pub mod advisories;
