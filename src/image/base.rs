//! The base image: a distribution with cloud-init and Podman, as one unified Incus tarball.

use std::fs::File;
use std::io::{self, BufWriter, Read};
use std::path::Path;

use serde_json::json;

use super::bootstrap::{Bootstrap, REPLACED, incus_architecture};
use super::cache::Held;
use super::command;
use super::distribution::Distribution;
use super::error::{Error, Result};
use super::hashing::Hashing;
use super::inventory::Kind;
use super::lock::BuiltBase;
use super::rootfs::{self, Packages, Recipe};
use super::tarball::{EPOCH, Tarball};
use crate::digest::Sha256;
use crate::incus::Job;

const PACKAGES: &str = include_str!("../../image/base/packages.txt");
const CLOUD_CONFIG: &str = include_str!("../../image/base/cloud.cfg");

/// Where Incus writes what the instance's configuration says, and from which template: name, target, and what is
/// written where the configuration says nothing.
const TEMPLATES: [(&str, &str, &str, &str); 6] = [
    ("hostname.tpl", include_str!("../../image/base/templates/hostname.tpl"), "/etc/hostname", ""),
    ("hosts.tpl", include_str!("../../image/base/templates/hosts.tpl"), "/etc/hosts", ""),
    ("meta-data.tpl", include_str!("../../image/base/templates/meta-data.tpl"), "meta-data", ""),
    ("user-data.tpl", include_str!("../../image/base/templates/user-data.tpl"), "user-data", "#cloud-config\n{}"),
    ("vendor-data.tpl", include_str!("../../image/base/templates/vendor-data.tpl"), "vendor-data", "#cloud-config\n{}"),
    (
        "network-config.tpl",
        include_str!("../../image/base/templates/network-config.tpl"),
        "network-config",
        "version: 2\nethernets:\n  eth0:\n    dhcp4: true\n",
    ),
];

/// Where cloud-init looks for its data first.
const SEED: &str = "/var/lib/cloud/seed/nocloud-net";

const HOOKS: [&str; 2] = [
    "chroot \"$1\" systemctl enable systemd-networkd.service",
    // A guest gets what its image pins; a timer that fetches lists of newer packages is traffic without a use.
    "chroot \"$1\" systemctl mask apt-daily.timer apt-daily-upgrade.timer",
];

/// What builds the base image of a distribution.
pub(super) fn bootstrap(distribution: &Distribution) -> Bootstrap<'_> {
    Bootstrap { what: "build the base image", distribution, packages: PACKAGES, hooks: &HOOKS }
}

/// The digest of everything that podclaw itself puts into the image.
pub(super) fn inputs(bootstrap: &Bootstrap<'_>) -> Sha256 {
    Sha256::of(format!("{:?}", (bootstrap.inputs(), CLOUD_CONFIG, TEMPLATES, REPLACED)).as_bytes())
}

/// Builds the image and keeps it in the cache.
pub(super) async fn build(distribution: &Distribution, cache: &Held, job: &Job) -> Result<BuiltBase> {
    let workspace = cache.workspace()?;
    let bootstrap = bootstrap(distribution);
    let path = workspace.path().join("base.tar");
    let apt_files = bootstrap.apt_files()?;
    let metadata = metadata(distribution);
    let write = {
        let path = path.clone();
        move |system: &mut std::process::ChildStdout| write(system, &path, &metadata, &apt_files)
    };
    let command = bootstrap.command(workspace.path(), &cache.log("base"));
    let (packages, digest) = command::run(command, job, write).await?;
    let built = BuiltBase {
        inputs: inputs(&bootstrap),
        system: bootstrap.system(packages),
        fingerprint: digest.clone().into(),
    };
    cache.keep(Kind::Base, &path, &digest, &built)?;
    Ok(built)
}

/// Writes the unified tarball. It is not compressed: that would take longer than it saves on the way through a socket.
fn write(system: impl Read, path: &Path, metadata: &str, apt_files: &[(&str, Vec<u8>)]) -> Result<(Packages, Sha256)> {
    let failed = |error: io::Error| Error::file("write", path, error);
    let file = File::create(path).map_err(failed)?;
    let mut image = Tarball::new(Hashing::new(BufWriter::with_capacity(1 << 18, file)));
    image.file("metadata.yaml", metadata.as_bytes()).map_err(failed)?;
    image.directory("templates").map_err(failed)?;
    for (name, contents, ..) in TEMPLATES {
        image.file(&format!("templates/{name}"), contents.as_bytes()).map_err(failed)?;
    }
    let recipe = Recipe { prefix: "rootfs/", without: &REPLACED, drop_setuid: false, image: path };
    let packages = rootfs::copy(system, &mut image, &recipe)?;
    image.symlink("rootfs/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf").map_err(failed)?;
    image.file("rootfs/etc/cloud/cloud.cfg.d/90_podclaw.cfg", CLOUD_CONFIG.as_bytes()).map_err(failed)?;
    for (name, contents) in apt_files {
        image.file(&format!("rootfs/{name}"), contents).map_err(failed)?;
    }
    let (_, digest, _) = image.finish().map_err(failed)?.finish();
    Ok((packages, digest))
}

/// `metadata.yaml`, as JSON, which YAML includes: no name can break out of its place.
fn metadata(distribution: &Distribution) -> String {
    let templates: serde_json::Map<_, _> = TEMPLATES
        .iter()
        .map(|(name, _, target, default)| {
            let target = if target.starts_with('/') { (*target).into() } else { format!("{SEED}/{target}") };
            (target, json!({ "when": ["create", "copy"], "template": name, "properties": { "default": default } }))
        })
        .collect();
    let properties = json!({
        "os": distribution.family.name(),
        "release": distribution.suite,
        "architecture": incus_architecture(),
        "variant": "podclaw",
        "description": format!("{} for podclaw", distribution.describe()),
    });
    let metadata = json!({
        "architecture": incus_architecture(),
        "creation_date": EPOCH,
        "properties": properties,
        "templates": templates,
    });
    format!("{metadata:#}\n")
}
