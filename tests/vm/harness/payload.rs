//! The payload disk: podclaw, this program as the agent, the images, and podclaw's data.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use podclaw::image;
use podclaw::incus::Job;
use podclaw::lab_file::Archive;
use serde_json::Value;

use super::{Gateway, cache, tiny};
use crate::common::{PODCLAW, Program};

/// Where it is mounted in the machine.
pub(super) const AT: &str = "/podclaw";

/// What goes onto the disk.
#[derive(Debug)]
pub(super) struct Payload {
    base: PathBuf,
    record: PathBuf,
    gateway: PathBuf,
}

impl Payload {
    /// Finds the images, or builds them.
    pub(super) fn find() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let built = runtime.block_on(image::build_base(&Archive::default(), &cache::dir(), &Job::quiet()));
        let base = built.unwrap_or_else(|error| panic!("the base image can't be built: {error}"));
        let record = base.with_extension("json");
        Self { base, record, gateway: Gateway::Works.archive() }
    }

    /// The lines for apt that the base image was made with. The machine has the same, so that podclaw finds in it that the
    /// image is what it would build.
    pub(super) fn sources(&self) -> Vec<String> {
        let record = fs::read(&self.record).expect("the base image has a record");
        let record: Value = serde_json::from_slice(&record).expect("the record is JSON");
        let lines = record["system"]["sources"].as_array().expect("the record has sources");
        lines.iter().filter_map(Value::as_str).map(String::from).collect()
    }

    /// Writes the disk to a file in `dir`.
    pub(super) fn disk(&self, dir: &Path) -> PathBuf {
        let tree = dir.join("payload");
        let base = tree.join("cache/base");
        fs::create_dir_all(&base).expect("a directory can be made");
        let copy = |from: &Path, to: PathBuf| {
            // Not a copy where the file system knows a way around it.
            if fs::hard_link(from, &to).is_err() {
                fs::copy(from, &to).unwrap_or_else(|error| panic!("cannot copy {}: {error}", from.display()));
            }
        };
        for image in [&self.base, &self.record] {
            copy(image, base.join(image.file_name().expect("a file")));
        }
        copy(&self.gateway, tree.join("gateway.tar"));
        copy(&tiny::busybox(), tree.join("busybox"));
        copy(&tiny::image(), tree.join("tiny.tar.gz"));
        copy(&std::env::current_exe().expect("this program has a path"), tree.join("vm"));
        // `make test-vm` names the one that users get.
        let podclaw = std::env::var_os("PODCLAW_VM_PROGRAM").map_or_else(|| PODCLAW.into(), PathBuf::from);
        copy(&podclaw, tree.join("podclaw"));
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for data in ["apparmor", "cloud-init", "policy", "profiles"] {
            Program::new("cp").arg("-r").arg(root.join(data)).arg(tree.join(data)).run().ok();
        }
        fs::write(tree.join("podclaw.yaml"), self.lab_file()).expect("the lab file can be written");
        let disk = dir.join("payload.img");
        let make = Program::new("mke2fs").args(&["-q", "-t", "ext4", "-O", "^has_journal", "-d"]).arg(&tree);
        make.arg(&disk).arg("12G").timeout(Duration::from_mins(5)).run().ok();
        fs::remove_dir_all(tree).expect("it can be removed");
        disk
    }

    fn lab_file(&self) -> String {
        let on_host = self.gateway.display().to_string();
        let gateway = Gateway::Works.lab_file().replace(&on_host, &format!("{AT}/gateway.tar"));
        format!("data: {AT}\npool:\n  size: 8GiB\n{gateway}")
    }
}
