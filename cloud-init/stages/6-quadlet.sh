#!/bin/bash
# Stage 6: the unit that runs the gateway, and what the rest of the guest needs to live with it.
source /usr/local/lib/podclaw/lib.sh
read_settings

if [[ $(stat -f -c %T /sys/fs/cgroup) != cgroup2fs ]]; then
    say "this kernel has cgroup version 1, where a rootless container cannot be limited: only the guest's own limits hold"
fi

mkdir -p -m 0755 "$COMPILE_CACHE"
if [[ $BOOT == bake ]]; then
    chown "$SERVICE_USER": "$COMPILE_CACHE"
fi

changed=0
text=$(fill_quadlet)
put "$QUADLET" 0644 "$text"
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

wait_for_session
# In a baked guest systemd has found the unit already.
if [[ $BOOT != baked || -e $RESTART ]]; then
    as_user systemctl --user daemon-reload
fi
if [[ $(as_user systemctl --user show --property=LoadState --value "$UNIT") != loaded ]]; then
    as_user env QUADLET_UNIT_DIRS="${QUADLET%/*}" /usr/lib/systemd/user-generators/podman-user-generator --user --dryrun || true
    fail "Podman made no $UNIT of $QUADLET"
fi
