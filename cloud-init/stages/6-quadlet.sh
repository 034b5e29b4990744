#!/bin/bash
# Stage 6: the unit that runs the gateway, and what the rest of the guest needs to live with it.
source /usr/local/lib/podclaw/lib.sh
read_settings

# Root's file, which Podman's generator reads for this one user: the gateway cannot loosen its own unit.
readonly quadlet=/etc/containers/systemd/users/$SERVICE_ID/openclaw.container

# As arguments and not as keys, because Podman 4.9 has no keys for these.
PODMAN_ARGS="--memory=${GATEWAY_MEMORY_MIB}m --stop-timeout=90 --read-only-tmpfs=false"
if [[ $(stat -f -c %T /sys/fs/cgroup) != cgroup2fs ]]; then
    # crun cannot split a cgroup of version 1, which is what Quadlet asks it to do.
    say "this kernel has cgroup version 1, where a rootless container cannot be limited: only the guest's own limits hold"
    PODMAN_ARGS+=" --cgroups=enabled"
fi

changed=0
text=$(fill openclaw.container)
put "$quadlet" 0644 "$text"
if ((changed)); then
    touch "$RESTART"
fi
put /etc/systemd/journald.conf.d/podclaw.conf 0644 "$(<"$SHARE/files/journald.conf")"
if ((changed)); then
    systemctl restart systemd-journald.service
fi
put /etc/systemd/resolved.conf.d/podclaw.conf 0644 "$(<"$SHARE/files/resolved.conf")"
if ((changed)); then
    systemctl try-restart systemd-resolved.service
fi

as_user systemctl --user daemon-reload
if [[ $(as_user systemctl --user show --property=LoadState --value "$UNIT") != loaded ]]; then
    as_user env QUADLET_UNIT_DIRS="${quadlet%/*}" /usr/lib/systemd/user-generators/podman-user-generator --user --dryrun || true
    fail "Podman made no $UNIT of $quadlet"
fi
