//! The gateway's packages.

use super::{found, judge};

fn lock(entry: &str) -> String {
    format!(
        "{{\"lockfileVersion\": 3, \"packages\": {{\"\": {{\"dependencies\": {{\"openclaw\": \"2026.9.6\"}}}}, {entry}}}}}"
    )
}

fn sha512() -> String {
    format!("sha512-{}==", "a".repeat(86))
}

#[test]
fn the_shipped_files_are_fine() {
    for path in ["podclaw.lock", "image/gateway/package.json", "image/gateway/package-lock.json"] {
        let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let report = judge(&[(path, &text)], None);
        assert!(report.findings.is_empty() && report.failures.is_empty(), "{report:?}");
    }
}

#[test]
fn versions_with_holes_are_found() {
    for (version, rules) in [
        ("2026.9.6", &[][..]),
        ("2026.8.1", &[]),
        ("2026.8.1-1", &[]),
        ("2026.8.1-beta.1", &["gateway-outdated"]),
        ("2026.7.30", &["gateway-outdated"]),
        ("2026.4.20", &["gateway-outdated"]),
        ("2026.4.20-1", &["gateway-outdated"]),
        ("2026.4.20-beta.3", &["gateway-vulnerable"]),
        ("2026.4.19", &["gateway-vulnerable"]),
        ("2026.10.1", &[]),
        ("2025.12.31", &["gateway-vulnerable"]),
        ("1.0.0", &["gateway-vulnerable"]),
        ("2026.9.6-rc.1", &["gateway-vulnerable"]),
        ("2026.09.6", &["gateway-vulnerable"]),
        ("99999999999.1.1", &["gateway-vulnerable"]),
    ] {
        let package = format!("{{\"dependencies\": {{\"openclaw\": \"{version}\"}}}}");
        assert_eq!(found("package.json", &package), rules, "{version}");
        let entry =
            format!("\"node_modules/openclaw\": {{\"version\": \"{version}\", \"integrity\": \"{}\"}}", sha512());
        assert_eq!(found("package-lock.json", &lock(&entry)), rules, "{version}");
        let podclaw = format!("{{\"version\": 1, \"gateway\": {{\"npm\": {{\"openclaw\": \"{version}\"}}}}}}");
        assert_eq!(found("podclaw.lock", &podclaw), rules, "{version}");
    }
}

#[test]
fn an_images_tag_tells_its_version() {
    let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    for (image, rules) in [
        ("registry.example/openclaw/openclaw:2026.3.1", &["gateway-vulnerable", "quadlet-image"][..]),
        ("registry.example/openclaw/openclaw:v2026.3.1-slim", &["gateway-vulnerable", "quadlet-image"]),
        ("registry.example/openclaw/openclaw:2026.7.1-browser", &["gateway-outdated", "quadlet-image"]),
        ("registry.example/openclaw/openclaw:latest", &["quadlet-image"]),
        ("registry.example/other:2026.3.1", &["quadlet-image"]),
    ] {
        assert_eq!(found("a.image", &format!("[Image]\nImage={image}\n")), rules, "{image}");
    }
    let pinned = format!("[Image]\nImage=registry.example/openclaw/openclaw:2026.3.1@{digest}\n");
    assert_eq!(found("a.image", &pinned), ["gateway-vulnerable"]);
}

#[test]
fn what_is_not_pinned_is_found() {
    for wanted in [
        "^2026.9.6",
        "~2026.9.6",
        ">=2026.9.6",
        "2026.9",
        "2026.x",
        "*",
        "",
        "latest",
        "next",
        "=2026.9.6",
        "v2026.9.6",
        "2026.9.6 || 2026.1.1",
        "npm:evil@1.0.0",
        "npm:openclaw@2026.9.6",
        "git+https://git.example/x",
        "github:o/r",
        "o/r",
        "https://x.example/a.tgz",
        "file:../x",
        "link:../x",
        "workspace:*",
        " 2026.9.6",
        "2026.9.6-",
    ] {
        for list in ["dependencies", "optionalDependencies", "devDependencies", "overrides"] {
            let package = format!("{{\"{list}\": {{\"a\": \"{wanted}\"}}}}");
            assert_eq!(found("package.json", &package), ["package-unpinned"], "{package}");
        }
    }
    for package in [
        r#"{"dependencies": ["openclaw"]}"#,
        r#"{"dependencies": {"a": 1}}"#,
        r#"{"overrides": {"a": {"b": "1.0.0"}}}"#,
        r#"{"workspaces": ["x"]}"#,
        r#"{"resolutions": {"a": "1.0.0"}}"#,
    ] {
        assert_eq!(found("package.json", package), ["package-unpinned"], "{package}");
    }
}

#[test]
fn what_is_not_locked_is_found() {
    let hash = sha512();
    let fine = format!("\"node_modules/a\": {{\"version\": \"1.0.0\", \"integrity\": \"{hash}\"}}");
    assert_eq!(found("package-lock.json", &lock(&fine)), [""; 0]);
    let bundled = format!("{fine}, \"node_modules/a/node_modules/b\": {{\"version\": \"1.0.0\", \"inBundle\": true}}");
    assert_eq!(found("package-lock.json", &lock(&bundled)), [""; 0]);
    for entry in [
        r#""node_modules/a": {"version": "1.0.0"}"#.to_owned(),
        r#""node_modules/a": {"version": "1.0.0", "integrity": "sha1-abc="}"#.into(),
        r#""node_modules/a": {"version": "1.0.0", "integrity": null}"#.into(),
        format!(r#""node_modules/a": {{"version": "1.0.0", "integrity": "{hash} sha1-abc="}}"#),
        format!(r#""node_modules/a": {{"integrity": "{hash}"}}"#),
        format!(r#""node_modules/a": {{"version": "^1.0.0", "integrity": "{hash}"}}"#),
        r#""node_modules/a": {"version": "1.0.0", "inBundle": true}"#.into(),
        r#""node_modules/a": {"link": true, "resolved": "../a"}"#.into(),
        format!(r#""../a": {{"version": "1.0.0", "integrity": "{hash}"}}"#),
        format!(r#""node_modules/../../a": {{"version": "1.0.0", "integrity": "{hash}"}}"#),
    ] {
        assert_eq!(found("package-lock.json", &lock(&entry)), ["package-unpinned"], "{entry}");
    }
    for resolved in
        ["http://x.example/a.tgz", "git+ssh://x/a", "git+https://x/a#1", "file:../a.tgz", "../a", "HTTP://x", ""]
    {
        let entry =
            format!(r#""node_modules/a": {{"version": "1.0.0", "integrity": "{hash}", "resolved": "{resolved}"}}"#);
        assert_eq!(found("package-lock.json", &lock(&entry)), ["package-unpinned"], "{entry}");
    }
    let aliased = format!(r#""node_modules/a": {{"name": "openclaw", "version": "2026.1.1", "integrity": "{hash}"}}"#);
    assert_eq!(found("package-lock.json", &lock(&aliased)), ["gateway-vulnerable"]);
    let nested = format!(r#""node_modules/a/node_modules/openclaw": {{"version": "2026.1.1", "integrity": "{hash}"}}"#);
    assert_eq!(found("package-lock.json", &lock(&nested)), ["gateway-vulnerable"]);
    for text in [
        "{}",
        "[]",
        "{\"lockfileVersion\": 2, \"packages\": {}}",
        "{\"lockfileVersion\": 3, \"packages\": {}, \"dependencies\": {}}",
    ] {
        assert_eq!(found("package-lock.json", text), ["package-unpinned"], "{text}");
    }
}

#[test]
fn podclaws_own_lock() {
    for text in [
        "{}",
        "{\"version\": 2}",
        "{\"version\": 1, \"extra\": 1}",
        "{\"version\": 1, \"gateway\": {\"npm\": {}}}",
        "{\"version\": 1, \"gateway\": {\"git\": {}}}",
        "{\"version\": 1, \"gateway\": {\"registry\": {\"reference\": \"r.example/a:1\"}}}",
        "{\"version\": 1, \"gateway\": {\"registry\": {}}}",
    ] {
        assert_eq!(found("podclaw.lock", text), ["package-unpinned"], "{text}");
    }
}

#[test]
fn a_huge_file_is_judged_too() {
    let entries = (0..8_000).fold(String::new(), |text, n| {
        text + &format!("\"node_modules/a/node_modules/{n}\": {{\"version\": \"1.0.0\", \"inBundle\": true}},")
    });
    let text = lock(&format!("{entries}\"node_modules/z\": {{}}"));
    assert_eq!(found("package-lock.json", &text), ["package-unpinned"]);
}
