//! The doorbell that is a datagram socket, for where no FIFO can be made.
//!
//! A socket has no lock byte. Who lives is said by the kernel in another way: to connect to one
//! that nobody is bound to any more is refused.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use framelane_layout::sync;
use rustix::fs::{self, Mode, OFlags};
use rustix::io::Errno;

use super::no_doorbell;
use crate::directory::Directory;
use crate::error::Result;
use crate::fork::OpenFile;

/// The sleeper's end.
#[derive(Debug)]
pub(super) struct Socket {
    /// Closed in a forked child: as long as it is open, the name looks alive.
    fd: OpenFile,
    /// The file that the name led to when it was bound.
    named: OpenFile,
}

impl Socket {
    /// A new one. `None`: the name is taken, or a cleaner was faster.
    pub(super) fn create(directory: &Directory, name: &str) -> Result<Option<Self>> {
        let parent = directory.fd()?;
        let fd = match OpenFile::open(|| bind(parent.as_fd(), name).map_err(errno_of)) {
            Ok(fd) => fd,
            Err(Errno::ADDRINUSE | Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(directory.error("bind a socket in", errno)),
        };
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let named = match OpenFile::open(|| fs::openat(&*parent, name, flags, Mode::empty())) {
            Ok(named) => named,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(directory.error("open a socket in", errno)),
        };
        directory.own_socket(&path_of(named.as_fd()), name)?;
        let socket = Self { fd, named };
        Ok(socket.is_linked().then_some(socket))
    }

    pub(super) fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// Who cannot be asked is taken to have its name.
    pub(super) fn is_linked(&self) -> bool {
        fs::fstat(&*self.named).map_or(true, |stat| stat.st_nlink > 0)
    }
}

/// Addresses are short, and are looked up from the root: this one leads through a descriptor.
fn path_of(fd: BorrowedFd<'_>) -> PathBuf {
    format!("/proc/self/fd/{}", fd.as_raw_fd()).into()
}

fn bind(parent: BorrowedFd<'_>, name: &str) -> io::Result<OwnedFd> {
    sync::step();
    let socket = UnixDatagram::bind(path_of(parent).join(name))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Connects to the socket `named`, to ring it, and never waits. `None`: its sleeper is dead.
pub(super) fn connect(
    directory: &Directory,
    named: BorrowedFd<'_>,
    name: &str,
) -> Result<Option<OwnedFd>> {
    let connected = || -> io::Result<OwnedFd> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.connect(path_of(named))?;
        Ok(socket.into())
    };
    match connected().map_err(errno_of) {
        Ok(fd) => Ok(Some(fd)),
        Err(Errno::CONNREFUSED | Errno::NOENT) => Ok(None),
        // A socket of another kind.
        Err(Errno::PROTOTYPE) => Err(no_doorbell(name)),
        Err(errno) => Err(directory.error("connect to a doorbell in", errno)),
    }
}

fn errno_of(error: io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}
