//! What the host sees of itself and of a guest.

mod facts;
mod processes;
mod sniffer;
mod view;

pub use facts::{HostFacts, Listener};
pub use processes::gateway_processes;
pub(crate) use sniffer::FRAMES;
pub use sniffer::{Frame, Seen, Sniffer};
pub use view::{View, blind, view};
