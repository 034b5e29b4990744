//! What the daemon refuses, whoever asks. Each attempt is made with Incus' own client, and made once more without what is
//! refused, so that it is known to fail for that reason alone.

use crate::common::Output;
use crate::harness::{Daemon, Lab, Test, tests};

pub(super) const TESTS: &[Test] = tests![
    the_daemon_refuses_dangerous_guests,
    the_daemon_refuses_dangerous_devices,
    the_daemon_refuses_changes_of_a_guest,
    the_daemon_refuses_what_outlives_a_guest,
];

struct Locked<'d> {
    lab: Lab<'d>,
    profiles: [String; 2],
}

impl<'d> Locked<'d> {
    fn new(daemon: &'d Daemon) -> Self {
        let lab = Lab::new(daemon);
        lab.podclaw(&["init"]).run().ok();
        lab.import_tiny();
        let profiles = ["guest", "small"].map(|name| format!("{}-{name}", lab.name()));
        Self { lab, profiles }
    }

    /// Makes a guest of the lab's profiles, which is not started.
    fn make(&self, more: &[&str]) -> Output {
        let [guest, small] = &self.profiles;
        self.lab.incus(&["init", "tiny", "g", "-p", guest, "-p", small]).args(more).run()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.lab.incus(arguments).run()
    }

    fn remove(&self) {
        self.lab.incus(&["delete", "--force", "g"]).run().ok();
    }
}

#[track_caller]
fn refused(said: &Output, reason: &str) {
    assert!(said.code != 0, "the daemon allowed {said}");
    assert!(said.stderr.contains(reason), "wanted `{reason}`, and it was refused for another reason: {said}");
}

fn the_daemon_refuses_dangerous_guests(daemon: &Daemon) {
    let locked = Locked::new(daemon);
    for (key, reason) in [
        ("security.privileged=true", "Privileged containers are forbidden"),
        ("security.idmap.isolated=false", "Non-isolated containers are forbidden"),
        ("security.idmap.size=131072", "Use of low-level config \"security.idmap.size\""),
        ("security.idmap.base=200000", "Use of low-level config \"security.idmap.base\""),
        ("raw.lxc=lxc.apparmor.profile=unconfined", "Use of low-level config \"raw.lxc\""),
        ("raw.apparmor=capability,", "Use of low-level config \"raw.apparmor\""),
        ("raw.seccomp=2", "Use of low-level config \"raw.seccomp\""),
        ("raw.idmap=both 0 0", "Use of low-level \"raw.idmap\""),
        ("linux.kernel_modules=overlay", "Use of low-level config \"linux.kernel_modules\""),
        ("limits.memory.swap=false", "Use of low-level config \"limits.memory.swap\""),
        ("security.syscalls.intercept.mount.allowed=ext4", "Use of low-level config"),
        ("boot.host_shutdown_timeout=1", "Use of low-level config \"boot.host_shutdown_timeout\""),
        ("volatile.idmap.base=0", "Setting \"volatile.idmap.base\""),
    ] {
        refused(&locked.make(&["-c", key]), reason);
    }
    // A profile carries nothing past the daemon either.
    locked.run(&["profile", "create", "p"]).ok();
    refused(&locked.run(&["profile", "set", "p", "security.privileged=true"]), "Privileged containers are forbidden");
    refused(
        &locked.run(&["profile", "set", "p", "raw.lxc=lxc.apparmor.profile=unconfined"]),
        "Use of low-level config",
    );
    refused(
        &locked.run(&["profile", "device", "add", "p", "etc", "disk", "source=/etc", "path=/mnt"]),
        "Attaching disks not backed by a pool is forbidden",
    );
    locked.run(&["profile", "set", "p", "security.nesting=true"]).ok();

    let [guest, small] = &locked.profiles;
    let machine = ["init", "--empty", "--vm", "m", "-p", guest, "-p", small];
    refused(&locked.run(&machine), "Reached maximum number of instances of type \"virtual-machine\"");

    locked.make(&["-c", "user.note=harmless"]).ok();
    locked.remove();
}

fn the_daemon_refuses_dangerous_devices(daemon: &Daemon) {
    let locked = Locked::new(daemon);
    locked.make(&[]).ok();
    let add = |device: &[&str]| locked.lab.incus(&["config", "device", "add", "g"]).args(device).run();
    for (device, reason) in [
        (&["d", "disk", "source=/etc", "path=/mnt"][..], "Attaching disks not backed by a pool is forbidden"),
        (&["d", "disk", "source=/", "path=/mnt"], "Attaching disks not backed by a pool is forbidden"),
        (&["d", "disk", "source=tmpfs:", "path=/mnt"], "Attaching disks not backed by a pool is forbidden"),
        (&["d", "nic", "nictype=macvlan", "parent=lo"], "Only managed network devices are allowed"),
        (&["d", "nic", "nictype=physical", "parent=lo"], "Only managed network devices are allowed"),
        (&["d", "nic", "nictype=routed", "ipv4.address=192.0.2.1"], "Only managed network devices are allowed"),
        (&["d", "proxy", "listen=tcp:127.0.0.1:1", "connect=tcp:127.0.0.1:2"], "Proxy devices are forbidden"),
        (
            &["d", "proxy", "bind=instance", "listen=tcp:127.0.0.1:1", "connect=tcp:127.0.0.1:2"],
            "Proxy devices are forbidden",
        ),
        (&["d", "unix-char", "source=/dev/kmsg"], "Unix character devices are forbidden"),
        (&["d", "unix-block", "source=/dev/loop0"], "Unix block devices are forbidden"),
        (&["d", "unix-hotplug", "vendorid=1234"], "Unix hotplug devices are forbidden"),
        (&["d", "usb", "vendorid=1234"], "USB devices are forbidden"),
        (&["d", "gpu", "gputype=physical"], "GPU devices are forbidden"),
        (&["d", "pci", "address=0000:00:00.0"], "PCI devices are forbidden"),
        (&["d", "infiniband", "nictype=physical", "parent=lo"], "Infiniband devices are forbidden"),
    ] {
        refused(&add(device), reason);
    }
    // Another network that the daemon manages, which the project may not use.
    let other = Lab::new(daemon);
    other.make_by_hand();
    refused(&add(&["d", "nic", &format!("network={}", other.network())]), "Network not allowed in project");

    // The lab's own network, and a volume of its own pool, are not refused.
    locked.run(&["config", "device", "override", "g", "eth0", &format!("network={}", locked.lab.network())]).ok();
    let name = locked.lab.name();
    locked.run(&["storage", "volume", "create", name, "v", "size=1MiB"]).ok();
    add(&["v", "disk", &format!("pool={name}"), "source=v", "path=/mnt"]).ok();
    locked.remove();
    locked.run(&["storage", "volume", "delete", name, "v"]).ok();
}

fn the_daemon_refuses_changes_of_a_guest(daemon: &Daemon) {
    let locked = Locked::new(daemon);
    locked.make(&[]).ok();
    for start in [false, true] {
        if start {
            locked.run(&["start", "g"]).ok();
        }
        let set = |key: &str| locked.run(&["config", "set", "g", key]);
        refused(&set("security.privileged=true"), "Privileged containers are forbidden");
        refused(&set("security.idmap.isolated=false"), "Non-isolated containers are forbidden");
        refused(&set("raw.lxc=lxc.cap.drop="), "Use of low-level config \"raw.lxc\"");
        refused(&set("volatile.idmap.next=[]"), "\"volatile.idmap.next\" on container");
        refused(
            &locked.run(&["config", "device", "override", "g", "eth0", "parent=lo", "network="]),
            "managed network",
        );
        set("user.note=harmless").ok();
    }
    // The lab's profiles, too: by hand they can't be made what the project refuses.
    let [guest, _] = &locked.profiles;
    refused(&locked.run(&["profile", "set", guest, "security.privileged=true"]), "Privileged containers are forbidden");
    locked.remove();
}

fn the_daemon_refuses_what_outlives_a_guest(daemon: &Daemon) {
    let locked = Locked::new(daemon);
    locked.make(&[]).ok();
    refused(&locked.run(&["snapshot", "create", "g", "s"]), "doesn't allow for snapshot creation");
    let to = locked.lab.dir().join("g.tar.gz");
    let export = locked.lab.incus(&["export", "g"]).arg(&to).run();
    refused(&export, "doesn't allow for backup creation");
    let name = locked.lab.name();
    locked.run(&["storage", "volume", "create", name, "v", "size=1MiB"]).ok();
    refused(&locked.run(&["storage", "volume", "snapshot", "create", name, "v", "s"]), "doesn't allow for snapshot");
    locked.run(&["storage", "volume", "delete", name, "v"]).ok();

    // Both work where the project does not say so.
    for key in ["restricted.snapshots=allow", "restricted.backups=allow"] {
        daemon.incus(&["project", "set", name, key]).run().ok();
    }
    locked.run(&["snapshot", "create", "g", "s"]).ok();
    locked.lab.incus(&["export", "g"]).arg(&to).run().ok();
    locked.remove();
}
