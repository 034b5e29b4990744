#!/bin/bash
# Stage 1: rootless Podman and what it needs. An image that has everything needs no network.
source /usr/local/lib/podclaw/lib.sh
read_settings
skip_if_baked

is_installed() {
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# What connects the container to the guest's network: Podman 5 takes pasta by default, Podman 4 slirp4netns.
choose_network() {
    local ID='' VERSION_ID=''
    # shellcheck source=/dev/null
    source /etc/os-release
    if [[ $ID == ubuntu && ${VERSION_ID%%.*} -lt 25 ]]; then
        network=slirp4netns
    else
        network=passt
    fi
}

apt() {
    DEBIAN_FRONTEND=noninteractive timeout --kill-after=30 "$PACKAGES_TIMEOUT" apt-get -q \
        -o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 \
        -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold "$@"
}

choose_network
wanted=(
    fuse-overlayfs podman uidmap crun catatonit netavark aardvark-dns dbus-user-session systemd-container
    apparmor apparmor-utils ca-certificates curl iproute2 "$network"
)
missing=()
for package in "${wanted[@]}"; do
    is_installed "$package" || missing+=("$package")
done

if ((${#missing[@]} == 0)); then
    say "all of these are installed: ${wanted[*]}"
else
    say "missing: ${missing[*]}"
    apt --error-on=any update || fail "apt-get update failed: can the guest reach its package mirror?"
    apt --yes --no-install-recommends install "${missing[@]}" || fail "apt-get could not install ${missing[*]}"
fi

version=$(podman --version)
[[ $version =~ ([0-9]+)\.([0-9]+) ]] || fail "cannot read the version in '$version'"
if ((BASH_REMATCH[1] < 4 || (BASH_REMATCH[1] == 4 && BASH_REMATCH[2] < 9))); then
    fail "$version is too old: podclaw needs 4.9 or newer"
fi
say "$version"
