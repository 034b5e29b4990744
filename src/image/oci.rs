//! Writing OCI archives: an image layout in a tar file, as `podman load` takes it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tar::EntryType;

use super::hashing::Hashing;
use super::tarball::{Entry, Tarball};
use crate::digest::Sha256;

/// The annotation that says which name the image has once it is loaded.
pub(super) const REF_NAME: &str = "org.opencontainers.image.ref.name";

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
/// Layers are not compressed: the archive never leaves the host, and compressing would cost more than it saves. So a
/// layer's digest is also that of its contents.
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// A layer that was written to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layer {
    pub(super) path: PathBuf,
    digest: Sha256,
    size: u64,
}

/// A layer being written.
pub(super) type LayerWriter = Tarball<Hashing<BufWriter<File>>>;

impl Layer {
    /// Writes a layer to a file.
    pub(super) fn create(path: &Path) -> io::Result<LayerWriter> {
        Ok(Tarball::new(Hashing::new(BufWriter::with_capacity(1 << 18, File::create(path)?))))
    }

    /// Ends a layer that was written to `path`.
    pub(super) fn finish(path: &Path, writer: LayerWriter) -> io::Result<Self> {
        let (_, digest, size) = writer.finish()?.finish();
        Ok(Self { path: path.into(), digest, size })
    }
}

/// An image to write.
#[derive(Debug)]
pub(super) struct Image<'a> {
    /// `localhost/podclaw-gateway:2026.9.6`.
    pub(super) name: &'a str,
    /// `amd64`.
    pub(super) architecture: &'a str,
    /// When it was made, RFC 3339.
    pub(super) created: &'a str,
    /// What a container runs and how: the `config` of the image's configuration.
    pub(super) config: Value,
    /// From the lowest to the uppermost.
    pub(super) layers: &'a [Layer],
}

/// What identifies an image that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// Of the whole archive.
    pub(super) archive: Sha256,
    pub(super) manifest: Sha256,
    /// Of the configuration, which is podman's id of the image.
    pub(super) image_id: Sha256,
}

/// Writes the archive.
pub(super) fn write(image: &Image<'_>, out: impl Write) -> io::Result<Written> {
    let config = json!({
        "created": image.created,
        "architecture": image.architecture,
        "os": "linux",
        "config": image.config,
        "rootfs": { "type": "layers", "diff_ids": image.layers.iter().map(|layer| &layer.digest).collect::<Vec<_>>() },
    })
    .to_string();
    let image_id = Sha256::of(config.as_bytes());
    let layers = image.layers.iter().map(|layer| descriptor(LAYER, &layer.digest, layer.size)).collect::<Vec<_>>();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(CONFIG, &image_id, config.len() as u64),
        "layers": layers,
    })
    .to_string();
    let manifest_digest = Sha256::of(manifest.as_bytes());
    let mut entry = descriptor(MANIFEST, &manifest_digest, manifest.len() as u64);
    entry["annotations"] = json!({ REF_NAME: image.name });
    let index = json!({ "schemaVersion": 2, "manifests": [entry] }).to_string();

    let mut archive = Tarball::new(Hashing::new(out));
    archive.file("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    archive.file("index.json", index.as_bytes())?;
    archive.directory("blobs")?;
    archive.directory("blobs/sha256")?;
    archive.file(&blob(&image_id), config.as_bytes())?;
    archive.file(&blob(&manifest_digest), manifest.as_bytes())?;
    for layer in image.layers {
        let entry = Entry { size: layer.size, ..Entry::new(blob(&layer.digest), EntryType::Regular, 0o644) };
        archive.add(&entry, File::open(&layer.path)?)?;
    }
    let (_, digest, _) = archive.finish()?.finish();
    Ok(Written { archive: digest, manifest: manifest_digest, image_id })
}

/// Where a blob is in the archive.
pub(super) fn blob(digest: &Sha256) -> String {
    format!("blobs/sha256/{}", digest.hex())
}

fn descriptor(media_type: &str, digest: &Sha256, size: u64) -> Value {
    json!({ "mediaType": media_type, "digest": digest, "size": size })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::oci_read;

    fn layer(directory: &Path, name: &str, contents: &str) -> Layer {
        let path = directory.join(name);
        let mut writer = Layer::create(&path).expect("a layer");
        writer.file("file", contents.as_bytes()).expect("a file");
        Layer::finish(&path, writer).expect("the end")
    }

    #[test]
    fn reads_back_and_gives_the_same_bytes_again() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let layers = [layer(directory.path(), "1", "one"), layer(directory.path(), "2", "two")];
        let written = |text: &str| {
            let config = json!({ "Cmd": [text] });
            let image = Image {
                name: "localhost/x:1",
                architecture: "amd64",
                created: "2023-11-14T22:13:20Z",
                config,
                layers: &layers,
            };
            let mut bytes = Vec::new();
            let written = write(&image, &mut bytes).expect("an archive");
            (written, bytes)
        };
        let (first, bytes) = written("run");
        assert_eq!(first.archive, Sha256::of(&bytes));
        assert_eq!((first.clone(), bytes.clone()), written("run"));
        assert_ne!(first.image_id, written("walk").0.image_id);

        let path = directory.path().join("archive.tar");
        std::fs::write(&path, &bytes).expect("a file");
        let found = oci_read::read(&path).expect("reading back");
        assert_eq!(found.image_id, first.image_id);
        assert_eq!(found.name.as_deref(), Some("localhost/x:1"));
    }
}
