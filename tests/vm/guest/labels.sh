# Prints under which AppArmor label each of Podman's programs runs, one a line. Those that are quick are held by a named
# pipe that nobody writes to.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
cd /
as_user() {
    runuser -u openclaw -- env -i PATH="$PATH" HOME=/home/openclaw XDG_RUNTIME_DIR=/run/user/1000 \
        DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus "$@"
}
label() {
    local tries
    for tries in $(seq 100); do
        # By its arguments: crun runs a copy of itself, which has another name.
        pid=$(pgrep -n -u openclaw -f "^([^ ]*/)?$1( |\$)")
        if [ -n "$pid" ]; then
            echo "$1 $(tr -d '\0' </proc/"$pid"/attr/current)"
            return
        fi
        sleep 0.2
    done
    echo "$1 does not run"
}
pipe=/run/user/1000/pipe
rm -f "$pipe"
as_user mkfifo "$pipe"
as_user podman events >/dev/null 2>&1 &
as_user crun --root /run/user/1000/crun run --config "$pipe" held >/dev/null 2>&1 &
as_user unshare --user --map-root-user --net sleep 60 &
label conmon
label pasta
label podman
podman=$pid
label crun
crun=$pid
target=$(pgrep -u openclaw -x sleep | head -n 1)
as_user slirp4netns "$target" tap0 >/dev/null 2>&1 &
label slirp4netns
# What runuser started does not end with it.
kill $(jobs -p) "$podman" "$crun" "$pid" 2>/dev/null
wait
