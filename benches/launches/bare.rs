//! The gateway alone on this machine: the image's own root, no container engine, no guest. It has a network, mounts and
//! processes of its own, an unprivileged user, the settings of a guest's gateway, and nothing that an earlier one knew.

use std::fs;
use std::os::unix::fs::{chown, lchown};
use std::path::PathBuf;
use std::time::Duration;

use crate::common::Program;
use crate::harness::{Lab, cache};
use crate::machine;
use crate::oci::Archive;
use crate::samples::timed;

const SCRIPT: &str = include_str!("bare.sh");
/// What a guest's gateway is started with.
const QUADLET: &str = include_str!("../../cloud-init/files/openclaw.container");
const SETTINGS: &str = include_str!("../../cloud-init/files/openclaw.json");
const PORT: &str = "18789";
/// The user in the image.
const NODE: u32 = 1000;

/// What node finds of what an earlier run compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compiled {
    /// Nothing.
    Nothing,
    /// All of it, as in a baked guest: it can read it.
    Before,
    /// Nothing yet: it writes it.
    Now,
}

/// The gateway's root as a directory.
#[derive(Debug)]
pub(crate) struct Bare<'l> {
    lab: &'l Lab<'l>,
    root: PathBuf,
    compiled: PathBuf,
    variables: Vec<String>,
    command: Vec<String>,
}

impl<'l> Bare<'l> {
    /// Unpacks the lab's gateway image, and starts it once, so that its files are in memory and it has compiled all.
    pub(crate) fn unpack(lab: &'l Lab<'l>) -> Self {
        let digest = &machine::lock(lab)["gateway"]["npm"]["built"]["archive"];
        let digest = digest.as_str().and_then(|digest| digest.strip_prefix("sha256:")).expect("the image was built");
        let archive = Archive::open(&cache::dir().join("gateway").join(format!("{digest}.tar")));
        let directory = lab.dir().join("bare");
        let (root, compiled) = (directory.join("root"), directory.join("compiled"));
        println!("unpacking the gateway's image");
        let (took, ()) = timed(|| archive.unpack(lab.daemon(), &root));
        println!("  {:.1} s", took.as_secs_f64());
        fs::create_dir_all(&compiled).expect("a directory can be made");
        chown(&compiled, Some(NODE), Some(NODE)).expect("a directory can be given away");
        let of_quadlet = |key: &str| -> Vec<String> {
            let lines = QUADLET.lines().filter_map(|line| line.strip_prefix(key));
            lines.map(|value| value.replace("@GATEWAY_PORT@", PORT)).collect()
        };
        let of_image = archive.config()["Env"].as_array().cloned().unwrap_or_default();
        let of_image = of_image.iter().filter_map(|variable| variable.as_str().map(str::to_owned));
        let own = of_quadlet("Environment=").into_iter().filter(|it| !it.starts_with("NODE_COMPILE_CACHE="));
        let token = format!("OPENCLAW_GATEWAY_TOKEN={}", "0123456789abcdef".repeat(4));
        let variables = of_image.chain(own).chain([token]).collect();
        let command = of_quadlet("Exec=").concat().split(' ').map(str::to_owned).collect();
        let bare = Self { lab, root, compiled, variables, command };
        bare.start(Compiled::Now);
        bare
    }

    /// Starts it with a fresh state; gives how long it took until it said that it has started.
    ///
    /// # Panics
    /// When it does not.
    pub(crate) fn start(&self, compiled: Compiled) -> Duration {
        self.renew();
        let mode = match compiled {
            Compiled::Nothing => "none",
            Compiled::Before => "ro",
            Compiled::Now => "rw",
        };
        let program: Program = self.lab.daemon().program("unshare");
        let program = program.args(&["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        let program = program.args(&["bash", "-c", SCRIPT, "bare.sh"]).arg(&self.root).arg(PORT).arg(&self.compiled);
        let program = program.arg(mode).args(&self.variables).arg("--").args(&self.command);
        let said = program.timeout(Duration::from_mins(5)).run().ok();
        Duration::from_micros(said.trim().parse().expect("it says how long it took"))
    }

    /// Takes away what the gateway before wrote.
    fn renew(&self) {
        let state = self.root.join("home/node/.openclaw");
        let _ = fs::remove_dir_all(&state);
        fs::create_dir_all(state.join("cache")).expect("a directory can be made");
        let settings = state.join("openclaw.json");
        fs::write(&settings, SETTINGS.replace("@GATEWAY_PORT@", PORT)).expect("the settings can be written");
        for path in [&state, &state.join("cache"), &settings] {
            lchown(path, Some(NODE), Some(NODE)).expect("a file can be given away");
        }
    }
}
