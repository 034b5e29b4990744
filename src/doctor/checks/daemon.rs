//! The daemon: whether it is there, and can do what podclaw needs.

use super::{Check, Group, NoDaemon, Said, Subject, with_daemon};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "incus-daemon",
        group: Group::Incus,
        title: "an Incus daemon answers",
        why: "Nothing can be launched without it, and what it would say about this machine is missing here.",
        remedy: "install Incus and start it: `apt-get install incus-base incus-client`, `systemctl start incus.socket`",
        essential: true,
        judge: |subject| match &subject.daemon {
            Ok(daemon) => Said::ok(daemon.server.to_string()),
            Err(NoDaemon { why, help, may_be_there }) => {
                let said = if *may_be_there { Said::unknown(why) } else { Said::fail(why) };
                match help {
                    Some(help) => said.mend(help),
                    None => said,
                }
            }
        },
    },
    Check {
        id: "incus-extensions",
        group: Group::Incus,
        title: "the daemon has the API extensions that podclaw needs",
        why: "Without them the daemon can't enforce the lab's limits, so podclaw refuses to use it.",
        remedy: "install Incus 6.0.4 or newer",
        essential: false,
        judge: |subject| {
            with_daemon(subject, |daemon| {
                let missing = daemon.server.missing(subject.wanted.extensions);
                if missing.is_empty() {
                    Said::ok(format!("all {} are there", subject.wanted.extensions.len()))
                } else {
                    Said::fail(format!("{} are missing", missing.len())).with(missing)
                }
            })
        },
    },
    Check {
        id: "incus-firewall",
        group: Group::Incus,
        title: "the daemon filters with nftables",
        why: "The lab's ACL was tried with nftables only. With the older driver other rules on the host come into its way.",
        remedy: "`apt-get install nftables`, then restart the daemon",
        essential: false,
        judge: |subject| {
            with_daemon(subject, |daemon| match daemon.server.firewall.as_str() {
                "nftables" => Said::ok("nftables"),
                "" => Said::unknown("the daemon does not say"),
                other => Said::warn(format!("the driver is {other}")),
            })
        },
    },
    Check {
        id: "incus-warnings",
        group: Group::Incus,
        title: "the daemon warns of nothing",
        why: "The daemon goes on without what it warns of, such as AppArmor or a limit that the kernel lacks.",
        remedy: "read them with `incus warning list`, and what each means with `incus warning show UUID`",
        essential: false,
        judge: |subject| with_daemon(subject, |daemon| warnings(&daemon.warnings)),
    },
    Check {
        id: "incus-pool",
        group: Group::Incus,
        title: "the lab's pool can limit and clone disks",
        why: "A pool of the driver dir copies the image for every guest, and may not limit how much a guest writes. A driver \
              that the daemon does not have can't make a pool at all.",
        remedy: "set `pool.driver: btrfs` in the lab file, `apt-get install btrfs-progs`, and restart the daemon",
        essential: false,
        judge: pool,
    },
];

fn warnings(warnings: &Result<Vec<crate::incus::Warning>, String>) -> Said {
    let warnings = match warnings {
        Ok(warnings) => warnings,
        Err(why) => return Said::unknown(why),
    };
    let open: Vec<_> = warnings.iter().filter(|warning| warning.status != "resolved").collect();
    if open.is_empty() {
        return Said::ok("none");
    }
    let line = |warning: &&crate::incus::Warning| {
        let (what, last) = (&warning.kind, &warning.last_message);
        if last.is_empty() { what.clone() } else { format!("{what}: {last}") }
    };
    Said::warn(format!("{} warnings", open.len())).with(open.iter().map(line))
}

fn pool(subject: &Subject) -> Said {
    with_daemon(subject, |daemon| {
        let pools = match &daemon.pools {
            Ok(pools) => pools,
            Err(why) => return Said::unknown(why),
        };
        let name = &subject.wanted.pool;
        let supported = |driver: &str| daemon.server.storage_drivers.iter().any(|it| it.name == driver);
        let (driver, what) = match pools.iter().find(|pool| pool.name == *name) {
            Some(pool) if !pool.status.is_empty() && pool.status != "Created" => {
                return Said::fail(format!("the pool {name} is {}", pool.status.to_lowercase()))
                    .mend(format!("look why: `incus storage info {name}`, and the daemon's log"));
            }
            Some(pool) => (pool.driver.as_str(), format!("the pool {name} has the driver {}", pool.driver)),
            None => (
                subject.wanted.driver.as_str(),
                format!("there is no pool {name} yet; it will be {}", subject.wanted.driver),
            ),
        };
        match driver {
            driver if !supported(driver) => Said::fail(format!("{what}, which the daemon does not have")),
            "dir" => Said::warn(what),
            _ => Said::ok(what),
        }
    })
}
