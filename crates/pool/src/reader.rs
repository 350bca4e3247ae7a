//! The reader's side of a pool: attach, acquire, release.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use framelane_layout::header::{HeaderError, check_pool};
use framelane_layout::lock::POOL_READER;
use framelane_layout::pool::{
    HEADER_BYTES, PoolGeometry, PoolHeader, READERS, READERS_OFFSET, ReaderRow, SlotLine,
};
use framelane_layout::slot::SLOT_HEADER_BYTES;
use framelane_layout::sync::Ordering;
use framelane_layout::{Descriptor, ErrorCode, SlotHeader};
use framelane_shm::{
    Access, Directory, Error, Mapping, OnDrop, Result, SharedFile, is_forked, monotonic_ns,
    note_death, process_name,
};

use crate::local::LocalCount;
use crate::{control_name, data_name, word};

/// How long to wait for a cleaner to make up its mind about a file.
const BUSY: Duration = Duration::from_secs(1);

/// How frames of other processes are mapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FrameAccess {
    /// Without write permission, which cannot be had later either.
    #[default]
    Protected,
    /// With it: a stray write changes what everybody else sees.
    Shared,
}

/// Another process's pool, seen from here. It keeps one reader entry for the whole process.
#[derive(Debug)]
pub struct ReaderPool {
    id: u64,
    geometry: PoolGeometry,
    entry: u32,
    control_file: SharedFile,
    control: Mapping,
    /// Mapped without write permission from a descriptor without write permission, unless
    /// access is shared.
    data: Mapping,
    counts: Box<[LocalCount]>,
    /// Last: what is to happen when the files are closed.
    _closed: OnDrop,
}

impl ReaderPool {
    /// Attaches to pool `id`. `None`: it is gone. `closed` runs when the last reference is gone
    /// and the files are closed.
    ///
    /// # Errors
    /// [`ErrorCode::Limit`] where all 32 reader entries are taken, [`ErrorCode::Corrupt`] and
    /// [`ErrorCode::LayoutVersion`] for a file that is not a pool of this layout.
    pub fn attach(
        directory: &Directory,
        id: u64,
        access: FrameAccess,
        closed: impl FnOnce() + Send + Sync + 'static,
    ) -> Result<Option<Arc<Self>>> {
        let Some(control_file) = open_attached(directory, &control_name(id))? else {
            return Ok(None);
        };
        let bytes = control_file.bytes()?;
        let (control, geometry) = map_control(&control_file, bytes, id)?;
        let shared = access == FrameAccess::Shared;
        let opened = if shared { Access::ReadWrite } else { Access::Read };
        let Some(data_file) = directory.open_file(&data_name(id), opened)? else {
            return Ok(None);
        };
        if data_file.bytes()? != geometry.data_bytes() {
            return Err(corrupt(data_file.name(), "its size does not fit its header"));
        }
        let data = data_file.map(geometry.data_bytes(), shared)?;
        let data = if shared { data } else { data.of_received(id, geometry) };
        let entry = claim_entry(&control_file, &control, geometry)?;
        let counts = (0..geometry.slot_count).map(|_| LocalCount::default()).collect();
        Ok(Some(Arc::new(Self {
            id,
            geometry,
            entry,
            control_file,
            control,
            data,
            counts,
            _closed: OnDrop::new(closed),
        })))
    }

    /// The pool's id.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Slots and their size.
    #[must_use]
    pub fn geometry(&self) -> PoolGeometry {
        self.geometry
    }

    /// The words of all slots.
    #[must_use]
    pub fn lines(&self) -> &[SlotLine] {
        self.control.slice(HEADER_BYTES, self.geometry.slot_count)
    }

    /// The rows that say who holds which reader entry.
    #[must_use]
    pub fn reader_rows(&self) -> &[ReaderRow] {
        self.control.slice(READERS_OFFSET, READERS)
    }

    /// Whether the owner still lives. A dead owner's pool is a relic: readable, never filled.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn owner_lives(&self) -> Result<bool> {
        self.control_file.is_held(framelane_layout::lock::POOL_OWNER)
    }

    /// Whether nothing of it is held by this process.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.counts.iter().all(|count| count.count() == 0)
    }

    /// Address of a slot's first byte, in memory that this process cannot write unless access
    /// is shared.
    ///
    /// # Panics
    /// If there is no such slot.
    #[inline(always)]
    #[must_use]
    pub fn slot_pointer(&self, slot: u32) -> *const u8 {
        self.data.pointer(self.geometry.slot_offset(slot), self.geometry.slot_stride)
    }

    /// Address of the first slot header.
    #[must_use]
    pub fn headers_pointer(&self) -> *const u8 {
        self.data.pointer(0, self.geometry.slots_offset())
    }

    /// Takes the slot that `descriptor` names. `None`: it has been filled again, or the
    /// descriptor names no slot of this pool.
    #[inline(always)]
    #[must_use]
    pub fn acquire(self: &Arc<Self>, descriptor: &Descriptor) -> Option<ReaderHold> {
        let count = self.counts.get(usize::from(descriptor.slot))?;
        let line = self.lines().get(usize::from(descriptor.slot))?;
        let taken = count.add(descriptor.generation, || {
            word::acquire(line, self.entry, descriptor.generation, descriptor.gen_hi)
        });
        taken.then(|| ReaderHold { pool: self.clone(), slot: descriptor.slot })
    }
}

impl Drop for ReaderPool {
    fn drop(&mut self) {
        let byte = POOL_READER + u64::from(self.entry);
        self.control_file.release(byte, || word::scrub(self.lines(), self.entry));
    }
}

/// One reference of this process on a slot of another process's pool. Dropping it gives the
/// reference back.
#[derive(Debug)]
pub struct ReaderHold {
    pool: Arc<ReaderPool>,
    slot: u16,
}

impl ReaderHold {
    /// The pool it is in.
    #[must_use]
    pub fn pool(&self) -> &Arc<ReaderPool> {
        &self.pool
    }

    /// Index of the slot.
    #[must_use]
    pub fn slot(&self) -> u16 {
        self.slot
    }

    /// Address of the slot's first byte. The bytes can be read, never written, and do not
    /// change while the hold lives.
    #[must_use]
    pub fn pointer(&self) -> *const u8 {
        self.pool.slot_pointer(self.slot.into())
    }

    /// Says which topic has given the frame out, by its tag.
    #[inline]
    pub fn note_topic(&self, tag: u16) {
        self.pool.data.note_topic(self.slot.into(), tag);
    }

    /// A private copy of the slot's header, to be checked before it is believed.
    #[must_use]
    pub fn header(&self) -> SlotHeader {
        let offset = SLOT_HEADER_BYTES * u64::from(self.slot);
        // SAFETY: integers and floats, valid for any bytes.
        unsafe { self.pool.data.copy(offset) }
    }
}

impl Clone for ReaderHold {
    fn clone(&self) -> Self {
        self.pool.counts[usize::from(self.slot)].again();
        Self { pool: self.pool.clone(), slot: self.slot }
    }
}

impl Drop for ReaderHold {
    fn drop(&mut self) {
        // Another thread of the parent may have locked the count, for good in a forked child.
        if is_forked() {
            return;
        }
        let count = &self.pool.counts[usize::from(self.slot)];
        let line = &self.pool.lines()[usize::from(self.slot)];
        count.sub(|| word::release(line, self.pool.entry));
    }
}

/// Opens a file and takes its shared lock. `None`: there is none, or it was just removed.
fn open_attached(directory: &Directory, name: &str) -> Result<Option<SharedFile>> {
    let start = Instant::now();
    loop {
        let Some(file) = directory.open_file(name, Access::ReadWrite)? else {
            return Ok(None);
        };
        if file.attach()? {
            return Ok(file.is_linked()?.then_some(file));
        }
        if start.elapsed() > BUSY {
            return Err(Error::new(ErrorCode::Busy, format!("{name} is being removed; try again")));
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn map_control(file: &SharedFile, bytes: u64, id: u64) -> Result<(Mapping, PoolGeometry)> {
    if bytes < HEADER_BYTES {
        return Err(refusal(file.name(), HeaderError::Short));
    }
    // Only the header before it is checked: the size of the file is not to be believed, either.
    let head = file.map(HEADER_BYTES, false)?;
    // SAFETY: integers and bytes, valid for any bytes.
    let header: PoolHeader = unsafe { head.copy(0) };
    let geometry = check_pool(&header, bytes, id).map_err(|error| refusal(file.name(), error))?;
    Ok((file.map(bytes, true)?, geometry))
}

fn refusal(name: &str, error: HeaderError) -> Error {
    match error {
        HeaderError::Short => corrupt(name, "it is too short"),
        HeaderError::Magic => corrupt(name, "it does not begin as a pool does"),
        HeaderError::Contradiction | HeaderError::Mode => {
            corrupt(name, "its header contradicts itself")
        }
        HeaderError::Layout => {
            let text = format!("{name} has another layout than this release of framelane");
            Error::new(ErrorCode::LayoutVersion, text)
        }
    }
}

fn claim_entry(file: &SharedFile, control: &Mapping, geometry: PoolGeometry) -> Result<u32> {
    let lines: &[SlotLine] = control.slice(HEADER_BYTES, geometry.slot_count);
    for entry in 0..READERS {
        // Always: a dead holder's bits would otherwise be ours for good.
        let scrub = || word::scrub(lines, entry);
        if file.claim(POOL_READER + u64::from(entry), scrub)? {
            let rows: &[ReaderRow] = control.slice(READERS_OFFSET, READERS);
            let row = &rows[entry as usize];
            // ordering: Relaxed, for people.
            row.pid.store(std::process::id(), Ordering::Relaxed);
            // ordering: Relaxed, for people.
            row.since_ns.store(monotonic_ns(), Ordering::Relaxed);
            row.name.set(&process_name());
            return Ok(entry);
        }
    }
    let text = format!("{}: {READERS} processes read this pool already", file.name());
    Err(Error::new(ErrorCode::Limit, text))
}

/// Notes the death of whoever wrote `row`: a reader that is not there, but whose bits are.
pub(crate) fn note_dead_reader(row: &ReaderRow) {
    // ordering: Relaxed, for people, as the next; the other side is `claim_entry`.
    let pid = row.pid.load(Ordering::Relaxed);
    let since_ns = row.since_ns.load(Ordering::Relaxed); // ordering: for people
    if pid != 0 {
        let name = row.name.get();
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        note_death(pid, since_ns, String::from_utf8_lossy(name).into_owned(), None);
    }
}

fn corrupt(name: &str, why: &str) -> Error {
    Error::new(ErrorCode::Corrupt, format!("{name} is not a usable pool: {why}"))
}
