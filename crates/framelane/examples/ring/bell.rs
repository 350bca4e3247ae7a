//! The ways to wake another process that are compared.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixDatagram, UnixStream};

use framelane::{Encoding, Image, ImageMut, Topic};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use crate::Result;

/// One of them, open.
pub(crate) enum Bell {
    /// A FIFO, by its name.
    Fifo(File),
    /// A datagram socket, by its name.
    Socket(UnixDatagram),
    /// An eventfd, which was handed over through a socket.
    Eventfd(OwnedFd),
    /// A stream socket, as one would use it without a library: 64 bytes.
    Stream(UnixStream),
    /// A frame on a topic: descriptor, fence, and whatever wakes the subscriber.
    Frames(Box<Topic<Image>>, Option<ImageMut>),
}

impl Bell {
    /// Opens `KIND:PATH`.
    pub(crate) fn open(text: &str) -> Result<Self> {
        let (kind, path) = text.split_once(':').ok_or("KIND:PATH")?;
        Ok(match kind {
            "fifo" => {
                let nonblock = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits())?;
                let mut options = OpenOptions::new();
                Self::Fifo(options.read(true).write(true).custom_flags(nonblock).open(path)?)
            }
            "socket" => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                socket.set_nonblocking(true)?;
                Self::Socket(socket)
            }
            "eventfd" => Self::Eventfd(take(&UnixStream::connect(path)?)?),
            "stream" => Self::Stream(UnixStream::connect(path)?),
            "topic" => Self::Frames(Box::new(Topic::open(path)?), None),
            _ => return Err(format!("{kind} is no bell").into()),
        })
    }

    /// What is not timed: the next frame is taken.
    pub(crate) fn prepare(&mut self) -> Result<()> {
        if let Self::Frames(topic, loan) = self {
            *loan = Some(topic.loan(8, 8, Encoding::Rgb8)?);
        }
        Ok(())
    }

    /// Rings once.
    pub(crate) fn ring(&mut self) -> Result<()> {
        match self {
            Self::Fifo(file) => file.write_all(&[1])?,
            // Full: there are rings to be heard already.
            Self::Socket(socket) => match socket.send(&[1]) {
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error.into()),
                _ => {}
            },
            Self::Eventfd(fd) => drop(rustix::io::write(fd, &1_u64.to_ne_bytes())?),
            Self::Stream(stream) => stream.write_all(&[1; 64])?,
            Self::Frames(topic, loan) => {
                topic.send(loan.take().ok_or("nothing prepared")?)?;
            }
        }
        Ok(())
    }
}

/// The descriptor that comes through `stream`.
fn take(stream: &UnixStream) -> Result<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(stream, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::empty())?;
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(mut fds) = message
            && let Some(fd) = fds.next()
        {
            return Ok(fd);
        }
    }
    Err("no descriptor came".into())
}
