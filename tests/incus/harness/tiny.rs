//! A guest image of 2 MB: busybox and nothing else, for tests that do not care what runs in the guest.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cache;
use crate::common::Program;

/// Raised when what follows makes another image, so that the cache does not answer with the old one.
const VERSION: u32 = 1;

/// The image as a unified tarball, gzip-compressed.
pub(crate) fn image() -> PathBuf {
    cache::file(&format!("tiny-{VERSION}.tar.gz"), |tarball| {
        let scratch = tarball.parent().expect("it is in a directory").join("tree");
        let root = scratch.join("rootfs");
        for dir in ["bin", "sbin", "proc", "sys", "dev", "tmp", "etc", "root", "run", "var/log"] {
            fs::create_dir_all(root.join(dir)).expect("a directory can be made");
        }
        install_busybox(&root.join("bin"));
        symlink("../bin/init", root.join("sbin/init")).expect("a link can be made");
        fs::write(root.join("etc/inittab"), INITTAB).expect("inittab can be written");
        fs::write(root.join("etc/passwd"), "root:x:0:0::/root:/bin/sh\n").expect("passwd can be written");
        fs::write(root.join("etc/group"), "root:x:0:\n").expect("group can be written");
        fs::write(scratch.join("metadata.yaml"), metadata()).expect("the metadata can be written");
        let tar = Program::new("tar").args(&["--numeric-owner", "--owner=0", "--group=0", "--sort=name", "-czf"]);
        tar.arg(tarball).args(&["metadata.yaml", "rootfs"]).cwd(&scratch).run().ok();
    })
}

/// busybox, from the distribution's package.
pub(crate) fn busybox() -> PathBuf {
    cache::file("busybox", |path| {
        let dir = path.parent().expect("it is in a directory");
        // The package cannot be installed: it would replace the machine's own busybox, which an initramfs may need.
        let download = ["-o", "APT::Sandbox::User=root", "download", "busybox-static"];
        let download = || Program::new("apt-get").args(&download).cwd(dir).timeout(Duration::from_mins(5)).run();
        if download().code != 0 {
            Program::new("apt-get").arg("update").timeout(Duration::from_mins(5)).run().ok();
            download().ok();
        }
        let packages = fs::read_dir(dir).expect("it can be listed").flatten().map(|entry| entry.path());
        let package = packages.into_iter().find(|path| path.extension().is_some_and(|end| end == "deb"));
        let unpack = Program::new("dpkg").arg("-x").arg(package.expect("it was downloaded"));
        unpack.arg(dir.join("tree")).run().ok();
        let places = ["tree/bin/busybox", "tree/usr/bin/busybox"].map(|place| dir.join(place));
        let found = places.iter().find(|place| place.exists()).expect("busybox is in its package");
        fs::copy(found, path).expect("busybox can be copied");
    })
}

const INITTAB: &str = "\
::sysinit:/bin/ifconfig lo up
::respawn:/bin/udhcpc -f -i eth0 -s /bin/true
::ctrlaltdel:/bin/poweroff
::shutdown:/bin/true
";

fn metadata() -> String {
    let machine = if cfg!(target_arch = "x86_64") { "x86_64" } else { std::env::consts::ARCH };
    format!("architecture: {machine}\ncreation_date: 1700000000\nproperties:\n  os: busybox\n  description: tiny\n")
}

fn install_busybox(bin: &Path) {
    let original = busybox();
    let applets = Program::new(&original).arg("--list").run().ok();
    fs::copy(&original, bin.join("busybox")).expect("busybox can be copied");
    for applet in applets.lines().filter(|applet| *applet != "busybox") {
        symlink("busybox", bin.join(applet)).expect("a link can be made");
    }
}
