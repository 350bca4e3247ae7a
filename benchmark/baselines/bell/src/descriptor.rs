//! The descriptors that can be rung: made, read empty.

use std::ffi::{CString, c_int, c_void};
use std::io::{Error, Result};
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::{ptr, thread};

/// What can be rung.
pub(crate) enum Kind {
    Fifo,
    Socket,
    Eventfd,
}

impl Kind {
    pub(crate) fn named(name: &str) -> Result<Self> {
        match name {
            "fifo" => Ok(Self::Fifo),
            "socket" => Ok(Self::Socket),
            "eventfd" => Ok(Self::Eventfd),
            _ => Err(Error::other("no such kind")),
        }
    }

    /// Makes one that `path` leads to; the descriptor to poll.
    pub(crate) fn open(&self, path: &str) -> Result<c_int> {
        match self {
            Self::Fifo => {
                let path = CString::new(path)?;
                // SAFETY: a C string.
                checked(unsafe { libc::mkfifo(path.as_ptr(), 0o600) })?;
                // SAFETY: a C string.
                checked(unsafe { libc::open(path.as_ptr(), libc::O_RDWR | libc::O_NONBLOCK) })
            }
            Self::Socket => {
                let socket = UnixDatagram::bind(path)?;
                socket.set_nonblocking(true)?;
                Ok(socket.into_raw_fd())
            }
            Self::Eventfd => {
                // SAFETY: numbers only.
                let fd = checked(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK) })?;
                let listener = UnixListener::bind(path)?;
                // Whoever wants to ring asks once, before it rings.
                thread::spawn(move || while hand_over(&listener, fd).is_ok() {});
                Ok(fd)
            }
        }
    }
}

fn checked(result: c_int) -> Result<c_int> {
    if result < 0 { Err(Error::last_os_error()) } else { Ok(result) }
}

/// Sends `fd` to the next who connects.
fn hand_over(listener: &UnixListener, fd: c_int) -> Result<()> {
    let (stream, _) = listener.accept()?;
    let mut byte = 0_u8;
    let mut vector = libc::iovec { iov_base: (&raw mut byte).cast::<c_void>(), iov_len: 1 };
    let mut control = [0_u64; 4];
    // SAFETY: integers and pointers, for which zeros are values.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_iov = &raw mut vector;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    let bytes = u32::try_from(size_of::<c_int>()).unwrap_or(4);
    // SAFETY: a number in, a number out.
    message.msg_controllen = unsafe { libc::CMSG_SPACE(bytes) } as usize;
    // SAFETY: the header stands in `control`, which has room for it.
    let header = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    // SAFETY: a number in, a number out.
    let length = unsafe { libc::CMSG_LEN(bytes) } as usize;
    let level = (libc::SOL_SOCKET, libc::SCM_RIGHTS);
    let filled = libc::cmsghdr { cmsg_len: length, cmsg_level: level.0, cmsg_type: level.1 };
    // SAFETY: not null, because there is room for one.
    unsafe { ptr::write(header, filled) };
    // SAFETY: behind the header.
    let data = unsafe { libc::CMSG_DATA(header) };
    // SAFETY: room for one descriptor there.
    unsafe { ptr::write_unaligned(data.cast(), fd) };
    // SAFETY: filled above.
    let sent = unsafe { libc::sendmsg(stream.as_raw_fd(), &raw const message, 0) };
    if sent < 0 { Err(Error::last_os_error()) } else { Ok(()) }
}

/// Reads it empty.
pub(crate) fn drain(fd: c_int) {
    let mut bytes = [0_u8; 64];
    loop {
        // SAFETY: room for so many bytes.
        let read = unsafe { libc::read(fd, bytes.as_mut_ptr().cast(), bytes.len()) };
        // An eventfd gives its count in 8 bytes, a socket one datagram a time.
        if read < 64 {
            return;
        }
    }
}
