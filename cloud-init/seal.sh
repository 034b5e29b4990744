#!/bin/bash
# Makes the guest of a bake fit to be an image that others are made from: everything that is only this guest's goes.
# podclaw runs it when all stages have ended, and kills the guest when it has ended well: nothing is written after it.
source /usr/local/lib/podclaw/lib.sh
read_settings
[[ $BOOT == bake || -e /run/podclaw/sealing ]] || fail "this guest is not one to bake an image from"

# The daemon may lose track of a command that it runs; podclaw asks again then, and gets the outcome of the first.
exec 9>/run/podclaw/sealing
flock 9
if [[ -e /run/podclaw/sealed ]]; then
    say "sealed before"
    exit 0
fi

readonly cloud_result=/run/cloud-init/result.json
# The id of the gateway's image, when the gateway has stopped.
readonly known=/run/podclaw/gateway-image
readonly store=$SERVICE_HOME/.local/share/containers
# Nothing in a guest needs these, and they take time from the gateway's start.
readonly unneeded=(
    cloud-init-hotplugd.socket netavark-dhcp-proxy.socket netavark-dhcp-proxy.service dpkg-db-backup.timer fstrim.timer
    getty.target console-getty.service
    # systemd starts no mount for up to a second after there were more than five, and all of a boot waits for this one.
    var-lib-machines.mount
)
readonly unneeded_of_user=(
    dirmngr.socket gpg-agent.socket gpg-agent-browser.socket gpg-agent-extra.socket gpg-agent-ssh.socket keyboxd.socket
)
wait_for_cloud_init() {
    local tries
    for ((tries = 0; tries < 600; tries++)); do
        [[ ! -s $cloud_result ]] || return 0
        sleep 0.1
    done
    fail "cloud-init did not end within 60 seconds"
}

# In good order: node writes what it compiled when it ends.
stop_gateway() {
    local left
    as_user systemctl --user stop "$UNIT"
    left=$(as_user podman ps --all --quiet)
    [[ -z $left ]] || fail "there are containers left: ${left//$'\n'/ }"
}

# Nothing of the gateway's user runs any more, wherever it was started: it could write again what is removed here.
stop_user() {
    local tries process owner left
    systemctl stop "user@$SERVICE_ID.service" "user-runtime-dir@$SERVICE_ID.service"
    for ((tries = 0; tries < 50; tries++)); do
        left=''
        for process in /proc/[0-9]*; do
            # Its own ids, and those that its containers have.
            owner=$(stat -c %u "$process" 2>/dev/null || echo 0)
            if [[ $owner -ge $SERVICE_ID ]]; then
                left=${process#/proc/}
                kill -KILL "$left" 2>/dev/null || true
            fi
        done
        [[ -n $left ]] || return 0
        sleep 0.1
    done
    fail "process $left of $SERVICE_USER does not end"
}

# Changes what the gateway may have left, which can be anything, and says what of it can't be changed, and why.
change() {
    local said
    said=$("$@" 2>&1) || fail "what the gateway left can't be changed: ${said:0:300}"
}

# It is root's from now on. What the gateway put there besides files is not taken along.
keep_compiled() {
    say "node has kept $(find "$COMPILE_CACHE" -type f | wc -l) files of what it compiled"
    change chown -R root:root "$COMPILE_CACHE"
    change chmod -R u=rwX,go=rX "$COMPILE_CACHE"
}

# What is not there is not stopped.
stop_writers() {
    systemctl stop '*.timer' '*.path' 'cloud-*.service' 'cloud-*.socket'
    systemctl mask --quiet "${unneeded[@]}"
    systemctl --global mask --quiet "${unneeded_of_user[@]}"
    systemctl stop 'getty@*.service' 'console-getty.service' 'systemd-hostnamed.*' 'systemd-logind.service' \
        'systemd-networkd*' 'systemd-resolved*' 'systemd-udevd*'
    # From here on the journal is in memory.
    journalctl --relinquish-var
}

prepare_unit() {
    local text
    text=$(sed 's/^BOOT=bake$/BOOT=baked/' /etc/podclaw/settings)
    put /etc/podclaw/settings 0644 "$text"
    BOOT=baked
    text=$(fill_quadlet)
    put "$QUADLET" 0644 "$text"
    touch /etc/cloud/cloud-init.disabled
    # Without IPv6, which no lab has: the address that each card gives itself takes a second, and all waits for it.
    put /etc/netplan/50-cloud-init.yaml 0600 "network: {version: 2, ethernets: {eth0: {dhcp4: true, link-local: [], accept-ra: false}}}"
    systemctl enable --quiet "$SHARE/files/podclaw-stages.service"
}

remove_traces() {
    # Whatever is below the user's home is touched by the user only, who might have put a link there. All goes that is not
    # Podman's store: a unit or a setting of Podman's there would be in every guest.
    # One that the user can't read or write is opened first: nothing is removed from it otherwise. Links are not followed.
    change as_user find "$SERVICE_HOME" -path "$store/storage" -prune -o -type d ! -perm -u=rwx -exec chmod u+rwx {} \;
    change as_user find "$SERVICE_HOME" -mindepth 1 -maxdepth 1 ! -name .local -exec rm -rf -- {} +
    change as_user find "$SERVICE_HOME/.local" -mindepth 1 -maxdepth 1 ! -name share -exec rm -rf -- {} +
    change as_user find "$SERVICE_HOME/.local/share" -mindepth 1 -maxdepth 1 ! -name containers -exec rm -rf -- {} +
    change as_user find "$store" -mindepth 1 -maxdepth 1 ! -name storage -exec rm -rf -- {} +
    put_as_user "$SERVICE_HOME/.config/containers/storage.conf" 0600 <"$SHARE/files/storage-$STORAGE_DRIVER.conf"
    as_user find "$store/storage" -maxdepth 1 -name 'db.sql*' -delete
    as_user find "$store/storage/overlay-containers" "$store/storage/libpod" -mindepth 1 -delete
    find /root -mindepth 1 ! -name .bashrc ! -name .profile -delete
    find /var/lib/cloud /var/lib/private /var/lib/apt/lists /var/cache/apt /tmp /var/tmp -mindepth 1 -delete
    rm -rf /var/backups/* /etc/ssh/ssh_host_* /var/lib/dhcp/* /var/lib/systemd/random-seed /var/lib/systemd/*.secret \
        /var/lib/systemd/timers/* /var/lib/systemd/timesync/* /var/lib/systemd/network/* /var/lib/systemd/coredump/* \
        /var/lib/systemd/rfkill/*
    # Directories stay: journald keeps its journal on disk where there is one for it.
    find /var/log -mindepth 1 ! -type d -delete
    find /var/log -mindepth 1 -type d -empty ! -path /var/log/journal ! -path /var/log/podclaw -delete
    rm -f /var/lib/podclaw/*.tar* /var/lib/podclaw/staged
    # systemd makes an id where the file is empty. Where there is none, it would be the first boot of a new system.
    : >/etc/machine-id
    if [[ -f /var/lib/dbus/machine-id && ! -L /var/lib/dbus/machine-id ]]; then
        rm -f /var/lib/dbus/machine-id
    fi
}

# Prints the first that it finds of what must not be in the image.
left_over() {
    find /etc /home /root /tmp /var -xdev \( \
        -path "$SERVICE_HOME/*" ! -path "$SERVICE_HOME/.local" ! -path "$SERVICE_HOME/.local/share" ! -path "$store" \
        ! -path "$store/storage" ! -path "$store/storage/*" ! -path "$SERVICE_HOME/.config" \
        ! -path "$SERVICE_HOME/.config/containers" ! -path "$SERVICE_HOME/.config/containers/storage.conf" -o \
        -path "$store/storage/db.sql*" -o -path "$store/storage/libpod/*" -o \
        -path "$store/storage/overlay-containers/*" -o -name '.*_history' -o -name .lesshst -o \
        -path '/root/*' ! -name .bashrc ! -name .profile -o -path '/tmp/*' -o -path '/var/tmp/*' -o \
        -path '/etc/ssh/*_key*' -o -path '/var/backups/*' -o -path '/var/cache/apt/*' -o -path '/var/lib/apt/lists/*' -o \
        -path '/var/lib/cloud/*' -o -path '/var/lib/dhcp/*' -o -path '/var/lib/private/*' -o \
        -path '/var/lib/systemd/random-seed' -o -path '/var/lib/systemd/*.secret' -o -path '/var/lib/systemd/*/*' \
        ! -path '/var/lib/systemd/linger/*' ! -path '/var/lib/systemd/deb-systemd-*' ! -path '/var/lib/systemd/catalog/*' -o \
        -path '/var/log/*' ! -type d -o \
        -path '/var/lib/podclaw/*' ! -path "$COMPILE_CACHE" ! -path "$COMPILE_CACHE/*" -o \
        -path /etc/machine-id -size +0 -o -path /var/lib/dbus/machine-id ! -type l \
        \) -print -quit
    # Without -xdev: a subvolume is another file system.
    # What the gateway made of subvolumes stays in the image, and is judged as all else.
    find "$COMPILE_CACHE" \( ! \( -type f -o -type d \) -o ! \( -user root -group root ! -perm /022 \) -o -size +16M \) -print -quit
}

# Nothing that was said above is believed.
check() {
    local left path files
    left=$(left_over)
    [[ -z $left ]] || fail "$left must not be in the image like that, and is"
    [[ -f /etc/machine-id ]] || fail "there is no /etc/machine-id: each boot would be the first of a new system"
    grep -Fqx BOOT=baked /etc/podclaw/settings || fail "/etc/podclaw/settings does not say that this guest is baked"
    [[ -e /var/lib/systemd/linger/$SERVICE_USER ]] || fail "$SERVICE_USER has no services without a login"
    [[ -e /etc/cloud/cloud-init.disabled ]] || fail "cloud-init is not off"
    grep -Fq ":/var/cache/node:ro," "$QUADLET" || fail "the gateway could write what node has compiled"
    [[ $(systemctl is-enabled podclaw-stages.service) == enabled ]] || fail "the unit of the stages is not enabled"
    files=$(find "$COMPILE_CACHE" | wc -l)
    [[ $files -lt 20000 ]] || fail "node has compiled more than the gateway has"
    grep -Fq "\"$image\"" "$store/storage/overlay-images/images.json" || fail "the gateway's image is not in the store"
    # What Incus writes for each guest that is made from the image, as the host's root: none of it may lead elsewhere.
    for path in /etc /etc/hostname /etc/hosts /var /var/lib /var/lib/cloud /var/lib/cloud/seed /var/lib/cloud/seed/nocloud-net; do
        [[ ! -L $path ]] || fail "$path is a link"
    done
}

# Once the user's systemd is stopped, Podman can't be asked again: not by one that goes on where the first was killed.
if [[ ! -e $known ]]; then
    image=$(as_user podman image inspect --format '{{.Id}}' "$IMAGE")
    if [[ $GATEWAY_SOURCE == archive && $image != "$GATEWAY_IMAGE" ]]; then
        fail "the store has the image $image for the gateway, and not $GATEWAY_IMAGE"
    fi
    wait_for_cloud_init
    stop_gateway
    printf '%s\n' "$image" >"$known.new"
    mv "$known.new" "$known"
fi
image=$(<"$known")
stop_user
keep_compiled
stop_writers
prepare_unit
remove_traces
check
sync
touch /run/podclaw/sealed
say "sealed"
