//! The files that a guest's user-data is made of: compiled in, or read from a directory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::stage::Stage;
use crate::file::{self, Unfit};

/// The largest file that user-data is made of, in bytes.
pub const MOST_TEMPLATE_BYTES: usize = 64 * 1024;
const MAX_FILE_BYTES: u64 = MOST_TEMPLATE_BYTES as u64;
const MAX_PROFILES: usize = 32;

/// A template directory that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// A file that has to be there cannot be read.
    #[error("cannot read {path}", path = path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what it has to be.
    #[error("{path} cannot be used: {reason}", path = path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The cloud-init template, the stages' scripts, the files that they install, and the AppArmor profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Templates {
    pub(super) user_data: String,
    pub(super) runner: String,
    pub(super) library: String,
    pub(super) seal: String,
    pub(super) stages: [String; 7],
    pub(super) files: BTreeMap<&'static str, String>,
    pub(super) apparmor: BTreeMap<String, String>,
}

/// Systemd runs it before the gateway may start, so it is podclaw's own, and no directory can have another one.
pub(crate) const STAGES_UNIT_TEXT: &str = include_str!("podclaw-stages.service");
const STAGES_UNIT: &str = "podclaw-stages.service";

/// What stages install with `@KEY@` filled in; the name is the file's name in `cloud-init/files`.
const FILES: [&str; 6] = [
    "journald.conf",
    "resolved.conf",
    "storage-fuse-overlayfs.conf",
    "storage-native.conf",
    "openclaw.json",
    "openclaw.container",
];

macro_rules! cloud_init {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/cloud-init/", $path)).to_owned()
    };
}

macro_rules! apparmor {
    ($($name:literal),+) => {
        [$(($name.to_owned(), include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/apparmor/", $name)).to_owned())),+]
    };
}

impl Templates {
    /// The templates that are compiled in.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            user_data: cloud_init!("user-data.yaml.j2"),
            runner: cloud_init!("run.sh"),
            library: cloud_init!("lib.sh"),
            seal: cloud_init!("seal.sh"),
            stages: [
                cloud_init!("stages/1-packages.sh"),
                cloud_init!("stages/2-apparmor.sh"),
                cloud_init!("stages/3-user.sh"),
                cloud_init!("stages/4-image.sh"),
                cloud_init!("stages/5-config.sh"),
                cloud_init!("stages/6-quadlet.sh"),
                cloud_init!("stages/7-start.sh"),
            ],
            files: BTreeMap::from([
                ("journald.conf", cloud_init!("files/journald.conf")),
                ("resolved.conf", cloud_init!("files/resolved.conf")),
                ("storage-fuse-overlayfs.conf", cloud_init!("files/storage-fuse-overlayfs.conf")),
                ("storage-native.conf", cloud_init!("files/storage-native.conf")),
                ("openclaw.json", cloud_init!("files/openclaw.json")),
                ("openclaw.container", cloud_init!("files/openclaw.container")),
                (STAGES_UNIT, STAGES_UNIT_TEXT.to_owned()),
            ]),
            apparmor: BTreeMap::from(apparmor!("podman", "conmon", "crun", "slirp4netns", "pasta")),
        }
    }

    /// Reads templates laid out as podclaw's own `cloud-init` and `apparmor` directories are.
    ///
    /// # Errors
    /// A file is missing, is not a regular UTF-8 file of at most 64 KiB, or there is no AppArmor profile at all.
    pub fn read(cloud_init: &Path, apparmor: &Path) -> Result<Self, TemplateError> {
        let mut stages = [const { String::new() }; 7];
        for (stage, text) in Stage::ALL.into_iter().zip(&mut stages) {
            *text = read_file(&cloud_init.join("stages").join(format!("{}.sh", stage.file_stem())))?;
        }
        let mut files = BTreeMap::from([(STAGES_UNIT, STAGES_UNIT_TEXT.to_owned())]);
        for name in FILES {
            files.insert(name, read_file(&cloud_init.join("files").join(name))?);
        }
        Ok(Self {
            user_data: read_file(&cloud_init.join("user-data.yaml.j2"))?,
            runner: read_file(&cloud_init.join("run.sh"))?,
            library: read_file(&cloud_init.join("lib.sh"))?,
            seal: read_file(&cloud_init.join("seal.sh"))?,
            stages,
            files,
            apparmor: read_profiles(apparmor)?,
        })
    }

    /// The shell that the stages share.
    pub(crate) fn library(&self) -> &str {
        &self.library
    }

    /// The script of a stage.
    #[must_use]
    pub fn script(&self, stage: Stage) -> &str {
        &self.stages[stage as usize]
    }
}

fn read_profiles(directory: &Path) -> Result<BTreeMap<String, String>, TemplateError> {
    let unreadable = |source| TemplateError::Read { path: directory.into(), source };
    let mut profiles = BTreeMap::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let unfit = |reason| Err(TemplateError::Unfit { path: path.clone(), reason });
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| is_plain(name)) else {
            return unfit("the name of an AppArmor profile has only lower-case letters, digits and dashes");
        };
        if profiles.len() == MAX_PROFILES {
            return unfit("there are more than 32 AppArmor profiles");
        }
        profiles.insert(name.to_owned(), read_file(&path)?);
    }
    if profiles.is_empty() {
        return Err(TemplateError::Unfit { path: directory.into(), reason: "it has no AppArmor profile" });
    }
    Ok(profiles)
}

/// A name that is safe as a part of a path in the guest.
fn is_plain(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
}

fn read_file(path: &Path) -> Result<String, TemplateError> {
    let unreadable = |source| TemplateError::Read { path: path.into(), source };
    let unfit = |reason| TemplateError::Unfit { path: path.into(), reason };
    let bytes = file::read(path, MAX_FILE_BYTES).map_err(|error| match Unfit::of(&error) {
        Some(Unfit::TooLarge(_)) => unfit("it is larger than 64 KiB"),
        Some(Unfit::NotRegular | Unfit::Link) => unfit("it is not a regular file"),
        None => unreadable(error),
    })?;
    if bytes.is_empty() {
        return Err(unfit("it is empty"));
    }
    String::from_utf8(bytes).map_err(|_| unfit("it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let target = to.join(path.file_name().unwrap());
            if path.is_dir() {
                copy(&path, &target);
            } else {
                std::fs::copy(&path, &target).unwrap();
            }
        }
    }

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new() -> Self {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let directory = tempfile::tempdir().unwrap();
            copy(&root.join("cloud-init"), &directory.path().join("cloud-init"));
            copy(&root.join("apparmor"), &directory.path().join("apparmor"));
            Self(directory)
        }

        fn path(&self, path: &str) -> PathBuf {
            self.0.path().join(path)
        }

        fn read(&self) -> Result<Templates, TemplateError> {
            Templates::read(&self.path("cloud-init"), &self.path("apparmor"))
        }
    }

    #[test]
    fn the_directory_and_the_compiled_in_templates_are_the_same() {
        assert_eq!(Tree::new().read().unwrap(), Templates::builtin());
    }

    #[test]
    fn every_file_has_to_be_there() {
        let needed = ["user-data.yaml.j2", "run.sh", "lib.sh", "seal.sh"].map(str::to_owned).into_iter();
        let stages = Stage::ALL.map(|stage| format!("stages/{}.sh", stage.file_stem())).into_iter();
        for name in needed.chain(stages).chain(FILES.map(|name| format!("files/{name}"))) {
            let tree = Tree::new();
            let path = tree.path("cloud-init").join(&name);
            std::fs::remove_file(&path).unwrap();
            assert!(matches!(tree.read(), Err(TemplateError::Read { path: named, .. }) if named == path), "{name}");
        }
    }

    #[test]
    fn unfit_files_are_refused() {
        for bad in [b"\xff".to_vec(), vec![], vec![b'x'; 64 * 1024 + 1]] {
            let tree = Tree::new();
            std::fs::write(tree.path("cloud-init/stages/4-image.sh"), bad).unwrap();
            assert!(matches!(tree.read(), Err(TemplateError::Unfit { .. })));
        }
        let tree = Tree::new();
        std::fs::write(tree.path("apparmor/..x"), "x").unwrap();
        assert!(matches!(tree.read(), Err(TemplateError::Unfit { .. })));
        let tree = Tree::new();
        std::fs::remove_file(tree.path("cloud-init/lib.sh")).unwrap();
        std::fs::create_dir(tree.path("cloud-init/lib.sh")).unwrap();
        assert!(matches!(tree.read(), Err(TemplateError::Unfit { .. })));
    }
}
