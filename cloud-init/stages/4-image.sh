#!/bin/bash
# Stage 4: the gateway's image in the service user's store, as exactly what was asked for.
source /usr/local/lib/podclaw/lib.sh
read_settings
skip_if_baked

image_id() {
    as_user podman image inspect --format '{{.Id}}' "$1" 2>/dev/null
}

# What podman answers when it cannot, in terms of the time limit.
why() {
    if (($1 == 124 || $1 == 137)); then
        echo "it took longer than $IMAGE_TIMEOUT seconds"
    else
        echo "podman ended with $1"
    fi
}

load() {
    local code=0 id
    if [[ $(image_id "$IMAGE" || true) == "$GATEWAY_IMAGE" ]]; then
        say "$IMAGE is there: $GATEWAY_IMAGE"
        rm -f "$ARCHIVE"
        return
    fi
    [[ -f $ARCHIVE ]] || fail "there is no archive at $ARCHIVE"
    chown "$SERVICE_USER": "$ARCHIVE"
    chmod 0400 "$ARCHIVE"
    as_user podman image ls --all --quiet --no-trunc >/run/podclaw/before
    as_user timeout --kill-after=10 "$IMAGE_TIMEOUT" podman load --input "$ARCHIVE" || code=$?
    ((code == 0)) || fail "cannot load the gateway's image: $(why "$code")"
    if ! as_user podman image exists "$GATEWAY_IMAGE"; then
        # What came in its place must not stay.
        as_user podman image ls --all --quiet --no-trunc | grep -Fvxf /run/podclaw/before | while read -r id; do
            say "the archive held ${id#sha256:}"
            as_user podman image rm --force "${id#sha256:}" || true
        done
        fail "the archive does not hold the image $GATEWAY_IMAGE"
    fi
    as_user podman tag "$GATEWAY_IMAGE" "$IMAGE"
    rm -f "$ARCHIVE"
}

pull() {
    local code=0 digest
    if as_user podman image exists "$GATEWAY_IMAGE"; then
        say "$GATEWAY_IMAGE is there"
    else
        # podman itself tries again what may get better.
        as_user timeout --kill-after=10 "$IMAGE_TIMEOUT" podman pull --quiet "$GATEWAY_IMAGE" || code=$?
        ((code == 0)) || fail "cannot pull $GATEWAY_IMAGE: $(why "$code"); can the guest reach the registry?"
    fi
    # podman checked this as it pulled. It is cheap to look again, at what is going to run.
    digest=$(as_user podman image inspect --format '{{join .RepoDigests "\n"}}' "$GATEWAY_IMAGE")
    grep -Fxq -- "$GATEWAY_IMAGE" <<<"$digest" || fail "podman's store has something else under $GATEWAY_IMAGE"
    as_user podman tag "$GATEWAY_IMAGE" "$IMAGE"
}

case $GATEWAY_SOURCE in
    archive) load ;;
    registry) pull ;;
esac
say "image: $(image_id "$IMAGE")"
