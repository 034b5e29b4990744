#!/bin/bash
# Stage 3: the user that the gateway runs as. It has no password and no shell, and no way to become root.
source /usr/local/lib/podclaw/lib.sh
read_settings
skip_if_baked

# These ids fit into an isolated map of Incus, which has 65536, above those that the distribution uses itself.
readonly first_id=2000 ids=60000

make_user() {
    local holder
    if holder=$(getent passwd "$SERVICE_USER"); then
        [[ $holder == "$SERVICE_USER":*:"$SERVICE_ID:$SERVICE_ID":*:"$SERVICE_HOME":/usr/sbin/nologin ]] ||
            fail "there is a user $SERVICE_USER already, but not with uid and gid $SERVICE_ID, $SERVICE_HOME and nologin"
        say "the user $SERVICE_USER is there"
        return
    fi
    if holder=$(getent passwd "$SERVICE_ID"); then
        fail "uid $SERVICE_ID belongs to ${holder%%:*}: the base image must leave it to $SERVICE_USER"
    fi
    if holder=$(getent group "$SERVICE_ID") && [[ ${holder%%:*} != "$SERVICE_USER" ]]; then
        fail "gid $SERVICE_ID belongs to ${holder%%:*}: the base image must leave it to $SERVICE_USER"
    fi
    getent group "$SERVICE_USER" >/dev/null || groupadd -g "$SERVICE_ID" "$SERVICE_USER"
    useradd -m -d "$SERVICE_HOME" -s /usr/sbin/nologin -u "$SERVICE_ID" -g "$SERVICE_USER" "$SERVICE_USER"
    say "made the user $SERVICE_USER"
}

# useradd hands out 100000:65536, which an isolated map does not have.
set_ids() {
    local -r file=$1 map=$2
    local inside count end=0 others
    while read -r inside _ count; do
        ((inside > end)) || end=$((inside + count))
    done <"$map"
    ((first_id + ids <= end)) || fail "this guest has only the ids below $end, and the gateway needs those up to $((first_id + ids))"
    others=$(sed "/^$SERVICE_USER:/d" "$file" 2>/dev/null || true)
    put "$file" 0644 "${others:+$others$'\n'}$SERVICE_USER:$first_id:$ids"
}

# Incus passes these from the host, with the host's mode: root in the guest does not own them.
check_device() {
    [[ -c $1 ]] || fail "this guest has no $1, which $2 needs"
    as_user test -r "$1" -a -w "$1" ||
        fail "$SERVICE_USER may not open $1, which $2 needs: on the host it must have mode 0666, as udev gives it"
}

make_user
# The user's own directory, so there is nothing in its place that somebody else put there.
chmod 0700 "$SERVICE_HOME"
set_ids /etc/subuid /proc/self/uid_map
set_ids /etc/subgid /proc/self/gid_map
if [[ $STORAGE_DRIVER == fuse-overlayfs ]]; then
    check_device /dev/fuse fuse-overlayfs
fi
check_device /dev/net/tun "the gateway's network"
put_as_user "$SERVICE_HOME/.config/containers/storage.conf" 0600 <"$SHARE/files/storage-$STORAGE_DRIVER.conf"
loginctl enable-linger "$SERVICE_USER" || fail "cannot let the services of $SERVICE_USER run without a login"
wait_for_session
as_user timeout 60 podman unshare true ||
    fail "$SERVICE_USER cannot make a user namespace: nesting off, or AppArmor restricts it"
say "$SERVICE_USER can make user namespaces"
