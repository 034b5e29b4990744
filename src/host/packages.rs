//! Whether the distribution made the Incus that runs here, and what it changed in it.

use super::{Root, Seen, Unseen, What};

/// The packages that a daemon comes in.
const NAMES: [&str; 2] = ["incus-base", "incus"];

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The package that the daemon comes in; nothing where dpkg knows none.
///
/// # Errors
/// Why that was not seen.
pub fn incus(root: &Root) -> Seen<Option<Package>> {
    let status = match root.text("/var/lib/dpkg/status") {
        Ok(status) => status,
        Err(Unseen::Missing) => return Ok(None),
        Err(error) => return Err(error),
    };
    let find = |name: &&str| {
        let stanza = status.split("\n\n").find(|stanza| {
            let start = stanza.trim_start().strip_prefix("Package: ").and_then(|rest| rest.lines().next());
            start == Some(*name) && stanza.contains("\nStatus: install ok installed")
        })?;
        let version = stanza.lines().find_map(|line| line.strip_prefix("Version: "))?;
        Some(Package { name: (*name).to_owned(), version: version.to_owned() })
    };
    Ok(NAMES.iter().find_map(find))
}

/// What the package's own record of changes says.
///
/// # Errors
/// Why it was not seen; [`Unseen::Missing`] where there is no package.
pub(super) fn changes(root: &Root, unpack: impl Fn(&str) -> Seen<String>) -> Seen<String> {
    let package = incus(root)?.ok_or(Unseen::Missing)?;
    let path = root.join(format!("/usr/share/doc/{}/changelog.Debian.gz", package.name));
    let meta = root.followed(format!("/usr/share/doc/{}/changelog.Debian.gz", package.name))?;
    if meta.what != What::File || meta.size > 4 << 20 {
        return Err(Unseen::Unfit("it is no small file".into()));
    }
    unpack(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_installed_package_counts() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        assert_eq!(incus(&root), Ok(None));
        std::fs::create_dir_all(tree.path().join("var/lib/dpkg")).unwrap();
        let write = |text: &str| std::fs::write(tree.path().join("var/lib/dpkg/status"), text).unwrap();
        write("Package: incus-base\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: x\nVersion: 2\n");
        assert_eq!(incus(&root), Ok(None));
        write("Package: a\n\nPackage: incus-base\nStatus: install ok installed\nVersion: 6.0.4-2\n");
        assert_eq!(incus(&root).unwrap().unwrap().version, "6.0.4-2");
    }
}
