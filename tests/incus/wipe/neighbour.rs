//! Somebody else's project, pool, network, image and guest on the same daemon, which must stay as they are.

use crate::harness::{Daemon, Lab};

/// The neighbour, and what it was.
pub(super) struct Neighbour<'d> {
    lab: Lab<'d>,
    was: String,
}

impl<'d> Neighbour<'d> {
    pub(super) fn move_in(daemon: &'d Daemon) -> Self {
        let lab = Lab::new(daemon);
        lab.make_by_hand();
        lab.launch_tiny("n");
        lab.incus(&["exec", "n", "--", "sh", "-c", "echo mine >/root/marker"]).run().ok();
        lab.incus(&["storage", "volume", "create", lab.name(), "data"]).run().ok();
        let was = look(&lab);
        Self { lab, was }
    }

    /// Fails unless all is as it was, byte for byte.
    #[track_caller]
    pub(super) fn is_as_before(&self, when: &str) {
        assert_eq!(look(&self.lab), self.was, "the neighbour changed {when}");
    }
}

fn look(lab: &Lab) -> String {
    let (name, network) = (lab.name(), lab.network());
    let paths = [
        format!("/1.0/projects/{name}"),
        format!("/1.0/storage-pools/{name}"),
        format!("/1.0/storage-pools/{name}/volumes?recursion=1&project={name}"),
        format!("/1.0/networks/{network}"),
        format!("/1.0/profiles?recursion=1&project={name}"),
        format!("/1.0/images?recursion=1&project={name}"),
        format!("/1.0/instances?recursion=1&project={name}"),
    ];
    let said = paths.map(|path| lab.daemon().get(&path).to_string()).join("\n");
    // It runs on, with the same processes and the same files.
    let pid = lab.daemon().get(&format!("/1.0/instances/n/state?project={name}"))["pid"].to_string();
    let files =
        format!("cat /proc/{pid}/root/root/marker && find /proc/{pid}/root/bin/ -type f -exec sha256sum {{}} +");
    let files = lab.daemon().program("sh").args(&["-c", &files]).run().ok();
    let chains = lab.daemon().program("nft").args(&["list", "chains"]).run().ok();
    let own: Vec<&str> = chains.lines().filter(|line| line.contains(&network)).collect();
    format!("{said}\n{pid}\n{files}\n{own:?}")
}

impl Drop for Neighbour<'_> {
    fn drop(&mut self) {
        // The lab itself goes after it, and knows of no volumes.
        let _ = self.lab.incus(&["storage", "volume", "delete", self.lab.name(), "data"]).run();
    }
}
