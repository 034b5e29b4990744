//! A small gateway image, for tests where the real one adds nothing: 1 MB, started at once, and able to go wrong on purpose.
//!
//! It is made here and not with podclaw's own code, so that an archive that somebody else made is tested as well.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::cache;
use crate::common::Program;

const SOURCE: &str = include_str!("../small_gateway/node.rs");

/// How the gateway behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gateway {
    /// As it should.
    Works,
    /// It ends with exit code 78, as the real one does when its configuration is wrong.
    RefusesItsConfiguration,
    /// It ends with exit code 1, each time.
    Crashes,
    /// It runs and answers, but never says that it has started.
    NeverStarts,
    /// It answers whoever asks.
    AsksForNoToken,
    /// It takes its control UI from any web page.
    TakesAnyOrigin,
    /// It takes connections, and says nothing.
    Hangs,
}

impl Gateway {
    /// Its image as an OCI archive.
    pub(crate) fn archive(self) -> PathBuf {
        let behaviour = self.behaviour();
        let version = &digest(SOURCE.as_bytes())[..12];
        let program = program(version);
        let name = format!("small-gateway-{}-{version}.tar", behaviour.unwrap_or("works"));
        cache::file(&name, |path| write(path, &program, behaviour))
    }

    /// The lines of a lab file that ask for it.
    pub(crate) fn lab_file(self) -> String {
        let archive = self.archive();
        let digest = digest(&fs::read(&archive).expect("the archive can be read"));
        format!("gateway:\n  archive:\n    path: {}\n    digest: sha256:{digest}\n", archive.display())
    }

    /// The program itself, static, for guests that have no container.
    pub(crate) fn program() -> PathBuf {
        program(&digest(SOURCE.as_bytes())[..12])
    }

    /// What its environment says of how it behaves.
    pub(crate) fn environment(self) -> String {
        format!("SMALL_GATEWAY={}", self.behaviour().unwrap_or_default())
    }

    fn behaviour(self) -> Option<&'static str> {
        match self {
            Self::Works => None,
            Self::RefusesItsConfiguration => Some("refuses-its-configuration"),
            Self::Crashes => Some("crashes"),
            Self::NeverStarts => Some("never-starts"),
            Self::AsksForNoToken => Some("asks-for-no-token"),
            Self::TakesAnyOrigin => Some("takes-any-origin"),
            Self::Hangs => Some("hangs"),
        }
    }
}

/// The program in the image, compiled as a static one.
fn program(version: &str) -> PathBuf {
    cache::file(&format!("small-gateway-{version}"), |path| {
        let source = path.with_extension("rs");
        fs::write(&source, SOURCE).expect("the source can be written");
        let options =
            ["--edition=2024", "--crate-name=node", "-Copt-level=s", "-Cstrip=symbols", "-Ctarget-feature=+crt-static"];
        let mut rustc = Program::new("rustc").args(&options).arg("-o").arg(path).arg(&source);
        // Which compiler `rustc` is depends on where rustup has its files, and on what cargo chose.
        for key in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = std::env::var_os(key) {
                rustc = rustc.env(key, value);
            }
        }
        rustc.timeout(Duration::from_mins(5)).run().ok();
    })
}

/// Writes an image of one layer, in the layout of the OCI, as an uncompressed tar archive.
fn write(path: &Path, program: &Path, behaviour: Option<&str>) {
    let layer = layer(&fs::read(program).expect("the program can be read"));
    let mut environment = vec!["PATH=/usr/local/bin".to_owned()];
    environment.extend(behaviour.map(|behaviour| format!("SMALL_GATEWAY={behaviour}")));
    let config = encoded(&json!({
        "architecture": architecture(),
        "os": "linux",
        "config": {"User": "1000:1000", "Env": environment, "WorkingDir": "/app", "Cmd": ["node", "dist/index.js", "gateway"]},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", digest(&layer))]},
    }));
    let manifest = encoded(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)],
    }));
    let index = encoded(&json!({
        "schemaVersion": 2,
        "manifests": [descriptor("application/vnd.oci.image.manifest.v1+json", &manifest)],
    }));
    let mut archive = tar::Builder::new(File::create(path).expect("the archive can be made"));
    add(&mut archive, "oci-layout", &encoded(&json!({"imageLayoutVersion": "1.0.0"})), 0o644);
    add(&mut archive, "index.json", &index, 0o644);
    for blob in [&manifest, &config, &layer] {
        add(&mut archive, &format!("blobs/sha256/{}", digest(blob)), blob, 0o644);
    }
    archive.finish().expect("the archive can be finished");
}

/// The root file system: the program as `node`, the service user, and the directories that are mounted on.
fn layer(program: &[u8]) -> Vec<u8> {
    let mut layer = tar::Builder::new(Vec::new());
    for directory in
        ["app", "etc", "home", "home/node", "home/node/.openclaw", "tmp", "usr", "usr/local", "usr/local/bin"]
    {
        let mut header = header(tar::EntryType::Directory, 0, 0o755);
        if directory.starts_with("home/node") {
            header.set_uid(1000);
            header.set_gid(1000);
        }
        layer.append_data(&mut header, format!("{directory}/"), &[][..]).expect("memory can be written");
    }
    add(&mut layer, "etc/passwd", b"root:x:0:0::/:/none\nnode:x:1000:1000::/home/node:/none\n", 0o644);
    add(&mut layer, "etc/group", b"root:x:0:\nnode:x:1000:\n", 0o644);
    add(&mut layer, "usr/local/bin/node", program, 0o755);
    layer.into_inner().expect("memory can be written")
}

fn add(archive: &mut tar::Builder<impl std::io::Write>, path: &str, contents: &[u8], mode: u32) {
    let mut header = header(tar::EntryType::Regular, contents.len() as u64, mode);
    archive.append_data(&mut header, path, contents).expect("the archive can be written");
}

/// A header without a time or an owner, so that the same image has the same digest.
fn header(kind: tar::EntryType, size: u64, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

fn descriptor(kind: &str, blob: &[u8]) -> Value {
    json!({"mediaType": kind, "digest": format!("sha256:{}", digest(blob)), "size": blob.len()})
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn encoded(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).expect("JSON can be written")
}

/// SHA-256, in hexadecimal.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
