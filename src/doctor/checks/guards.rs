//! What the kernel guards guests with: AppArmor, seccomp, user namespaces.

use super::{Check, Group, Said, Subject};
use crate::host::Unseen;
use crate::host::kernel::{apparmor, apparmor_profiles, sysctl, sysctl_number};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "kernel-apparmor",
        group: Group::Kernel,
        title: "AppArmor is on, and enforces the guests' profiles",
        why: "It is a second wall behind user ids and seccomp: it keeps root of a guest from mounts and from files of /proc \
              and /sys that the kernel would give away. Without it the first hole in the others is enough.",
        remedy: "boot with `apparmor=1 security=apparmor` and `apt-get install apparmor`; a kernel without AppArmor can't be mended",
        essential: true,
        judge: judge_apparmor,
    },
    Check {
        id: "kernel-userns",
        group: Group::Kernel,
        title: "guests can make user namespaces",
        why: "Rootless Podman in a guest needs them. Where the kernel refuses them, the gateway does not start.",
        remedy: "`sysctl -w user.max_user_namespaces=63359 kernel.unprivileged_userns_clone=1`, and the same in /etc/sysctl.d",
        essential: false,
        judge: user_namespaces,
    },
    Check {
        id: "kernel-seccomp",
        group: Group::Kernel,
        title: "the kernel filters system calls, and can hand them to the daemon",
        why: "Each guest has a filter that keeps system calls from the kernel which only a host needs. mknod and setxattr are \
              handed to the daemon, which decides.",
        remedy: "use a kernel with CONFIG_SECCOMP_FILTER, 5.0 or newer",
        essential: false,
        judge: |subject| match sysctl(&subject.root, "kernel.seccomp.actions_avail") {
            Ok(actions) if actions.split_whitespace().any(|it| it == "user_notif") => {
                Said::ok("filters and notifications")
            }
            Ok(_) => Said::fail("the kernel filters, but can't notify the daemon"),
            Err(Unseen::Missing) => Said::fail("the kernel has no such filter"),
            Err(why) => Said::unseen("kernel.seccomp.actions_avail", &why),
        },
    },
];

fn judge_apparmor(subject: &Subject) -> Said {
    match apparmor(&subject.root) {
        Err(why) => return Said::unseen("AppArmor", &why),
        Ok(false) => return Said::warn("it is off"),
        Ok(true) => {}
    }
    match apparmor_profiles(&subject.root) {
        // The list is root's.
        Err(why @ Unseen::Forbidden) => Said::ok(format!("it is on (which profiles enforce was not seen: {why})")),
        Err(why) => Said::unseen("the list of AppArmor's profiles", &why),
        Ok(profiles) => {
            let lax = |(name, mode): &&(String, String)| {
                name.starts_with("incus-") && mode != "enforce" && mode != "unconfined"
            };
            let lax: Vec<_> = profiles.iter().filter(lax).map(|(name, mode)| format!("{name}: {mode}")).collect();
            if lax.is_empty() {
                return Said::ok(format!("it is on, with {} profiles", profiles.len()));
            }
            Said::fail(format!("{} profiles of guests do not enforce", lax.len()))
                .with(lax)
                .mend("`aa-enforce` the profiles below /var/lib/incus/security/apparmor, and restart the guests")
        }
    }
}

fn user_namespaces(subject: &Subject) -> Said {
    let number = |name: &str| match sysctl_number(&subject.root, name) {
        Err(Unseen::Missing) => Ok(None),
        number => number.map(Some),
    };
    let (most, clone, restricted) = match (
        number("user.max_user_namespaces"),
        number("kernel.unprivileged_userns_clone"),
        number("kernel.apparmor_restrict_unprivileged_userns"),
    ) {
        (Ok(most), Ok(clone), Ok(restricted)) => (most, clone, restricted),
        (Err(why), ..) | (_, Err(why), _) | (.., Err(why)) => return Said::unseen("the settings", &why),
    };
    match (most, clone) {
        (None, _) => Said::fail("the kernel has none"),
        (Some(0), _) => Said::fail("user.max_user_namespaces is 0"),
        (_, Some(0)) => Said::fail("kernel.unprivileged_userns_clone is 0"),
        _ if restricted == Some(1) => Said::ok("AppArmor restricts them; each guest loads the profiles for Podman"),
        _ => Said::ok("they are allowed"),
    }
}
