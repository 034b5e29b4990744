//! The commands that podclaw knows. What is not here cannot be judged.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::{accounts, firewall, hardening, install, kernel, network, persistence, privilege, ssh};

/// Where podclaw's own programs and libraries are.
pub(super) const PODCLAW: [&str; 1] = ["/usr/local/lib/podclaw/"];

/// Commands that neither run others, nor reach anything but what they are given. What they write is judged by path.
const PLAIN: &str = "
: [ [[ arch b2sum base32 base64 basename bg blkid break cat cd chgrp chmod chown cksum cmp column comm continue cp cut date dd
declare df diff dircolors dirname dirs disown dmesg dpkg-query du echo egrep exit expand export expr factor false fg fgrep file
findmnt fmt fold free getconf getent getopts grep groups gzip gunzip head hexdump hostname hostnamectl iconv id
install join journalctl jobs jq kill last let link ln local locale locale-gen localectl logger logname look ls lsb_release lsblk
lscpu lsmod lsns mapfile md5sum mkdir mkfifo mktemp mv nl nproc numfmt od openssl paste pathchk pgrep pidof popd pr
printenv printf ps pushd pwd read readarray readlink readonly realpath return rev rm rmdir sed seq set sha1sum sha224sum
sha256sum sha384sum sha512sum shift shopt shred shuf sleep sort split ss stat strings sum sync tac tail tee test timedatectl
times touch tput tr true truncate tsort tty type typeset ulimit umask uname unexpand uniq unlink unset uptime users wait wc
whereis which who whoami xxd yes zcat zgrep zstd xz bzip2 unxz zstdcat xzcat dpkg aa-status podman-user-generator systemd-notify
/usr/lib/systemd/user-generators/podman-user-generator groupadd groupdel groupmod userdel deluser delgroup apt-cache
";

/// Commands whose arguments decide, each judged by a rule of its own.
const JUDGED: &str = "
aa-enforce aa-exec adduser apparmor_parser apt apt-get aptitude awk buildah bsdtar chrt command cpio curl docker doas eatmydata
enable env eval exec find flock gawk gpasswd git ip ionice loginctl mawk nawk nice nohup npm passwd pip pip3 podman runuser service
setsid skopeo source . stdbuf su sudo sysctl systemctl tar taskset time timeout trap unbuffer unzip useradd usermod wget xargs
incus lxc lxd ctr crictl nerdctl docker-compose podman-compose kubectl runc 7z ar aria2c lwp-download lwp-request GET http https
lynx w3m links ftp tftp axel fetch
";

static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lists = [
        PLAIN,
        JUDGED,
        accounts::NAMES,
        firewall::NAMES,
        hardening::NAMES,
        install::NAMES,
        kernel::NAMES,
        network::NAMES,
        persistence::NAMES,
        privilege::NAMES,
        ssh::NAMES,
    ];
    lists.into_iter().flat_map(str::split_ascii_whitespace).collect()
});

/// Whether a command is known.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(name)
}

pub(super) fn in_list(list: &str, name: &str) -> bool {
    !name.is_empty() && list.split_ascii_whitespace().any(|known| known == name)
}
