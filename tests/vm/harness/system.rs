//! The system disk: a Debian with its own kernel and Incus. Made without loop devices or mounts, once for its inputs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::cache;
use crate::common::Program;

const PACKAGES: &str = include_str!("../image/packages.txt");
const CUSTOMIZE: &str = include_str!("../image/customize.sh");
const SUITE: &str = "trixie";

/// As large as it may grow while the machine runs; it takes what is written.
const SIZE: &str = "16G";

/// Raised when what follows makes another disk of the same inputs.
const VERSION: u32 = 1;

/// A directory with `disk`, `kernel` and `initrd`.
#[derive(Debug, Clone)]
pub(crate) struct System(PathBuf);

impl System {
    /// The one that is kept, or a new one. `sources` are lines for apt.
    pub(crate) fn find(sources: &[String]) -> Self {
        let inputs = format!("{:?}", (VERSION, SUITE, SIZE, PACKAGES, CUSTOMIZE, sources));
        let digest: String = Sha256::digest(inputs).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self(cache::file(&format!("vm-system-{digest}"), |dir| make(dir, sources)))
    }

    /// The disk with the root file system.
    pub(crate) fn disk(&self) -> PathBuf {
        self.0.join("disk")
    }

    /// What QEMU is told to boot its kernel.
    pub(crate) fn kernel(&self, command_line: &str) -> Vec<String> {
        let path = |name: &str| self.0.join(name).display().to_string();
        ["-kernel".into(), path("kernel"), "-initrd".into(), path("initrd"), "-append".into()]
            .into_iter()
            .chain([format!("console=ttyS0 {command_line}")])
            .collect()
    }
}

fn make(dir: &Path, sources: &[String]) {
    eprintln!("making the machine's system disk with mmdebstrap");
    std::fs::create_dir_all(dir).expect("a directory can be made");
    let customize = dir.join("customize.sh");
    std::fs::write(&customize, CUSTOMIZE).expect("a script can be written");
    let packages: Vec<&str> =
        PACKAGES.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let tree = dir.join("tree");
    let mut program = Program::new("mmdebstrap").args(&["--format=directory", "--variant=minbase"]);
    program = program.arg(format!("--include={}", packages.join(",")));
    for path in ["doc", "man", "info", "locale", "lintian"] {
        program = program.arg(format!("--dpkgopt=path-exclude=/usr/share/{path}/*"));
    }
    // doctor and audit read in it which weaknesses the distribution mended.
    program = program.arg("--dpkgopt=path-include=/usr/share/doc/incus*/changelog*");
    program = program.arg(format!("--customize-hook=sh {} \"$1\"", customize.display())).arg(SUITE).arg(&tree);
    program.args(sources).timeout(Duration::from_mins(30)).run().ok();
    for (link, name) in [("vmlinuz", "kernel"), ("initrd.img", "initrd")] {
        std::fs::copy(tree.join(link), dir.join(name)).expect("the kernel is in the new system");
    }
    let make = Program::new("mke2fs").args(&["-q", "-t", "ext4", "-O", "^has_journal", "-d"]).arg(&tree);
    make.arg(dir.join("disk")).arg(SIZE).timeout(Duration::from_mins(5)).run().ok();
    std::fs::remove_dir_all(tree).expect("it can be removed");
    std::fs::remove_file(customize).expect("it can be removed");
}
