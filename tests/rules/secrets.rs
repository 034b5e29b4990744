//! Secrets in any text. Nothing here is one, and what has the form of one is put together when the tests run.

use std::sync::Arc;

use podclaw::place::Source;
use podclaw::rules::{Severity, secrets};

use super::{found, judge};

/// A random-looking text of letters and digits, always the same.
fn noise(length: usize) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(alphabet[usize::try_from(state % alphabet.len() as u64).unwrap()])
    };
    (0..length).map(|_| next()).collect()
}

fn hex(length: usize) -> String {
    noise(length).bytes().map(|b| char::from_digit(u32::from(b % 16), 16).unwrap()).collect()
}

fn upper(length: usize) -> String {
    noise(length).to_ascii_uppercase()
}

fn base64(text: &str) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, &b| bits << 8 | u32::from(b)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let six = bits >> (18 - 6 * place) & 63;
            encoded.push(if place <= three.len() { char::from(alphabet[six as usize]) } else { '=' });
        }
    }
    encoded
}

fn pem(kind: &str) -> String {
    format!("-----BEGIN {kind}-----\n{}\n{}\n-----END {kind}-----\n", noise(64), noise(24))
}

fn web_token() -> String {
    let part = |text: &str| base64(text).trim_end_matches('=').to_owned();
    format!("{}.{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(r#"{"sub":"nobody"}"#), noise(43))
}

/// Each secret by the rule that has to find it, with the part that must not be shown.
fn all() -> Vec<(&'static str, String, String)> {
    let whole = |rule, secret: String| (rule, secret.clone(), secret);
    let after = |rule, before: &str, secret: String| (rule, format!("{before}{secret}"), secret);
    let mut all = Vec::new();
    for kind in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        all.push(("secret-private-key", pem(kind), noise(64)));
    }
    all.push(("secret-private-key", pem("PGP PRIVATE KEY BLOCK"), noise(64)));
    all.push((
        "secret-private-key",
        pem("PRIVATE KEY").replace("-----BEGIN", "---- BEGIN").replace("KEY-----", "KEY ----"),
        noise(64),
    ));
    all.push(after("secret-private-key", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", noise(64)));
    all.push(whole("secret-private-key", format!("AGE-SECRET-KEY-1{}", upper(58))));
    all.push(after("secret-private-key", "PrivateKey = ", format!("{}=", noise(43))));
    all.push(after("secret-private-key", r#"{"kty": "OKP", "d": ""#, format!("{}\"", noise(43))));
    all.push(whole("secret-private-key", format!("b3BlbnNzaC1rZXktdjE{}", noise(60))));
    all.push(whole("secret-cloud-key", format!("AKIA{}", upper(16))));
    all.push(whole("secret-cloud-key", format!("ASIA{}", upper(16))));
    all.push(after("secret-cloud-key", "aws_secret_access_key = ", noise(40)));
    all.push(after("secret-cloud-key", r#""private_key_id": ""#, hex(40)));
    all.push(whole("secret-cloud-key", format!("ya29.{}", noise(60))));
    all.push(after(
        "secret-cloud-key",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=",
        format!("{}==", noise(86)),
    ));
    all.push(after("secret-cloud-key", "https://a.blob.example/c?sv=2024-01-01&sig=", noise(44)));
    all.push(whole("secret-cloud-key", format!("dop_v1_{}", hex(64))));
    all.push(whole("secret-cloud-key", format!("LTAI{}", noise(20))));
    for start in ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "npm_"] {
        all.push(whole("secret-forge-token", format!("{start}{}", noise(36))));
    }
    all.push(whole("secret-forge-token", format!("glpat-{}", noise(20))));
    all.push(whole("secret-forge-token", format!("pypi-AgEI{}", noise(80))));
    all.push(whole("secret-forge-token", format!("dckr_pat_{}", noise(27))));
    for start in ["sk-ant-api03-", "sk-proj-", "sk-", "sk-or-v1-", "gsk_", "xai-", "hf_", "r8_", "pplx-", "nvapi-"] {
        all.push(whole("secret-model-key", format!("{start}{}", noise(60))));
    }
    all.push(whole("secret-model-key", format!("AIza{}", noise(35))));
    all.push(whole("secret-token", web_token()));
    all.push(whole("secret-token", format!("xoxb-123456789012-{}", noise(24))));
    all.push(whole("secret-token", format!("xapp-1-A1-{}", noise(24))));
    all.push(after("secret-token", "discord: ", format!("M{}.{}.{}", noise(23), noise(6), noise(27))));
    all.push(whole("secret-token", format!("123456789:AA{}", noise(33))));
    all.push(whole("secret-token", format!("sk_live_{}", noise(24))));
    all.push(after("secret-token", "# Twilio\n", format!("SK{}", hex(32))));
    all.push(whole("secret-token", format!("SG.{}.{}", noise(22), noise(43))));
    all.push(whole("secret-token", format!("tskey-auth-{}", noise(30))));
    all.push(whole("secret-token", format!("hvs.{}", noise(24))));
    all.push(after("secret-token", "Authorization: Bearer ", noise(40)));
    all.push(after("secret-kubeconfig", "    client-key-data: ", base64(&noise(60))));
    all.push(after("secret-kubeconfig", r#"{"auths": {"a": {"auth": ""#, base64("me:not a password")));
    all.push(after("secret-kubeconfig", "//registry.example/:_authToken=", noise(30)));
    all.push(after("secret-kubeconfig", "kubeadm join --token ", "a1b2c3.0a1b2c3d4e5f6g7h".into()));
    all.push(after("secret-password", "machine a.example login me password ", "s3cr3tword".into()));
    all.push(("secret-password", "postgres://me:s3cr3tword@db.example/".into(), "s3cr3tword".into()));
    all.push(("secret-password", "https://:s3cr3tword@a.example/".into(), "s3cr3tword".into()));
    for kind in ["6", "5", "y", "2b", "1"] {
        all.push(whole("secret-password", format!("${kind}${}", noise(50))));
    }
    all.push(whole("secret-password", format!("$6$rounds=4096$salt${}", noise(86))));
    for key in
        ["API_KEY=", "api-key: ", "\"apiKey\": \"", "auth_token = '", "OPENCLAW_GATEWAY_TOKEN=", "client_secret: "]
    {
        all.push(after("secret-password", key, noise(32)));
    }
    all.push(after("secret-password", "token: ", hex(64)));
    all.push(after("secret-password", "token: >-\n    ", hex(64)));
    all.push(after("secret-password", "DB_PASSWORD=", "Tr0ub4dor&3xyz".into()));
    all.push(after("secret-password", "mysql --password ", noise(16)));
    all.push(after("secret-password", "- name: API_TOKEN\n  value: ", noise(24)));
    all
}

#[test]
fn each_is_found_by_its_rule_and_never_shown() {
    let mut wrong = Vec::new();
    for (rule, text, secret) in all() {
        let report = judge(&[("notes.md", &format!("Before.\n{text}\nAfter.\n"))], None);
        if !report.findings.iter().any(|finding| finding.rule == rule) {
            wrong.push(format!("{rule} does not find {text:?}: {:?}", report.findings));
        }
        for finding in &report.findings {
            assert!(!finding.waivable && finding.severity == Severity::Error);
            let said = format!("{finding} {} {} {:?}", finding.remedy, finding.subject, finding.related);
            if secret.as_bytes().windows(8).any(|part| said.contains(std::str::from_utf8(part).unwrap())) {
                wrong.push(format!("shown: {said}"));
            }
            let place = finding.place().unwrap();
            let masked = secrets::mask(&place.source);
            assert_eq!(masked.len(), place.source.text.len());
            assert!(masked.starts_with("Before.\n"), "{masked}");
            // Nothing tells where this one ends.
            assert!(masked.ends_with("\nAfter.\n") || text.starts_with("PuTTY"), "{masked}");
            let core = secret.trim_end_matches('"').trim_end_matches('\n');
            if core.lines().any(|line| masked.contains(line)) {
                wrong.push(format!("in a frame: {masked}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What must not be found: each a text without a secret.
const CLEAN: [&str; 30] = [
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n",
    "PublicKey = HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL0W3kFuVbG7nVZJ0uK3d0z0G8y3l5q7z9zD1x2y3z4a me@host",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "\"integrity\": \"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==\"",
    "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8",
    "token: ${GATEWAY_TOKEN_2024_ABC}",
    "token=$(openssl rand -hex 32)",
    "TOKEN_FILE=/home/openclaw/.config/podclaw/gateway.env",
    "password: <the password of 2024 here>",
    "password: @DATABASE_PASSWORD_1@",
    "password: {{ database_password_2024 }}",
    "password: %DATABASE_PASSWORD_1%",
    "secretName: gateway-tls-certificate-2024",
    "\"max_tokens\": 4096000000000000000000",
    "tokenizer: cl100k_base_for_the_old_models",
    "https://mirror.example/ubuntu@noble",
    "https://user@mirror.example/",
    "https://$USER:$PASSWORD@mirror.example/",
    "https://user:<password>@mirror.example/",
    "git@github.com:owner/repository.git",
    "{ printf 'OPENCLAW_GATEWAY_TOKEN='; od -An -vtx1 -N32 /dev/urandom | tr -d ' \\n'; echo; }",
    "grep -Eqx 'OPENCLAW_GATEWAY_TOKEN=[0-9a-f]{64}' \"$TOKEN_FILE\"",
    "sed -n 's/^OPENCLAW_GATEWAY_TOKEN=\\(.*\\)$/header = \"Authorization: Bearer \\1\"/p'",
    "Authorization: Bearer ${TOKEN_OF_THE_GATEWAY}",
    "\"auth\": {\"mode\": \"token\"}",
    "task-list-of-the-lab, disk-space-left, risk-assessment-2026",
    "eyJhbGciOiJub3QganNvbiI.eyJ.abcdefghij",
    "registry.example/team/image:1.2.3@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
];

#[test]
fn what_is_no_secret_is_not_found() {
    let wrong: Vec<_> = CLEAN.iter().filter(|text| !found("notes.md", text).is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn hiding_places_do_not_help() {
    let model = format!("sk-ant-api03-{}", noise(40));
    let (start, end) = model.split_at(20);
    let key = pem("PRIVATE KEY");
    let each = |write: fn(u8) -> String| model.bytes().map(write).collect::<Vec<_>>().concat();
    let hexed = each(|b| format!("\\x{b:02x}"));
    let unicode = each(|b| format!("\\u00{b:02x}"));
    let octal = each(|b| format!("\\{b:o}"));
    let wrapped = |text: &str| {
        let lines: Vec<_> = text.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        lines.join("\n      ")
    };
    let indented = |text: &str| text.replace('\n', "\n      ");
    let long_text = format!("{}\nANTHROPIC_API_KEY={model}\n{}\n", "# a comment\n".repeat(30), "# more\n".repeat(30));
    for (rule, text) in [
        ("secret-model-key", format!("value: \"{start}\\\n    {end}\"\n")),
        ("secret-model-key", format!("key='{start}''{end}'\n")),
        ("secret-model-key", format!("key=\"{start}\"'{end}'\n")),
        ("secret-model-key", format!("key=\"{start}\" + \"{end}\"\n")),
        ("secret-model-key", format!("key={start}\\\n{end}\n")),
        ("secret-model-key", format!("\"{hexed}\"\n")),
        ("secret-model-key", format!("\"{unicode}\"\n")),
        ("secret-model-key", format!("printf '{octal}'\n")),
        ("secret-model-key", format!("echo {} | base64 -d\n", base64(&model))),
        ("secret-model-key", format!("content: {}\n", base64(&base64(&model)))),
        ("secret-model-key", format!("    content: |\n      {}\n", wrapped(&base64(&long_text)))),
        ("secret-model-key", format!("\"line one\\n{model}\\nline three\"\n")),
        ("secret-model-key", format!("dürüst:{model}é\n")),
        ("secret-private-key", format!("content: |\n      {}", indented(&key))),
        ("secret-private-key", format!("\"private\": \"{}\"\n", key.replace('\n', "\\n"))),
        ("secret-private-key", format!("cert: {}\n", base64(&key))),
        ("secret-private-key", format!("content: |\n      {}\n", wrapped(&base64(&key)))),
        ("secret-private-key", key.replace('\n', "\r\n")),
        ("secret-private-key", key.split("-----END").next().unwrap().to_owned()),
    ] {
        assert!(found("notes.md", &text).contains(&rule.to_owned()), "{rule}: {text}");
        let source = Source { name: "x".into(), text: text.clone() };
        let masked = secrets::mask(&source);
        let shown = masked.as_bytes().windows(12).any(|part| model.as_bytes().windows(12).any(|real| real == part));
        assert!(!shown && masked.len() == text.len(), "{masked}");
        assert_eq!(masked.lines().count(), text.lines().count());
    }
}

#[test]
fn each_kind_of_file_is_looked_into() {
    let text = format!("# AKIA{}\n", upper(16));
    for name in
        ["a.yaml", "a.sh", "a.container", "apparmor/a", "openclaw.json", "podclaw.yaml", "a.yaml.j2", "a.conf", "a.bin"]
    {
        assert!(found(name, &text).contains(&"secret-cloud-key".to_owned()), "{name}");
    }
}

#[test]
fn other_rules_do_not_tell() {
    let secret = format!("sk-ant-api03-{}", noise(70));
    let texts = [
        format!("description: x\nconfig:\n  user.a: {secret}: b\n"),
        format!("description: x\nconfig:\n  ? {secret}\n  : b\n"),
        format!("description: x\n{secret}: b\n"),
        format!("description: x\nconfig:\n  {secret}: b\n"),
        format!("description: x\nconfig:\n  \"{secret} \": b\n"),
        format!("description: x\ndevices:\n  {secret}:\n    source: /{secret}\n    type: {secret}\n"),
    ];
    for text in texts {
        for stack in [None, Some(&["guest", "standard", "a"][..])] {
            let report = judge(&[("a.yaml", &text)], stack);
            assert!(!report.findings.is_empty(), "{:?}", report.findings);
            for finding in &report.findings {
                let said = format!("{finding} {} {} {:?}", finding.remedy, finding.subject, finding.fix);
                let shown =
                    secret.as_bytes()[13..].windows(8).any(|part| said.contains(std::str::from_utf8(part).unwrap()));
                assert!(!shown, "{said}");
            }
        }
    }
}

#[test]
fn messages_can_be_scrubbed() {
    let secret = format!("sk-ant-api03-{}", noise(40));
    assert_eq!(secrets::scrub("a message of some words"), "a message of some words");
    assert_eq!(secrets::scrub(&format!("unknown field `{secret}` here")), "unknown field `***` here");
    assert_eq!(secrets::scrub(&format!("`{secret}` and `AKIA{}`", upper(16))), "`***` and `***`");
}

#[test]
fn places_are_right_and_several_are_told_apart() {
    let text = format!("one\ntwo: AKIA{}\nsix: AKIA{}\n", upper(16), upper(16));
    let report = judge(&[("notes.md", &text)], None);
    let seen: Vec<_> = report.findings.iter().map(|f| (f.subject.as_str(), f.origin.to_string())).collect();
    assert_eq!(
        seen,
        [("secret.aws-access-key", "notes.md:2:6".to_owned()), ("secret.aws-access-key[2]", "notes.md:3:6".to_owned())]
    );
    let masked = secrets::mask(&report.findings[0].place().unwrap().source).into_owned();
    assert_eq!(masked, format!("one\ntwo: {}\nsix: {}\n", "*".repeat(20), "*".repeat(20)));
}

#[test]
fn what_is_shipped_has_none() {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut files = vec![std::path::PathBuf::from(root).join("podclaw.lock")];
    let mut directories: Vec<_> = ["profiles", "cloud-init", "apparmor", "image", "docs", "scripts"]
        .map(|name| format!("{root}/{name}").into())
        .into();
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir::<std::path::PathBuf>(directory).unwrap() {
            let path = entry.unwrap().path();
            // The reference of the rules has their bad examples.
            match path {
                path if path.is_dir() => directories.push(path),
                path if path.ends_with("docs/rules.md") => {}
                path => files.push(path),
            }
        }
    }
    assert!(files.len() > 30, "{files:?}");
    for path in files {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let found = secrets::judge(&Arc::new(Source { name: path.to_string_lossy().into(), text }));
        assert!(found.is_empty(), "{}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn large_and_odd_texts_are_looked_through_all_the_same() {
    let pieces = [
        "-----BEGIN PRIVATE KEY-----",
        "PuTTY-User-Key-File-2: ",
        "machine a login b ",
        "a://b:",
        "token: ",
        "eyJ",
        "\\",
        "\"\"",
        "A",
        "é",
        "\" + ",
        "sk-",
        "$6$",
        "client-key-data: ",
        "LS0tLS1CRUdJTi",
        "\\u00",
        "name: TOKEN value: ",
    ];
    for piece in pieces {
        let text = piece.repeat(100_000 / piece.len());
        let source = Source { name: "x".into(), text };
        assert_eq!(secrets::mask(&source).len(), source.text.len());
        let found = secrets::judge(&Arc::new(source));
        assert!(found.len() <= 100, "{}", found.len());
    }
}

#[test]
fn a_secret_in_the_name_of_a_file_is_found_and_not_shown() {
    let secret = format!("ghp_{}", "A1b2C3d4E5F6".repeat(3));
    for name in [format!("{secret}.yaml"), format!("profiles/{secret}/a.sh")] {
        let report = super::judge(&[(&name, "#!/bin/bash\nset -eu\nmodprobe a\n")], None);
        let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
        assert_eq!(finding.rule, "secret-forge-token");
        assert!(!format!("{finding} {:?}", finding.place()).contains(&secret), "{finding:?}");
    }
}
