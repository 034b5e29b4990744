//! Finding files by patterns, without following links and without walking for ever.

use std::path::{Component, Path, PathBuf};

use super::{Root, Unseen, What};

/// How many files one pattern finds.
const MOST: usize = 500;

/// The paths that a pattern means, in which a part may have `*` for any text, and those that could not be looked at.
/// A path that is not there is in neither.
#[must_use]
pub fn expand(root: &Root, pattern: &Path) -> (Vec<PathBuf>, Vec<(PathBuf, Unseen)>) {
    let mut found = vec![PathBuf::from("/")];
    let mut blind = Vec::new();
    let parts: Vec<_> = pattern.components().filter(|part| matches!(part, Component::Normal(_))).collect();
    for part in parts {
        let part = part.as_os_str();
        let wanted = part.to_string_lossy();
        let mut next = Vec::new();
        for path in found {
            if !wanted.contains('*') {
                let path = path.join(part);
                match root.meta(&path) {
                    Ok(_) => next.push(path),
                    Err(Unseen::Missing) => {}
                    Err(reason) => blind.push((path, reason)),
                }
                continue;
            }
            match root
                .meta(&path)
                .and_then(|meta| if meta.what == What::Link { Err(Unseen::link()) } else { root.names(&path) })
            {
                Ok(names) => {
                    let fits = names.iter().filter(|name| matches(&wanted, &name.to_string_lossy()));
                    next.extend(fits.map(|name| path.join(name)));
                }
                Err(Unseen::Missing) => {}
                Err(reason) => blind.push((path, reason)),
            }
        }
        if next.len() > MOST {
            blind.push((pattern.to_owned(), Unseen::Unfit(format!("there are more than {MOST}"))));
            next.truncate(MOST);
        }
        found = next;
    }
    (found, blind)
}

/// Whether a name fits a pattern with one or two `*`.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert!(matches("*.conf", "a.conf") && matches("id_*", "id_rsa") && matches("*", "x") && matches("a", "a"));
        assert!(matches("a*b*c", "aXbYc") && !matches("a*b*c", "aXc") && !matches("*.conf", "a.conf.bak"));
        assert!(!matches("ab*ba", "aba"));
    }

    #[test]
    fn finds_without_following_links() {
        let tree = tempfile::tempdir().unwrap();
        let root = Root::at(tree.path());
        std::fs::create_dir_all(tree.path().join("a/x")).unwrap();
        std::fs::write(tree.path().join("a/x/k1"), "").unwrap();
        std::os::unix::fs::symlink("x", tree.path().join("a/y")).unwrap();
        let (found, blind) = expand(&root, Path::new("/a/*/k*"));
        assert_eq!((found, blind), (vec!["/a/x/k1".into()], vec![("/a/y".into(), Unseen::link())]));
        assert_eq!(expand(&root, Path::new("/a/y/k1")), (vec![], vec![("/a/y/k1".into(), Unseen::link())]));
        assert_eq!(expand(&root, Path::new("/none/*")), (vec![], vec![]));
    }
}
