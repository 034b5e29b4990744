//! Tests of stage 2: what it installs and loads in guests of different releases. The kernel and the parser are stood in for;
//! real ones have it in tests/vm.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use tempfile::TempDir;

use super::*;

/// What stage 2 and the library call besides the parser and Podman's programs.
const TOOLS: [&str; 7] = ["bash", "cat", "chmod", "grep", "mkdir", "mv", "sed"];

/// Notes how it is called. Of its real work it does none but to tell a profile's name.
const PARSER: &str = "#!/bin/bash\necho \"$*\" >>\"${0%/*}/../calls\"\n\
                      if [[ $1 == --names ]]; then sed -n 's/^profile \\([^ ]*\\) .*/\\1/p' \"$2\"; fi\n";

/// A guest, as far as stage 2 looks at it.
struct Guest(TempDir);

/// What came of it.
struct Ran {
    ok: bool,
    said: String,
    /// The calls of the parser that load something, as the profile's file name.
    loaded: Vec<String>,
}

impl Guest {
    /// With these programs, these profiles of the distribution's, and these profiles loaded, on a kernel with `AppArmor`.
    fn new(programs: &[&str], shipped: &[(&str, &str)], loaded: &[&str]) -> Self {
        let guest = Self(tempfile::tempdir().unwrap());
        for directory in ["bin", "etc/abi", "etc/disable", "policy", "share"] {
            fs::create_dir_all(guest.path(directory)).unwrap();
        }
        for tool in TOOLS {
            let places =
                env::split_paths(&env::var_os("PATH").unwrap()).map(|place| place.join(tool)).collect::<Vec<_>>();
            let place = places.iter().find(|place| place.exists()).unwrap();
            symlink(place, guest.path("bin").join(tool)).unwrap();
        }
        for program in programs {
            guest.program(program, "#!/bin/bash\n");
        }
        guest.program("apparmor_parser", PARSER);
        for (name, text) in &Templates::builtin().apparmor {
            guest.write(&format!("share/{name}"), text);
        }
        for (name, text) in shipped {
            guest.write(&format!("etc/{name}"), text);
        }
        guest.write("etc/abi/4.0", "");
        guest.write("policy/.replace", "");
        guest.write(
            "policy/profiles",
            &loaded.iter().map(|name| format!("{name} (unconfined)\n")).collect::<Vec<_>>().concat(),
        );
        guest.write("enabled", "Y\n");
        guest
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Runs the stage with its paths led into the guest's directory.
    fn run(&self) -> Ran {
        let templates = Templates::builtin();
        let stage = templates.script(Stage::Apparmor).replacen("source /usr/local/lib/podclaw/lib.sh\n", "", 1);
        let mut text = format!("{}\n{stage}", templates.library);
        for (path, place) in [
            ("PATH=/usr/sbin:/usr/bin:/sbin:/bin", format!("PATH={}", self.path("bin").display())),
            ("$SHARE/apparmor", self.path("share").display().to_string()),
            ("/etc/apparmor.d", self.path("etc").display().to_string()),
            ("/sys/kernel/security/apparmor", self.path("policy").display().to_string()),
            ("/sys/module/apparmor/parameters/enabled", self.path("enabled").display().to_string()),
            ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", self.path("restrict").display().to_string()),
        ] {
            assert!(text.contains(path), "{path}");
            text = text.replace(path, &place);
        }
        let _ = fs::remove_file(self.path("calls"));
        let output = Command::new(self.path("bin/bash")).args(["-c", &text]).env_clear().output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let loads = calls.lines().filter_map(|call| call.strip_prefix("-r -W ")?.rsplit('/').next());
        Ran {
            ok: output.status.success(),
            said: String::from_utf8_lossy(&said).into_owned(),
            loaded: loads.map(String::from).collect(),
        }
    }

    /// Every file of the distribution's directory with what is in it.
    fn profiles(&self) -> BTreeMap<String, String> {
        let entries = fs::read_dir(self.path("etc")).unwrap().flatten().filter(|entry| entry.path().is_file());
        let read =
            |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap());
        entries.map(read).collect()
    }
}

const CRUN: (&str, &str) = ("crun", "abi <abi/4.0>,\nprofile crun /usr/bin/crun flags=(unconfined) {\n  userns,\n}\n");
const PODMAN: (&str, &str) = ("podman", "profile podman /usr/bin/podman flags=(unconfined) {\n  userns,\n}\n");
const SLIRP: (&str, &str) =
    ("slirp4netns", "profile slirp4netns /usr/bin/slirp4netns flags=(unconfined) {\n  userns,\n}\n");
const PASTA: (&str, &str) =
    ("usr.bin.pasta", "profile pasta /usr/bin/pasta{,.avx2} flags=(attach_disconnected) {\n  userns,\n}\n");
const ALL: [&str; 5] = ["podman", "conmon", "crun", "slirp4netns", "pasta"];

#[test]
fn debian_13_gets_what_it_lacks_and_keeps_what_it_ships() {
    let shipped = [CRUN, SLIRP, PASTA];
    let guest = Guest::new(&ALL, &shipped, &["crun", "slirp4netns", "pasta"]);
    let ran = guest.run();
    assert!(ran.ok, "{}", ran.said);
    // Debian's profile for pasta is loaded again, with what it lacks beside it.
    assert_eq!(ran.loaded, ["podclaw-conmon", "usr.bin.pasta", "podclaw-podman"], "{}", ran.said);
    let beside = fs::read_to_string(guest.path("etc/abstractions/base.d/podclaw-pasta")).unwrap();
    assert_eq!(beside, "/usr/bin/pasta{,.avx2} mr,\n");
    let profiles = guest.profiles();
    for (name, text) in shipped {
        assert_eq!(profiles[name], text);
    }
    assert_eq!(profiles.len(), shipped.len() + 2, "{:?}", profiles.keys());
    // Again: what was installed is not taken for the distribution's.
    let again = guest.run();
    let own = ["podclaw-conmon", "podclaw-podman"].map(String::from).to_vec();
    assert_eq!((again.ok, again.loaded, guest.profiles()), (true, own, profiles), "{}", again.said);
}

#[test]
fn ubuntu_24_04_gets_what_it_lacks() {
    let guest = Guest::new(
        &["podman", "conmon", "crun", "slirp4netns"],
        &[PODMAN, CRUN, SLIRP],
        &["podman", "crun", "slirp4netns"],
    );
    assert_eq!(guest.run().loaded, ["podclaw-conmon"]);
    // Its pasta has no profile.
    guest.program("pasta", "#!/bin/bash\n");
    assert_eq!(guest.run().loaded, ["podclaw-conmon", "podclaw-pasta"]);
}

#[test]
fn what_is_shipped_and_not_loaded_is_loaded_as_it_is() {
    let guest = Guest::new(&ALL, &[CRUN, SLIRP, PASTA], &["xcrun", "crun2"]);
    let ran = guest.run();
    assert_eq!(
        ran.loaded,
        ["podclaw-conmon", "crun", "usr.bin.pasta", "podclaw-podman", "slirp4netns"],
        "{}",
        ran.said
    );
    symlink(guest.path("etc/crun"), guest.path("etc/disable/crun")).unwrap();
    let ran = guest.run();
    assert!(!ran.loaded.contains(&"crun".into()) && ran.said.contains("it is disabled here"), "{}", ran.said);
}

#[test]
fn what_is_missing_is_said() {
    let guest = Guest::new(&ALL, &[], &[]);
    let says = |guest: &Guest, ok: bool, wanted: &str| {
        let ran = guest.run();
        assert!(ran.ok == ok && ran.said.contains(wanted) && ran.loaded.is_empty(), "{wanted}: {}", ran.said);
    };
    guest.remove("etc/abi/4.0");
    says(&guest, true, "skipped: this AppArmor is older than 4.0");
    guest.write("restrict", "1\n");
    says(&guest, false, "the kernel restricts user namespaces, and this AppArmor is older than 4.0");
    guest.remove("policy/.replace");
    says(&guest, false, "this guest cannot load AppArmor profiles");
    guest.write("restrict", "0\n");
    says(&guest, true, "skipped: this guest cannot load AppArmor profiles");
    guest.remove("bin/apparmor_parser");
    says(&guest, false, "the kernel has AppArmor on, but apparmor_parser is not installed");
    guest.write("enabled", "N\n");
    says(&guest, true, "skipped: this kernel has no AppArmor, or has it switched off");
}
