//! What is mounted.

use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use super::{Root, Seen};

/// A mount of this process' namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where.
    pub point: PathBuf,
    /// The type of its file system.
    pub kind: String,
    /// What is mounted, such as a device.
    pub source: String,
    /// The options of the file system.
    pub options: String,
}

/// File systems of other machines, and of the machine below a virtual one.
const REMOTE: [&str; 22] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "fuse.ceph",
    "fuse.davfs",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "fuse.vmhgfs-fuse",
    "gfs2",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "prl_fs",
    "smb3",
    "vboxsf",
    "virtiofs",
];

impl Mount {
    /// Whether another machine is at the other end.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        REMOTE.contains(&self.kind.as_str())
    }

    /// Whether looking below it may wait for ever, or start something.
    #[must_use]
    pub fn may_hang(&self) -> bool {
        self.is_remote() || self.kind == "autofs" || self.kind.starts_with("fuse.") || self.kind == "fuse"
    }
}

/// All mounts, in order.
///
/// # Errors
/// Why they were not seen.
pub fn mounts(root: &Root) -> Seen<Vec<Mount>> {
    Ok(root.text("/proc/self/mountinfo")?.lines().filter_map(parse).collect())
}

/// The mount that a path is on.
#[must_use]
pub fn holding<'a>(mounts: &'a [Mount], path: &Path) -> Option<&'a Mount> {
    // The last one of the longest: later mounts hide earlier ones.
    let on = mounts.iter().filter(|mount| path.starts_with(&mount.point));
    on.max_by_key(|mount| mount.point.components().count())
}

fn parse(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let point = unescape(before.split(' ').nth(4)?);
    let mut after = after.split(' ');
    Some(Mount {
        point,
        kind: after.next()?.into(),
        source: unescape(after.next()?).to_string_lossy().into_owned(),
        options: after.next().unwrap_or_default().into(),
    })
}

/// The kernel writes blanks, tabs, newlines and backslashes as three octal digits.
fn unescape(field: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = field.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let (b'\\', Some(code)) = (first, code) {
            bytes.push(code);
            rest = &after[3..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let line = "36 35 98:0 /a /mnt\\0402 rw,noatime master:1 - nfs4 nas:/x rw,vers=4";
        let mount = parse(line).unwrap();
        assert_eq!((mount.point.as_path(), mount.kind.as_str()), (Path::new("/mnt 2"), "nfs4"));
        assert!(mount.is_remote() && mount.may_hang());
        let plain = parse("1 0 8:1 / / rw - ext4 /dev/sda1 rw").unwrap();
        assert!(!plain.may_hang());
        let all = [plain, mount];
        assert_eq!(holding(&all, Path::new("/mnt 2/x")).unwrap().kind, "nfs4");
        assert_eq!(holding(&all, Path::new("/mnt 22")).unwrap().kind, "ext4");
        assert!(parse("nonsense").is_none());
    }
}
