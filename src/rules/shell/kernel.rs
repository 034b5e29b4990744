//! Mounts, devices, modules and namespaces.

use super::call::{Call, Found};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-kernel",
    severity: Severity::Error,
    summary: "mounts, devices, kernel modules or namespaces",
    why: "A guest needs none of these to run the gateway. Each is a piece of the kernel that a guest shares with its host, and the usual first step out of a container.",
    remedy: "leave devices and mounts to the profile, where they are judged",
    threats: &["kernel-surface", "host-device", "host-path"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nmount /dev/sda1 /mnt\n",
        good: "#!/bin/bash\nset -euo pipefail\nfindmnt /\n",
        trial: Trial::Alone,
    }],
};

/// Commands that change them.
pub(super) const NAMES: &str = "mount umount mknod insmod modprobe rmmod depmod kmod kexec losetup dmsetup pivot_root chroot unshare nsenter
switch_root mkfs mkfs.ext4 mkfs.btrfs mkswap swapon swapoff fdisk parted sfdisk cfdisk gdisk sgdisk pvcreate vgcreate lvcreate cryptsetup fuser
fusermount fusermount3 fuse-overlayfs mount.fuse sshfs bpftool bpftrace debugfs hwclock rtcwake reboot poweroff halt shutdown init telinit
ldconfig chcpu setserial lxc-attach criu perf strace gdb capsh swaplabel zramctl blockdev hdparm";

pub(super) fn check(call: &Call) -> Option<Found> {
    super::known::in_list(NAMES, &call.name)
        .then(|| call.found(&RULE, format!("`{}` reaches into the kernel or the guest's disks", call.name)))
}
