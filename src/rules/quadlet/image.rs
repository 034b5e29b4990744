//! Images that could be others tomorrow.

use super::file::{Quadlet, Type, subject};
use crate::reference::Reference;
use crate::rules::found::Found;
use crate::rules::{Example, Rule, Severity, Trial, packages};
use crate::text::excerpt;

pub(super) static RULE: Rule = Rule {
    id: "quadlet-image",
    severity: Severity::Error,
    summary: "an image that is not pinned by its digest",
    why: "A tag is a name that whoever owns the registry can move to another image. Only a digest says which bytes run. \
          An image of the guest's own store is fine where nothing can pull another one in its place.",
    remedy: "write HOST/NAME@sha256:DIGEST, or localhost/NAME together with `Pull=never`",
    threats: &["pinning", "remote-code"],
    waivable: true,
    examples: &[Example {
        path: "quadlets/app.image",
        bad: "[Image]\nImage=registry.example/app:latest\n",
        good: "[Image]\nImage=registry.example/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
        trial: Trial::Alone,
    }],
};

pub(super) fn check(quadlet: &Quadlet, found: &mut Found) {
    let never = quadlet.all("Pull").last().is_some_and(|entry| entry.plain() == "never");
    let mut any = false;
    for entry in quadlet.all("Image").chain(quadlet.all("Artifact")) {
        let image = entry.plain();
        any = true;
        if let Some(reason) = doubt(image, quadlet.kind, never) {
            found.add(
                &RULE,
                subject(entry),
                entry.bytes.clone(),
                format!("the image {} {reason}", excerpt(image, 120)),
            );
        }
        packages::image(image, &subject(entry), entry.bytes.clone(), found);
    }
    for entry in quadlet.all("Rootfs") {
        any = true;
        found.add(
            &RULE,
            subject(entry),
            entry.bytes.clone(),
            "a directory of the guest is run as an image, whatever is in it",
        );
    }
    if !any && quadlet.is_whole_container() {
        found.add(&RULE, quadlet.subject("Image"), quadlet.heading(), "there is no Image=");
    }
    for entry in quadlet.all("TLSVerify").filter(|entry| entry.as_bool() != Some(true)) {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "the registry's certificate is not checked");
    }
    for entry in quadlet.all("AllTags").filter(|entry| entry.as_bool() != Some(false)) {
        found.add(&RULE, subject(entry), entry.bytes.clone(), "every tag of the image is pulled");
    }
}

/// Why an image is not a certain one.
fn doubt(image: &str, kind: Type, never: bool) -> Option<&'static str> {
    if is_pinned(image) || (kind == Type::Container && is_unit(image)) {
        None
    } else if !image.starts_with("localhost/") || !is_plain(image) {
        Some("is not pinned by a digest")
    } else if kind != Type::Container || !never {
        Some("is pulled from a registry of this machine when it is not there; `Pull=never` is missing")
    } else {
        None
    }
}

fn is_pinned(image: &str) -> bool {
    let id = image.strip_prefix("sha256:").unwrap_or(image);
    if id.len() == 64 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return true;
    }
    // A tag in front of the digest is for people: the digest decides.
    let without_tag = image.split_once('@').and_then(|(name, digest)| {
        let (name, tag) = name.rsplit_once(':')?;
        (!tag.contains('/')).then(|| format!("{name}@{digest}"))
    });
    image.parse::<Reference>().is_ok() || without_tag.is_some_and(|image| image.parse::<Reference>().is_ok())
}

/// Another Quadlet that names the image, and is judged itself.
fn is_unit(image: &str) -> bool {
    image.strip_suffix(".image").is_some_and(|name| is_plain(name) && !name.contains(['/', ':']))
}

fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-' | b':');
    !name.is_empty() && !name.starts_with('-') && name.bytes().all(plain) && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_pins() {
        let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        for image in [format!("r.example/a@{digest}"), format!("r.example:5000/a:1@{digest}"), digest.to_owned()] {
            assert!(is_pinned(&image), "{image}");
        }
        for image in ["a", "r.example/a", "r.example/a:1", "r.example/a@sha256:0", "r.example:5000/a", ""] {
            assert!(!is_pinned(image), "{image}");
        }
    }
}
