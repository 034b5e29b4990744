//! A lab for one test: a name and addresses that nobody else has, and its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use super::daemon::passes;
use super::{Daemon, cache, tiny};
use crate::common::{self, Output, Program};

static LABS: AtomicU8 = AtomicU8::new(0);

/// A lab that exists as soon as a test makes it, through podclaw or by hand. It is wiped when this is dropped, through
/// Incus' own client: what podclaw's `wipe` does is tested, not used.
#[derive(Debug)]
pub(crate) struct Lab<'d> {
    daemon: &'d Daemon,
    number: u8,
    name: String,
    dir: PathBuf,
}

impl<'d> Lab<'d> {
    /// A lab whose file names it, its subnet, and a pool of 8 GiB, which takes up what is written to it.
    pub(crate) fn new(daemon: &'d Daemon) -> Self {
        let number = LABS.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}l{number}", daemon.slot().prefix());
        let dir = daemon.dir().join(format!("lab{number}"));
        fs::create_dir_all(&dir).expect("the lab's directory can be made");
        let lab = Self { daemon, number, name, dir };
        lab.set_file("");
        lab
    }

    /// The same, with more lines in its lab file.
    pub(crate) fn with(daemon: &'d Daemon, more: &str) -> Self {
        let lab = Self::new(daemon);
        lab.set_file(more);
        lab
    }

    /// Writes the lab file anew: its own name and addresses, then `more`.
    pub(crate) fn set_file(&self, more: &str) {
        let (name, bridge) = (&self.name, self.address(1));
        // What this machine has must not decide how many guests a test can have.
        let totals = if more.contains("totals:") { "" } else { "totals: {memory: 1TiB, processes: 1000000}\n" };
        let text = format!("name: {name}\n{totals}pool:\n  size: 8GiB\nnetwork:\n  subnet: {bridge}/24\n{more}");
        fs::write(self.file(), text).expect("the lab file can be written");
    }

    /// Its name, which is also its project's and its pool's.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The daemon that it is in.
    pub(crate) fn daemon(&self) -> &'d Daemon {
        self.daemon
    }

    /// Its bridge.
    pub(crate) fn network(&self) -> String {
        format!("{}br0", self.name)
    }

    /// Its addresses, as `10.200.3.0/24`.
    pub(crate) fn subnet(&self) -> String {
        format!("{}/24", self.address(0))
    }

    /// One of its addresses. The bridge has number 1.
    pub(crate) fn address(&self, host: u8) -> String {
        let [a, b] = self.daemon.slot().network();
        format!("{a}.{b}.{}.{host}", self.number)
    }

    /// A directory for what the test writes; it goes with the lab.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The lab file.
    pub(crate) fn file(&self) -> PathBuf {
        self.dir.join("podclaw.yaml")
    }

    /// podclaw in this lab: with its socket, lab file, and the tests' image cache.
    pub(crate) fn podclaw<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Program {
        self.podclaw_at(&self.daemon.socket(), args)
    }

    /// The same with another socket that leads to the daemon.
    pub(crate) fn podclaw_at<S: AsRef<std::ffi::OsStr>>(&self, socket: &Path, args: &[S]) -> Program {
        let program = self.daemon.program(common::PODCLAW).cwd(&self.dir);
        let program = program.arg("--socket").arg(socket).arg("--lab-file").arg(self.file());
        program.arg("--cache-dir").arg(cache::dir()).args(args)
    }

    /// A text of podclaw's, with its commands as it tells people to type them: about this lab.
    pub(crate) fn typed(&self, text: &str) -> String {
        let (socket, file, cache) = (self.daemon.socket(), self.file(), cache::dir());
        let (socket, file, cache) = (socket.display(), file.display(), cache.display());
        text.replace("podclaw ", &format!("podclaw --lab-file {file} --socket {socket} --cache-dir {cache} "))
    }

    /// A command in a guest, through podclaw. Incus 6.0 loses one now and then on a busy machine, and says so: it is run
    /// again then, so the command must bear that.
    pub(crate) fn exec<S: AsRef<std::ffi::OsStr>>(&self, args: &[S], stdin: &str) -> Output {
        for _ in 0..5 {
            let output = self.podclaw(&["exec"]).args(args).stdin(stdin).run();
            if !output.stderr.contains("Failed to retrieve PID of") {
                return output;
            }
        }
        panic!("the daemon loses every command");
    }

    /// The `incus` command line in the lab's project.
    pub(crate) fn incus<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Program {
        self.daemon.incus(&["--project", &self.name]).args(args)
    }

    /// Takes the lab's own firewall table away, so that only Incus' rules are left.
    pub(crate) fn remove_fence(&self) {
        for family in ["inet", "arp"] {
            Program::new("nft").args(&["delete", "table", family, &format!("podclaw_{}", self.name)]).run().ok();
        }
    }

    /// Makes project, pool, bridge and default profile with Incus' client, for tests of what is below podclaw's `init`.
    pub(crate) fn make_by_hand(&self) {
        let (name, network, address) = (&*self.name, &*self.network(), format!("{}/24", self.address(1)));
        let incus = |args: &[&str]| self.daemon.incus(args).run().ok();
        incus(&["storage", "create", name, "btrfs", "size=2GiB"]);
        let address = format!("ipv4.address={address}");
        self.make_network(&["network", "create", network, &address, "ipv4.nat=true", "ipv6.address=none"]);
        incus(&["project", "create", name, "-c", "features.networks=false"]);
        self.incus(&["profile", "device", "add", "default", "root", "disk", "path=/", &format!("pool={name}")])
            .run()
            .ok();
        self.incus(&["profile", "device", "add", "default", "eth0", "nic", &format!("network={network}")]).run().ok();
    }

    /// Incus looks at every link of the machine meanwhile.
    fn make_network(&self, create: &[&str]) {
        let mut output = self.daemon.incus(create).run();
        for _ in 0..5 {
            if output.code == 0 || !passes(&output) {
                break;
            }
            let _ = self.daemon.incus(&["network", "delete", &self.network()]).run();
            output = self.daemon.incus(create).run();
        }
        output.ok();
    }

    /// Imports the tiny image into the lab's project, as `tiny`, unless it is there.
    pub(crate) fn import_tiny(&self) {
        if self.incus(&["image", "info", "tiny"]).run().code != 0 {
            self.incus(&["image", "import"]).arg(tiny::image()).args(&["--alias", "tiny"]).run().ok();
        }
    }

    /// Launches a tiny guest. It runs when this returns.
    pub(crate) fn launch_tiny(&self, name: &str) {
        self.launch_tiny_with(&[name]);
    }

    /// The same with more arguments for `incus launch`, the first of which is the name.
    pub(crate) fn launch_tiny_with(&self, arguments: &[&str]) {
        self.import_tiny();
        self.incus(&["launch", "tiny"]).args(arguments).run().ok();
    }

    /// Launches a tiny guest of the profiles that real ones have, which podclaw takes for its own, and gives it an address.
    pub(crate) fn launch_own(&self, name: &str, more: &[&str]) {
        let (mark, guest, small) =
            (format!("user.podclaw.lab={}", self.name), format!("{}-guest", self.name), format!("{}-small", self.name));
        self.launch_tiny_with(&[&[name, "-p", &guest, "-p", &small, "-c", &mark], more].concat());
        self.give_address(name);
    }

    /// Has a tiny guest ask for an address and take it: the tiny image's own client only asks.
    pub(crate) fn give_address(&self, name: &str) {
        let script = format!(
            "ifconfig eth0 up
             for try in 1 2 3 4 5; do
                 said=$(udhcpc -n -q -i eth0 -s /bin/true 2>&1)
                 echo \"$said\" >&2
                 address=$(echo \"$said\" | sed -n 's/.*lease of \\([0-9.]*\\) obtained.*/\\1/p')
                 [ -z \"$address\" ] || break
             done
             ifconfig eth0 $address netmask 255.255.255.0
             route add default gw {} 2>/dev/null
             echo $address",
            self.address(1)
        );
        let said = self.exec(&[name, "--", "sh", "-c", &script], "").exits(0);
        assert!(!said.stdout.trim().is_empty(), "{name} gets no address: {said}");
    }

    /// Removes the lab and everything in it, and says what did not work.
    fn wipe(&self) -> Vec<String> {
        let mut failures = Vec::new();
        let mut run = |program: Program| {
            let output = program.timeout(Duration::from_mins(5)).run();
            if output.code != 0 && !is_missing(&output) {
                failures.push(output.to_string());
            }
            output.stdout
        };
        let names = |csv: String| csv.lines().map(Into::into).collect::<Vec<String>>();
        let instances = names(run(self.incus(&["list", "-f", "csv", "-c", "n"])));
        if !instances.is_empty() {
            run(self.incus(&["delete", "--force"]).args(&instances));
        }
        let images = names(run(self.incus(&["image", "list", "-f", "csv", "-c", "F"])));
        if !images.is_empty() {
            run(self.incus(&["image", "delete"]).args(&images));
        }
        let profiles = names(run(self.incus(&["profile", "list", "-f", "csv", "-c", "n"])));
        // The default one cannot be deleted, only emptied; so it no longer uses the pool.
        run(self.incus(&["profile", "edit", "default"]).stdin("config: {}\ndevices: {}\n"));
        for profile in profiles.iter().filter(|name| *name != "default") {
            run(self.incus(&["profile", "delete", profile]));
        }
        run(self.daemon.incus(&["project", "delete", &self.name]));
        // Incus looks at every link of the machine here, too.
        run(self.daemon.incus(&["network", "delete", &self.network()]).again_if(passes));
        run(self.daemon.incus(&["network", "acl", "delete", &format!("{}-egress", self.name)]));
        run(self.daemon.incus(&["storage", "delete", &self.name]));
        // Made only where podclaw's `init` ran, and gone already where a test took it away.
        for family in ["inet", "arp"] {
            let _ = Program::new("nft").args(&["delete", "table", family, &format!("podclaw_{}", self.name)]).run();
        }
        failures
    }

    /// The end of every stage log of every guest that runs.
    fn guest_logs(&self) -> String {
        let guests = self.incus(&["list", "status=running", "-f", "csv", "-c", "n"]).run().stdout;
        let show = "tail -n 15 /var/log/podclaw/* 2>/dev/null || true";
        let logs = guests.lines().map(|guest| {
            let output = self.incus(&["exec", guest, "--", "sh", "-c", show]).timeout(Duration::from_secs(20)).run();
            format!("--- stage logs of {guest}\n{}\n", podclaw::text::escape(&output.stdout))
        });
        logs.collect()
    }
}

impl Drop for Lab<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // A panic in here would end the process; the guardian removes what is left now.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                eprint!("{}", self.guest_logs());
                self.wipe();
            }));
            return;
        }
        let failures = self.wipe();
        assert!(failures.is_empty(), "cannot wipe the lab {}:\n{}", self.name, failures.join("\n"));
    }
}

fn is_missing(output: &Output) -> bool {
    output.stderr.contains("not found")
}
