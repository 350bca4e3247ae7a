//! The doorbell of an event loop: something with a name, to which a publisher writes one byte
//! when a subscriber behind it sleeps. A FIFO, and where none can be made, a datagram socket.
//! Whoever rings finds out by itself which of them the name leads to.

mod fifo;
mod socket;

use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use framelane_layout::name::parse_id;
use framelane_layout::{ErrorCode, sync};
use rustix::fs::{self, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::fork::{OpenFile, check_not_forked};
use crate::random_id;

use fifo::Fifo;
use socket::Socket;

fn file_name(id: u64) -> String {
    format!("f.{id:016x}")
}

/// What a doorbell is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BellKind {
    /// A FIFO.
    Fifo,
    /// A datagram socket of the unix domain.
    Socket,
}

#[derive(Debug)]
enum End {
    Fifo(Fifo),
    Socket(Socket),
}

/// The sleeper's end: a descriptor to poll. Its name goes with it.
#[derive(Debug)]
pub struct Doorbell {
    id: u64,
    end: End,
    directory: Arc<Directory>,
}

impl Doorbell {
    /// A new doorbell: a FIFO, or a socket where the system refuses that.
    ///
    /// # Errors
    /// The operating system refuses both.
    pub fn create(directory: &Arc<Directory>) -> Result<Self> {
        let made = Self::create_as(directory, BellKind::Fifo);
        // Where that does not help, what was wrong first says more.
        made.or_else(|error| Self::create_as(directory, BellKind::Socket).map_err(|_| error))
    }

    /// A new doorbell of one kind.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn create_as(directory: &Arc<Directory>, kind: BellKind) -> Result<Self> {
        loop {
            let id = random_id()?;
            let end = match kind {
                BellKind::Fifo => Fifo::create(directory, &file_name(id))?.map(End::Fifo),
                BellKind::Socket => Socket::create(directory, &file_name(id))?.map(End::Socket),
            };
            // Taken, or a cleaner was faster: it has a name before it can be told from an orphan.
            if let Some(end) = end {
                return Ok(Self { id, end, directory: directory.clone() });
            }
        }
    }

    /// What a sleeper writes into its row.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// What it is made of.
    #[must_use]
    pub fn kind(&self) -> BellKind {
        match self.end {
            End::Fifo(_) => BellKind::Fifo,
            End::Socket(_) => BellKind::Socket,
        }
    }

    fn fd(&self) -> &OwnedFd {
        match &self.end {
            End::Fifo(fifo) => fifo.fd(),
            End::Socket(socket) => socket.fd(),
        }
    }

    /// The descriptor, readable after a ring.
    #[must_use]
    pub fn raw_fd(&self) -> RawFd {
        self.fd().as_raw_fd()
    }

    /// Whether it still has its name: without it, who has never rung it finds nothing to ring.
    #[must_use]
    pub fn has_name(&self) -> bool {
        // Who cannot be asked is taken to have it.
        match &self.end {
            End::Fifo(fifo) => fifo.is_linked().unwrap_or(true),
            End::Socket(socket) => socket.is_linked(),
        }
    }

    /// Takes its name away: nobody needs to ring any more. What somebody else has put in its
    /// place stays.
    pub fn remove(&self) {
        if self.has_name() {
            // A failure leaves the name to a cleaner.
            let _ = self.directory.unlink(&file_name(self.id));
        }
    }

    /// Reads it empty, so that the next ring is noticed; how many there were.
    pub fn drain(&self) -> usize {
        // More than is there of a FIFO; of a socket each read takes one ring.
        let mut bytes = [0_u8; 64];
        let whole = if self.kind() == BellKind::Fifo { bytes.len() } else { 1 };
        let mut rings = 0;
        loop {
            let count = rustix::io::read(self.fd(), &mut bytes).unwrap_or(0);
            rings += count;
            if count < whole {
                return rings;
            }
        }
    }
}

impl Drop for Doorbell {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The waker's end: open doorbells by id.
#[derive(Debug, Default)]
pub struct Ringer(Mutex<Bells>);

#[derive(Debug, Default)]
struct Bells {
    /// A handful: one for each event loop that has slept. Looked through, not hashed.
    open: Vec<OpenBell>,
    refused: u64,
}

#[derive(Debug)]
struct OpenBell {
    id: u64,
    /// To write to.
    fd: OwnedFd,
    /// Of a socket, the file that its name led to.
    named: Option<OpenFile>,
}

impl OpenBell {
    fn has_name(&self) -> bool {
        fs::fstat(self.named.as_deref().unwrap_or(&self.fd)).is_ok_and(|stat| stat.st_nlink > 0)
    }

    /// Full: rung before, and not read yet. Nobody there: dead.
    fn ring(&self) {
        sync::step();
        let _ = rustix::io::write(&self.fd, &[1]);
    }
}

impl Ringer {
    fn bells(&self) -> MutexGuard<'_, Bells> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes one byte to doorbell `id`. One that is gone or full needs none: its sleeper is
    /// dead, or has not read the bytes before.
    ///
    /// # Errors
    /// [`ErrorCode::Corrupt`] where its name leads to something else, which is left alone and
    /// counted; [`ErrorCode::System`] where it cannot be opened. The sleeper wakes by its own
    /// clock.
    pub fn ring(&self, directory: &Directory, id: u64) -> Result<()> {
        check_not_forked()?;
        let mut bells = self.bells();
        if let Some(bell) = bells.open.iter().find(|bell| bell.id == id) {
            bell.ring();
            return Ok(());
        }
        bells.open.retain(OpenBell::has_name);
        match open(directory, id) {
            Ok(Some(bell)) => {
                bell.ring();
                bells.open.push(bell);
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => {
                bells.refused += u64::from(error.code() == ErrorCode::Corrupt);
                Err(error)
            }
        }
    }

    /// How often a name was found to lead to something that is no doorbell.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.bells().refused
    }
}

/// A descriptor of what `name` leads to, with which nothing can be done to it. `None`: it is
/// gone.
fn look(directory: &Directory, name: &str) -> Result<Option<(OpenFile, FileType)>> {
    let parent = directory.found()?;
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let named = match OpenFile::open(|| fs::openat(&*parent, name, flags, Mode::empty())) {
        Ok(named) => named,
        Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(directory.error("open a doorbell in", errno)),
    };
    let stat = fs::fstat(&*named).map_err(|errno| directory.error("fstat in", errno))?;
    Ok(Some((named, FileType::from_raw_mode(stat.st_mode))))
}

/// Opens doorbell `id` to ring it. `None`: its sleeper is gone.
fn open(directory: &Directory, id: u64) -> Result<Option<OpenBell>> {
    let name = file_name(id);
    let Some((named, kind)) = look(directory, &name)? else { return Ok(None) };
    match kind {
        FileType::Fifo => {
            let fd = fifo::open(directory, &name)?;
            Ok(fd.map(|fd| OpenBell { id, fd, named: None }))
        }
        FileType::Socket => {
            let fd = socket::connect(directory, named.as_fd(), &name)?;
            Ok(fd.map(|fd| OpenBell { id, fd, named: Some(named) }))
        }
        _ => Err(no_doorbell(&name)),
    }
}

fn no_doorbell(name: &str) -> Error {
    Error::new(ErrorCode::Corrupt, format!("{name} is no doorbell; remove it"))
}

/// Removes the doorbell `name` if nobody holds it; whether it went.
///
/// # Errors
/// The operating system refuses.
pub(crate) fn remove_orphan(directory: &Directory, name: &str) -> Result<bool> {
    if name.strip_prefix("f.").and_then(parse_id).is_none() {
        return Ok(false);
    }
    let Some((named, kind)) = look(directory, name)? else { return Ok(false) };
    match kind {
        FileType::Fifo => fifo::remove_orphan(directory, name),
        FileType::Socket => match socket::connect(directory, named.as_fd(), name)? {
            // Nobody is bound to it any more. Its name is given once: no other comes to have it.
            None => directory.unlink(name),
            Some(_) => Ok(false),
        },
        _ => Ok(false),
    }
}
