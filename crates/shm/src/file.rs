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
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use framelane_layout::lock::ALIVE;
use framelane_layout::{ErrorCode, PAGE, sync};
use rustix::fs::{FallocateFlags, fallocate, fstat};
use rustix::io::Errno;

use crate::cgroup::MemoryLimits;
use crate::error::{Error, Result};
use crate::fork::{Cover, OpenFile, check_not_forked, is_forked};
use crate::mapping::Mapping;

/// Largest range one `fallocate` is asked for: a signal undoes a whole call.
const FALLOCATE_STEP: u64 = 16 << 20;

/// Whether pixels lie in a file of this name: in a pool's data file. A topic's name may end so,
/// too.
pub(crate) fn is_pixels(name: &str) -> bool {
    name.starts_with("p.") && name.ends_with(".d")
}

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
    fd: OpenFile,
    name: String,
    /// Bytes this process holds exclusively through `fd`.
    held: Mutex<BTreeSet<u64>>,
    /// What memory for it must fit into; only where this process made it.
    limits: Option<Arc<MemoryLimits>>,
}

impl SharedFile {
    /// What `open` opens, which a forked child gives up.
    pub(crate) fn open(
        name: &str,
        open: impl FnOnce() -> Result<OwnedFd, Errno>,
    ) -> Result<Self, Errno> {
        let fd = OpenFile::open(open)?;
        Ok(Self { fd, name: name.into(), held: Mutex::default(), limits: None })
    }

    /// Has memory for it taken within `limits`.
    pub(crate) fn within(self, limits: &Arc<MemoryLimits>) -> Self {
        Self { limits: Some(limits.clone()), ..self }
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
        check_not_forked()?;
        let stat = fstat(self.fd()).map_err(|errno| Error::system("fstat", errno))?;
        Ok(u64::try_from(stat.st_size).unwrap_or(0))
    }

    /// Bytes that have memory behind them.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn backed_bytes(&self) -> Result<u64> {
        check_not_forked()?;
        let stat = fstat(self.fd()).map_err(|errno| Error::system("fstat", errno))?;
        // `st_blocks` counts 512 bytes each, whatever the file system.
        Ok(u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512))
    }

    /// Whether the file still has its name.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn is_linked(&self) -> Result<bool> {
        check_not_forked()?;
        let stat = fstat(self.fd()).map_err(|errno| Error::system("fstat", errno))?;
        Ok(stat.st_nlink > 0)
    }

    /// Maps the first `bytes` bytes.
    ///
    /// # Errors
    /// No address space, or the descriptor does not allow the access.
    pub fn map(&self, bytes: u64, writable: bool) -> Result<Mapping> {
        check_not_forked()?;
        let cover = if is_pixels(&self.name) { Cover::Nothing } else { Cover::Zeros };
        Mapping::new(self.fd.as_fd(), bytes, writable, cover)
    }

    /// Backs a range with memory, so that touching it can never fail.
    ///
    /// # Errors
    /// [`ErrorCode::NoSpace`] where shared memory or a control group of this process is full.
    pub fn back(&self, offset: u64, bytes: u64) -> Result<()> {
        check_not_forked()?;
        if let Some(limits) = &self.limits {
            limits.check(bytes)?;
        }
        let allocate = |at, step| {
            sync::step();
            fallocate(self.fd(), FallocateFlags::empty(), at, step)
        };
        in_steps(offset, bytes, allocate).map_err(|errno| {
            let error = Error::system("fallocate", errno);
            let text = format!(
                "{}: {bytes} bytes of shared memory for {} cannot be had; free some, enlarge the \
                 tmpfs (containers: --shm-size), or set another `dir`",
                error.text(),
                self.name
            );
            Error::new(error.code(), text)
        })
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
        check_not_forked()?;
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
        check_not_forked()?;
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
        // Another thread of the parent may have held the table, for good in a forked child.
        if is_forked() {
            return;
        }
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
        check_not_forked()?;
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
        check_not_forked()?;
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

/// Allocates a range step by step. A signal undoes a step, in kernels that let it; smaller ones
/// come to an end between signals that are close to each other.
fn in_steps(
    offset: u64,
    bytes: u64,
    mut allocate: impl FnMut(u64, u64) -> Result<(), Errno>,
) -> Result<(), Errno> {
    let end = offset.saturating_add(bytes);
    let (mut at, mut most) = (offset, FALLOCATE_STEP);
    while at < end {
        let step = most.min(end - at);
        match allocate(at, step) {
            Ok(()) => at += step,
            Err(Errno::INTR) => most = (step / 2).max(PAGE),
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `in_steps` with what `answer` says to the call of this number and size; what was
    /// allocated, in order.
    fn run(
        bytes: u64,
        answer: impl Fn(u32, u64) -> Result<(), Errno>,
    ) -> Result<Vec<(u64, u64)>, Errno> {
        let (mut done, mut calls) = (Vec::new(), 0);
        in_steps(PAGE, bytes, |at, step| {
            calls += 1;
            assert!(calls < 1_000_000, "it does not end");
            answer(calls, step).map(|()| done.push((at, step)))
        })?;
        let mut next = PAGE;
        for &(at, step) in &done {
            assert_eq!(at, next, "no gap, nothing twice");
            next = at + step;
        }
        assert_eq!(next, PAGE + bytes);
        Ok(done)
    }

    #[test]
    fn a_range_is_allocated_in_steps_whatever_signals_come() {
        assert_eq!(run(0, |_, _| Ok(())).unwrap(), []);
        assert_eq!(run(100 << 20, |_, _| Ok(())).unwrap().len(), 7);
        let interrupted = |now| if now { Err(Errno::INTR) } else { Ok(()) };
        run(256 << 20, |call, _| interrupted(call % 3 != 0)).unwrap();
        // Signals so close that only small steps come to an end.
        let done = run(64 << 20, |_, step| interrupted(step > 100_000)).unwrap();
        assert_eq!(done[0].1, 65_536);
        run(1 << 20, |_, step| interrupted(step > PAGE)).unwrap();
    }

    #[test]
    fn another_error_ends_it() {
        let full = |call, _| if call > 2 { Err(Errno::NOSPC) } else { Ok(()) };
        assert_eq!(run(100 << 20, full), Err(Errno::NOSPC));
    }
}
