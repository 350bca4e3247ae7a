//! One open file and the lock bytes this process holds on it.
//!
//! Locks belong to the open file description (`F_OFD_SETLK`): the kernel drops them when the
//! last descriptor closes, however the process ends. It does *not* tell two holders inside
//! one description apart: a second lock would be granted and its unlock would drop the
//! first. So each file is opened once per process, and a table under a mutex says which
//! bytes this process holds; the kernel is asked only about the others.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use framelane_layout::lock::ALIVE;
use framelane_layout::{ErrorCode, sync};
use rustix::fs::{FallocateFlags, fallocate, fstat};

use crate::error::{Error, Result};
use crate::mapping::Mapping;

/// Largest range one `fallocate` is asked for: a signal undoes a whole call.
const FALLOCATE_STEP: u64 = 16 << 20;

/// What to do with a byte range.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lock {
    Shared,
    Exclusive,
    Unlock,
}

/// An open file in a [`Directory`](crate::Directory).
#[derive(Debug)]
pub struct SharedFile {
    fd: OwnedFd,
    name: String,
    /// Bytes this process holds exclusively through `fd`.
    held: Mutex<BTreeSet<u64>>,
}

impl SharedFile {
    pub(crate) fn new(fd: OwnedFd, name: String) -> Self {
        Self { fd, name, held: Mutex::default() }
    }

    pub(crate) fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// Name in the directory.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Size in bytes.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn bytes(&self) -> Result<u64> {
        let stat = fstat(&self.fd).map_err(|errno| Error::system("fstat", errno))?;
        Ok(u64::try_from(stat.st_size).unwrap_or(0))
    }

    /// Bytes that have memory behind them.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn backed_bytes(&self) -> Result<u64> {
        let stat = fstat(&self.fd).map_err(|errno| Error::system("fstat", errno))?;
        // `st_blocks` counts 512 bytes each, whatever the file system.
        Ok(u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512))
    }

    /// Whether the file still has its name.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn is_linked(&self) -> Result<bool> {
        let stat = fstat(&self.fd).map_err(|errno| Error::system("fstat", errno))?;
        Ok(stat.st_nlink > 0)
    }

    /// Maps the first `bytes` bytes.
    ///
    /// # Errors
    /// No address space, or the descriptor does not allow the access.
    pub fn map(&self, bytes: u64, writable: bool) -> Result<Mapping> {
        Mapping::new(self.fd.as_fd(), bytes, writable)
    }

    /// Backs a range with memory, so that touching it can never fail.
    ///
    /// # Errors
    /// [`ErrorCode::NoSpace`] where shared memory is full.
    pub fn back(&self, offset: u64, bytes: u64) -> Result<()> {
        let end = offset.saturating_add(bytes);
        let mut at = offset;
        while at < end {
            let step = FALLOCATE_STEP.min(end - at);
            sync::step();
            match fallocate(&self.fd, FallocateFlags::empty(), at, step) {
                Ok(()) => at += step,
                Err(rustix::io::Errno::INTR) => {}
                Err(errno) => {
                    let error = Error::system("fallocate", errno);
                    let text = format!(
                        "{}: {bytes} bytes of shared memory for {} cannot be had; free some, \
                         enlarge the tmpfs (containers: --shm-size), or set another `dir`",
                        error.text(),
                        self.name
                    );
                    return Err(Error::new(error.code(), text));
                }
            }
        }
        Ok(())
    }

    /// Takes the shared lock that says somebody is attached. `false`: a cleaner has the file
    /// at this moment.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn attach(&self) -> Result<bool> {
        self.set_lock(ALIVE, Lock::Shared)
    }

    /// Tries to have the file for itself, for a cleaner. Meant for a descriptor opened for
    /// nothing else.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn try_own(&self) -> Result<bool> {
        self.set_lock(ALIVE, Lock::Exclusive)
    }

    /// Takes `byte` for good, if neither this process nor another holds it. `recover` runs
    /// under the lock before anybody else of this process can ask for the byte.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn claim(&self, byte: u64, recover: impl FnOnce()) -> Result<bool> {
        let mut held = self.held();
        let taken = held.contains(&byte) && !cfg!(feature = "bug-no-lock-table");
        if taken || !self.set_lock(byte, Lock::Exclusive)? {
            return Ok(false);
        }
        held.insert(byte);
        recover();
        Ok(true)
    }

    /// Runs `work` while holding `byte`, then lets go of it: for clearing up after a dead
    /// holder. `false`: the byte has a holder, and nothing was done.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn borrow(&self, byte: u64, work: impl FnOnce()) -> Result<bool> {
        let held = self.held();
        if held.contains(&byte) || !self.set_lock(byte, Lock::Exclusive)? {
            return Ok(false);
        }
        work();
        self.set_lock(byte, Lock::Unlock)?;
        Ok(true)
    }

    /// Gives back a byte taken by [`claim`](Self::claim). `tidy` runs while it is still held.
    pub fn release(&self, byte: u64, tidy: impl FnOnce()) {
        let mut held = self.held();
        if held.contains(&byte) {
            tidy();
            held.remove(&byte);
            // A failure leaves the byte to the kernel, which drops it with the descriptor.
            let _ = self.set_lock(byte, Lock::Unlock);
        }
    }

    /// Whether anybody, this process included, holds `byte`.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn is_held(&self, byte: u64) -> Result<bool> {
        let held = self.held();
        if held.contains(&byte) {
            return Ok(true);
        }
        let mut request = request(byte, Lock::Exclusive);
        // SAFETY: the descriptor is open and `request` is a valid `flock` to be filled in.
        let answer = unsafe { libc::fcntl(self.fd.as_raw_fd(), libc::F_OFD_GETLK, &mut request) };
        if answer < 0 {
            return Err(lock_error());
        }
        Ok(i32::from(request.l_type) != libc::F_UNLCK)
    }

    fn held(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_lock(&self, byte: u64, lock: Lock) -> Result<bool> {
        let request = request(byte, lock);
        sync::step();
        // SAFETY: the descriptor is open and `request` is a valid `flock`.
        let answer = unsafe { libc::fcntl(self.fd.as_raw_fd(), libc::F_OFD_SETLK, &request) };
        if answer == 0 {
            return Ok(true);
        }
        match io::Error::last_os_error().raw_os_error() {
            Some(libc::EAGAIN | libc::EACCES) => Ok(false),
            _ => Err(lock_error()),
        }
    }
}

fn request(byte: u64, lock: Lock) -> libc::flock {
    let kind = match lock {
        Lock::Shared => libc::F_RDLCK,
        Lock::Exclusive => libc::F_WRLCK,
        Lock::Unlock => libc::F_UNLCK,
    };
    #[allow(clippy::cast_possible_truncation, reason = "small constants")]
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: i64::try_from(byte).unwrap_or(i64::MAX),
        l_len: 1,
        l_pid: 0,
    }
}

fn lock_error() -> Error {
    let error = io::Error::last_os_error();
    Error::new(ErrorCode::System, format!("fcntl lock: {error}"))
}
