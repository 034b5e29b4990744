//! Variables that change what commands are.

use std::ops::Range;

use super::call::Found;
use super::text::shown;
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-environment",
    severity: Severity::Error,
    summary: "a variable that changes what commands are",
    why: "With another `PATH` a known name is another program; with `LD_PRELOAD`, `BASH_ENV` and their like, code runs inside of every program that is started.",
    remedy: "keep `PATH` to the directories of the system, and leave the others alone",
    threats: &["remote-code"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nexport PATH=/tmp/bin:/usr/bin\n",
        good: "#!/bin/bash\nset -euo pipefail\nexport PATH=/usr/sbin:/usr/bin:/sbin:/bin\n",
        trial: Trial::Alone,
    }],
};

const LOADERS: &str = "LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT BASH_ENV ENV PROMPT_COMMAND PYTHONPATH PYTHONSTARTUP PERL5LIB PERL5OPT RUBYOPT
RUBYLIB NODE_OPTIONS NODE_PATH GIT_SSH GIT_SSH_COMMAND GIT_EXTERNAL_DIFF GIT_PAGER PAGER EDITOR VISUAL BROWSER GCONV_PATH
BASH_FUNC SHELLOPTS BASHOPTS PS4 PS0 CONTAINERS_CONF CONTAINERS_CONF_OVERRIDE CONTAINERS_STORAGE_CONF CONTAINER_HOST DOCKER_HOST
NODE_TLS_REJECT_UNAUTHORIZED GIT_SSL_NO_VERIFY APT_CONFIG CURL_HOME WGETRC PIP_INDEX_URL NPM_CONFIG_REGISTRY LD_DEBUG
GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM GIT_CONFIG_COUNT GIT_TEMPLATE_DIR GIT_EXEC_PATH LESSOPEN MANPAGER TAR_OPTIONS OPENSSL_CONF
OPENSSL_ENGINES OPENSSL_MODULES SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE AWKPATH AWKLIBPATH MAGIC CDPATH PYTHONHOME PERL5DB SYSTEMD_EDITOR
SYSTEMD_PAGER GIT_DIR GIT_ASKPASS SSH_ASKPASS SUDO_ASKPASS GIT_PROXY_COMMAND GIT_ALTERNATE_OBJECT_DIRECTORIES STORAGE_OPTS STORAGE_DRIVER
CONTAINERS_REGISTRIES_CONF REGISTRY_AUTH_FILE PODMAN_USERNS DPKG_ROOT LOCPATH HOSTALIASES TERMINFO NLSPATH GLIBC_TUNABLES http_proxy https_proxy
HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE GIT_CONFIG_PARAMETERS JQ_LIBRARY_PATH";
const DIRECTORIES: [&str; 7] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin", "$PATH"];

pub(super) fn check(name: &str, values: &[String], bytes: &Range<usize>) -> Option<Found> {
    let found = |message: String| Some(Found { rule: &RULE, subject: shown(name), bytes: bytes.clone(), message });
    if super::known::in_list(LOADERS, name)
        || ["BASH_FUNC_", "npm_config_", "NPM_CONFIG_", "GIT_CONFIG_KEY_", "DPKG_", "APT_"]
            .iter()
            .any(|start| name.starts_with(start))
    {
        return found(format!("`{name}` makes other programs run what it names"));
    }
    // Where words end is up to it, and with it which words a variable without quotes becomes.
    if name == "IFS" && !(values.len() == 1 && values[0] == " \t\n") {
        return found("`IFS` changes which words a variable without quotes becomes".into());
    }
    // Where programs look for what they obey.
    if matches!(name, "HOME" | "XDG_CONFIG_HOME" | "XDG_DATA_HOME" | "XDG_RUNTIME_DIR") {
        let own = |value: &String| {
            let below =
                |start: &str| value == start || value.strip_prefix(start).is_some_and(|rest| rest.starts_with('/'));
            value.contains(super::text::PARAMETER)
                || (!value.contains("..") && ["/home/openclaw", "/root", "/run/user/1000"].into_iter().any(below))
        };
        let odd = values.iter().find(|value| !own(value))?;
        return found(format!("`{name}` leads programs to settings in `{}`", shown(odd)));
    }
    if name != "PATH" {
        return None;
    }
    let odd = values.iter().flat_map(|value| value.split(':')).find(|directory| {
        // An empty part is the directory that one is in.
        !directory.contains(super::text::PARAMETER) && (directory.is_empty() || !DIRECTORIES.contains(directory))
    })?;
    found(format!("`{}` is no directory of the system's programs", shown(odd)))
}

/// The same for `env NAME=VALUE`, `export` and the like, whose words are assignments.
pub(super) fn words(call: &super::call::Call) -> Vec<Found> {
    if matches!(call.name.as_str(), "read" | "mapfile" | "readarray" | "getopts" | "printf") {
        return named(call);
    }
    let removes = match call.name.as_str() {
        "unset" => call.has("PATH"),
        "env" => call.values_of("--unset", Some('u')).contains(&"PATH"),
        _ => false,
    };
    if removes {
        return check("PATH", &[String::new()], &call.bytes).into_iter().collect();
    }
    if !matches!(call.name.as_str(), "env" | "sudo" | "export" | "declare" | "typeset" | "readonly" | "local") {
        return Vec::new();
    }
    let words = call.args.iter().flat_map(|word| &word.values);
    let exports = matches!(call.name.as_str(), "export" | "declare" | "typeset");
    words
        .filter_map(|value| match value.split_once('=') {
            Some((name, value)) => check(name, &[value.to_owned()], &call.bytes),
            // With the value that it has, whatever that is. `PATH` is exported anyway.
            None if exports && value != "PATH" => check(value, &[super::text::UNKNOWN.to_string()], &call.bytes),
            None => None,
        })
        .collect()
}

/// Commands that set the variables that they name. What they set them to is never known.
fn named(call: &super::call::Call) -> Vec<Found> {
    let unknown = [super::text::UNKNOWN.to_string()];
    let names: Vec<&str> = if call.name == "printf" {
        call.values_of("-v", Some('v'))
    } else {
        call.args.iter().flat_map(|word| &word.values).map(String::as_str).collect()
    };
    // podclaw's own setting has the name of one of Podman's, which looks at it only where it is exported.
    let own = |name: &&&str| **name == "STORAGE_DRIVER";
    names.iter().filter(|name| !own(name)).filter_map(|name| check(name, &unknown, &call.bytes)).collect()
}
