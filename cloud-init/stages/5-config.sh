#!/bin/bash
# Stage 5: the gateway's configuration and its token. What is there is kept: it is the user's, or the gateway's own.
source /usr/local/lib/podclaw/lib.sh
read_settings

as_user mkdir -p -m 0700 "$SERVICE_HOME/.openclaw" "$SERVICE_HOME/.openclaw/workspace" "$SERVICE_HOME/.openclaw/cache" \
    "$SERVICE_HOME/.config/podclaw"
as_user chmod 0700 "$SERVICE_HOME/.openclaw" "$SERVICE_HOME/.config" "$SERVICE_HOME/.config/podclaw"
fill openclaw.json | put_as_user "$SERVICE_HOME/.openclaw/openclaw.json" 0600 keep

# The token is made here and is never an argument of a program, where every process of the guest could see it.
{ printf 'OPENCLAW_GATEWAY_TOKEN='; od -An -vtx1 -N32 /dev/urandom | tr -d ' \n'; echo; } |
    put_as_user "$TOKEN_FILE" 0600 keep
as_user grep -Eqx 'OPENCLAW_GATEWAY_TOKEN=[0-9a-f]{64}' "$TOKEN_FILE" ||
    fail "$TOKEN_FILE does not hold a token of 64 hexadecimal digits: remove it and run this again"
