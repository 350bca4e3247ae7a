//! The doorbell of an event loop: a FIFO with a name, to which a publisher writes one byte
//! when a subscriber behind it sleeps.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, PoisonError};

use framelane_layout::name::parse_id;
use framelane_layout::{ErrorCode, sync};
use rustix::fs::{self, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::directory::Directory;
use crate::error::{Error, Result};
use crate::file::SharedFile;
use crate::fork::check_not_forked;
use crate::random_id;

fn file_name(id: u64) -> String {
    format!("f.{id:016x}")
}

const FLAGS: OFlags =
    OFlags::RDWR.union(OFlags::NONBLOCK).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The sleeper's end: a descriptor to poll. The FIFO goes with it.
#[derive(Debug)]
pub struct Doorbell {
    id: u64,
    file: SharedFile,
    directory: Arc<Directory>,
}

impl Doorbell {
    /// A new FIFO, locked so that no cleaner takes it for an orphan.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn create(directory: &Arc<Directory>) -> Result<Self> {
        loop {
            let id = random_id()?;
            let name = file_name(id);
            let parent = directory.fd()?;
            sync::step();
            match fs::mknodat(&*parent, &name, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0) {
                Ok(()) => {}
                Err(Errno::EXIST | Errno::NOENT) => continue,
                Err(errno) => return Err(directory.error("make a FIFO in", errno)),
            }
            let open = || fs::openat(&*parent, &name, FLAGS, Mode::empty());
            let file = match SharedFile::open(&name, open) {
                Ok(file) => file,
                // A cleaner was faster: the FIFO has a name before it has a lock.
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err(directory.error("open a FIFO in", errno)),
            };
            directory.own(file.fd(), file.name())?;
            if file.attach()? && file.is_linked()? {
                return Ok(Self { id, file, directory: directory.clone() });
            }
        }
    }

    /// What a sleeper writes into its row.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The descriptor, readable after a ring.
    #[must_use]
    pub fn raw_fd(&self) -> RawFd {
        self.file.fd().as_raw_fd()
    }

    /// Whether it still has its name: without it, who has never rung it finds nothing to ring.
    #[must_use]
    pub fn has_name(&self) -> bool {
        // Who cannot be asked is taken to have it.
        self.file.is_linked().unwrap_or(true)
    }

    /// Takes its name away: nobody needs to ring any more.
    pub fn remove(&self) {
        // A failure leaves the name to a cleaner.
        let _ = self.directory.unlink(self.file.name());
    }

    /// Reads it empty, so that the next ring is noticed; how many there were.
    pub fn drain(&self) -> usize {
        let mut bytes = [0_u8; 64];
        let mut rings = 0;
        loop {
            let count = rustix::io::read(self.file.fd(), &mut bytes).unwrap_or(0);
            rings += count;
            if count < bytes.len() {
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

/// The waker's end: open FIFOs by id.
#[derive(Debug, Default)]
pub struct Ringer {
    /// A handful: one for each event loop that has slept. Looked through, not hashed.
    open: Mutex<Vec<(u64, OwnedFd)>>,
}

impl Ringer {
    /// Writes one byte to FIFO `id`. A FIFO that is gone or full needs none: its sleeper is
    /// dead, or has not read the bytes before.
    ///
    /// # Errors
    /// [`ErrorCode::System`] where it cannot be opened; the sleeper wakes by its own clock.
    pub fn ring(&self, directory: &Directory, id: u64) -> Result<()> {
        check_not_forked()?;
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, fd)) = open.iter().find(|(known, _)| *known == id) {
            sync::step();
            let _ = rustix::io::write(fd, &[1]);
            return Ok(());
        }
        open.retain(|(_, fd)| fs::fstat(fd).is_ok_and(|stat| stat.st_nlink > 0));
        let fd = match fs::openat(&*directory.found()?, file_name(id), FLAGS, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(directory.error("open a FIFO in", errno)),
        };
        let stat = fs::fstat(&fd).map_err(|errno| directory.error("fstat in", errno))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Fifo {
            return Err(Error::new(ErrorCode::Corrupt, format!("{} is no FIFO", file_name(id))));
        }
        sync::step();
        let _ = rustix::io::write(&fd, &[1]);
        open.push((id, fd));
        Ok(())
    }
}

/// Removes the FIFO `name` if nobody holds it; whether it went.
///
/// # Errors
/// The operating system refuses.
pub(crate) fn remove_orphan(directory: &Directory, name: &str) -> Result<bool> {
    let parent = directory.found()?;
    let file = match SharedFile::open(name, || fs::openat(&*parent, name, FLAGS, Mode::empty())) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(false),
        Err(errno) => return Err(directory.error("open a FIFO in", errno)),
    };
    let stat = fs::fstat(file.fd()).map_err(|errno| directory.error("fstat in", errno))?;
    let ours = name.strip_prefix("f.").and_then(parse_id).is_some();
    if !ours || FileType::from_raw_mode(stat.st_mode) != FileType::Fifo {
        return Ok(false);
    }
    // `try_own` first, then the name: between the two nobody can attach.
    if file.try_own()? && file.is_linked()? {
        return directory.unlink(name);
    }
    Ok(false)
}
