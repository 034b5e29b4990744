# Starts the gateway in a root of its own and waits until it says that it has started; runs in namespaces of its own.
#
#   bare.sh ROOT PORT CACHE MODE VARIABLE... -- COMMAND...
#
# MODE says what the gateway may do with CACHE, which is where node keeps what it compiled: ro, rw, or none of it.
# Prints how many microseconds it took. With rw it lets the gateway end in its own time, as then it writes the cache.
set -euo pipefail

root=$1 port=$2 cache=$3 mode=$4
shift 4
variables=()
while [ "$1" != -- ]; do
    variables+=("$1")
    shift
done
shift

ip link set lo up
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
if [ "$mode" != none ]; then
    mkdir -p "$root/var/cache/node"
    mount --bind "$cache" "$root/var/cache/node"
    mount -o "remount,bind,$mode" "$root/var/cache/node"
    variables+=(NODE_COMPILE_CACHE=/var/cache/node)
fi

# One process a look where nothing listens yet: each look takes time from the gateway.
said=
look() {
    said=$( (exec 3<>"/dev/tcp/127.0.0.1/$port" &&
        printf 'GET /startupz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3 && timeout 10 head -c 4096 <&3) 2>/dev/null)
}

begin=${EPOCHREALTIME/./}
# shellcheck disable=SC2016 # it is the inner shell's
chroot --userspec=1000:1000 "$root" /usr/bin/env -i "${variables[@]}" sh -c 'cd /app && exec "$@"' sh "$@" >"$cache/../gateway.log" 2>&1 &
gateway=$!
until look && [[ $said =~ \"status\"[[:space:]]*:[[:space:]]*\"started\" ]]; do
    if [ ! -d "/proc/$gateway" ]; then
        echo 'the gateway has ended' >&2
        tail -n 20 "$cache/../gateway.log" >&2
        exit 1
    fi
    sleep 0.05
done
end=${EPOCHREALTIME/./}

if [ "$mode" = rw ]; then
    kill -TERM "$gateway"
    wait "$gateway" || true
fi
echo $((end - begin))
