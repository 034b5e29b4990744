//! Killing a guest that the daemon does not get killed: by its first process, with which all its others end.

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::host::Root;
use crate::incus::{Object, Status};
use crate::lab::Lab;

/// Kills the guest's first process, as the daemon names it, where this process may and that one is in the guest's own
/// control group: the number may be another process's by now, or another machine's. Says whether it did.
pub(super) async fn kill(lab: &Lab, name: &str) -> bool {
    let object = Object::instance(&lab.project, name);
    let Ok(Some(found)) = lab.client.get_with_state(&object).await else { return false };
    if found.instance.status == Status::Stopped {
        return false;
    }
    let Some(pid) = i32::try_from(found.state.pid).ok().filter(|pid| *pid > 1).and_then(Pid::from_raw) else {
        return false;
    };
    // Opened before it is looked at: what is signalled is what was looked at.
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
    let groups = Root::machine().text(format!("/proc/{}/cgroup", pid.as_raw_nonzero())).unwrap_or_default();
    is_guests(&groups, lab.project.as_str(), name) && pidfd_send_signal(process, Signal::KILL).is_ok()
}

/// Whether these are the control groups of a process in that guest.
fn is_guests(groups: &str, project: &str, name: &str) -> bool {
    let own = format!("lxc.payload.{project}_{name}");
    groups.lines().any(|line| line.splitn(3, ':').nth(2).is_some_and(|path| path.split('/').any(|part| part == own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_of_that_guest_is_one() {
        let inside = "0::/lxc.payload.lab_a/init.scope\n";
        assert!(is_guests(inside, "lab", "a"));
        assert!(is_guests("5:pids:/lxc.payload.lab_a\n1:name=systemd:/x\n", "lab", "a"));
        assert!(!is_guests(inside, "lab", "b") && !is_guests("0::/lxc.payload.lab_ab\n", "lab", "a"));
        assert!(!is_guests("0::/lxc.monitor.lab_a\n", "lab", "a") && !is_guests("", "lab", "a"));
    }
}
