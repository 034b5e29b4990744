#!/bin/bash
# Stage 7: starts the gateway, waits until it says that it has started, and looks whether it is as it has to be.
source /usr/local/lib/podclaw/lib.sh
read_settings

readonly url=http://127.0.0.1:$GATEWAY_PORT begun=$EPOCHSECONDS

# Whether a card leads out of this guest: its other end is another link, which is not in here.
is_online() {
    local card link
    for card in /sys/class/net/*; do
        link=$(cat "$card/iflink" 2>/dev/null) || continue
        if ((link != 0)) && [[ $link != "$(cat "$card/ifindex" 2>/dev/null)" ]]; then
            return 0
        fi
    done
    return 1
}

# What the gateway of a bake leaves, such as what node compiled, is in every guest: it runs where nobody can reach it. podclaw
# takes the card away from outside.
wait_until_offline() {
    local tries
    touch "$OFFLINE"
    for ((tries = 0; tries < 1200; tries++)); do
        is_online || return 0
        sleep 0.1
    done
    fail "podclaw did not take the network away within 120 seconds"
}

unit() {
    as_user systemctl --user show --property="$1" --value "$UNIT"
}

# Prints the status and the start of the body of an answer; nothing if there is none.
ask() {
    curl --silent --noproxy '*' --max-time 10 --write-out '\n%{http_code}\n' "$@" 2>/dev/null | tail -c 4096
}

# The body is what counts: the gateway's web page answers 200 on any path.
has_started() {
    [[ $(ask "$url/startupz" || true) =~ \"status\"[[:space:]]*:[[:space:]]*\"started\" ]]
}

give_up() {
    as_user systemctl --user show --property=LoadState,ActiveState,SubState,Result,ExecMainStatus,NRestarts "$UNIT" || true
    say "--- the end of the log of the gateway and its unit"
    # Without Podman's own events, which say nothing that the unit does not say.
    journalctl --no-pager --output=cat --since="@$begun" --lines=120 \
        CONTAINER_NAME="$CONTAINER" + _SYSTEMD_USER_UNIT="$UNIT" + USER_UNIT="$UNIT" |
        grep -Ev '^$| m=\+[0-9.]+ (container|image) |cgroups-v1|^[0-9a-f]{64}$' | tail -n 40 || true
    fail "$*"
}

start() {
    if [[ -e $RESTART ]]; then
        as_user systemctl --user daemon-reload
        as_user systemctl --user stop "$UNIT"
    fi
    rm -f "$RESTART"
    # In a baked guest it starts on its own.
    case $(unit ActiveState) in
        active | activating | reloading) return ;;
    esac
    as_user systemctl --user reset-failed "$UNIT" 2>/dev/null || true
    as_user systemctl --user start --no-block "$UNIT"
}

wait_until_started() {
    local -r begin=$SECONDS
    local looks=0
    while ! has_started; do
        # Each look takes time from the gateway, the one at the unit the most.
        if ((++looks % 8 == 0)) && [[ $(unit ActiveState) == failed ]]; then
            case $(unit ExecMainStatus) in
                78) FAIL_CODE=78 give_up "the gateway refused its configuration, its authentication or its state (exit 78)" ;;
                *) give_up "the gateway's unit failed: $(unit Result), exit code $(unit ExecMainStatus)" ;;
            esac
        fi
        ((SECONDS - begin < START_TIMEOUT)) || give_up "the gateway did not say within $START_TIMEOUT seconds that it has started"
        sleep 0.25
    done
    say "the gateway has started, after $((SECONDS - begin)) s"
}

# A request for what only the token's holder may see.
check_token() {
    local -r request=(--header 'Content-Type: application/json' --data '{"tool":"sessions_list","args":{},"dryRun":true}' "$url/tools/invoke")
    local status
    status=$(ask "${request[@]}" | tail -n 1) || true
    [[ $status == 401 ]] || give_up "a request without the token was not refused: HTTP status ${status:-none}"
    # By stdin, because everybody can see arguments.
    status=$(as_user sed -n 's/^OPENCLAW_GATEWAY_TOKEN=\(.*\)$/header = "Authorization: Bearer \1"/p' "$TOKEN_FILE" |
        ask --config - "${request[@]}" | tail -n 1) || true
    [[ $status == 2?? || $status == 404 ]] || give_up "a request with the token was refused: HTTP status ${status:-none}"
    say "a request without the token is refused, one with it is not"
}

check_port() {
    local listening
    listening=$(ss -Hltn "sport = :$GATEWAY_PORT" | awk '{print $4}')
    [[ $listening == "127.0.0.1:$GATEWAY_PORT" ]] || give_up "port $GATEWAY_PORT is open elsewhere than on 127.0.0.1: ${listening//$'\n'/ }"
    say "port $GATEWAY_PORT is open on 127.0.0.1 only"
}

# Every process in the gateway's container, by the kernel's word and not by Podman's.
check_processes() {
    local pid space process count=0 status
    pid=$(as_user podman inspect --format '{{.State.Pid}}' "$CONTAINER")
    [[ $pid =~ ^[1-9][0-9]*$ ]] || give_up "podman does not know the gateway's process"
    space=$(readlink "/proc/$pid/ns/pid")
    for process in /proc/[0-9]*; do
        [[ $(readlink "$process/ns/pid" 2>/dev/null || true) == "$space" ]] || continue
        # It may have ended by now.
        status=$(cat "$process/status" 2>/dev/null) || continue
        if ! grep -Eqx 'CapEff:\s0+' <<<"$status" || ! grep -Eqx 'CapBnd:\s0+' <<<"$status" ||
            ! grep -Eqx 'NoNewPrivs:\s1' <<<"$status"; then
            give_up "process ${process#/proc/} of the gateway has a capability, or can get new privileges"
        fi
        count=$((count + 1))
    done
    ((count > 0)) || give_up "no process of the gateway was found"
    awk '$5 == "/" { options = $6 } END { exit options ~ /(^|,)ro(,|$)/ ? 0 : 1 }' "/proc/$pid/mountinfo" ||
        give_up "the gateway's root is writable"
    say "$count processes without capabilities and without new privileges, on a read-only root"
}

if [[ $BOOT == bake ]]; then
    wait_until_offline
    say "the gateway of a bake runs without a network"
fi
start
wait_until_started
check_token
check_port
check_processes
