//! A link of the host that stands for its network: what comes in there takes the way that packets of neighbours take.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::probe::netlink::{Netlink, index_of};
use crate::probe::plan::Mac;

/// What the name of the end begins with that podclaw has.
const OUTSIDE: &str = "pco";
/// What their addresses begin with: a range for measurements, which no network should have, and
/// which guests are kept off anyway.
const NETWORK: [u8; 3] = [198, 18, 112];
/// How long a link may take to carry packets.
const UP: Duration = Duration::from_millis(500);

/// A link of the host with podclaw behind it. It goes when this is dropped.
#[derive(Debug)]
pub struct Door {
    /// What packets are sent from.
    pub(super) outside: String,
    /// The number of the host's end.
    index: u32,
    /// The hardware address of the host's end.
    pub(super) mac: Mac,
    /// Who they seem to come from.
    pub(super) neighbour: Ipv4Addr,
    netlink: Netlink,
}

impl Door {
    /// Makes it.
    ///
    /// # Errors
    /// What the system says: only root may.
    pub fn make() -> io::Result<Self> {
        let mut random = [0; 5];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
        let [one, two, three, four, part] = random;
        let number = u32::from_ne_bytes([one, two, three, four]);
        let (outside, inside) = (format!("{OUTSIDE}{number:08x}"), format!("pci{number:08x}"));
        let mac = |last: u8| [0x02, one, two, three, four, last];
        let netlink = Netlink::open()?;
        netlink.pair([&outside, &inside], [mac(1), mac(2)])?;
        let first = part & 0xfc;
        let [a, b, c] = NETWORK;
        let of = |host: u8| Ipv4Addr::new(a, b, c, first | host);
        // From here on it goes by itself if something fails.
        let door = Self { index: index_of(&inside)?, outside, mac: mac(2), neighbour: of(2), netlink };
        // It stays as long as the link.
        std::mem::forget(door.netlink.address_of(door.index, of(1).into(), 30)?);
        let deadline = Instant::now() + UP;
        let state = Path::new("/sys/class/net").join(&door.outside).join("operstate");
        while std::fs::read_to_string(&state)?.trim() != "up" && Instant::now() < deadline {
            sleep(Duration::from_millis(2));
        }
        Ok(door)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // What is gone already is as it should be.
        let _ = self.netlink.delete_link(self.index);
    }
}

/// Whether it is an address of such a link. Another proof may have one, which goes any moment.
pub(super) fn is_of_a_door(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(four) if four.octets()[..3] == NETWORK)
}

/// Whether packets are sent through this link only by a proof: its neighbours are none.
pub(super) fn is_a_door(link: &str) -> bool {
    link.starts_with(OUTSIDE)
}
