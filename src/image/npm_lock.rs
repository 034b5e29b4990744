//! Reading `package-lock.json`: every package must be pinned by what is in it, wherever it comes from.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The only layout that podclaw reads; npm has written it since version 7.
const LAYOUT: u64 = 3;

/// The parts of a lock file that podclaw needs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LockFile {
    lockfile_version: u64,
    packages: BTreeMap<String, Package>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    integrity: Option<String>,
    #[serde(default)]
    resolved: Option<Value>,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    in_bundle: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    os: Platforms,
    #[serde(default)]
    cpu: Platforms,
    #[serde(default)]
    libc: Platforms,
}

/// Platforms that a package is for; npm writes one of them as text.
#[derive(Debug, Default)]
struct Platforms(Vec<String>);

impl<'de> Deserialize<'de> for Platforms {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::String(one) => Ok(Self(vec![one])),
            Value::Array(many) => many
                .into_iter()
                .map(|value| value.as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .map(Self)
                .ok_or_else(|| serde::de::Error::custom("a platform is not text")),
            _ => Err(serde::de::Error::custom("platforms are neither text nor a list")),
        }
    }
}

impl Platforms {
    /// `!x` stands for all but x, as npm reads it.
    fn include(&self, own: &str) -> bool {
        let (not, only): (Vec<&str>, Vec<&str>) = self.0.iter().map(String::as_str).partition(|p| p.starts_with('!'));
        !not.iter().any(|p| p[1..] == *own) && (only.is_empty() || only.contains(&own))
    }
}

/// A lock file in which every package is pinned.
#[derive(Debug)]
pub(super) struct NpmLock {
    /// The gateway's version.
    pub(super) openclaw: String,
    /// node's version.
    pub(super) node: String,
    /// The packages for this platform: path below the top directory, and version.
    pub(super) wanted: BTreeMap<String, String>,
    /// The lock file to give to npm, in which what is for this platform is decided already.
    pub(super) for_npm: String,
}

/// npm's word for the processor that podclaw runs on.
pub(super) fn cpu() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// The package that holds node's program for this processor.
pub(super) fn node_package() -> String {
    format!("node-linux-{}", cpu())
}

impl NpmLock {
    /// Reads a lock file.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut tree: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let lock: LockFile = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if lock.lockfile_version != LAYOUT {
            return Err(format!("its lockfileVersion is {}, not {LAYOUT}", lock.lockfile_version));
        }
        for (path, package) in &lock.packages {
            check(&lock, path, package).map_err(|reason| format!("{}: {reason}", crate::text::excerpt(path, 200)))?;
        }
        let wanted: BTreeMap<String, String> = lock
            .packages
            .iter()
            .filter(|(path, package)| !path.is_empty() && is_for_us(package))
            .filter_map(|(path, package)| Some((path.clone(), package.version.clone()?)))
            .collect();
        let version = |name: &str| {
            wanted.get(&format!("node_modules/{name}")).cloned().ok_or(format!("it has no package {name}"))
        };
        let (openclaw, node) = (version("openclaw")?, version(&node_package())?);
        settle_platform(&mut tree, &lock);
        Ok(Self { openclaw, node, wanted, for_npm: tree.to_string() })
    }
}

fn is_for_us(package: &Package) -> bool {
    package.os.include("linux") && package.cpu.include(cpu()) && package.libc.include("glibc")
}

/// Refuses a package that is not pinned by its contents alone.
fn check(lock: &LockFile, path: &str, package: &Package) -> Result<(), String> {
    if path.is_empty() {
        return Ok(());
    }
    if !path.starts_with("node_modules/") || path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err("its path is not one below node_modules".into());
    }
    if package.link {
        return Err("it is a link to another directory".into());
    }
    if package.resolved.is_some() {
        return Err(
            "it names where it is fetched from; make the lock file with `omit-lockfile-registry-resolved`".into()
        );
    }
    if package.version.is_none() {
        return Err("it has no version".into());
    }
    if !package.optional && !is_for_us(package) {
        return Err("it is needed, but not for this platform".into());
    }
    // What comes inside of another package is covered by that one's hash.
    let bundled_in = || path.rsplit_once("/node_modules/").and_then(|(parent, _)| lock.packages.get(parent));
    let pinned = match &package.integrity {
        Some(integrity) => is_sha512(integrity),
        None if package.in_bundle => bundled_in().is_some_and(|parent| parent.integrity.is_some() || parent.in_bundle),
        None => false,
    };
    if pinned { Ok(()) } else { Err("it has no sha512 integrity".into()) }
}

fn is_sha512(integrity: &str) -> bool {
    integrity.strip_prefix("sha512-").is_some_and(|base64| {
        base64.len() == 88
            && base64.ends_with("==")
            && base64[..86].bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
    })
}

/// Leaves to npm no decision about platforms. Which npm and node the host has would change the outcome: an old npm
/// knows no `libc`, and an optional package for a newer node is left out silently, although the image has that node.
fn settle_platform(tree: &mut Value, lock: &LockFile) {
    let Some(packages) = tree.get_mut("packages").and_then(Value::as_object_mut) else {
        return;
    };
    for (path, package) in packages.iter_mut() {
        let Some(package) = package.as_object_mut() else { continue };
        let skip = lock.packages.get(path).is_some_and(|package| !is_for_us(package));
        for field in ["engines", "os", "cpu", "libc"] {
            package.remove(field);
        }
        if skip {
            skip_everywhere(package);
        }
    }
}

fn skip_everywhere(package: &mut Map<String, Value>) {
    package.insert("os".into(), Value::Array(vec!["none".into()]));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OURS: &str = include_str!("../../image/gateway/package-lock.json");

    fn hash() -> String {
        format!("sha512-{}==", "a".repeat(86))
    }

    /// A lock file with what podclaw needs, and one more package.
    fn with(path: &str, package: &Value) -> Result<NpmLock, String> {
        let pinned = json!({ "version": "1.0.0", "integrity": hash() });
        let mut lock = json!({ "lockfileVersion": 3, "packages": {
            "": { "dependencies": { "openclaw": "1.0.0" } },
            "node_modules/openclaw": pinned,
        } });
        lock["packages"][format!("node_modules/{}", node_package())] = pinned.clone();
        lock["packages"][path] = package.clone();
        NpmLock::parse(&lock.to_string())
    }

    #[test]
    fn podclaws_own_lock_file_is_pinned() {
        let lock = NpmLock::parse(OURS).expect("our own");
        assert_eq!(lock.openclaw, "2026.9.6");
        assert!(lock.node.starts_with("24."), "{}", lock.node);
        assert!(lock.wanted.len() > 300, "{}", lock.wanted.len());
        assert!(!OURS.contains("http") || !OURS.contains("\"resolved\""));
        let libc = |name: &str| lock.wanted.keys().any(|path| path.ends_with(name));
        assert!(!libc("-musl") && libc("-gnu"));
        assert!(!lock.for_npm.contains("\"engines\""));
    }

    #[test]
    fn refuses_what_is_not_pinned() {
        let hash = hash();
        for (path, package, reason) in [
            ("node_modules/a", json!({ "version": "1" }), "no sha512 integrity"),
            ("node_modules/a", json!({ "version": "1", "integrity": "sha1-aGVsbG8=" }), "no sha512 integrity"),
            ("node_modules/a", json!({ "version": "1", "integrity": format!("{hash} sha1-x") }), "no sha512"),
            ("node_modules/a", json!({ "version": "1", "inBundle": true }), "no sha512 integrity"),
            ("node_modules/a", json!({ "integrity": hash }), "no version"),
            ("node_modules/a", json!({ "version": "1", "integrity": hash, "resolved": "x" }), "names where"),
            ("node_modules/a", json!({ "link": true, "version": "1" }), "a link"),
            ("../a", json!({ "version": "1", "integrity": hash }), "not one below node_modules"),
            ("node_modules/../../a", json!({ "version": "1", "integrity": hash }), "not one below node_modules"),
            ("node_modules/a", json!({ "version": "1", "integrity": hash, "os": "win32" }), "not for this platform"),
            ("node_modules/a", json!({ "version": "1", "integrity": hash, "os": 1 }), "neither text nor a list"),
        ] {
            let error = with(path, &package).expect_err(reason);
            assert!(error.contains(reason), "{package}: {error}");
        }
        let bundled = json!({ "version": "1", "inBundle": true });
        assert!(with("node_modules/openclaw/node_modules/a", &bundled).is_ok());
        assert!(NpmLock::parse(r#"{"lockfileVersion": 2, "packages": {}}"#).expect_err("old").contains("not 3"));
        assert!(NpmLock::parse(r#"{"lockfileVersion": 3, "packages": {}}"#).expect_err("empty").contains("openclaw"));
    }

    #[test]
    fn decides_the_platform_itself() {
        let other = json!({ "version": "1", "integrity": hash(), "optional": true, "libc": ["musl"], "os": "linux" });
        let lock = with("node_modules/a", &other).expect("a lock");
        let for_npm: Value = serde_json::from_str(&lock.for_npm).expect("JSON");
        assert_eq!(for_npm["packages"]["node_modules/a"]["os"], json!(["none"]));
        assert!(!lock.wanted.contains_key("node_modules/a"));
        let ours = json!({ "version": "1", "integrity": hash(), "optional": true, "os": ["!win32"], "cpu": [cpu()],
                           "engines": { "node": ">=99" } });
        let lock = with("node_modules/a", &ours).expect("a lock");
        let for_npm: Value = serde_json::from_str(&lock.for_npm).expect("JSON");
        let package = for_npm["packages"]["node_modules/a"].as_object().expect("an object");
        assert_eq!(package.keys().collect::<Vec<_>>(), ["version", "integrity", "optional"]);
        assert!(lock.wanted.contains_key("node_modules/a"));
    }
}
