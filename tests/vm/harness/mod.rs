//! Boots a Debian with its own kernel in QEMU, and runs commands in it.
//!
//! - The *system* disk is made once by mmdebstrap, and kept. The *payload* disk has what is tested, and is made anew. What
//!   the machine writes to either goes to a file without a name.
//! - The *agent*, this same program, runs in the machine and takes commands through a virtio port.
//! - The *guardian*, this same program too, has QEMU as its child, and ends it when the tests are gone.

mod accelerator;
pub(crate) mod agent;
#[path = "../../incus/harness/cache.rs"]
mod cache;
#[path = "../../incus/harness/gateway.rs"]
mod gateway;
pub(crate) mod guardian;
mod machine;
mod payload;
mod runner;
mod system;
#[path = "../../incus/harness/tiny.rs"]
mod tiny;

pub(crate) use gateway::Gateway;
pub(crate) use machine::{Machine, Run};
pub(crate) use runner::{Test, main, tests};
