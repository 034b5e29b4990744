//! The lab that all checks share: made when the first one wants it.

use std::sync::OnceLock;
use std::time::Duration;

use crate::harness::Machine;

/// The guest that the checks look at.
pub(crate) const GUEST: &str = "demo";

/// A neighbour of the machine, and behind it what plays the internet: packets have somewhere to go, and nobody answers but for
/// a resolver.
const WORLD: &str = "
    ip netns list | grep -qw world && exit
    ip netns add world
    ip link add up0 type veth peer name up1 netns world
    ip address add 192.168.77.1/24 dev up0
    ip link set up0 up
    ip -n world address add 192.168.77.2/24 dev up1
    ip -n world link set up1 up
    ip -n world link set lo up
    ip -n world route add default via 192.168.77.1
    ip route add default via 192.168.77.2
    ip netns exec world dnsmasq --no-resolv --no-hosts --bind-interfaces --listen-address=192.168.77.2 \
        --address=/#/192.0.2.1 --pid-file=/run/world-dnsmasq.pid
    echo nameserver 192.168.77.2 >/etc/resolv.conf";

static MADE: OnceLock<()> = OnceLock::new();

/// Gives the machine a network, and waits until its daemon answers.
pub(crate) fn prepare(machine: &Machine) {
    machine.sh(WORLD).ok();
    machine.sh("for try in $(seq 100); do incus query /1.0 >/dev/null && exit; sleep 1; done; exit 1").ok();
}

/// Makes the lab and launches the guest, every stage in it, unless that is done.
pub(crate) fn ready(machine: &Machine) {
    MADE.get_or_init(|| {
        prepare(machine);
        machine.podclaw(&["init"]).ok();
        machine.podclaw(&["image", "build"]).timeout(Duration::from_mins(2)).ok();
        if machine.podclaw(&["info", GUEST]).end().code != 0 {
            machine.podclaw(&["launch", "--cold", GUEST, "--timeout", "20m"]).timeout(Duration::from_mins(5)).ok();
        }
    });
}
