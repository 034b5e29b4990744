//! A machine that is fit, as a tree of files, and ways to spoil it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::TempDir;

use super::{Daemon, NoDaemon, Rooms, Said, Subject, Verdict, Wanted, all};
use crate::host::programs::Programs;
use crate::host::space::Space;
use crate::host::{Root, Seen};
use crate::incus::{Details, PoolResources, Server, ServerKind, StorageDriver, StoragePool, Usage};

/// A machine of a test. All is right with it until a test spoils it.
pub(super) struct Host {
    tree: TempDir,
    pub(super) programs: Programs,
    pub(super) daemon: Result<Daemon, NoDaemon>,
    pub(super) space: Rooms,
    pub(super) wanted: Wanted,
    pub(super) agent: Option<String>,
    pub(super) now: i64,
}

/// Files of a machine that is fit.
const FILES: &[(&str, &str)] = &[
    (
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/bash\nu:x:1000:1000::/home/u:/bin/bash\nx:x:9:9::/nonexistent:/bin/false\n",
    ),
    ("etc/group", "root:x:0:\nincus-admin:x:0:\nu:x:1000:\n"),
    ("etc/subuid", "root:1000000:1000000000\nu:100000:65536\n"),
    ("etc/subgid", "root:1000000:1000000000\nu:100000:65536\n"),
    (
        "etc/ssh/sshd_config",
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n",
    ),
    ("root/.bashrc", ""),
    ("home/u/.ssh/id_ed25519.pub", "ssh-ed25519 AAAA u@h\n"),
    ("home/u/.ssh/authorized_keys", "# desk\nssh-ed25519 AAAA u@desk\n"),
    ("var/lib/incus/unix.socket", ""),
    ("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n"),
    ("run/user/1000/x", ""),
    ("tmp/x", ""),
    ("lib/modules/6.12.0-1/x", ""),
    ("dev/fuse", ""),
    ("dev/net/tun", ""),
    ("proc/cpuinfo", "processor : 0\nflags\t: fpu hypervisor\n"),
    ("proc/meminfo", "MemTotal: 16000000 kB\nMemAvailable: 12000000 kB\n"),
    ("proc/swaps", "Filename Type Size Used Priority\n"),
    ("proc/modules", ""),
    (
        "proc/self/mountinfo",
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:2 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n\
         3 1 0:3 / /var/lib/incus-lxcfs rw - fuse.lxcfs lxcfs rw\n\
         4 1 0:4 / /var/lib/incus/storage-pools/podclaw rw - btrfs /dev/loop0 rw\n",
    ),
    ("proc/1/status", "Name:\tsystemd\nUid:\t0\t0\t0\t0\nNSpid:\t1\nCapEff:\t000001ffffffffff\n"),
    ("proc/7/status", "Name:\tincusd\nUid:\t0\t0\t0\t0\nNSpid:\t7\nCapEff:\t000001ffffffffff\n"),
    ("proc/7/uid_map", "         0          0 4294967295\n"),
    ("proc/8/status", "Name:\tsystemd-timesyn\nUid:\t9\t9\t9\t9\nNSpid:\t8\nCapEff:\t0\n"),
    ("proc/9/status", "Name:\tpostgres\nUid:\t9\t9\t9\t9\nNSpid:\t9\t1\nCapEff:\t0\n"),
    (
        "proc/net/tcp",
        "  sl\n   0: 0100007F:1F90 00000000:0000 0A 0 0 0 0 0 11\n   1: 00000000:0016 00000000:0000 0A 0 0 0 0 0 12\n\
           2: 0100A8C0:9000 0200A8C0:0050 01 0 0 0 0 0 13\n",
    ),
    ("proc/net/udp", "  sl\n   0: 00000000:0044 00000000:0000 07 0 0 0 0 0 14\n"),
    ("proc/sys/kernel/osrelease", "6.12.0-1\n"),
    ("proc/sys/fs/inotify/max_user_instances", "8192\n"),
    ("proc/sys/kernel/pid_max", "4194304\n"),
    ("proc/sys/kernel/core_pattern", "core\n"),
    ("proc/sys/kernel/dmesg_restrict", "1\n"),
    ("proc/sys/kernel/kptr_restrict", "2\n"),
    ("proc/sys/kernel/perf_event_paranoid", "3\n"),
    ("proc/sys/kernel/unprivileged_bpf_disabled", "2\n"),
    ("proc/sys/kernel/yama/ptrace_scope", "1\n"),
    ("proc/sys/kernel/kexec_load_disabled", "1\n"),
    ("proc/sys/kernel/seccomp/actions_avail", "kill_process trap errno user_notif trace log allow\n"),
    ("proc/sys/user/max_user_namespaces", "60000\n"),
    ("proc/sys/net/ipv4/ip_forward", "1\n"),
    ("proc/sys/net/ipv4/conf/all/rp_filter", "2\n"),
    ("proc/sys/net/ipv4/conf/default/rp_filter", "0\n"),
    ("proc/sys/net/ipv4/conf/eth0/forwarding", "1\n"),
    ("proc/sys/net/ipv4/conf/podclawbr0/forwarding", "1\n"),
    ("proc/sys/net/ipv6/conf/all/forwarding", "0\n"),
    ("sys/kernel/security/lockdown", "none [integrity] confidentiality\n"),
    ("sys/kernel/security/apparmor/profiles", "incus-a_</var/lib/incus> (enforce)\nfirefox (complain)\n"),
    ("sys/module/apparmor/parameters/enabled", "Y\n"),
    ("sys/class/net/lo/type", "772\n"),
    ("sys/class/net/eth0/type", "1\n"),
    ("sys/class/net/eth0/flags", "0x1003\n"),
    ("sys/class/net/podclawbr0/type", "1\n"),
    ("sys/class/net/podclawbr0/flags", "0x1003\n"),
    ("sys/class/net/podclawbr0/bridge/x", ""),
    ("sys/class/net/veth1/type", "1\n"),
    ("sys/class/net/veth1/flags", "0x1003\n"),
    ("sys/block/loop0/loop/backing_file", "/var/lib/incus/disks/podclaw.img\n"),
];

/// Rules of a machine that is fit.
const RULES: &str = r#"{"nftables":[{"chain":{"family":"inet","table":"incus","name":"fwd.podclawbr0"}},
    {"rule":{"family":"inet","table":"incus","chain":"pstrt.podclawbr0","expr":[{"masquerade":null}]}}]}"#;

impl Host {
    pub(super) fn fit() -> Self {
        // Some ten thousand small files in all: in memory where that can be.
        let tree = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let room = |free| Ok(Space { total: 100 << 30, free });
        let host = Self {
            tree,
            programs: Programs {
                nftables: Ok(RULES.into()),
                iptables: Ok(String::new()),
                incus_changes: Ok(String::new()),
            },
            daemon: Ok(daemon()),
            space: Rooms { cache: room(50 << 30), incus: room(60 << 30) },
            wanted: Wanted {
                pool: "podclaw".into(),
                bridge: "podclawbr0".into(),
                driver: "btrfs".into(),
                pool_size: Some(30 << 30),
                guest_memory: Some(3 << 30),
                extensions: &["network_acl"],
                cache: "/var/cache/podclaw".into(),
                incus_dir: "/var/lib/incus".into(),
            },
            agent: None,
            now: jiff::Timestamp::now().as_second(),
        };
        for (path, text) in FILES {
            host.write(path, text);
        }
        for device in ["dev/fuse", "dev/net/tun"] {
            host.chmod(device, 0o666);
        }
        host.chmod("var/lib/incus/unix.socket", 0o660);
        host
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let path = self.tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn append(&self, path: &str, text: &str) {
        let before = fs::read_to_string(self.tree.path().join(path)).unwrap();
        self.write(path, &format!("{before}{text}"));
    }

    pub(super) fn remove(&self, path: &str) {
        let path = self.tree.path().join(path);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }

    pub(super) fn chmod(&self, path: &str, mode: u32) {
        fs::set_permissions(self.tree.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(super) fn listen(&self, path: &str) {
        let path = self.tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        drop(std::os::unix::net::UnixListener::bind(path).unwrap());
    }

    pub(super) fn link(&self, to: &str, path: &str) {
        let path = self.tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(to, path).unwrap();
    }

    pub(super) fn daemon(&mut self) -> &mut Daemon {
        self.daemon.as_mut().unwrap()
    }

    pub(super) fn config(&mut self, key: &str, value: &str) {
        self.daemon().details.as_mut().unwrap().config.insert(key.into(), value.into());
    }

    pub(super) fn root(&self) -> &Path {
        self.tree.path()
    }

    /// All that is looked at.
    pub(super) fn subject(&self) -> Subject {
        let root = Root::at(self.tree.path());
        let agent = self.agent.as_ref().map(Into::into);
        Subject::look(
            root,
            self.programs.clone(),
            self.space.clone(),
            self.daemon.clone(),
            self.wanted.clone(),
            agent,
            self.now,
        )
    }

    /// What one check says of it.
    pub(super) fn says(&self, id: &str) -> Said {
        let check = all().find(|check| check.id == id).unwrap_or_else(|| panic!("there is no check {id}"));
        (check.judge)(&self.subject())
    }

    /// What one check says of it, as verdict and all of its words.
    pub(super) fn verdict(&self, id: &str) -> (Verdict, String) {
        let Said { verdict, seen, details, remedy } = self.says(id);
        (verdict, format!("{seen}\n{}\n{}", details.join("\n"), remedy.unwrap_or_default()))
    }
}

fn daemon() -> Daemon {
    let pool = StoragePool {
        name: "podclaw".into(),
        driver: "btrfs".into(),
        status: "Created".into(),
        ..StoragePool::default()
    };
    let usage = |used, total| Usage { used, total };
    Daemon {
        server: Server {
            kind: ServerKind::Incus,
            version: "99.0".into(),
            extensions: ["network_acl".into()].into(),
            firewall: "nftables".into(),
            storage_drivers: vec![
                StorageDriver { name: "btrfs".into(), version: "6".into() },
                StorageDriver { name: "dir".into(), version: "1".into() },
            ],
            process: 7,
        },
        details: Ok(Details { pid: Some(7), ..Details::default() }),
        certificates: Ok(Vec::new()),
        warnings: Ok(Vec::new()),
        pools: Ok(vec![pool]),
        room: Ok(Some(PoolResources { space: usage(1 << 30, 30 << 30), inodes: usage(0, 0) })),
        networks: Ok(["podclawbr0".into()].into()),
    }
}

/// Something that could not be seen.
pub(super) fn hidden<T>() -> Seen<T> {
    Err(crate::host::Unseen::Forbidden)
}
