//! Where a guest is in the network, by the daemon's and the host's word.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use ipnet::Ipv4Net;
use tokio::sync::OnceCell;

use super::Prover;
use super::seen::{Beside, Seen};
use crate::fence::Binding;
use crate::incus::InstanceWithState;
use crate::lab::Lab;
use crate::probe::host::HostFacts;
use crate::probe::plan::Mac;
use crate::probe::{Place, Reach, Sibling};

/// Has the host ask its gateways for their hardware addresses, so that it knows whether they answer.
pub(in crate::lab) fn poke_gateways() {
    let Ok(facts) = HostFacts::read() else { return };
    let Ok(socket) = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)) else { return };
    let silent = |gateway: &&Ipv4Addr| !facts.neighbours.iter().any(|(known, _)| known == *gateway);
    let mut asked = false;
    for gateway in facts.gateways.iter().filter(silent) {
        // To the port where things are thrown away.
        asked |= socket.send_to(&[], (*gateway, 9)).is_ok();
    }
    if asked {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// A card of a guest.
struct Card {
    mac: Mac,
    host_name: String,
    address: Option<Ipv4Addr>,
}

/// What the places of all guests share.
#[derive(Debug)]
pub(in crate::lab) struct Shared {
    /// What the daemon binds guests' ports to, as the kernel has it.
    bound: BTreeMap<String, Binding>,
    reach: Reach,
    /// What the resolver gave out, once somebody asks.
    leases: OnceCell<Vec<(String, Ipv4Addr)>>,
}

impl Shared {
    /// Looks at it; why it can't be told.
    pub(in crate::lab) async fn now(
        lab: &Lab,
        facts: &HostFacts,
        bound: BTreeMap<String, Binding>,
    ) -> Result<Self, String> {
        // Without their subnets: what is beside the host is told by the probes about its neighbours.
        let host: Vec<Ipv4Net> = facts.addresses.iter().filter_map(own_address).collect();
        let reach = lab.reach(&host).await.map_err(|error| error.to_string())?;
        Ok(Self { bound, reach, leases: OnceCell::new() })
    }
}

/// The place of a guest among all others; why it has none.
pub(super) async fn place(
    lab: &Lab,
    seen: &Seen,
    prover: &Prover,
    control: Option<SocketAddr>,
) -> Result<Place, String> {
    let shared = Shared::now(lab, &prover.facts, prover.bound.clone()).await?;
    let beside = seen.beside(lab, &prover.bound).await?;
    let place = among(lab, &seen.guest, beside, &shared).await?;
    Ok(Place { control, ..place })
}

/// The same of a guest alone, where what all places share is known; without an address that must be reached.
pub(in crate::lab) async fn place_in(lab: &Lab, guest: &InstanceWithState, shared: &Shared) -> Result<Place, String> {
    among(lab, guest, Beside::default(), shared).await
}

async fn among(lab: &Lab, guest: &InstanceWithState, beside: Beside, shared: &Shared) -> Result<Place, String> {
    let Beside { bound, told: all } = beside;
    let bridge = lab.settings.name.network();
    let subnet = lab.settings.network.subnet.net();
    let known = Known::of(lab, &bridge, guest, &all, shared).await;
    let card = |of: &InstanceWithState| known.card(of);
    let own = card(guest).ok_or_else(|| format!("the guest has no card on {bridge}"))?;
    let address = own.address.ok_or("the guest has no address on the lab's network")?;
    let bridge_mac = std::fs::read_to_string(format!("/sys/class/net/{bridge}/address")).ok();
    let bridge_mac = bridge_mac.and_then(|text| mac(text.trim()));
    let bridge_mac =
        bridge_mac.ok_or_else(|| format!("this host has no bridge {bridge}: run podclaw on the guests' host"))?;
    let told = all.iter().filter(|other| other.state.pid > 1).filter_map(|other| {
        let card = card(other)?;
        Some(Sibling { name: other.instance.name.clone(), mac: card.mac, address: card.address? })
    });
    let mut siblings: Vec<Sibling> = bound.into_iter().chain(told).collect();
    siblings.sort_by(|a, b| a.name.cmp(&b.name));
    let mut taken: BTreeSet<Ipv4Addr> = known.taken().collect();
    taken.extend(siblings.iter().map(|sibling| sibling.address));
    taken.extend([address, subnet.addr()]);
    let free: Vec<Ipv4Addr> = subnet.hosts().filter(|host| !taken.contains(host)).collect();
    let (unused, nobody) = pick(&free).ok_or("the lab's network has no address left")?;
    let isolated = is_isolated(&bridge, &own.host_name);
    let name_of = |port: &str| {
        let of_guest = all.iter().find(|other| card(other).is_some_and(|card| card.host_name == port));
        let of_guest = of_guest.map(|guest| guest.instance.name.as_str());
        let of_guest = of_guest.or_else(|| shared.bound.get(port)?.guest_of(lab.project.as_str()));
        of_guest.map_or_else(|| port.to_owned(), |guest| format!("{port} of guest {guest}"))
    };
    let open_ports = open_ports(&bridge, &own.host_name).map(|open| open.iter().map(|port| name_of(port)).collect());
    let (gateway, mac) = (subnet.addr(), own.mac);
    Ok(Place {
        bridge,
        gateway,
        bridge_mac,
        mac,
        address,
        unused,
        nobody,
        siblings,
        isolated,
        open_ports,
        control: None,
        reach: shared.reach.clone(),
    })
}

/// Whether the kernel keeps a port of that bridge apart from other such ports; nothing where it is a port of another one.
fn is_isolated(bridge: &str, port: &str) -> Option<bool> {
    let flag = std::fs::read_to_string(format!("/sys/class/net/{bridge}/brif/{port}/isolated")).ok()?;
    Some(flag.trim() == "1")
}

/// The ports of a bridge that are not isolated, but for one. Somebody else may have put something on the lab's bridge.
fn open_ports(bridge: &str, but: &str) -> Option<Vec<String>> {
    let ports = std::fs::read_dir(format!("/sys/class/net/{bridge}/brif")).ok()?;
    let mut open = Vec::new();
    for port in ports {
        let port = port.ok()?.file_name().into_string().ok()?;
        // One that went meanwhile is no port any more.
        if port != but && is_isolated(bridge, &port) == Some(false) {
            open.push(port);
        }
    }
    open.sort();
    Some(open)
}

/// Two different ones by chance, and one that is asked for: from a range that nobody has, and large enough that no two
/// proofs ask for the same.
fn pick(free: &[Ipv4Addr]) -> Option<([Ipv4Addr; 2], Ipv4Addr)> {
    let mut number = [0; 8];
    rustix::rand::getrandom(&mut number, rustix::rand::GetRandomFlags::empty()).ok()?;
    let [_, _, _, _, _, high, middle, low] = number;
    let start = usize::try_from(u64::from_ne_bytes(number) % free.len().max(1) as u64).ok()?;
    let unused = [*free.get(start)?, *free.get((start + 1) % free.len())?];
    (free.len() > 1).then_some((unused, Ipv4Addr::new(198, 18 + high % 2, middle, low)))
}

/// Who has which address, by the word of others than the guests.
struct Known<'k> {
    bridge: &'k str,
    bound: &'k BTreeMap<String, Binding>,
    leases: &'k [(String, Ipv4Addr)],
}

impl<'k> Known<'k> {
    /// What is known of a guest and all others that run. The resolver is asked for what it gave out only where the daemon
    /// does not bind each of them to an address: of one that is bound, whatever comes from another address is dropped.
    async fn of(
        lab: &Lab,
        bridge: &'k str,
        guest: &InstanceWithState,
        all: &[InstanceWithState],
        shared: &'k Shared,
    ) -> Self {
        let known = Self { bridge, bound: &shared.bound, leases: &[] };
        let is_told = |of: &InstanceWithState| known.device(of).is_none_or(|card| known.told(&card).is_some());
        if all.iter().filter(|of| of.state.pid > 1).chain([guest]).all(is_told) {
            return known;
        }
        let ask = async || lab.client.leases(&lab.project, bridge).await.unwrap_or_default();
        Self { leases: shared.leases.get_or_init(ask).await, ..known }
    }

    /// The addresses that somebody has, or may come back to.
    fn taken(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.leases.iter().map(|(_, address)| *address).chain(self.bound.values().map(|binding| binding.address))
    }

    /// The card by which a guest hangs on the bridge. Its hardware address is what the daemon gave it; what the guest itself
    /// reports counts only where nobody else knows.
    fn card(&self, of: &InstanceWithState) -> Option<Card> {
        let device = self.device(of)?;
        let leased = || self.leases.iter().find(|(owner, _)| *owner == device.written).map(|(_, address)| *address);
        let reported = || {
            let own = of.state.network.values().find(|interface| interface.hwaddr == device.written)?;
            let global = own.addresses.iter().filter(|found| found.scope == "global");
            global.filter_map(|found| found.address.parse::<IpAddr>().ok()).find_map(|address| match address {
                IpAddr::V4(four) => Some(four),
                IpAddr::V6(_) => None,
            })
        };
        let address = self.told(&device).or_else(leased).or_else(reported);
        Some(Card { mac: mac(&device.written)?, host_name: device.host_name, address })
    }

    /// The address that the daemon itself gave or binds a card to.
    fn told(&self, card: &Device) -> Option<Ipv4Addr> {
        card.fixed.or_else(|| self.bound.get(&card.host_name).map(|binding| binding.address))
    }

    fn device(&self, of: &InstanceWithState) -> Option<Device> {
        let is_card = |device: &&BTreeMap<String, String>| {
            device.get("type").is_some_and(|kind| kind == "nic")
                && [device.get("network"), device.get("parent")].into_iter().flatten().any(|on| on == self.bridge)
        };
        let (name, device) = of.instance.expanded_devices.iter().find(|(_, device)| is_card(device))?;
        let volatile = |key: &str| of.instance.config.get(&format!("volatile.{name}.{key}"));
        Some(Device {
            written: device.get("hwaddr").or_else(|| volatile("hwaddr"))?.clone(),
            host_name: device.get("host_name").or_else(|| volatile("host_name")).cloned().unwrap_or_default(),
            fixed: device.get("ipv4.address").and_then(|address| address.parse().ok()),
        })
    }
}

/// A card, as the daemon has it written down.
struct Device {
    /// Its hardware address.
    written: String,
    /// The host's end of it.
    host_name: String,
    /// The address that its configuration gives it.
    fixed: Option<Ipv4Addr>,
}

fn own_address(address: &IpAddr) -> Option<Ipv4Net> {
    match address {
        IpAddr::V4(four) => Some((*four).into()),
        IpAddr::V6(_) => None,
    }
}

fn mac(text: &str) -> Option<Mac> {
    let mut mac = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut mac {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}
