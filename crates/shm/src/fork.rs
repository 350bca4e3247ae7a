//! `fork` without `exec`: the child gives up everything of this library.
//!
//! A lock lives as long as any descriptor or mapping of its open file description, in whatever
//! process. So a child that kept its parent's would keep what the parent held after the parent's
//! death. Every file that locks may be taken on, and every mapping, is therefore registered here,
//! and the child's first act, before `fork` returns in it, is to close and cover them all.
//! From then on everything in the child that asks for shared memory is refused.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use framelane_layout::ErrorCode;
use framelane_layout::sync::Ordering;
use framelane_layout::sync::private::AtomicU32;
use rustix::io::Errno;

use crate::error::{Error, Result};

static REGISTRY: Mutex<Registry> = Mutex::new(Registry { files: Vec::new(), mappings: Vec::new() });

/// 1 in a process that was forked from one that used the library.
static FORKED: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// The registry's guard while this thread forks; without a destructor, so that it can be
    /// used whenever `fork` can.
    static GUARD: Cell<Option<ManuallyDrop<MutexGuard<'static, Registry>>>> =
        const { Cell::new(None) };
}

/// What a child must give up.
struct Registry {
    files: Vec<RawFd>,
    mappings: Vec<Region>,
}

/// A mapping, and what stands in its place in a child.
#[derive(Clone, Copy)]
pub(crate) struct Region {
    pub(crate) address: usize,
    pub(crate) bytes: usize,
    pub(crate) cover: Cover,
}

/// What a child finds where its parent had a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cover {
    /// Zeros of its own, which name nobody and hold nothing: what the child drops writes there.
    Zeros,
    /// Nothing: pixels that are not there must not be taken for black.
    Nothing,
}

/// Whether this process was forked, without `exec`, from one that used the library.
#[must_use]
#[inline]
pub fn is_forked() -> bool {
    // ordering: Relaxed; stored before `fork` returned in this process.
    FORKED.load(Ordering::Relaxed) != 0
}

/// Refuses in a process that was forked.
///
/// # Errors
/// [`ErrorCode::Forked`].
#[inline]
pub fn check_not_forked() -> Result<()> {
    if is_forked() { Err(forked()) } else { Ok(()) }
}

#[cold]
fn forked() -> Error {
    let text = "this process was forked from one that used framelane and has nothing of it; \
                start processes with exec, or use framelane only after the fork";
    Error::new(ErrorCode::Forked, text)
}

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has the handlers run at each fork from now on, once.
fn watch() -> Result<(), Errno> {
    static DONE: OnceLock<i32> = OnceLock::new();
    let code = *DONE.get_or_init(|| {
        // SAFETY: three functions that are as `fork` wants them: they take no lock but the
        // registry's, and the child's makes system calls only.
        unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) }
    });
    if code == 0 { Ok(()) } else { Err(Errno::from_raw_os_error(code)) }
}

/// Nobody opens, closes or maps while a process forks: the registry is exact in the child.
extern "C" fn prepare() {
    GUARD.set(Some(ManuallyDrop::new(registry())));
}

extern "C" fn in_parent() {
    drop(GUARD.take().map(ManuallyDrop::into_inner));
}

extern "C" fn in_child() {
    // ordering: Relaxed; this is the only thread.
    FORKED.store(1, Ordering::Relaxed);
    let Some(guard) = GUARD.take() else { return };
    let mut registry = ManuallyDrop::into_inner(guard);
    for &fd in &registry.files {
        // SAFETY: open in the parent at the moment of the fork and used by nobody here: its
        // owner's `drop` sees that this is a child.
        unsafe { libc::close(fd) };
    }
    for region in &registry.mappings {
        let access = match region.cover {
            Cover::Zeros => libc::PROT_READ | libc::PROT_WRITE,
            Cover::Nothing => libc::PROT_NONE,
        };
        let flags = libc::MAP_FIXED | libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let address = ptr::without_provenance_mut(region.address);
        // SAFETY: where the parent's mapping is, which no child keeps; it is never unmapped
        // here, so nothing else comes to stand there.
        unsafe { libc::mmap(address, region.bytes, access, flags, -1, 0) };
    }
    // For a child of this child: the numbers and addresses are no longer ours.
    registry.files.clear();
    registry.mappings.clear();
}

/// An open file that a child closes.
#[derive(Debug)]
pub(crate) struct OpenFile(ManuallyDrop<OwnedFd>);

impl OpenFile {
    /// Opens a file while nobody forks.
    pub(crate) fn open(open: impl FnOnce() -> Result<OwnedFd, Errno>) -> Result<Self, Errno> {
        watch()?;
        let mut registry = registry();
        let fd = open()?;
        registry.files.push(fd.as_raw_fd());
        Ok(Self(ManuallyDrop::new(fd)))
    }
}

impl Deref for OpenFile {
    type Target = OwnedFd;

    fn deref(&self) -> &OwnedFd {
        &self.0
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        // Closed in a child already, and the number may be another file's by now.
        if is_forked() {
            return;
        }
        let mut registry = registry();
        let fd = self.0.as_raw_fd();
        registry.files.retain(|&known| known != fd);
        // SAFETY: not used again. Under the registry's lock: until it is closed it is listed.
        unsafe { ManuallyDrop::drop(&mut self.0) };
    }
}

/// Makes a mapping while nobody forks, and has it covered in children.
pub(crate) fn map<T>(make: impl FnOnce() -> Result<(T, Region)>) -> Result<T> {
    watch().map_err(|errno| Error::system("pthread_atfork", errno))?;
    let mut registry = registry();
    let (made, region) = make()?;
    registry.mappings.push(region);
    Ok(made)
}

/// A mapping is about to go. No child has it, so the memory may be unmapped afterwards.
pub(crate) fn unmapping(address: usize) {
    registry().mappings.retain(|region| region.address != address);
}
