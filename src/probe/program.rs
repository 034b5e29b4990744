//! This very program, to be brought into a guest.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Where the kernel shows the program that runs.
pub const OWN: &str = "/proc/self/exe";

/// What is brought into a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// How much of the file, in bytes: as far as it is loaded. What comes behind is for debuggers.
    pub size: u64,
}

/// Why the program can't be brought along.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It can't be read.
    #[error("cannot read podclaw's own program: {0}")]
    Unreadable(#[from] io::Error),
    /// It is no program of the kind that is known here.
    #[error("podclaw's own program is not a 64-bit ELF file of this machine")]
    Unknown,
    /// It needs a loader and libraries, which in a guest are the guest's.
    #[error(
        "this podclaw is linked dynamically, so in a guest it would run what the guest gives it; build it with `make build`, which links it statically"
    )]
    Dynamic,
}

impl Program {
    /// Looks at the program that runs.
    ///
    /// # Errors
    /// Why it can't be brought along.
    pub fn own() -> Result<Self, Unusable> {
        let file = File::open(OWN)?;
        let mut header = [0; 64];
        file.read_exact_at(&mut header, 0)?;
        let (offset, size, count) = table(&header).ok_or(Unusable::Unknown)?;
        let mut entries = vec![0; size * count];
        file.read_exact_at(&mut entries, offset)?;
        let mut end = 0;
        for entry in entries.chunks_exact(size) {
            match part(entry).ok_or(Unusable::Unknown)? {
                Part::Loaded(to) => end = end.max(to),
                Part::Loader => return Err(Unusable::Dynamic),
                Part::Other => {}
            }
        }
        if end == 0 || end > file.metadata()?.len() {
            return Err(Unusable::Unknown);
        }
        Ok(Self { size: end })
    }
}

/// Where the table of parts is, how large an entry of it is, and how many there are.
fn table(header: &[u8; 64]) -> Option<(u64, usize, usize)> {
    // 64 bits, in the byte order of this machine.
    let order = if cfg!(target_endian = "little") { 1 } else { 2 };
    let fits = header.starts_with(b"\x7fELF") && header[4] == 2 && header[5] == order;
    let (size, count) = (usize::from(short(header, 54)?), usize::from(short(header, 56)?));
    (fits && size == 56 && (1..64).contains(&count)).then(|| Some((long(header, 32)?, size, count)))?
}

enum Part {
    Loaded(u64),
    Loader,
    Other,
}

fn part(entry: &[u8]) -> Option<Part> {
    Some(match u32::from_ne_bytes(entry.get(..4)?.try_into().ok()?) {
        1 => Part::Loaded(long(entry, 8)?.checked_add(long(entry, 32)?)?),
        3 => Part::Loader,
        _ => Part::Other,
    })
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_program_is_static_as_podclaw_is() {
        let own = Program::own().unwrap();
        assert!(own.size > 1 << 20 && own.size <= std::fs::metadata(OWN).unwrap().len());
    }

    #[test]
    fn a_loader_is_seen() {
        let entry = |kind: u32| [kind.to_ne_bytes().as_slice(), &[0; 52]].concat();
        assert!(matches!(part(&entry(3)), Some(Part::Loader)));
        assert!(matches!(part(&entry(1)), Some(Part::Loaded(0))));
        assert!(part(&[1, 0]).is_none());
        assert!(table(&[0; 64]).is_none());
    }
}
