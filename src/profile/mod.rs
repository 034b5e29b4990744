//! Incus profiles: read, merged in Incus' order, turned into the daemon's JSON.
