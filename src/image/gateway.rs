//! The gateway image: OpenClaw and its node from npm, on a distribution's packages, as an OCI archive.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::bootstrap::{Bootstrap, REPLACED};
use super::cache::Held;
use super::distribution::{Distribution, architecture};
use super::error::{Error, Result};
use super::inventory::Kind;
use super::lock::{BuiltGateway, LockedNpm};
use super::npm::Packages;
use super::oci::{self, Image, Layer, Written};
use super::rootfs::{self, Recipe};
use super::{command, modules, together};
use crate::digest::Sha256;
use crate::incus::Job;

const PACKAGES: &str = include_str!("../../image/gateway/packages.txt");

/// The port that the gateway listens on.
const PORT: &str = "18789/tcp";

/// `tarball::EPOCH`, as OCI writes times.
const CREATED: &str = "2023-11-14T22:13:20Z";

/// The user that the gateway runs as; podman maps the service user's id to the same one.
const HOOKS: [&str; 1] = ["chroot \"$1\" useradd --uid 1000 --user-group --create-home --shell /usr/sbin/nologin node"];

/// What builds the distribution's part of the image.
fn bootstrap(distribution: &Distribution) -> Bootstrap<'_> {
    Bootstrap { what: "build the gateway image", distribution, packages: PACKAGES, hooks: &HOOKS }
}

/// How the container runs, as the images that upstream publishes do.
fn config(openclaw: &str) -> Value {
    json!({
        "User": "node",
        "ExposedPorts": { PORT: {} },
        "Env": [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/home/node",
            "NODE_ENV=production",
        ],
        "Entrypoint": ["/usr/bin/tini", "-s", "--"],
        "Cmd": ["node", "openclaw.mjs", "gateway"],
        "WorkingDir": "/app",
        "Labels": {
            "org.opencontainers.image.title": "OpenClaw, built by podclaw",
            "org.opencontainers.image.version": openclaw,
        },
    })
}

/// The digest of everything that podclaw itself puts into the image.
pub(super) fn inputs(distribution: &Distribution, packages: &Packages) -> Sha256 {
    let system = bootstrap(distribution).inputs();
    let config = config(&packages.lock.openclaw).to_string();
    Sha256::of(format!("{:?}", (system, packages.inputs(), config, modules::VERSION)).as_bytes())
}

/// The image's name once it is loaded.
pub(super) fn name(openclaw: &str) -> String {
    let tag: String = openclaw
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' })
        .collect();
    format!("localhost/podclaw-gateway:{tag}")
}

/// Builds the image and keeps it in the cache.
pub(super) async fn build(
    distribution: &Distribution,
    packages: &Packages,
    cache: &Held,
    job: &Job,
) -> Result<LockedNpm> {
    let workspace = cache.workspace()?;
    let directory = workspace.path();
    let bootstrap = bootstrap(distribution);
    let (lower, upper, archive) =
        (directory.join("system.tar"), directory.join("modules.tar"), directory.join("oci.tar"));
    let both = Job::new(job.progress.clone(), job.cancel.child_token());
    let system = async {
        let command = bootstrap.command(directory, &cache.log("gateway-system"));
        let lower = lower.clone();
        command::run(command, &both, move |out| write_system(out, &lower)).await
    };
    let npm = async {
        let job = Job::new(both.progress.lane("gateway packages"), both.cancel.clone());
        let modules = packages.install(directory, &cache.log("gateway-npm"), &job).await?;
        let upper = upper.clone();
        blocking("write the gateway's packages", move || write_modules(&modules, &upper)).await
    };
    let ((installed, lower), upper) = together(&both.cancel, system, npm).await?;
    if job.cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    job.progress.status("writing the archive");
    let written = {
        let (archive, openclaw) = (archive.clone(), packages.lock.openclaw.clone());
        blocking("write the gateway image", move || write_archive(&archive, &openclaw, &[lower, upper])).await?
    };
    let made = LockedNpm {
        openclaw: packages.lock.openclaw.clone(),
        node: packages.lock.node.clone(),
        package_lock: packages.digest.clone(),
        built: Some(BuiltGateway {
            inputs: inputs(distribution, packages),
            system: bootstrap.system(installed),
            archive: written.archive.clone(),
            manifest: written.manifest,
            image_id: written.image_id,
        }),
    };
    cache.keep(Kind::Gateway, &archive, &written.archive, &made)?;
    Ok(made)
}

fn write_system(system: impl io::Read, path: &Path) -> Result<(rootfs::Packages, Layer)> {
    let failed = |error| Error::file("write", path, error);
    let mut layer = Layer::create(path).map_err(failed)?;
    let recipe = Recipe { prefix: "", without: &REPLACED, drop_setuid: true, image: path };
    let packages = rootfs::copy(system, &mut layer, &recipe)?;
    Ok((packages, Layer::finish(path, layer).map_err(failed)?))
}

fn write_modules(modules: &Path, path: &Path) -> Result<Layer> {
    let write = || {
        let mut layer = Layer::create(path)?;
        modules::add(&mut layer, modules)?;
        Layer::finish(path, layer)
    };
    write().map_err(|error| Error::file("write", path, error))
}

fn write_archive(path: &PathBuf, openclaw: &str, layers: &[Layer]) -> Result<Written> {
    let write = || {
        let image = Image {
            name: &name(openclaw),
            architecture: architecture(),
            created: CREATED,
            config: config(openclaw),
            layers,
        };
        oci::write(&image, BufWriter::with_capacity(1 << 18, File::create(path)?))
    };
    write().map_err(|error| Error::file("write", path, error))
}

/// Runs what only waits for the disk where it keeps nobody else from going on.
pub(super) async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Error::Lost { what }))
}
