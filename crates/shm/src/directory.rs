//! The private directory that everything lies in: `<base>/framelane-<uid>/<namespace>`, or
//! `framelane-g<gid>` where the members of a group share it.
//!
//! Names are only ever looked up relative to the directory's descriptor and never through a
//! symbolic link, and both directories must belong to this user, or that group, and be closed to
//! others.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use framelane_layout::{ErrorCode, sync};
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::cgroup::MemoryLimits;
use crate::error::{Error, Result};
use crate::file::SharedFile;
use crate::fork::{check_not_forked, is_forked};
use crate::mapping::Mapping;
use crate::naming::{Naming, Temporary, is_temporary};
use crate::rights::Rights;

/// `f_type` of tmpfs: files elsewhere would be written to a disk.
const TMPFS: i64 = 0x0102_1994;
/// How often to start over when somebody removes the empty directory under us.
const RETRIES: usize = 64;
/// How long to wait for another member of a group to finish making a directory.
const SETTLING: Duration = Duration::from_secs(1);

/// How to open a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// For reading only: no mapping of it can ever be written.
    Read,
    /// For reading and writing.
    ReadWrite,
}

/// A namespace's directory.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
    path: PathBuf,
    /// Open directory; replaced when it was removed as empty and made again.
    fd: Mutex<Arc<OwnedFd>>,
    rights: Rights,
    limits: Arc<MemoryLimits>,
    naming: Naming,
}

impl Directory {
    /// Opens this user's directory of `namespace` below `base`, making it where it is missing.
    ///
    /// # Errors
    /// [`ErrorCode::Permission`] where it belongs to somebody else or is open to others,
    /// [`ErrorCode::InvalidArgument`] where `base` is not on tmpfs.
    pub fn open(base: &Path, namespace: &str) -> Result<Self> {
        Self::open_shared(base, namespace, None)
    }

    /// As [`open`](Self::open), but the directory that the members of `group` share, if one is
    /// given.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_shared(base: &Path, namespace: &str, group: Option<u32>) -> Result<Self> {
        check_not_forked()?;
        let rights = group.map_or(Rights::User, Rights::Group);
        let root = base.join(rights.directory_name());
        let path = root.join(namespace);
        let fd = open_both(&root, &path, rights)?;
        let limits = MemoryLimits::of_process().into();
        Ok(Self { root, path, fd: Mutex::new(fd.into()), rights, limits, naming: Naming::Link })
    }

    /// Has memory for files taken within other limits than those of this process.
    #[doc(hidden)]
    #[must_use]
    pub fn within(self, limits: MemoryLimits) -> Self {
        Self { limits: limits.into(), ..self }
    }

    /// Has files get their names in one way only.
    #[doc(hidden)]
    #[must_use]
    pub fn naming(self, naming: Naming) -> Self {
        Self { naming, ..self }
    }

    /// Where it is, for people.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a file that is complete, `bytes` long and already locked as attached before it
    /// gets its name. Its first `backed` bytes are backed by memory; `fill` writes them and
    /// takes what locks it needs. `None`: the name exists.
    ///
    /// # Errors
    /// [`ErrorCode::NoSpace`] where shared memory is full; nothing is left behind.
    pub fn create(
        &self,
        name: &str,
        bytes: u64,
        backed: u64,
        fill: impl Fn(&SharedFile, &Mapping) -> Result<()>,
    ) -> Result<Option<SharedFile>> {
        let mut naming = self.naming;
        for _ in 0..RETRIES {
            let directory = self.fd()?;
            let temporary = Temporary::new(&directory, naming)?;
            let file = match SharedFile::open(name, || temporary.open()) {
                Ok(file) => file.within(&self.limits),
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err(self.error("create a file in", errno)),
            };
            // With a temporary name it has a name before it has a lock: a cleaner may be faster.
            if naming == Naming::Rename && !(file.attach()? && file.is_linked()?) {
                continue;
            }
            self.own(file.fd(), name)?;
            sync::step();
            fs::ftruncate(file.fd(), bytes).map_err(|errno| self.error("ftruncate in", errno))?;
            file.back(0, backed)?;
            fill(&file, &file.map(bytes, true)?)?;
            file.attach()?;
            match temporary.give(file.fd(), name, naming) {
                Ok(()) => return Ok(Some(file)),
                Err(Errno::EXIST) => return Ok(None),
                // The directory went between the two calls; the unnamed file goes with `fd`.
                Err(Errno::NOENT) => {}
                Err(Errno::XDEV) if matches!(naming, Naming::Link | Naming::Unlinkable) => {
                    naming = Naming::Rename;
                }
                Err(errno) => return Err(self.error("name a file in", errno)),
            }
        }
        Err(Error::new(
            ErrorCode::Busy,
            format!("{} is removed again and again", self.path.display()),
        ))
    }

    /// Opens a file by name. `None`: there is none.
    ///
    /// # Errors
    /// [`ErrorCode::Corrupt`] for anything but a regular file of ours, [`ErrorCode::Permission`]
    /// where it belongs to somebody else.
    pub fn open_file(&self, name: &str, access: Access) -> Result<Option<SharedFile>> {
        let mode = match access {
            Access::Read => OFlags::RDONLY,
            Access::ReadWrite => OFlags::RDWR,
        };
        // NONBLOCK: opening a FIFO that took the name must not wait for its other end.
        let flags = mode | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let directory = self.found()?;
        let open = || fs::openat(&*directory, name, flags, Mode::empty());
        let file = match SharedFile::open(name, open) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(self.error(&format!("open {name} in"), errno)),
        };
        let stat = fs::fstat(file.fd()).map_err(|errno| self.error("fstat in", errno))?;
        self.rights.check_file(&stat, &self.path.join(name))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            let text =
                format!("{} is not a regular file; remove it", self.path.join(name).display());
            return Err(Error::new(ErrorCode::Corrupt, text));
        }
        Ok(Some(file))
    }

    /// Removes a name; whether it was there.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn unlink(&self, name: &str) -> Result<bool> {
        check_not_forked()?;
        sync::step();
        match fs::unlinkat(&*self.current(), name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(self.error(&format!("unlink {name} in"), errno)),
        }
    }

    /// The names in it, in no order.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn names(&self) -> Result<Vec<String>> {
        check_not_forked()?;
        let directory = self.current();
        let entries = fs::Dir::read_from(directory.as_fd())
            .map_err(|errno| self.error("list", errno))?
            .filter_map(|entry| Some(entry.ok()?.file_name().to_str().ok()?.to_owned()))
            .filter(|name| name != "." && name != "..")
            .collect();
        Ok(entries)
    }

    /// Removes the directories where nothing is left in them. Others make them again when
    /// they need them.
    pub fn remove_if_empty(&self) {
        if is_forked() {
            return;
        }
        sync::step();
        if fs::unlinkat(fs::CWD, &self.path, AtFlags::REMOVEDIR).is_ok() {
            sync::step();
            let _ = fs::unlinkat(fs::CWD, &self.root, AtFlags::REMOVEDIR);
        }
    }

    /// Removes `name` if it is a temporary one and whoever had it died before giving the file its
    /// own; whether it went.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn remove_orphan_temporary(&self, name: &str) -> Result<bool> {
        if !is_temporary(name) {
            return Ok(false);
        }
        let Some(file) = self.open_file(name, Access::ReadWrite)? else { return Ok(false) };
        Ok(file.try_own()? && file.is_linked()? && self.unlink(name)?)
    }

    /// Removes the doorbell `name` if it is one and nobody holds it; whether it went.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn remove_orphan_doorbell(&self, name: &str) -> Result<bool> {
        crate::doorbell::remove_orphan(self, name)
    }

    /// The open directory, removed or not: for what needs no directory made anew.
    fn current(&self) -> Arc<OwnedFd> {
        self.fd.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The open directory, made anew if it was removed meanwhile.
    pub(crate) fn fd(&self) -> Result<Arc<OwnedFd>> {
        self.renewed(|| open_both(&self.root, &self.path, self.rights).map(Some))
    }

    /// The open directory, or the one that others have made since it was removed.
    pub(crate) fn found(&self) -> Result<Arc<OwnedFd>> {
        self.renewed(|| open_private(&self.path, self.rights))
    }

    fn renewed(&self, open: impl Fn() -> Result<Option<OwnedFd>>) -> Result<Arc<OwnedFd>> {
        check_not_forked()?;
        let mut fd = self.fd.lock().unwrap_or_else(PoisonError::into_inner);
        let stat = fs::fstat(&**fd).map_err(|errno| self.error("fstat", errno))?;
        if stat.st_nlink == 0
            && let Some(renewed) = open()?
        {
            *fd = renewed.into();
        }
        Ok(fd.clone())
    }

    /// Gives a file that was just made to those who may use it.
    pub(crate) fn own(&self, fd: &OwnedFd, name: &str) -> Result<()> {
        self.rights.set(fd, name).map_err(|errno| self.error("chmod in", errno))?;
        let stat = fs::fstat(fd).map_err(|errno| self.error("fstat in", errno))?;
        self.rights.check_file(&stat, &self.path.join(name))
    }

    /// The same for a socket, by a path that leads to it.
    pub(crate) fn own_socket(&self, path: &Path, name: &str) -> Result<()> {
        let refused = |errno| self.error("chmod in", errno);
        sync::step();
        fs::chmod(path, self.rights.socket_mode()).map_err(refused)?;
        let stat = fs::stat(path).map_err(|errno| self.error("stat in", errno))?;
        self.rights.check_file(&stat, &self.path.join(name))
    }

    pub(crate) fn error(&self, what: &str, errno: Errno) -> Error {
        Error::system(&format!("{what} {}", self.path.display()), errno)
    }
}

fn open_both(root: &Path, path: &Path, rights: Rights) -> Result<OwnedFd> {
    // Others remove the directories when they are empty, also between any two steps here.
    for _ in 0..RETRIES {
        make(root, false)?;
        if settled(root, rights)?.is_some()
            && make(path, true)?
            && let Some(fd) = settled(path, rights)?
        {
            return Ok(fd);
        }
    }
    Err(Error::new(ErrorCode::Busy, format!("{} is removed again and again", path.display())))
}

/// Opens a directory that another member of the group may be making at this moment: it has its
/// group and mode a little later than its name.
fn settled(path: &Path, rights: Rights) -> Result<Option<OwnedFd>> {
    let start = Instant::now();
    loop {
        match open_private(path, rights) {
            Err(error)
                if error.code() == ErrorCode::Permission
                    && rights != Rights::User
                    && start.elapsed() < SETTLING =>
            {
                thread::sleep(Duration::from_millis(1));
            }
            other => return other,
        }
    }
}

/// Makes a directory that only this user can enter, where it is missing. `false`: the one above
/// it, which may vanish, has.
fn make(path: &Path, parent_vanishes: bool) -> Result<bool> {
    sync::step();
    match fs::mkdir(path, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => Ok(true),
        Err(Errno::NOENT) if parent_vanishes => Ok(false),
        Err(errno) => Err(Error::system(&format!("make the directory {}", path.display()), errno)),
    }
}

/// Opens a directory that nobody but those who have `rights` can enter. `None`: there is none.
fn open_private(path: &Path, rights: Rights) -> Result<Option<OwnedFd>> {
    let describe = |what: &str, errno| Error::system(&format!("{what} {}", path.display()), errno);
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
    let fd = match fs::open(path, flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(describe("open the directory", errno)),
    };
    rights.adopt(&fd).map_err(|errno| describe("give to its group", errno))?;
    let stat = fs::fstat(&fd).map_err(|errno| describe("fstat", errno))?;
    rights.check_directory(&stat, path)?;
    let kind = fs::fstatfs(&fd).map_err(|errno| describe("fstatfs", errno))?;
    if kind.f_type != TMPFS {
        let text = format!("{} is not on tmpfs; `dir` must name one, as /dev/shm", path.display());
        return Err(Error::new(ErrorCode::InvalidArgument, text));
    }
    Ok(Some(fd))
}
