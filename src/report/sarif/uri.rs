//! Paths as URI references.

use std::fmt::Write as _;

/// The URI reference of a path: relative to where podclaw ran, unless the path is absolute.
pub(super) fn of_path(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = String::with_capacity(path.len());
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        // A colon in the first part would make it a scheme.
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::of_path;

    #[test]
    fn paths_become_uri_references() {
        for (path, uri) in [
            ("./profiles/a.yaml", "profiles/a.yaml"),
            ("/etc/a b", "file:///etc/a%20b"),
            ("http:x?y#z%", "http%3Ax%3Fy%23z%25"),
            ("ä\u{1b}", "%C3%A4%1B"),
            ("-", "-"),
        ] {
            assert_eq!(of_path(path), uri);
        }
    }
}
