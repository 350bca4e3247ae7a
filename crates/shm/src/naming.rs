//! How a complete file gets its name, in one step and never over another's.
//!
//! A file without a name is linked: directly, which before Linux 6.10 needs a capability, or
//! through `/proc`. Where neither can be had, the file has a temporary name from the beginning
//! and is renamed.

use std::cell::Cell;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::fs::{self, AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use framelane_layout::name::parse_id;
use framelane_layout::sync;

use crate::error::Result;
use crate::random_id;

/// How files get their names; all but the first for tests only.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Linked in the first way that works, else renamed.
    Link,
    /// Linked without `/proc`.
    LinkDirect,
    /// Linked through `/proc`.
    LinkProc,
    /// As [`Link`](Self::Link) where nothing can be linked.
    Unlinkable,
    /// Renamed.
    Rename,
}

/// A file on its way to its name. A temporary name goes with this value.
pub(crate) struct Temporary<'a> {
    directory: &'a OwnedFd,
    /// `None`: it needs none, or no longer.
    name: Cell<Option<String>>,
}

impl<'a> Temporary<'a> {
    pub(crate) fn new(directory: &'a OwnedFd, naming: Naming) -> Result<Self> {
        let name = match naming {
            Naming::Rename => Some(format!(".{:016x}", random_id()?)),
            _ => None,
        };
        Ok(Self { directory, name: Cell::new(name) })
    }

    /// Makes the file.
    pub(crate) fn open(&self) -> Result<OwnedFd, Errno> {
        let mode = Mode::RUSR | Mode::WUSR;
        let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let Some(name) = self.name.take() else {
            return fs::openat(self.directory, ".", flags | OFlags::TMPFILE, mode);
        };
        let flags = flags | OFlags::CREATE | OFlags::EXCL;
        let fd = fs::openat(self.directory, &name, flags, mode)?;
        self.name.set(Some(name));
        sync::step();
        Ok(fd)
    }

    /// Gives the file its name. `NOENT`: the directory is gone, or somebody has removed the
    /// temporary name; `XDEV`, which nothing here can mean otherwise: it cannot be linked.
    pub(crate) fn give(&self, fd: &OwnedFd, name: &str, naming: Naming) -> Result<(), Errno> {
        let Some(temporary) = self.name.take() else {
            return link(fd, self.directory, name, naming);
        };
        let from = self.directory;
        let flags = RenameFlags::NOREPLACE;
        sync::step();
        let given = fs::renameat_with(from, &temporary, self.directory, name, flags);
        if given.is_err() {
            self.name.set(Some(temporary));
        }
        given
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            sync::step();
            // A failure leaves it to a cleaner.
            let _ = fs::unlinkat(self.directory, name, AtFlags::empty());
        }
    }
}

/// Whether a file may have this name for the moment only.
pub(crate) fn is_temporary(name: &str) -> bool {
    name.strip_prefix('.').and_then(parse_id).is_some()
}

fn link(fd: &OwnedFd, directory: &OwnedFd, name: &str, naming: Naming) -> Result<(), Errno> {
    let mut linked = Err(Errno::NOENT);
    if matches!(naming, Naming::Link | Naming::LinkDirect) {
        sync::step();
        linked = fs::linkat(fd, "", directory, name, AtFlags::EMPTY_PATH);
    }
    if refused(linked) && matches!(naming, Naming::Link | Naming::LinkProc) {
        let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
        sync::step();
        linked = fs::linkat(fs::CWD, path, directory, name, AtFlags::SYMLINK_FOLLOW);
    }
    // The same error says that the directory has gone, or that this way cannot be taken.
    if refused(linked) && fs::fstat(directory).is_ok_and(|stat| stat.st_nlink > 0) {
        return Err(Errno::XDEV);
    }
    linked
}

fn refused(linked: Result<(), Errno>) -> bool {
    matches!(linked, Err(Errno::NOENT | Errno::PERM | Errno::ACCESS | Errno::NOTDIR))
}
