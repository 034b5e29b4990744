//! The order of the stages, shown by breaking it.

use std::time::Duration;

use crate::harness::{Machine, Test, tests};
use crate::lab::ready;

pub(crate) const TESTS: &[Test] = tests![the_image_can_not_come_before_the_user];

/// The gateway's image needs the user and the user's store. (User before AppArmor is shown where namespaces are.)
fn the_image_can_not_come_before_the_user(machine: &Machine) {
    ready(machine);
    // The same data, with two stages changed for each other.
    let prepare = "
        set -e
        mkdir -p /podclaw/disordered
        cp -r /podclaw/apparmor /podclaw/cloud-init /podclaw/policy /podclaw/profiles /podclaw/disordered
        cd /podclaw/disordered
        mv cloud-init/stages/3-user.sh cloud-init/stages/user.sh
        mv cloud-init/stages/4-image.sh cloud-init/stages/3-user.sh
        mv cloud-init/stages/user.sh cloud-init/stages/4-image.sh
        sed 's|^data: .*|data: /podclaw/disordered|' /podclaw/podclaw.yaml >/podclaw/disordered.yaml";
    machine.sh(prepare).ok();
    let launch = machine.podclaw_of("disordered.yaml", &["launch", "--cold", "late", "-p", "guest", "-p", "small"]);
    let said = launch.timeout(Duration::from_mins(4)).end();
    assert!(said.code == 3 && said.stderr.contains("stage 3/7"), "{said}");
    assert_eq!(machine.podclaw(&["info", "late"]).end().code, 3, "the guest is gone");
}
