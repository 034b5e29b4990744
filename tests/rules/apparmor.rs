//! AppArmor profiles.

use super::{found, judge};

const FINE: &str = "# Why.\nabi <abi/4.0>,\ninclude <tunables/global>\n\nprofile crun /usr/bin/crun flags=(unconfined) {\n  userns,\n}\n";

#[test]
fn the_shipped_profiles_are_fine() {
    for name in ["podman", "conmon", "crun", "slirp4netns", "pasta"] {
        let path = format!("apparmor/{name}");
        let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let report = judge(&[(&path, &text)], None);
        assert!(report.findings.is_empty() && report.failures.is_empty(), "{report:?}");
    }
}

#[test]
fn what_is_harmless_passes() {
    for text in [
        FINE.to_owned(),
        FINE.replace("userns,", "userns create, # why"),
        FINE.replace("include <tunables/global>\n", ""),
        FINE.replace("  userns,", "\tuserns,"),
    ] {
        assert_eq!(found("apparmor/crun", &text), [""; 0], "{text}");
        assert_eq!(found("apparmor/podclaw-crun", &text), [""; 0], "{text}");
    }
}

#[test]
fn nothing_is_talked_round() {
    let body = |line: &str| FINE.replace("  userns,\n", &format!("  userns,\n{line}\n"));
    let header = |header: &str| FINE.replace("profile crun /usr/bin/crun flags=(unconfined) {", header);
    let cases = [
        (
            "apparmor-rule",
            vec![
                body("  capability sys_admin,"),
                body("  capability,"),
                body("  mount,"),
                body("  change_profile -> unconfined,"),
                body("  /** rwlkmix,"),
                body("  file,"),
                body("  include if exists <local/crun>"),
                body("  include <abstractions/base>"),
                body("  #include <abstractions/base>"),
                body("  # include <abstractions/base>"),
                body("  #include \"/tmp/x\""),
                body("  ^hat { userns, }"),
                body("  profile child /bin/sh { capability, }"),
                body("  allow all,"),
                body("  userns,"),
                FINE.replace("  userns,", "  userns, capability,"),
                FINE.replace("  userns,", "  deny userns,"),
                FINE.replace("  userns,", "  audit userns,"),
                FINE.replace("  userns,\n", ""),
                FINE.replace("}\n", ""),
                FINE.replace("abi/4.0", "abi/3.0"),
                FINE.replace("abi <abi/4.0>,\n", ""),
                FINE.replace("tunables/global", "tunables/home"),
                FINE.replace("include <tunables/global>", "@{X}=/usr/bin/crun"),
                FINE.replace("include <tunables/global>", "alias /usr/bin/crun -> /bin/sh,"),
                FINE.replace("include <tunables/global>\n", "include <tunables/global>\ninclude <local/all>\n"),
                format!("{FINE}{FINE}"),
                format!("{FINE}profile x /bin/sh flags=(unconfined) {{\n  userns,\n}}\n"),
                format!("{FINE}include </tmp/x>\n"),
                FINE.replace("# Why.", "# Why.\u{85}include <local/all>"),
                FINE.replace("# Why.", "# \u{202e}Why."),
                FINE.replace('\n', "\r\n"),
                "# nothing\n".into(),
            ],
        ),
        (
            "apparmor-attachment",
            vec![
                header("profile crun /usr/bin/* flags=(unconfined) {"),
                header("profile crun /** flags=(unconfined) {"),
                header("profile crun /usr/bin/{crun,sh} flags=(unconfined) {"),
                header("profile crun /usr/bin/cru[n] flags=(unconfined) {"),
                header("profile crun @{bin}/crun flags=(unconfined) {"),
                header("profile crun \"/usr/bin/crun\" flags=(unconfined) {"),
                header("profile sh /bin/sh flags=(unconfined) {"),
                header("profile runc /usr/sbin/runc flags=(unconfined) {"),
                header("profile crun /usr/local/bin/crun flags=(unconfined) {"),
                header("profile crun flags=(unconfined) {"),
                header("/usr/bin/crun flags=(unconfined) {"),
                header("profile crun /usr/bin/crun {"),
                header("profile crun /usr/bin/crun flags=(complain) {"),
                header("profile crun /usr/bin/crun flags=(unconfined, attach_disconnected) {"),
                header("profile crun /usr/bin/crun xattrs=(user.x=y) flags=(unconfined) {"),
                header("profile crun /usr/bin/crun flags=(default_allow) {"),
                header("hat crun /usr/bin/crun flags=(unconfined) {"),
                header("profile crun /usr/bin/crun flags=(unconfined) { capability, }\nx {"),
            ],
        ),
        (
            "apparmor-collision",
            vec![
                header("profile my-crun /usr/bin/crun flags=(unconfined) {"),
                header("profile podman /usr/bin/crun flags=(unconfined) {"),
                header("profile podman /usr/bin/podman flags=(unconfined) {"),
                header("profile Crun /usr/bin/crun flags=(unconfined) {"),
                header("profile pasta /usr/bin/pasta{,.avx2} flags=(unconfined) {"),
            ],
        ),
    ];
    let mut wrong = Vec::new();
    for (rule, texts) in cases {
        for text in texts {
            let rules = found("apparmor/crun", &text);
            if !rules.iter().any(|found| found == rule) {
                wrong.push(format!("{rule}: {text}: {rules:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_huge_file_is_judged_too() {
    assert!(!found("apparmor/crun", &"capability,\n".repeat(80_000)).is_empty());
    assert!(!found("apparmor/crun", &"{ ".repeat(500_000)).is_empty());
}
