use super::*;
use crate::image::tarball::Tarball;

const GOOD: [(&str, &str); 10] = [
    (
        "metadata.yaml",
        "architecture: x86_64\ntemplates:\n  /etc/hostname:\n    when: [create]\n    template: hostname.tpl\n",
    ),
    ("templates/hostname.tpl", "{{ container.name }}\n"),
    ("rootfs/etc/podclaw/settings", "GATEWAY_SOURCE=archive\nBOOT=baked\nLAST_STAGE=7\n"),
    ("rootfs/etc/containers/systemd/users/1000/openclaw.container", "Volume=/x:/var/cache/node:ro,nosuid\n"),
    ("rootfs/etc/cloud/cloud-init.disabled", ""),
    ("rootfs/etc/machine-id", ""),
    ("rootfs/etc/hostname", "podclaw-bake\n"),
    ("rootfs/var/lib/podclaw/compile-cache/v24/a", "code"),
    ("rootfs/home/openclaw/.local/share/containers/storage/overlay/l/x", ""),
    ("rootfs/var/lib/systemd/linger/openclaw", ""),
];

/// The good image, without the entry of that path, and with these besides.
fn judged(without: &str, more: &[(Entry, &str)]) -> Result<(), String> {
    let mut tarball = Tarball::new(Vec::new());
    for directory in ["rootfs", "rootfs/etc", "rootfs/var", "rootfs/var/lib", "rootfs/var/log/podclaw", "templates"] {
        tarball.directory(directory).unwrap();
    }
    tarball.symlink("rootfs/var/lib/dbus/machine-id", "/etc/machine-id").unwrap();
    for (path, text) in GOOD.iter().filter(|(path, _)| *path != without) {
        tarball.file(path, text.as_bytes()).unwrap();
    }
    for (entry, text) in more {
        tarball.add(&Entry { size: text.len() as u64, ..entry.clone() }, text.as_bytes()).unwrap();
    }
    look(&tarball.finish().unwrap()[..])
}

fn file(path: &str) -> Entry {
    Entry::new(path, EntryType::Regular, 0o644)
}

#[test]
fn what_has_to_be_there_is_there() {
    assert_eq!(judged("", &[]), Ok(()));
    for path in ["metadata.yaml", "rootfs/etc/podclaw/settings", "rootfs/etc/machine-id"] {
        let said = judged(path, &[]).unwrap_err();
        assert_eq!(said, format!("it has no {}", path.trim_start_matches("rootfs/")));
    }
    for (path, text, why) in [
        ("rootfs/etc/podclaw/settings", "BOOT=bake\n", "does not say that a guest of it is baked"),
        ("rootfs/etc/podclaw/settings", "BOOT=baked\nBOOT=cold\n", "does not say that a guest of it is baked"),
        ("rootfs/etc/machine-id", "0123\n", "/etc/machine-id is the builder's own"),
        (
            "rootfs/etc/containers/systemd/users/1000/openclaw.container",
            "Volume=/x:/var/cache/node:rw,nosuid\n",
            "the gateway could write",
        ),
        ("metadata.yaml", "templates: [", "makes no sense"),
        ("metadata.yaml", "templates:\n  /etc/shadow: {template: hostname.tpl}\n", "leads elsewhere"),
        ("metadata.yaml", "templates:\n  /etc/../root/x: {template: hostname.tpl}\n", "leads elsewhere"),
        ("metadata.yaml", "templates:\n  /etc/hosts: {template: ../../../../etc/shadow}\n", "leads elsewhere"),
        ("metadata.yaml", "templates:\n  /etc/hosts: {template: ..}\n", "leads elsewhere"),
    ] {
        let said = judged(path, &[(file(path), text)]).unwrap_err();
        assert!(said.contains(why), "{path} {text:?}: {said}");
    }
    let twice = (file("rootfs/etc/podclaw/settings"), "BOOT=baked\n");
    assert!(judged("", &[twice]).unwrap_err().contains("is there twice"));
    let large = "BOOT=baked\n".repeat(9999);
    let path = "rootfs/etc/podclaw/settings";
    assert!(judged(path, &[(file(path), &large)]).unwrap_err().contains("too large"));
}

#[test]
fn what_must_be_gone_is_gone() {
    for path in [
        "home/openclaw/.config/podclaw/gateway.env",
        "home/openclaw/.openclaw/openclaw.json",
        "home/openclaw/.config/systemd/user/x.service",
        "home/openclaw/.local/share/containers/storage/db.sql",
        "home/openclaw/.local/share/containers/storage/libpod/bolt_state.db",
        "home/openclaw/.local/share/containers/cache/x",
        "root/.ssh/authorized_keys",
        "root/x/.profile",
        "tmp/x",
        "var/tmp/x",
        "etc/ssh/ssh_host_ed25519_key",
        "etc/ssh/ssh_host_ed25519_key.pub",
        "etc/.bash_history",
        "var/lib/cloud/instance",
        "var/lib/dbus/machine-id",
        "var/lib/dhcp/dhclient.leases",
        "var/lib/podclaw/staged",
        "var/lib/podclaw/gateway.oci.tar",
        "var/lib/private/x",
        "var/lib/systemd/credential.secret",
        "var/lib/systemd/random-seed",
        "var/lib/systemd/timers/stamp-x",
        "var/log/podclaw/events.jsonl",
    ] {
        let said = judged("", &[(file(&format!("rootfs/{path}")), "")]).unwrap_err();
        assert_eq!(said, format!("/{path} is the builder's own"));
    }
    for path in ["root/.bashrc", "etc/ssh/ssh_config", "var/log/x/", "home/openclaw/.config/containers/storage.conf"] {
        let kind = if path.ends_with('/') { EntryType::Directory } else { EntryType::Regular };
        assert_eq!(judged("", &[(Entry::new(format!("rootfs/{path}"), kind, 0o755), "")]), Ok(()), "{path}");
    }
}

#[test]
fn nothing_leads_elsewhere() {
    let link = |path: &str| Entry { link: "/elsewhere".into(), ..Entry::new(path, EntryType::Symlink, 0o777) };
    for path in ["etc", "etc/hosts", "var/lib", "var/lib/cloud"] {
        let said = judged("", &[(link(&format!("rootfs/{path}")), "")]).unwrap_err();
        assert!(said.ends_with("and it leads elsewhere"), "{path}: {said}");
    }
    let hard = Entry { link: "rootfs/etc/shadow".into(), ..Entry::new("rootfs/etc/hosts", EntryType::Link, 0o644) };
    assert!(judged("", &[(hard, "")]).unwrap_err().ends_with("and it leads elsewhere"));
    for path in ["rootfs/../x", "/etc/passwd", "rootfs/etc/./x"] {
        assert!(judged("", &[(file(path), "")]).unwrap_err().contains("leads elsewhere"), "{path}");
    }
    assert!(judged("", &[(file("backup.yaml"), "")]).unwrap_err().contains("no part of an image"));
    assert!(judged("", &[(link("templates/x"), "")]).unwrap_err().contains("is no template"));
    assert!(judged("", &[(file("templates/a/b"), "")]).unwrap_err().contains("is no template"));
}

#[test]
fn what_node_compiled_is_roots_plain_files() {
    let at = "rootfs/var/lib/podclaw/compile-cache/x";
    assert_eq!(judged("", &[(file(at), "code")]), Ok(()));
    for entry in [
        Entry { uid: 1000, ..file(at) },
        Entry { gid: 1000, ..file(at) },
        Entry { mode: 0o664, ..file(at) },
        Entry { link: "/etc/shadow".into(), ..Entry::new(at, EntryType::Symlink, 0o644) },
        Entry { link: "rootfs/etc/shadow".into(), ..Entry::new(at, EntryType::Link, 0o644) },
        Entry::new(at, EntryType::Fifo, 0o644),
    ] {
        let said = judged("", &[(entry, "")]).unwrap_err();
        assert!(said.contains("is nothing that node compiled, or not root's alone"), "{said}");
    }
}

#[test]
fn what_is_no_archive_or_is_cut_is_refused() {
    assert!(look(&b"no archive".repeat(99)[..]).is_err());
    assert!(look(&[0; 4096][..]).unwrap_err().starts_with("it has no "));
}
