#!/bin/bash
# Runs the stages in order and stops at the first that fails. Running it again is safe: a stage does only what is not
# done yet. cloud-init starts it, or, in a guest of a baked image, systemd.
#
# The report, one JSON object a line, has three shapes (version 1):
#   {"version":1,"event":"begin","stage":4,"name":"image","time":UNIX_SECONDS}
#   {"version":1,"event":"end","stage":4,"name":"image","outcome":"done|skipped|failed","code":0,"seconds":1.5,"reason":""}
#   {"version":1,"event":"finish","outcome":"done|failed","stage":FAILED_OR_0,"seconds":60.2}
set -euo pipefail
umask 022
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8

readonly library=/usr/local/lib/podclaw
readonly logs=/var/log/podclaw
readonly run=/run/podclaw
# Says that the stages have run in this guest.
readonly staged=/var/lib/podclaw/staged
# The stage after which the service user's systemd may start the gateway.
readonly config=5
readonly names=(packages apparmor user image config quadlet start)

mkdir -p "$logs" "$run" "${staged%/*}"
exec 9>"$run/lock"
if ! flock -n 9; then
    echo "podclaw: the stages are running already" >&2
    exit 1
fi
rm -f "$run/ended"
trap 'touch "$run/ended"' EXIT
# It is for the runner alone: a stage that ends is not the end of the wait.
readonly notify=${NOTIFY_SOCKET:-}
unset NOTIFY_SOCKET
: >"$logs/events.jsonl"

# Microseconds. The guest's clock may be set back while a stage runs, so a difference is never below zero.
now() {
    printf '%s' "${EPOCHREALTIME/[.,]/}"
}

seconds_since() {
    local -r start=$1
    local spent=$(($(now) - start))
    ((spent >= 0)) || spent=0
    printf '%d.%03d' $((spent / 1000000)) $((spent / 1000 % 1000))
}

# One line of plain text as a JSON string. Whatever is not printable ASCII becomes a question mark.
json_string() {
    local text=${1//[^ -~]/?}
    text=${text:0:400}
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    printf '"%s"' "$text"
}

event() {
    printf '{"version":1,"event":%s}\n' "$1" >>"$logs/events.jsonl"
}

run_stage() {
    local -r number=$1 name=$2 report=$run/report
    local -r log=$logs/$number-$name.log
    local start code=0 outcome reason='' word=''
    start=$(now)
    event "\"begin\",\"stage\":$number,\"name\":\"$name\",\"time\":$EPOCHSECONDS"
    : >"$report"
    # The lock stays with the runner: what a stage leaves running, such as Podman's pause process, must not hold it.
    PODCLAW_REPORT=$report "$library/stages/$number-$name" >"$log" 2>&1 </dev/null 9>&- || code=$?
    read -r word reason <"$report" || true
    if ((code != 0)); then
        outcome=failed
    elif [[ $word == skipped ]]; then
        outcome=skipped
    else
        outcome='done' reason=''
    fi
    event "\"end\",\"stage\":$number,\"name\":\"$name\",\"outcome\":\"$outcome\",\"code\":$code,\"seconds\":$(seconds_since "$start"),\"reason\":$(json_string "$reason")"
    echo "podclaw: stage $number $name: $outcome${reason:+: $reason}"
    return "$code"
}

main() {
    local start last number code
    start=$(now)
    last=$(sed -n 's/^LAST_STAGE=\([1-7]\)$/\1/p' /etc/podclaw/settings)
    for ((number = 1; number <= ${last:?/etc/podclaw/settings has no LAST_STAGE}; number++)); do
        code=0
        run_stage "$number" "${names[number - 1]}" || code=$?
        if ((code != 0)); then
            event "\"finish\",\"outcome\":\"failed\",\"stage\":$number,\"seconds\":$(seconds_since "$start")"
            exit 1
        fi
        if ((number == config)) && [[ -n $notify ]]; then
            # The gateway has not run yet in this boot, so there is nothing to start again.
            rm -f "$run/changed"
            NOTIFY_SOCKET=$notify systemd-notify --ready
        fi
    done
    touch "$staged"
    event "\"finish\",\"outcome\":\"done\",\"stage\":0,\"seconds\":$(seconds_since "$start")"
}

main
