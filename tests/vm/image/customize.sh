#!/bin/sh
# Makes of the new root file system, which is $1, a machine that boots by itself and runs the tests' agent.
set -eu
root=$1

cat >"$root/etc/fstab" <<FSTAB
/dev/vda / ext4 defaults 0 0
/dev/vdb /podclaw ext4 defaults 0 0
FSTAB
mkdir -p "$root/podclaw"
echo sacrificial >"$root/etc/hostname"
printf '127.0.0.1 localhost sacrificial\n' >"$root/etc/hosts"
# Where there is none, it would be the first boot of a new system, which takes its time.
echo 00000000000000000000000000000001 >"$root/etc/machine-id"
# Sockets to the hypervisor, as docs/prove.md has it.
echo 'install vsock /bin/false' >"$root/etc/modprobe.d/podclaw-vsock.conf"
for file in subuid subgid; do
    grep -q '^root:' "$root/etc/$file" || echo root:1000000:1000000000 >>"$root/etc/$file"
done
cat >"$root/etc/systemd/system/podclaw-agent.service" <<UNIT
[Unit]
Description=The agent of podclaw's tests
RequiresMountsFor=/podclaw

[Service]
ExecStart=/podclaw/vm --agent
Restart=always
RestartSec=1
Environment=HOME=/root

[Install]
WantedBy=multi-user.target
UNIT
chroot "$root" systemctl enable --quiet podclaw-agent.service
# Profiles of the distribution for programs that are not here. To load each takes software emulation a third of a second.
chroot "$root" dpkg-query --listfiles apparmor | while read -r file; do
    case $file in
        /etc/apparmor.d/*/*) ;;
        /etc/apparmor.d/?*) [ ! -f "$root$file" ] || rm "$root$file" ;;
    esac
done
# Nothing of what these are for happens in a machine that lives for minutes, without a network.
chroot "$root" systemctl mask --quiet apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer man-db.timer getty@tty1.service serial-getty@ttyS0.service incus-startup.service
