//! Reading what identifies the image in an OCI archive, without reading its layers.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::{Error, Result};
use super::oci::{MANIFEST, REF_NAME, blob};
use crate::digest::Sha256;

/// Indexes and manifests are a few kilobytes.
const LARGEST: u64 = 4 << 20;

/// The image in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) image_id: Sha256,
    /// What it is called once it is loaded.
    pub(super) name: Option<String>,
    /// The archive's size in bytes.
    pub(super) size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Manifest {
    config: Descriptor,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: Option<String>,
    digest: Sha256,
    #[serde(default)]
    annotations: std::collections::BTreeMap<String, String>,
}

/// Reads the index and the manifest of an archive with one image.
pub(super) fn read(path: &Path) -> Result<Found> {
    let refuse = |reason: String| Error::OciArchive { path: path.into(), reason };
    let file = File::open(path).map_err(|error| Error::file("open", path, error))?;
    let size = file.metadata().map_err(|error| Error::file("read", path, error))?.len();
    let index: Index = member(&file, "index.json").map_err(refuse)?;
    let [image] = index.manifests.as_slice() else {
        return Err(refuse(format!("it holds {} images, not one", index.manifests.len())));
    };
    if image.media_type.as_deref().is_some_and(|kind| kind != MANIFEST) {
        return Err(refuse("its index points at something other than one image's manifest".into()));
    }
    let bytes = bytes(&file, &blob(&image.digest)).map_err(refuse)?;
    if Sha256::of(&bytes) != image.digest {
        return Err(refuse("its manifest is not what its index says".into()));
    }
    let manifest: Manifest = parse("its manifest", &bytes).map_err(refuse)?;
    let name = image.annotations.get(REF_NAME).cloned();
    Ok(Found { image_id: manifest.config.digest, name, size })
}

fn member<T: DeserializeOwned>(file: &File, name: &str) -> std::result::Result<T, String> {
    parse(name, &bytes(file, name)?)
}

fn parse<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> std::result::Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("{what} makes no sense: {error}"))
}

/// The contents of one file in the archive; the others are skipped without being read.
fn bytes(mut file: &File, name: &str) -> std::result::Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| {
        format!("it is not a plain tar archive: {}", crate::text::excerpt(&error.to_string(), 200))
    };
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut archive = tar::Archive::new(file);
    for entry in archive.entries_with_seek().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path_bytes();
        if path.strip_prefix(b"./").unwrap_or(&path) != name.as_bytes() {
            continue;
        }
        if entry.size() > LARGEST {
            return Err(format!("its {name} is too large"));
        }
        let mut bytes = Vec::new();
        entry.take(LARGEST).read_to_end(&mut bytes).map_err(unreadable)?;
        return Ok(bytes);
    }
    Err(format!("it has no {name}, as an OCI archive has"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::tarball::Tarball;

    #[test]
    fn says_what_is_wrong_with_an_archive() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("a.tar");
        let digest = Sha256::of(b"{}");
        let tar = |files: &[(&str, &str)]| {
            let mut tarball = Tarball::new(Vec::new());
            for (name, text) in files {
                tarball.file(name, text.as_bytes()).expect("a file");
            }
            tarball.finish().expect("the end")
        };
        let index = |manifests: &str| format!(r#"{{"manifests": [{manifests}]}}"#);
        let one = index(&format!(r#"{{"digest": "{digest}"}}"#));
        let list =
            index(&format!(r#"{{"digest": "{digest}", "mediaType": "application/vnd.oci.image.index.v1+json"}}"#));
        let blob = blob(&digest);
        for (bytes, reason) in [
            (b"\x1f\x8b no tar at all".repeat(99), "not a plain tar archive"),
            (tar(&[("manifest.json", "[]")]), "no index.json"),
            (tar(&[("index.json", "{")]), "index.json makes no sense"),
            (tar(&[("index.json", &index(""))]), "holds 0 images"),
            (tar(&[("index.json", &list)]), "other than one image's manifest"),
            (tar(&[("index.json", &one)]), "no blobs/sha256/"),
            (tar(&[("index.json", &one), (&blob, "{ }")]), "not what its index says"),
            (tar(&[("index.json", &one), (&blob, "{}")]), "its manifest makes no sense"),
        ] {
            std::fs::write(&path, bytes).expect("a file");
            let shown = read(&path).expect_err(reason).to_string();
            assert!(shown.contains(reason), "{reason}: {shown}");
        }
    }
}
