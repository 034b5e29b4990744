//! Options of commands that otherwise only read.

use super::call::{Call, Found};
use super::text::{self, shown};
use crate::rules::{Example, Rule, Severity, Trial};

pub(super) static RULE: Rule = Rule {
    id: "shell-option",
    severity: Severity::Error,
    summary: "an option that podclaw does not know of a command that it knows",
    why: "Commands that only read with their usual options can load code, run other programs or write files with others. Which do is different from one to the next, so only the options that are known to be harmless pass.",
    remedy: "write it with the usual options, spelt out, or waive this with the reason",
    threats: &["remote-code", "persistence"],
    waivable: true,
    examples: &[Example {
        path: "cloud-init/example.sh",
        bad: "#!/bin/bash\nset -euo pipefail\nopenssl rand -engine /tmp/a.so 8\n",
        good: "#!/bin/bash\nset -euo pipefail\nopenssl rand -hex 8\n",
        trial: Trial::Alone,
    }],
};

/// What some commands may be called with.
struct Options {
    names: &'static str,
    /// Letters that take nothing.
    flags: &'static str,
    /// Letters that take the rest of their word, or the next one.
    valued: &'static str,
    /// Options that are written whole. A value may follow after `=`.
    whole: &'static str,
}

const fn of(names: &'static str, flags: &'static str, valued: &'static str, whole: &'static str) -> Options {
    Options { names, flags, valued, whole }
}

static ALLOWED: [Options; 36] = [
    of("openssl", "", "", "-sha256 -sha384 -sha512 -hex -base64 -r -noout -fingerprint -in -binary -subject -dates"),
    of(
        "dpkg",
        "lsLSpVCa",
        "",
        "--print-architecture --print-foreign-architectures --list --status --listfiles --search --version --compare-versions --verify --audit --get-selections --configure --pending",
    ),
    of("dpkg-query", "WlsLS", "f", "--show --list --showformat --status --version --listfiles --search"),
    of(
        "apt apt-get aptitude",
        "yqfsduV",
        "o",
        "--yes --assume-yes --quiet --no-install-recommends --no-install-suggests --option --fix-broken --simulate --dry-run --version --autoremove --purge --only-upgrade --no-upgrade --show-progress --download-only --error-on --reinstall --no-remove --fix-missing",
    ),
    of("apt-cache", "nqai", "", "--names-only --quiet --no-all-versions --installed --version"),
    of("tar", "tvzjJ", "f", "--list --verbose --file --gzip --xz --zstd --version"),
    of(
        "gzip gunzip xz unxz bzip2 zstd zcat xzcat zstdcat",
        "cdkqtvlnf0123456789",
        "T",
        "--stdout --decompress --keep --quiet --test --list --threads --version",
    ),
    of("awk gawk mawk nawk", "", "Fv", "--field-separator --assign --version"),
    of("sed", "nErsz", "ei", "--expression --in-place --quiet --silent --regexp-extended --null-data --version"),
    of(
        "sort",
        "bdfghMnRrVcCmsuz",
        "koSt",
        "--unique --numeric-sort --reverse --key --field-separator --version-sort --output --check --zero-terminated --stable --human-numeric-sort --version",
    ),
    of("split", "d", "blna", "--bytes --lines --number --numeric-suffixes --suffix-length"),
    of("date", "uR", "d", "-I -Is -Iseconds --utc --iso-8601 --rfc-3339 --date --version"),
    of("dmesg", "THkxrt", "l", "--human --ctime --level --kernel --version"),
    of("hostname", "fsiIdAy", "", "--fqdn --short --all-ip-addresses --version"),
    of("hostnamectl localectl timedatectl", "", "p", "--no-pager --property --value --version"),
    of(
        "journalctl",
        "qxekra",
        "unopbSUt",
        "--no-pager --output --since --until --lines --unit --user-unit --user --quiet --boot --identifier --reverse --grep --no-hostname --list-boots --relinquish-var --disk-usage --priority --utc --all --catalog --dmesg --version",
    ),
    of("file", "bLik", "", "--brief --mime-type --dereference --mime-encoding --version"),
    of(
        "jq",
        "nrcesSRaCMj",
        "",
        "--raw-output --compact-output --arg --argjson --null-input --exit-status --slurp --sort-keys --raw-input --args --join-output --version",
    ),
    of("iconv", "cs", "ft", "--from-code --to-code --list --version"),
    of("shuf", "ezr", "ni", "--echo --head-count --input-range --zero-terminated --repeat"),
    of(
        "install",
        "CcDdpvTb",
        "mogtS",
        "--mode --owner --group --directory --target-directory --preserve-timestamps --verbose --compare --no-target-directory --suffix --backup",
    ),
    of("mktemp", "dqut", "p", "--directory --tmpdir --suffix --dry-run --quiet"),
    of("logger", "is", "tp", "--tag --priority --stderr --id"),
    of("ss", "HltnuaperoimxswOEZ46", "", "--no-header --listening --tcp --numeric --udp --processes --all --version"),
    of("mapfile readarray", "t", "dnOsu", ""),
    of(
        "curl",
        "fsSLIiGqgv#046k",
        "omwHdXAueb",
        "--fail --silent --show-error --location --noproxy --max-time --connect-timeout --write-out --output --retry --retry-delay --retry-all-errors --retry-connrefused --header --request --data --proto --proto-redir --tlsv1.2 --tlsv1.3 --url --include --head --user-agent --compressed --fail-with-body --max-redirs --version --insecure",
    ),
    of(
        "wget",
        "qcnvN46S",
        "OTt",
        "--quiet --output-document --https-only --timeout --tries --no-verbose --secure-protocol --max-redirect --version",
    ),
    of("groupadd", "rf", "g", "--gid --system --force"),
    of("groupmod", "", "n", "--new-name"),
    of(
        "useradd",
        "mMNlrU",
        "dsugc",
        "--create-home --home-dir --shell --uid --gid --user-group --comment --no-log-init --system",
    ),
    of("usermod", "L", "sc", "--lock --shell --comment"),
    of(
        "git",
        "q",
        "bC",
        "--branch --depth --single-branch --quiet --detach --no-tags --hard --short --verify --version",
    ),
    of(
        "systemctl",
        "ql",
        "pnt",
        "--user --global --no-block --property --value --now --quiet --no-pager --full --lines --wait --state --type --version",
    ),
    of(
        "pip pip3",
        "qUv",
        "rtc",
        "--require-hashes --requirement --no-deps --no-cache-dir --quiet --target --prefix --no-input --disable-pip-version-check --no-index --only-binary --break-system-packages --user --upgrade --constraint --version --cache-dir",
    ),
    of("passwd", "lS", "", "--lock --status"),
    of(
        "npm",
        "g",
        "C",
        "--ignore-scripts --global --prefix --cache --loglevel --omit --no-audit --no-fund --audit --fund --version",
    ),
];

pub(super) fn check(call: &Call) -> Option<Found> {
    let options = ALLOWED.iter().find(|options| super::known::in_list(options.names, &call.name))?;
    let mut words = call.args.iter();
    while let Some(word) = words.next() {
        if word.is("--") {
            break;
        }
        let mut takes_next = false;
        for value in &word.values {
            if let Some(next) = options.judge(value) {
                takes_next |= next;
            } else {
                let message = format!("podclaw does not know what `{}` does with `{}`", call.name, shown(value));
                return Some(call.found(&RULE, message));
            }
        }
        if takes_next {
            words.next();
        }
    }
    None
}

impl Options {
    /// Whether a word takes the next one, or `None` where it is an option that is not known.
    fn judge(&self, value: &str) -> Option<bool> {
        let Some(letters) = value.strip_prefix('-').filter(|letters| !letters.is_empty()) else { return Some(false) };
        let name = value.split('=').next().unwrap_or_default();
        if super::known::in_list(self.whole, name) {
            return Some(false);
        }
        if letters.starts_with('-') {
            return None;
        }
        for (at, letter) in letters.char_indices() {
            if self.valued.contains(letter) {
                let rest = &letters[at + letter.len_utf8()..];
                // `sed -i` never takes the next word, and what follows is a part of a file's name.
                let names_file = self.names == "sed" && letter == 'i';
                return if names_file { (!rest.contains(['/', '*'])).then_some(false) } else { Some(rest.is_empty()) };
            }
            // `-q=2` is apt's.
            if letter == '=' && letters[..at] == *"q" {
                return Some(false);
            }
            let is_number = letter == text::NUMBER && self.flags.contains('0');
            if !(self.flags.contains(letter) || is_number) {
                return None;
            }
        }
        Some(false)
    }
}
