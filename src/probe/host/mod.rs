//! What the host sees of itself and of a guest.

mod arp;
mod door;
mod drops;
mod facts;
mod frame;
mod gauge;
mod kernel;
mod knock;
mod mounts;
mod processes;
mod routes;
mod running;
mod sniffer;
mod view;

pub use arp::ArpRequest;
pub use door::Door;
pub use facts::{HostFacts, Listener};
pub use frame::Frame;
pub use gauge::Gauge;
pub(crate) use knock::Reach;
pub use knock::{Knocked, Knockee};
pub use routes::{Routes, Uplink};
pub use running::running;
pub(crate) use sniffer::FRAMES;
pub use sniffer::{Seen, Sniffer};
pub use view::{View, blind, view};
