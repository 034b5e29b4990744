# shellcheck shell=bash disable=SC2034
# What the stages share. A stage starts with: source /usr/local/lib/podclaw/lib.sh
set -Eeuo pipefail
shopt -s inherit_errexit
umask 022
cd /
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8

readonly SERVICE_USER=openclaw SERVICE_ID=1000 SERVICE_HOME=/home/openclaw
readonly SHARE=/usr/local/share/podclaw
readonly ARCHIVE=/var/lib/podclaw/gateway.oci.tar
readonly IMAGE=localhost/openclaw:podclaw
readonly CONTAINER=openclaw
readonly UNIT=openclaw.service
readonly TOKEN_FILE=$SERVICE_HOME/.config/podclaw/gateway.env
# Root's file, which Podman's generator reads for this one user: the gateway cannot loosen its own unit.
readonly QUADLET=/etc/containers/systemd/users/$SERVICE_ID/openclaw.container
# What node has compiled, from one start for the next. Only the gateway of a bake can write it: one that was taken over
# must not change what it runs after its next start.
readonly COMPILE_CACHE=/var/lib/podclaw/compile-cache
# Says that nothing needs a network any more, in the guest of a bake.
readonly OFFLINE=/run/podclaw/offline
# Says that something was changed under a gateway that may be running.
readonly RESTART=/run/podclaw/changed

say() {
    printf '%s\n' "$*"
}

# For the runner, which puts it into the report. The first word on a failure is the one that knows most.
report() {
    if [[ -n ${PODCLAW_REPORT:-} && ! -s $PODCLAW_REPORT ]]; then
        printf '%s %s\n' "$1" "${2//$'\n'/ }" >"$PODCLAW_REPORT"
    fi
}

# Ends a stage that failed, with the exit code 1 or the one in FAIL_CODE.
fail() {
    trap - ERR
    say "error: $*" >&2
    report failed "$*"
    exit "${FAIL_CODE:-1}"
}

# Ends a stage that has nothing to do in this guest.
skip() {
    say "skipped: $*"
    report skipped "$*"
    exit 0
}

# Ends a stage whose work is in the image that this guest was made from.
skip_if_baked() {
    if [[ $BOOT == baked ]]; then
        skip "done in the bake"
    fi
}

# shellcheck disable=SC2154
trap 'code=$? line=$LINENO; trap - ERR
    say "error: line $line: $BASH_COMMAND: exit code $code" >&2
    report failed "line $line: $BASH_COMMAND: exit code $code"; exit 1' ERR

# Takes each known key of the settings into the variable of its name. The file is read, never executed.
read_settings() {
    local key value pattern
    while IFS='=' read -r key value; do
        case $key in
            GATEWAY_SOURCE) pattern='^(archive|registry)$' ;;
            GATEWAY_IMAGE) pattern='^([a-zA-Z0-9.:-]+(/[a-z0-9._-]+)+@sha256:)?[0-9a-f]{64}$' ;;
            STORAGE_DRIVER) pattern='^(fuse-overlayfs|native)$' ;;
            BOOT) pattern='^(cold|bake|baked)$' ;;
            LAST_STAGE) pattern='^[1-7]$' ;;
            GATEWAY_PORT | GATEWAY_MEMORY_MIB | PACKAGES_TIMEOUT | IMAGE_TIMEOUT | START_TIMEOUT)
                pattern='^[1-9][0-9]{0,6}$'
                ;;
            *) fail "/etc/podclaw/settings has the unknown key '$key'" ;;
        esac
        [[ $value =~ $pattern ]] || fail "/etc/podclaw/settings has a bad value for $key"
        printf -v "$key" '%s' "$value"
    done </etc/podclaw/settings
    : "${GATEWAY_SOURCE:?}" "${GATEWAY_IMAGE:?}" "${STORAGE_DRIVER:?}" "${BOOT:?}" "${LAST_STAGE:?}" \
        "${GATEWAY_PORT:?}" "${GATEWAY_MEMORY_MIB:?}" "${PACKAGES_TIMEOUT:?}" "${IMAGE_TIMEOUT:?}" "${START_TIMEOUT:?}"
}

# Runs a command as the service user, in its session and with nothing of root's environment. Whatever is below the
# user's home is touched only in this way: the user might have put a link there.
as_user() {
    runuser -u "$SERVICE_USER" -- env -i PATH="$PATH" LC_ALL="$LC_ALL" HOME="$SERVICE_HOME" USER="$SERVICE_USER" \
        XDG_RUNTIME_DIR="/run/user/$SERVICE_ID" DBUS_SESSION_BUS_ADDRESS="unix:path=/run/user/$SERVICE_ID/bus" \
        PODMAN_IGNORE_CGROUPSV1_WARNING=1 "$@" || return
}

# Waits for the service user's systemd.
wait_for_session() {
    local tries
    for ((tries = 0; tries < 300; tries++)); do
        [[ ! -S /run/user/$SERVICE_ID/bus ]] || return 0
        sleep 0.1
    done
    systemctl status --no-pager --lines=20 "user@$SERVICE_ID.service" || true
    fail "the systemd of $SERVICE_USER did not start within 30 seconds"
}

# Prints a file of SHARE/files with every @NAME@ replaced by the variable of that name.
fill() {
    local text name
    text=$(<"$SHARE/files/$1")
    for name in GATEWAY_PORT PODMAN_ARGS TOKEN_FILE SERVICE_HOME IMAGE CONTAINER COMPILE_CACHE CACHE_MODE; do
        if [[ $text == *"@$name@"* ]]; then
            text=${text//"@$name@"/"${!name}"}
        fi
    done
    if [[ $text =~ @[A-Z_]+@ ]]; then
        fail "nothing is known to put in place of ${BASH_REMATCH[0]} in $1"
    fi
    printf '%s\n' "$text"
}

# Prints the Quadlet for this guest, or for what BOOT says.
fill_quadlet() {
    # As arguments and not as keys, because Podman 4.9 has no keys for these.
    PODMAN_ARGS="--memory=${GATEWAY_MEMORY_MIB}m --stop-timeout=90 --read-only-tmpfs=false"
    if [[ $(stat -f -c %T /sys/fs/cgroup) != cgroup2fs ]]; then
        # crun cannot split a cgroup of version 1, which is what Quadlet asks it to do.
        PODMAN_ARGS+=" --cgroups=enabled"
    fi
    CACHE_MODE=ro
    if [[ $BOOT == bake ]]; then
        CACHE_MODE=rw
    fi
    fill openclaw.container
}

# Writes a text to a file of root's, unless that is what it holds. Says in `changed`, 1 or 0, whether it was written.
put() {
    local -r path=$1 mode=$2 text=$3
    changed=0
    if [[ -f $path && $(<"$path") == "$text" ]]; then
        chmod "$mode" "$path"
        say "unchanged: $path"
        return
    fi
    mkdir -p "${path%/*}"
    printf '%s\n' "$text" >"$path.new"
    chmod "$mode" "$path.new"
    mv -f "$path.new" "$path"
    say "written: $path"
    changed=1
}

# Writes stdin to a file below the service user's home, as that user; an existing file stays if a third argument says
# `keep`.
put_as_user() {
    local did
    # shellcheck disable=SC2016 # the service user's shell expands it
    did=$(as_user bash -c '
        set -euo pipefail
        path=$1 mode=$2 keep=${3:-}
        umask 077
        mkdir -p "${path%/*}"
        if [[ $keep == keep && -f $path ]]; then
            cat >/dev/null
            chmod "$mode" "$path"
            echo "kept: $path"
            exit
        fi
        cat >"$path.new"
        if cmp -s "$path.new" "$path"; then
            rm "$path.new"
            chmod "$mode" "$path"
            echo "unchanged: $path"
            exit
        fi
        chmod "$mode" "$path.new"
        mv -f "$path.new" "$path"
        echo "written: $path"
    ' put "$@") || fail "$SERVICE_USER cannot write $1"
    say "$did"
    if [[ $did == written:* ]]; then
        touch "$RESTART"
    fi
}
