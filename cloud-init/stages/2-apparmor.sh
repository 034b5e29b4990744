#!/bin/bash
# Stage 2: lets Podman and its helpers make user namespaces where the kernel restricts that with AppArmor.
# A profile that the distribution ships is never replaced, nor is a second one put on the same program.
source /usr/local/lib/podclaw/lib.sh

readonly ours=$SHARE/apparmor theirs=/etc/apparmor.d policy=/sys/kernel/security/apparmor

# A line that starts a profile and names the program, as a word: in its name, in its path, or in a pattern of either.
readonly start='^[[:space:]]*(profile[[:space:]]|/|@\{|").*\{[[:space:]]*(#.*)?$'

# Says in `shipped` which file it is.
shipped_in() {
    local -r program=$1
    local file
    for file in "$theirs"/*; do
        [[ -f $file && $file != "$theirs/podclaw-"* ]] || continue
        if grep -E -- "$start" "$file" | grep -Eq -- "(^|[^A-Za-z0-9_.-])$program([^A-Za-z0-9_.-]|\$)"; then
            shipped=$file
            return
        fi
    done
    return 1
}

is_loaded() {
    local line
    while read -r line; do
        [[ ${line% (*} != "$1" ]] || return 0
    done <"$policy/profiles"
    return 1
}

# Loads the profile in `shipped` as it is, where nothing has: the apparmor.service of some releases does not take a guest of
# Incus for a system with a policy of its own.
load_shipped() {
    local -r program=$1
    local names label missing=''
    if [[ -e $theirs/disable/${shipped##*/} ]]; then
        say "$program: the distribution ships $shipped, and it is disabled here"
        return
    fi
    changed=0
    if [[ $program == pasta ]]; then
        # In a guest of Incus the kernel looks again, under pasta's profile, at what it maps of the program itself, and Debian's
        # profile does not name that: pasta would never start. So it is named in a file that the profile includes.
        put "$theirs/abstractions/base.d/podclaw-pasta" 0644 '/usr/bin/pasta{,.avx2} mr,'
    fi
    names=$(apparmor_parser --names "$shipped") || fail "cannot read the AppArmor profile $shipped"
    while read -r label; do
        is_loaded "$label" || missing=$label
    done <<<"$names"
    if [[ -z $missing && $changed == 0 ]]; then
        say "$program: the distribution ships $shipped, which is loaded"
        return
    fi
    apparmor_parser -r -W "$shipped" || fail "cannot load the AppArmor profile $shipped"
    say "$program: the distribution ships $shipped; loaded"
}

# Whether a program without a profile is kept from making a user namespace.
kernel_restricts() {
    [[ $(cat /proc/sys/kernel/apparmor_restrict_unprivileged_userns 2>/dev/null || true) == 1 ]]
}

if [[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null || true) != Y ]]; then
    skip "this kernel has no AppArmor, or has it switched off"
fi
if ! command -v apparmor_parser >/dev/null; then
    fail "the kernel has AppArmor on, but apparmor_parser is not installed"
fi
if [[ ! -e $policy/.replace ]]; then
    ! kernel_restricts || fail "the kernel restricts user namespaces, and this guest cannot load AppArmor profiles"
    skip "this guest cannot load AppArmor profiles, and the kernel does not restrict user namespaces"
fi
if [[ ! -e $theirs/abi/4.0 ]]; then
    ! kernel_restricts || fail "the kernel restricts user namespaces, and this AppArmor is older than 4.0"
    skip "this AppArmor is older than 4.0 and does not know user namespaces"
fi

loaded=0
for profile in "$ours"/*; do
    name=${profile##*/}
    if ! command -v "$name" >/dev/null; then
        say "$name: not installed"
    elif shipped_in "$name"; then
        load_shipped "$name"
    elif [[ ! -e $theirs/podclaw-$name ]] && is_loaded "$name"; then
        say "$name: a profile of that name is loaded already"
    else
        put "$theirs/podclaw-$name" 0644 "$(<"$profile")"
        apparmor_parser -r -W "$theirs/podclaw-$name" || fail "cannot load the AppArmor profile $theirs/podclaw-$name"
        say "$name: loaded"
        loaded=$((loaded + 1))
    fi
done
say "$loaded of podclaw's own loaded"
