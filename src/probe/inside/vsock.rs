//! Sockets to the hypervisor.
//!
//! The kernel has one set of them, whatever the network namespace, and no firewall sees what goes through them: they lead to
//! the machine that this one runs on, and to services of the host. Nothing is sent: nobody is asked whether they are there.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::{Attempt, Finding, errno};
use crate::probe::VSOCK;

pub(super) const ATTEMPTS: &[Attempt] = &[(VSOCK, sockets)];

fn sockets() -> Finding {
    let tried = "to make a socket to the hypervisor, also as a 32-bit program does";
    match socket_with(AddressFamily::VSOCK, SocketType::STREAM, SocketFlags::CLOEXEC, None) {
        Ok(_) => return Finding::not_contained(tried, "it can be made, and no firewall sees what goes through it"),
        Err(Errno::AFNOSUPPORT | Errno::PERM | Errno::ACCESS) => {}
        Err(error) => return Finding::could_not_tell(tried, errno(&error.into())),
    }
    // The daemon's filter can't look into the calls of these, so this is not a protection that is missing.
    match older() {
        Ok(Older::Refused) => Finding::contained(tried, "the kernel says that there is no such thing"),
        Ok(Older::Made) => Finding::could_not_tell(
            tried,
            "a 64-bit program is refused, a 32-bit one gets it; whether anybody is there was not asked",
        ),
        Err(error) => Finding::could_not_tell(tried, format!("a 32-bit program can't be run: {}", errno(&error))),
    }
}

enum Older {
    Refused,
    Made,
}

/// What a 32-bit program gets. Where the kernel runs none, there is nothing to be had by one.
fn older() -> io::Result<Older> {
    if !cfg!(target_arch = "x86_64") {
        return Ok(Older::Refused);
    }
    let mut file = File::from(memfd_create("older", MemfdFlags::CLOEXEC)?);
    file.write_all(&program())?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let ended =
        Command::new(path).env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    match ended {
        // The number of the error; or less than 0, which is a socket's.
        Ok(status) => match status.code() {
            Some(1..=133) => Ok(Older::Refused),
            Some(134..) => Ok(Older::Made),
            _ => Err(io::Error::other(status.to_string())),
        },
        Err(error) if error.raw_os_error() == Some(Errno::NOEXEC.raw_os_error()) => Ok(Older::Refused),
        Err(error) => Err(error),
    }
}

/// A program for the 32-bit machine that this one was once: it makes the socket in the new way (359), else in the old one
/// (102), and ends with what came of it, turned from negative to positive.
const CODE: [u8; 52] = [
    0xb8, 0x67, 0x01, 0x00, 0x00, // eax = 359, socket
    0xbb, 0x28, 0x00, 0x00, 0x00, // ebx = 40, AF_VSOCK
    0xb9, 0x01, 0x00, 0x00, 0x00, // ecx = 1, SOCK_STREAM
    0x31, 0xd2, // edx = 0
    0xcd, 0x80, // call the kernel
    0x85, 0xc0, // did it work?
    0x79, 0x14, // then to the end
    0x6a, 0x00, 0x6a, 0x01, 0x6a, 0x28, // the same three on the stack
    0xb8, 0x66, 0x00, 0x00, 0x00, // eax = 102, socketcall
    0xbb, 0x01, 0x00, 0x00, 0x00, // ebx = 1, of which socket is the first
    0x89, 0xe1, // ecx = where they are
    0xcd, 0x80, // call the kernel
    0x89, 0xc3, // ebx = what came back
    0xf7, 0xdb, // ebx = -ebx
    0x31, 0xc0, 0x40, // eax = 1, exit
    0xcd, 0x80, // call the kernel
];

/// The whole file: a header, one part that is loaded, the code.
fn program() -> Vec<u8> {
    const BASE: u32 = 0x0804_8000;
    const HEADERS: u32 = 52 + 32;
    let length = HEADERS + u32::try_from(CODE.len()).unwrap_or(0);
    let mut file = b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    // A program, of the 80386, version 1.
    file.extend([2, 0, 3, 0, 1, 0, 0, 0]);
    for word in [BASE + HEADERS, 52, 0, 0] {
        file.extend(word.to_le_bytes());
    }
    // The sizes of the header and of a part, one part, no sections.
    for short in [52_u16, 32, 1, 0, 0, 0] {
        file.extend(short.to_le_bytes());
    }
    // To be loaded: from the file's start, to there, all of it, to be read and run, in pages.
    for word in [1, 0, BASE, BASE, length, length, 5, 0x1000] {
        file.extend(word.to_le_bytes());
    }
    file.extend(CODE);
    file
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn the_older_program_runs_or_the_kernel_runs_none() {
        // It agrees with the kernel's word for 64-bit programs, since nothing filters the calls of a test.
        let plain = socket_with(AddressFamily::VSOCK, SocketType::STREAM, SocketFlags::CLOEXEC, None);
        match older().unwrap() {
            Older::Made => assert!(plain.is_ok()),
            Older::Refused => {}
        }
    }
}
