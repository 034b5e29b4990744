//! How the machine's SSH server lets people in.

use std::path::Path;

use super::{Root, Seen, Unseen};

/// How many files may be included.
const MOST_FILES: usize = 200;

/// What the server's configuration says outside of its conditional parts. Nothing means the server's own default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sshd {
    /// `PasswordAuthentication`.
    pub password: Option<String>,
    /// `KbdInteractiveAuthentication`, with which PAM asks for passwords too.
    pub keyboard: Option<String>,
    /// `PermitRootLogin`.
    pub root: Option<String>,
    /// Whether a `Match` part sets one of these otherwise for some.
    pub has_exceptions: bool,
}

/// Reads the server's configuration.
///
/// # Errors
/// Why it was not seen; [`Unseen::Missing`] where there is no server.
pub fn sshd(root: &Root) -> Seen<Sshd> {
    let mut found = Sshd::default();
    let mut files = 0;
    read(root, "/etc/ssh/sshd_config", &mut found, &mut files)?;
    Ok(found)
}

fn read(root: &Root, path: &str, found: &mut Sshd, files: &mut usize) -> Seen<()> {
    *files += 1;
    if *files > MOST_FILES {
        return Err(Unseen::Unfit("it includes too many files".into()));
    }
    let mut in_match = false;
    for line in root.text(path)?.lines() {
        let line = line.trim();
        let Some((key, value)) = line.split_once([' ', '\t', '=']) else { continue };
        let (key, value) = (key.to_lowercase(), value.trim_matches([' ', '\t', '=', '"']).to_lowercase());
        let setting = match key.as_str() {
            "match" => {
                in_match = value != "all";
                continue;
            }
            "include" => {
                for file in included(root, line.split_whitespace().skip(1)) {
                    read(root, &file, found, files)?;
                }
                continue;
            }
            "passwordauthentication" => &mut found.password,
            "kbdinteractiveauthentication" | "challengeresponseauthentication" => &mut found.keyboard,
            "permitrootlogin" => &mut found.root,
            _ => continue,
        };
        if in_match {
            found.has_exceptions = true;
        } else {
            // The first one counts.
            setting.get_or_insert(value);
        }
    }
    Ok(())
}

fn included<'a>(root: &Root, patterns: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut files = Vec::new();
    for pattern in patterns {
        let pattern = Path::new("/etc/ssh").join(pattern.trim_matches('"'));
        files.extend(super::search::expand(root, &pattern).0.iter().map(|path| path.to_string_lossy().into_owned()));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_counts_and_conditions_do_not() {
        let tree = tempfile::tempdir().unwrap();
        let etc = tree.path().join("etc/ssh/sshd_config.d");
        std::fs::create_dir_all(&etc).unwrap();
        let text = "# PasswordAuthentication maybe\nInclude /etc/ssh/sshd_config.d/*.conf\nPasswordAuthentication yes\n\
                    Match User a\n\tPermitRootLogin yes\n";
        std::fs::write(tree.path().join("etc/ssh/sshd_config"), text).unwrap();
        std::fs::write(etc.join("10.conf"), "passwordauthentication no\n").unwrap();
        std::fs::write(etc.join("10.conf.bak"), "PermitRootLogin yes\n").unwrap();
        let found = sshd(&Root::at(tree.path())).unwrap();
        assert_eq!(found, Sshd { password: Some("no".into()), has_exceptions: true, ..Sshd::default() });
    }
}
