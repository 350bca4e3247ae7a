//! The doorbell that is a FIFO.

use std::os::fd::OwnedFd;

use framelane_layout::sync;
use rustix::fs::{self, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::no_doorbell;
use crate::directory::Directory;
use crate::error::Result;
use crate::file::SharedFile;

const FLAGS: OFlags =
    OFlags::RDWR.union(OFlags::NONBLOCK).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The sleeper's end, locked so that no cleaner takes it for an orphan.
#[derive(Debug)]
pub(super) struct Fifo(SharedFile);

impl Fifo {
    /// A new one. `None`: the name is taken, or a cleaner was faster.
    pub(super) fn create(directory: &Directory, name: &str) -> Result<Option<Self>> {
        let parent = directory.fd()?;
        sync::step();
        match fs::mknodat(&*parent, name, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0) {
            Ok(()) => {}
            Err(Errno::EXIST | Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(directory.error("make a FIFO in", errno)),
        }
        let file = match SharedFile::open(name, || fs::openat(&*parent, name, FLAGS, Mode::empty()))
        {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(directory.error("open a FIFO in", errno)),
        };
        directory.own(file.fd(), name)?;
        Ok((file.attach()? && file.is_linked()?).then_some(Self(file)))
    }

    pub(super) fn fd(&self) -> &OwnedFd {
        self.0.fd()
    }

    pub(super) fn is_linked(&self) -> Result<bool> {
        self.0.is_linked()
    }
}

/// Opens one to ring it. `None`: it is gone.
pub(super) fn open(directory: &Directory, name: &str) -> Result<Option<OwnedFd>> {
    // Both ways, and without waiting: opening never depends on what the other side does.
    let fd = match fs::openat(&*directory.found()?, name, FLAGS, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(directory.error("open a FIFO in", errno)),
    };
    let stat = fs::fstat(&fd).map_err(|errno| directory.error("fstat in", errno))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Fifo {
        return Err(no_doorbell(name));
    }
    Ok(Some(fd))
}

/// Removes one that nobody holds; whether it went.
pub(super) fn remove_orphan(directory: &Directory, name: &str) -> Result<bool> {
    let parent = directory.found()?;
    let file = match SharedFile::open(name, || fs::openat(&*parent, name, FLAGS, Mode::empty())) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(false),
        Err(errno) => return Err(directory.error("open a FIFO in", errno)),
    };
    let stat = fs::fstat(file.fd()).map_err(|errno| directory.error("fstat in", errno))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Fifo {
        return Ok(false);
    }
    // `try_own` first, then the name: between the two nobody can attach.
    if file.try_own()? && file.is_linked()? {
        return directory.unlink(name);
    }
    Ok(false)
}
