//! Looks at the daemon and all that is in the lab, as it is now, and has it judged.

pub mod server;
