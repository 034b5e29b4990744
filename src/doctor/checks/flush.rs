//! Whether something takes the firewall's rules away.

use super::{Check, Group, Said, Subject};
use crate::host::flush::flushes;

pub(super) const CHECKS: &[Check] = &[Check {
    id: "net-flush",
    group: Group::Network,
    title: "nothing takes the firewall's rules away while guests run",
    why: "Incus' rules and podclaw's own tables are what keeps guests in. `nft flush ruleset` takes both away at once, from \
          guests that run, too, and Incus puts its own up again only when the daemon starts. The service nftables does it when \
          it starts, is reloaded, and is stopped.",
    remedy: "`systemctl disable nftables` and `systemctl mask nftables`, both without `--now`, because stopping it flushes; keep \
             rules of your own in tables of their own, and replace those alone. Where it has happened: `podclaw init`, and \
             restart the daemon",
    essential: false,
    judge,
}];

fn judge(subject: &Subject) -> Said {
    let found = match flushes(&subject.root) {
        Ok(found) => found,
        Err(why) => return Said::unseen("what the machine runs by itself", &why),
    };
    let scripts = found.scripts.iter().map(|file| format!("{}: `flush ruleset`", file.display()));
    if found.service {
        let rules = found.rules.iter().map(|file| format!("{}: `flush ruleset`, which it loads", file.display()));
        return Said::warn("the service nftables is enabled, or was started").with(rules.chain(scripts));
    }
    if !found.scripts.is_empty() {
        return Said::warn("something else does, each time it runs")
            .with(scripts)
            .mend("take `flush ruleset` out of it; let it replace the tables that are its own, and no others");
    }
    Said::ok("nothing was found; the service nftables is off")
}
