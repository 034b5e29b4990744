//! The host's apt sources, in both of their formats.

use std::path::{Path, PathBuf};

/// A line of an apt source that offers binary packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) uri: String,
    pub(super) suite: String,
    pub(super) components: Vec<String>,
    /// What signs it, when the source says so.
    pub(super) signed_by: Option<SignedBy>,
}

/// What an apt source is signed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SignedBy {
    Keyring(PathBuf),
    /// A key in the source itself, or a bare fingerprint.
    Key,
}

/// Reads every source below `etc_apt`, the main list first and then the others by name.
/// What cannot be read is left out, as apt itself only warns about it.
pub(super) fn read(etc_apt: &Path) -> Vec<Source> {
    let mut found = read_one(&etc_apt.join("sources.list"), parse_list);
    let Ok(entries) = std::fs::read_dir(etc_apt.join("sources.list.d")) else {
        return found;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("list") => found.extend(read_one(&path, parse_list)),
            Some("sources") => found.extend(read_one(&path, parse_deb822)),
            _ => {}
        }
    }
    found
}

fn read_one(path: &Path, parse: fn(&str) -> Vec<Source>) -> Vec<Source> {
    std::fs::read_to_string(path).map(|text| parse(&text)).unwrap_or_default()
}

/// Parses the one-line format: `deb [options] uri suite component...`.
fn parse_list(text: &str) -> Vec<Source> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Source> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let mut rest = line.strip_prefix("deb")?;
    if !rest.starts_with(char::is_whitespace) {
        return None;
    }
    rest = rest.trim_start();
    let mut signed_by = None;
    if let Some(after) = rest.strip_prefix('[') {
        let (options, after) = after.split_once(']')?;
        signed_by = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by=")).map(signed);
        rest = after;
    }
    let mut words = rest.split_whitespace().map(String::from);
    Some(Source { uri: words.next()?, suite: words.next()?, components: words.collect(), signed_by })
}

/// Parses the deb822 format: stanzas of `Field: value`, where a line that starts with a space continues its field.
fn parse_deb822(text: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            found.extend(stanza(&fields));
            fields.clear();
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push('\n');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().into()));
        }
    }
    found
}

fn stanza(fields: &[(String, String)]) -> Vec<Source> {
    let field = |name: &str| fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value.as_str());
    let words = |name: &str| field(name).split_whitespace().map(String::from).collect::<Vec<_>>();
    if matches!(field("enabled").to_ascii_lowercase().as_str(), "no" | "false" | "off" | "0")
        || !words("types").iter().any(|kind| kind == "deb")
    {
        return Vec::new();
    }
    let signed_by = Some(field("signed-by")).filter(|value| !value.is_empty()).map(signed);
    let mut found = Vec::new();
    for uri in words("uris") {
        for suite in words("suites") {
            found.push(Source {
                uri: uri.clone(),
                suite,
                components: words("components"),
                signed_by: signed_by.clone(),
            });
        }
    }
    found
}

fn signed(value: &str) -> SignedBy {
    if value.starts_with('/') && !value.contains(char::is_whitespace) {
        SignedBy::Keyring(value.into())
    } else {
        SignedBy::Key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(uri: &str, suite: &str, components: &[&str], signed_by: Option<SignedBy>) -> Source {
        let components = components.iter().map(ToString::to_string).collect();
        Source { uri: uri.into(), suite: suite.into(), components, signed_by }
    }

    #[test]
    fn one_line_format() {
        let text = "# a comment\n\
                    deb http://mirror.test/debian bookworm main contrib # why\n\
                    deb-src http://mirror.test/debian bookworm main\n\
                    debug\n\
                    deb\t[arch=amd64 signed-by=/k.gpg]  https://mirror.test/x ./\n\
                    deb [signed-by=/k.gpg http://broken.test a b\n\
                    deb http://only.test\n";
        let key = Some(SignedBy::Keyring("/k.gpg".into()));
        assert_eq!(
            parse_list(text),
            [
                source("http://mirror.test/debian", "bookworm", &["main", "contrib"], None),
                source("https://mirror.test/x", "./", &[], key),
            ]
        );
    }

    #[test]
    fn deb822_format() {
        let text = "# about\nTypes: deb deb-src\nURIs: http://a.test/u http://b.test/u\n# between\nSuites: noble\n \
                    noble-updates\nComponents: main universe\nSigned-By: /u.gpg\n\n\
                    Types: deb\nURIs: http://off.test\nSuites: x\nEnabled: no\n\n\
                    Types: deb-src\nURIs: http://src.test\nSuites: x\n\n\
                    types: deb\nuris: http://inline.test\nsuites: y\nSigned-By:\n -----BEGIN PGP\n .\n abc\n";
        let key = Some(SignedBy::Keyring("/u.gpg".into()));
        let found = parse_deb822(text);
        assert_eq!(
            found,
            [
                source("http://a.test/u", "noble", &["main", "universe"], key.clone()),
                source("http://a.test/u", "noble-updates", &["main", "universe"], key.clone()),
                source("http://b.test/u", "noble", &["main", "universe"], key.clone()),
                source("http://b.test/u", "noble-updates", &["main", "universe"], key),
                source("http://inline.test", "y", &[], Some(SignedBy::Key)),
            ]
        );
    }
}
