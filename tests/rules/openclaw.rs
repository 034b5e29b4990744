//! The gateway's configuration.

use super::{found, judge};

/// A configuration with everything that is required, in which a part of the text is another one.
fn with(from: &str, to: &str) -> String {
    let fine = r#"{
  "gateway": {
    "mode": "local", "bind": "lan", "port": 18789,
    "auth": {"mode": "token", "rateLimit": {"maxAttempts": 10, "windowMs": 60000, "lockoutMs": 300000, "exemptLoopback": false}},
    "controlUi": {"allowedOrigins": ["http://127.0.0.1:18789"]},
    "terminal": {"enabled": false}
  },
  "discovery": {"mdns": {"mode": "off"}}
}
"#;
    assert!(fine.contains(from), "{from}");
    fine.replacen(from, to, 1)
}

/// The same with something more below `gateway`.
fn gateway(more: &str) -> String {
    with("\"port\": 18789", &format!("\"port\": 18789, {more}"))
}

/// The same with something more beside `gateway`.
fn beside(more: &str) -> String {
    with("\"discovery\"", &format!("{more}, \"discovery\""))
}

#[test]
fn the_shipped_configuration_is_fine() {
    let path = "cloud-init/files/openclaw.json";
    let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let report = judge(&[(path, &text)], None);
    assert!(report.findings.is_empty() && report.failures.is_empty(), "{report:?}");
}

#[test]
fn what_is_harmless_passes() {
    for text in [
        with("lan", "lan"),
        with("\"lan\"", "\"loopback\""),
        gateway(r#""trustedProxies": ["10.0.0.2", "fd00::1/128"]"#),
        gateway(r#""tls": {"enabled": true}"#),
        gateway(r#""nodes": {"pairing": {"autoApproveLocal": false}}"#),
        gateway(r#""tailscale": {"mode": "off"}"#),
        with("\"mode\": \"token\"", r#""mode": "token", "token": "${OPENCLAW_GATEWAY_TOKEN}""#),
        with(
            "\"mode\": \"token\"",
            r#""mode": "token", "token": {"source": "env", "provider": "default", "id": "TOKEN"}"#,
        ),
        beside(r#""agents": {"defaults": {"workspace": "~/x", "text": "${HOME}"}}"#),
        beside(r#""tools": {"exec": {"security": "allowlist", "ask": "always"}}"#),
        beside(r#""browser": {"ssrfPolicy": {"dangerouslyAllowPrivateNetwork": false}}"#),
        with("maxAttempts", "maxAttempts").replace('\n', "\n\t"),
    ] {
        assert_eq!(found("openclaw.json", &text), [""; 0], "{text}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn nothing_is_talked_round() {
    let auth = |mode: &str| with("\"mode\": \"token\"", mode);
    let origins = |origins: &str| with(r#"["http://127.0.0.1:18789"]"#, origins);
    let cases = [
        (
            "openclaw-auth",
            vec![
                auth(r#""mode": "none""#),
                auth(r#""mode": "None""#),
                auth(r#""mode": "\u006eone""#),
                auth(r#""mode": null"#),
                auth(r#""mode": "trusted-proxy""#),
                auth(r#""mode": ["token"]"#),
                with("\"mode\": \"token\", ", ""),
                with("\"auth\"", "\"Auth\""),
                with("\"gateway\"", "\"Gateway\""),
                "{}".into(),
                "[]".into(),
                auth(r#""mode": "token", "allowTailscale": true"#),
                auth(r#""mode": "token", "allowTailscale": "yes""#),
                auth(r#""mode": "token", "trustedProxy": {"deviceAutoApprove": {"enabled": true}}"#),
                auth(r#""mode": "token", "identityScopes": {"me": ["operator"]}"#),
            ],
        ),
        (
            "openclaw-token",
            vec![
                auth(r#""mode": "token", "token": "0123456789abcdef0123456789abcdef""#),
                auth(r#""mode": "token", "token": "short""#),
                auth(r#""mode": "password", "password": "x""#),
                auth(r#""mode": "token", "token": "${OPENCLAW_GATEWAY_TOKEN}x""#),
                auth(r#""mode": "token", "token": "$${OPENCLAW_GATEWAY_TOKEN}""#),
                auth(r#""mode": "token", "token": {"source": "exec", "id": "cat /x"}"#),
                beside(r#""models": {"providers": {"x": {"apiKey": "value"}}}"#),
                beside(r#""env": {"vars": {"OPENCLAW_GATEWAY_TOKEN": "value"}}"#),
                beside(r#""channels": [{"botToken": 1, "token": "value"}]"#),
            ],
        ),
        (
            "openclaw-origins",
            vec![
                origins("[]"),
                origins("[\"*\"]"),
                origins("[\"http://127.0.0.1:18789\", \"*\"]"),
                origins("[\"https://*.example\"]"),
                origins("[\"http://lab.example\"]"),
                origins("[\"null\"]"),
                origins("\"*\""),
                origins("[null]"),
                origins("[[\"http://127.0.0.1:18789\"]]"),
                with("allowedOrigins", "allowedorigins"),
                with("\"controlUi\": {\"allowedOrigins\": [\"http://127.0.0.1:18789\"]},", ""),
                with("\"bind\": \"lan\", ", "").replace("allowedOrigins", "AllowedOrigins"),
            ],
        ),
        (
            "openclaw-proxies",
            vec![
                gateway(r#""trustedProxies": ["0.0.0.0/0"]"#),
                gateway(r#""trustedProxies": ["::/0"]"#),
                gateway(r#""trustedProxies": ["10.0.0.0/8"]"#),
                gateway(r#""trustedProxies": ["127.0.0.1", "10.0.0.0/24"]"#),
                gateway(r#""trustedProxies": ["*"]"#),
                gateway(r#""trustedProxies": ["proxy"]"#),
                gateway(r#""trustedProxies": "10.0.0.1""#),
                gateway(r#""trustedProxies": ["0.0.0.0"]"#),
                gateway(r#""trustedProxies": ["10.0.0.1/031"]"#),
                gateway(r#""trustedProxies": [1]"#),
                gateway(r#""allowRealIpFallback": true"#),
                gateway(r#""allowRealIpFallback": 1"#),
            ],
        ),
        (
            "openclaw-exposure",
            vec![
                gateway(r#""tailscale": {"mode": "funnel"}"#),
                gateway(r#""tailscale": {"mode": "serve"}"#),
                gateway(r#""tailscale": {"mode": "Funnel"}"#),
                gateway(r#""tailscale": {"preserveFunnel": true}"#),
                gateway(r#""publicOrigin": "https://lab.example""#),
                gateway(r#""portals": {"ingress": {"domain": "x"}}"#),
                gateway(r#""customBindHost": "0.0.0.0""#),
                gateway(r#""controlUi": {"root": "/tmp"}"#).replacen(
                    "\"controlUi\": {\"allowed",
                    "\"x\": {\"allowed",
                    1,
                ),
                with("\"lan\"", "\"tailnet\""),
                with("\"lan\"", "\"custom\""),
                with("\"lan\"", "\"0.0.0.0\""),
                with("\"local\"", "\"remote\""),
                with("\"mdns\"", "\"wideArea\": {\"domain\": \"x\"}, \"mdns\""),
            ],
        ),
        (
            "openclaw-dangerous",
            vec![
                with("\"allowedOrigins\"", "\"dangerouslyAllowHostHeaderOriginFallback\": true, \"allowedOrigins\""),
                with("\"allowedOrigins\"", "\"dangerouslyDisableDeviceAuth\": true, \"allowedOrigins\""),
                with("\"allowedOrigins\"", "\"danger\\u006fuslyX\": true, \"allowedOrigins\""),
                with("\"allowedOrigins\"", "\"DANGEROUSLYALLOW\": \"false\", \"allowedOrigins\""),
                beside(r#""browser": {"ssrfPolicy": {"dangerouslyAllowPrivateNetwork": true}}"#),
                beside(
                    r#""agents": {"defaults": {"sandbox": {"docker": {"dangerouslyAllowExternalBindSources": true}}}}"#,
                ),
                beside(r#""channels": {"x": {"accounts": [{"dangerouslyAllowNameMatching": true}]}}"#),
                beside(r#""hooks": {"mappings": [{"allowUnsafeExternalContent": true}]}"#),
                beside(r#""x": {"tls": {"insecureSkipVerify": true}}"#),
                beside(r#""models": {"providers": {"x": {"request": {"allowPrivateNetwork": true}}}}"#),
            ],
        ),
        (
            "openclaw-hardening",
            vec![
                with("\"exemptLoopback\": false", "\"exemptLoopback\": true"),
                with(", \"exemptLoopback\": false", ""),
                with("\"maxAttempts\": 10", "\"maxAttempts\": 1000000"),
                with("\"maxAttempts\": 10", "\"maxAttempts\": 0"),
                with("\"maxAttempts\": 10", "\"maxAttempts\": -1"),
                with("\"maxAttempts\": 10", "\"maxAttempts\": 1e9"),
                with("\"maxAttempts\": 10, ", ""),
                with("\"windowMs\": 60000", "\"windowMs\": 0"),
                with("\"rateLimit\"", "\"ratelimit\""),
                with("\"terminal\": {\"enabled\": false}", "\"terminal\": {\"enabled\": true}"),
                with("\"terminal\": {\"enabled\": false}", "\"terminal\": {}"),
                with("\"mode\": \"off\"", "\"mode\": \"full\""),
                with("\"mode\": \"off\"", "\"mode\": \"minimal\""),
                with("\"mode\": \"off\"", "\"mode\": false"),
            ],
        ),
        (
            "openclaw-tools",
            vec![
                beside(r#""tools": {"exec": {"security": "full"}}"#),
                beside(r#""tools": {"exec": {"mode": "auto"}}"#),
                beside(r#""tools": {"exec": {"ask": "off"}}"#),
                beside(r#""agents": {"entries": {"x": {"tools": {"exec": {"security": "full"}}}}}"#),
                beside(r#""tools": {"exec": {"ask": "${ASK}"}}"#),
                beside(r#""tools": {"elevated": {"enabled": true}}"#),
                beside(r#""tools": {"exec": {"applyPatch": {"workspaceOnly": false}}}"#),
                beside(r#""agents": {"defaults": {"sandbox": {"docker": {"binds": ["/:/host"]}}}}"#),
                beside(r#""agents": {"defaults": {"sandbox": {"docker": {"network": "host"}}}}"#),
                beside(r#""agents": {"defaults": {"sandbox": {"docker": {"network": "container:x"}}}}"#),
                beside(r#""env": {"shellEnv": {"enabled": true}}"#),
                beside(r#""security": {"audit": {"suppressions": [{"checkId": "x"}]}}"#),
                gateway(r#""tools": {"allow": ["exec"]}"#),
                gateway(r#""nodes": {"pairing": {"autoApproveCidrs": ["10.0.0.0/8"]}}"#),
                gateway(r#""nodes": {"pairing": {"autoApproveLocal": true}}"#),
                gateway(r#""nodes": {"pairing": {"sshVerify": {"user": "x"}}}"#),
                gateway(r#""nodes": {"commands": {"allow": ["system.run"]}}"#),
                gateway(r#""http": {"endpoints": {"chatCompletions": {"enabled": true}}}"#),
            ],
        ),
        (
            "openclaw-unjudged",
            vec![
                beside(r#""agents": {"$include": "./agents.json5"}"#),
                beside(r#""$include": ["a.json5"]"#),
                beside(r#""agents": [{"\u0024include": "x"}]"#),
                beside(r#""__proto__": {"x": 1}"#),
                gateway(r#""newSetting": 1"#),
                gateway(r#""remote": {"url": "ws://x"}"#),
                gateway(r#""auth.mode": "none""#),
                with("\"bind\": \"lan\"", "\"bind\": \"${BIND}\""),
                with(r#"["http://127.0.0.1:18789"]"#, r#"["${ORIGIN}"]"#),
                with("\"mode\": \"token\"", r#""mode": "token", "none": true"#),
                with("\"enabled\": false", r#""enabled": false, "shell": "/bin/sh""#),
                "[]".into(),
                r#"{"gateway": []}"#.into(),
            ],
        ),
        (
            "json-syntax",
            vec![
                "// x\n{}".into(),
                "{\"gateway\": {\"bind\": \"loopback\",}}".into(),
                "{gateway: {}}".into(),
                "{\"gateway\": {\"auth\": {\"mode\": \"token\", \"mode\": \"none\"}}}".into(),
                "{\"a\": 1, \"\\u0061\": 2}".into(),
                "{} {}".into(),
                "\u{feff}{}".into(),
                "{\"a\": 'x'}".into(),
                "{\"a\": 0x10}".into(),
                "[".repeat(100_000),
            ],
        ),
    ];
    let mut wrong = Vec::new();
    for (rule, texts) in cases {
        for text in texts {
            let rules = found("openclaw.json", &text);
            if !rules.iter().any(|found| found == rule) {
                wrong.push(format!("{rule}: {text:.300}: {rules:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_token_is_never_shown() {
    let text = with("\"mode\": \"token\"", r#""mode": "token", "token": "topsecret99""#);
    let report = judge(&[("openclaw.json", &text)], None);
    assert_eq!(report.findings.len(), 1);
    assert!(!report.findings[0].message.contains("topsecret99"));
    assert_eq!(report.findings[0].subject, "gateway.auth.token");
}

#[test]
fn a_huge_file_is_judged_too() {
    let key = "x".repeat(300_000);
    for text in [
        format!(
            "{{\"gateway\": {{\"{key}\": {{{}\"z\": 1}}}}}}",
            (0..50_000).fold(String::new(), |text, n| text + &format!("\"{n}\":0,"))
        ),
        format!(
            "{{{}\"z\": 1}}",
            (0..20_000).fold(String::new(), |text, n| text + &format!("\"dangerous{n}\": true,"))
        ),
        format!("{}{}", "{\"a\":".repeat(60), "1".to_owned() + &"}".repeat(60)),
    ] {
        assert!(!found("openclaw.json", &text).is_empty());
    }
}
