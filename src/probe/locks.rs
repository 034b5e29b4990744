//! The two firewalls of a lab, each for itself: Incus' own, and podclaw's fence.
//!
//! A packet that was stopped may have been stopped by either. So the rules that the kernel has are followed for the very
//! packets that were sent, one firewall after the other, as if there were no other.

use crate::fence::Ruleset;

/// The two firewalls, as they were while the proof ran; why nobody could look at one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locks {
    /// Incus' own table, made of the ACL.
    pub acl: Result<Lock, String>,
    /// The table of podclaw's own.
    pub fence: Result<Lock, String>,
}

/// One firewall.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// What it is called.
    pub name: String,
    /// Its rules; nothing where there is none.
    pub rules: Option<Ruleset>,
    /// How it differs from what it has to be, where that is known.
    pub difference: Option<String>,
}
