//! Finding the daemon's Unix socket.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Where the daemon listens when nothing says otherwise, in the order in which Incus' own client looks.
const USUAL: [&str; 2] = ["/run/incus", "/var/lib/incus"];

/// Where LXD, from which Incus was forked, listens. Only to tell the user why podclaw does not use it.
const LXD: [&str; 2] = ["/var/snap/lxd/common/lxd/unix.socket", "/var/lib/lxd/unix.socket"];

/// There is no socket, or it cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// No socket in any of the places.
    #[error("no Incus daemon found (looked for {}){}", list(looked), notes(others))]
    NotFound {
        /// Where a socket was looked for.
        looked: Vec<PathBuf>,
        /// Sockets that are there, but that podclaw does not use.
        others: Vec<PathBuf>,
    },
    /// This user may not use the socket.
    #[error("no permission to use the Incus socket {}", path.display())]
    NoPermission {
        /// The socket.
        path: PathBuf,
    },
    /// The socket is there, but nobody listens.
    #[error("the socket {} is there, but no daemon answers at it", path.display())]
    NobodyListens {
        /// The socket.
        path: PathBuf,
    },
    /// The path is not a socket's, or cannot be used as one.
    #[error("cannot use {} as the Incus socket: {source}", path.display())]
    Unusable {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl SocketError {
    /// What the user can do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let start = "start it with `systemctl start incus.socket`, or, where systemd does not run, start incusd itself";
        Some(match self {
            Self::NotFound { others, .. } if others.iter().any(|path| is_user_socket(path)) => {
                "the socket that is there is a restricted user's; run podclaw as root, or join the group incus-admin"
                    .into()
            }
            Self::NotFound { others, .. } if !others.is_empty() => {
                format!("podclaw drives Incus, not LXD: install Incus, and {start}")
            }
            Self::NotFound { .. } => format!("install Incus, and {start}"),
            Self::NoPermission { .. } => {
                "run podclaw as root, or join the group incus-admin and log in again (its members are as good as root)"
                    .into()
            }
            Self::NobodyListens { .. } => format!("the daemon stopped or crashed: {start}"),
            Self::Unusable { .. } => "give the path of the Incus socket with --socket".into(),
        })
    }

    /// What it means that a socket could not be connected to.
    pub(super) fn connecting(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { looked: vec![path], others: Vec::new() },
            io::ErrorKind::PermissionDenied => Self::NoPermission { path },
            io::ErrorKind::ConnectionRefused => Self::NobodyListens { path },
            _ => Self::Unusable { path, source },
        }
    }
}

/// Finds the socket in Incus' own order: the one that was given, `INCUS_SOCKET`, `INCUS_DIR`, the usual places.
///
/// What was given explicitly is taken as it is, even where nothing is: falling back to another daemon could act on the
/// wrong machine's guests. `variable` looks an environment variable up; an empty one counts as not set.
///
/// # Errors
/// [`SocketError::NotFound`] when nothing is given and there is no socket in the usual places.
pub fn find_socket(given: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> Result<PathBuf, SocketError> {
    find_below(Path::new("/"), given, variable)
}

/// The same below another root directory, so that the order can be tested.
fn find_below(
    root: &Path,
    given: Option<&Path>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<PathBuf, SocketError> {
    let variable = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(given) = given.map(Path::to_owned).or_else(|| variable("INCUS_SOCKET")) {
        return Ok(given);
    }
    if let Some(directory) = variable("INCUS_DIR") {
        return Ok(directory.join("unix.socket"));
    }
    let below = |path: &str| root.join(path.trim_start_matches('/'));
    let looked: Vec<PathBuf> = USUAL.iter().map(|directory| below(directory).join("unix.socket")).collect();
    if let Some(found) = looked.iter().find(|path| path.exists()) {
        return Ok(found.clone());
    }
    let others = USUAL.iter().map(|directory| below(directory).join("unix.socket.user"));
    let others = others.chain(LXD.iter().map(|path| below(path))).filter(|path| path.exists()).collect();
    Err(SocketError::NotFound { looked, others })
}

fn is_user_socket(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "unix.socket.user")
}

fn list(paths: &[PathBuf]) -> String {
    let shown: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    shown.join(", ")
}

fn notes(others: &[PathBuf]) -> String {
    let mut said = String::new();
    for path in others {
        let what = if is_user_socket(path) { "which is limited to one user's project" } else { "which is LXD's" };
        // Writing to a string cannot fail.
        let _ = write!(said, "; there is only {}, {what}", path.display());
    }
    said
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn env<'a>(pairs: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    fn place(root: &Path, path: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    #[test]
    fn looks_in_order() {
        let root = tempfile::tempdir().unwrap();
        place(root.path(), "run/incus/unix.socket");
        place(root.path(), "var/lib/incus/unix.socket");
        let both = [("INCUS_SOCKET", "/a"), ("INCUS_DIR", "/b")];
        let find = |given: Option<&str>, pairs: &[(&str, &str)]| {
            find_below(root.path(), given.map(Path::new), env(pairs)).unwrap()
        };
        assert_eq!(find(Some("/given"), &both), Path::new("/given"));
        assert_eq!(find(None, &both), Path::new("/a"));
        assert_eq!(find(None, &both[1..]), Path::new("/b/unix.socket"));
        assert_eq!(find(None, &[("INCUS_SOCKET", ""), ("INCUS_DIR", "")]), root.path().join("run/incus/unix.socket"));
        fs::remove_file(root.path().join("run/incus/unix.socket")).unwrap();
        assert_eq!(find(None, &[]), root.path().join("var/lib/incus/unix.socket"));
    }

    #[test]
    fn says_what_is_there_instead() {
        let root = tempfile::tempdir().unwrap();
        let nothing = find_below(root.path(), None, env(&[])).unwrap_err();
        assert!(nothing.to_string().contains("run/incus/unix.socket, "), "{nothing}");
        assert!(nothing.help().unwrap().starts_with("install Incus"));

        place(root.path(), "var/snap/lxd/common/lxd/unix.socket");
        let lxd = find_below(root.path(), None, env(&[])).unwrap_err();
        assert!(lxd.to_string().contains("which is LXD's"), "{lxd}");
        assert!(lxd.help().unwrap().contains("not LXD"));

        place(root.path(), "run/incus/unix.socket.user");
        let user = find_below(root.path(), None, env(&[])).unwrap_err();
        assert!(user.to_string().contains("limited to one user's project"), "{user}");
        assert!(user.help().unwrap().contains("incus-admin"));
    }
}
