//! Who may use the daemon's socket, and is as good as root by it.

use std::path::Path;

use super::accounts::Group;
use super::{Root, Seen, Unseen};

/// Whose the socket is where there is none yet.
const ADMINS: &str = "incus-admin";
/// Whose the socket of `incus-user` is, which gives each a project of their own.
const USERS: &str = "incus";

/// Who may use the daemon's socket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Whether everybody may.
    pub everybody: bool,
    /// The user that it belongs to.
    pub owner: u32,
    /// The group that may; nothing where none may.
    pub group: Option<String>,
    /// The users in that group, besides root.
    pub members: Vec<String>,
    /// The users who may make containers in a project of their own.
    pub users: Vec<String>,
}

/// Who may use a socket.
///
/// # Errors
/// Why that was not seen.
pub fn access(root: &Root, socket: &Path, groups: &[Group]) -> Seen<Access> {
    let of = |group: &Group| (Some(group.name.clone()), others(group));
    let mut access = Access::default();
    (access.group, access.members) = match root.followed(socket) {
        // Where there is none, whose it would be.
        Err(Unseen::Missing) => {
            groups.iter().find(|group| group.name == ADMINS).map_or((Some(ADMINS.into()), Vec::new()), of)
        }
        Err(why) => return Err(why),
        Ok(meta) => {
            access.everybody = meta.mode & 0o002 != 0;
            access.owner = meta.uid;
            match groups.iter().find(|group| group.gid == meta.gid) {
                _ if meta.mode & 0o020 == 0 => (None, Vec::new()),
                Some(group) => of(group),
                None => (Some(meta.gid.to_string()), Vec::new()),
            }
        }
    };
    if root.followed(socket.with_extension("socket.user")).is_ok() {
        access.users = groups.iter().find(|group| group.name == USERS).map(others).unwrap_or_default();
    }
    Ok(access)
}

fn others(group: &Group) -> Vec<String> {
    group.members.iter().filter(|user| *user != "root").cloned().collect()
}
