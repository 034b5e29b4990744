//! The lab: project, pool, network, ACL and profiles, and the guests in it.
