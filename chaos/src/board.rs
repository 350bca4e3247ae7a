//! What the harness and its processes tell each other: words in anonymous shared memory, written
//! with plain stores, so that they outlast whoever is killed. Nothing of the library under test
//! is in here. `node/board.ts` knows the same places.

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd};
use std::{io, ptr};

use framelane_layout::sync::{AtomicU8, AtomicU64, Ordering};

/// Bytes of the board; what nobody touches costs nothing.
const BYTES: usize = 256 << 20;
/// Processes at a time.
pub(crate) const SEATS: usize = 32;
/// Roles of a process.
pub(crate) const LINES: usize = 4;
const SEATS_AT: usize = 4096;
const SEAT_BYTES: usize = 4096;
const LINE_AT: usize = 256;
const LINE_BYTES: usize = 512;
const TEXT_AT: usize = 3072;
const TEXT_BYTES: usize = 1000;
const SENDERS_AT: usize = 1 << 20;
const SENDERS: usize = 8 << 20;
const LEDGERS_AT: usize = 128 << 20;
const JOBS: usize = 16 << 20;
const MARKS: usize = 4;

/// Words at the beginning, for all.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Common {
    /// What the anchor is to do.
    Phase,
    /// Number of the next sender.
    NextSender,
    /// Number of the next job of the first queue; that of the second is the word after it.
    NextJob,
    NextJobToo,
    /// What the anchor has done.
    Reached,
    /// What the anchor found: slots there could be, slots it could loan, slots with memory
    /// behind them, slots free at the end.
    Slots,
    Loans,
    Backed,
    Free,
}

/// Words of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// Set while the role is at work.
    Ready,
    /// Goes up with each frame.
    Moved,
    Verified,
    /// Not whole when received.
    Torn,
    /// Whole when received, and not when looked at again.
    Wrong,
    /// Came after a later one of the same sender.
    Disorder,
    /// Frames that a lossless subscriber did not get.
    Gaps,
    Published,
    Received,
    Relayed,
    /// Frames of a queue that came again, or were taken away.
    Twice,
    /// Loans that found no slot.
    Exhausted,
    /// Sends that found no room.
    Backpressure,
    Lapped,
    Rejected,
    /// Job being acknowledged, plus one.
    Acknowledging,
    /// Errors that must not happen.
    Errors,
    /// Number as a sender, plus one.
    Sender,
    /// Frames that were given back or acknowledged.
    Acknowledged,
}

/// All fields that are summed up when a process has ended.
pub(crate) const FIELDS: usize = 19;

/// What is known of a job, a byte each: whoever cannot add to a byte in one step can set one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mark {
    /// `send` has returned.
    Published,
    /// A consumer has had it.
    Delivered,
    /// `ack` has returned.
    Acknowledged,
    /// Its consumer died while it acknowledged it.
    Perhaps,
}

/// The board. It is never unmapped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Board {
    base: *mut u8,
    fd: i32,
}

// SAFETY: what it leads to is only ever touched as atomics, and stays mapped.
unsafe impl Send for Board {}
// SAFETY: as above.
unsafe impl Sync for Board {}

impl Board {
    /// A new one, empty.
    pub(crate) fn new() -> io::Result<Self> {
        // SAFETY: the name is a string with an end.
        let fd = unsafe { libc::memfd_create(c"chaos-board".as_ptr(), 0) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just opened, and nobody else's.
        let file = unsafe { File::from_raw_fd(fd) };
        file.set_len(BYTES as u64)?;
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        // SAFETY: a new mapping of a file of that size.
        let base = unsafe { libc::mmap(ptr::null_mut(), BYTES, access, flags, fd, 0) };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let fd = file.as_raw_fd();
        std::mem::forget(file);
        Ok(Self { base: base.cast(), fd })
    }

    /// The descriptor, for a process that cannot map.
    pub(crate) fn fd(self) -> i32 {
        self.fd
    }

    fn word(self, offset: usize) -> &'static AtomicU64 {
        assert!(offset.is_multiple_of(8) && offset < BYTES, "a word of the board");
        // SAFETY: inside the mapping, which is aligned to pages.
        let place = unsafe { self.base.add(offset) }.cast::<AtomicU64>();
        // SAFETY: mapped for good, aligned, and valid for any bytes.
        unsafe { &*place }
    }

    fn byte(self, offset: usize) -> &'static AtomicU8 {
        assert!(offset < BYTES, "a byte of the board");
        // SAFETY: inside the mapping.
        let place = unsafe { self.base.add(offset) }.cast::<AtomicU8>();
        // SAFETY: mapped for good, and valid for any bytes.
        unsafe { &*place }
    }

    /// A common word.
    pub(crate) fn common(self, word: Common) -> Word {
        Word(self.word(word as usize * 8))
    }

    /// The words of a role.
    pub(crate) fn line(self, seat: usize, line: usize) -> Line {
        assert!(seat < SEATS && line < LINES, "a line of the board");
        let offset = SEATS_AT + seat * SEAT_BYTES + LINE_AT + line * LINE_BYTES;
        Line { board: self, offset }
    }

    /// Where a process's lines begin, for a process that cannot map.
    pub(crate) fn line_offset(seat: usize) -> usize {
        SEATS_AT + seat * SEAT_BYTES + LINE_AT
    }

    /// Forgets what the last process in `seat` said.
    pub(crate) fn clear(self, seat: usize) {
        for offset in (0..SEAT_BYTES).step_by(8) {
            Word(self.word(SEATS_AT + seat * SEAT_BYTES + offset)).set(0);
        }
    }

    /// Says what went wrong in a process, the first of it only.
    pub(crate) fn complain(self, seat: usize, text: &str) {
        let at = SEATS_AT + seat * SEAT_BYTES + TEXT_AT;
        if Word(self.word(at)).get() == 0 {
            let bytes = &text.as_bytes()[..text.len().min(TEXT_BYTES)];
            for (offset, &byte) in bytes.iter().enumerate() {
                // ordering: Release, for whoever reads it after the process's end.
                self.byte(at + 8 + offset).store(byte, Ordering::Release);
            }
            Word(self.word(at)).set(bytes.len() as u64);
        }
    }

    /// What went wrong in a process.
    pub(crate) fn complaint(self, seat: usize) -> Option<String> {
        let at = SEATS_AT + seat * SEAT_BYTES + TEXT_AT;
        let length = usize::try_from(Word(self.word(at)).get()).ok()?.min(TEXT_BYTES);
        // ordering: Acquire, pairs with the Release in `complain`.
        let byte = |offset| self.byte(at + 8 + offset).load(Ordering::Acquire);
        let bytes: Vec<u8> = (0..length).map(byte).collect();
        (length > 0).then(|| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Enters a new sender on `stream`.
    pub(crate) fn new_sender(self, stream: u32) -> u32 {
        let sender = self.common(Common::NextSender).add(1);
        let sender = u32::try_from(sender).unwrap_or(u32::MAX);
        self.enter(sender, stream);
        sender
    }

    /// Enters a sender of a process that cannot count for itself.
    pub(crate) fn enter(self, sender: u32, stream: u32) {
        self.sender(sender).set(u64::from(stream) << 56);
    }

    /// How far a sender is: `finished << 63 | stream << 56 | frames whose send has returned`.
    pub(crate) fn sender(self, sender: u32) -> Word {
        Word(self.word(SENDERS_AT + (sender as usize % SENDERS) * 8))
    }

    /// Marks a job of queue 0 or 1; whether it was marked before.
    pub(crate) fn mark(self, queue: usize, job: u32, mark: Mark) -> bool {
        // ordering: AcqRel, marks of one job are seen in the order in which they were made.
        self.ledger(queue, job, mark).swap(1, Ordering::AcqRel) != 0
    }

    /// Whether a job is marked.
    pub(crate) fn is_marked(self, queue: usize, job: u32, mark: Mark) -> bool {
        // ordering: Acquire, pairs with `mark`.
        self.ledger(queue, job, mark).load(Ordering::Acquire) != 0
    }

    fn ledger(self, queue: usize, job: u32, mark: Mark) -> &'static AtomicU8 {
        let ledger = queue * MARKS + mark as usize;
        self.byte(LEDGERS_AT + ledger * JOBS + job as usize % JOBS)
    }
}

/// A word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word(&'static AtomicU64);

impl Word {
    pub(crate) fn get(self) -> u64 {
        // ordering: Acquire, pairs with `set` and `add`: what was said of before is done.
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn set(self, value: u64) {
        // ordering: Release, pairs with `get`.
        self.0.store(value, Ordering::Release);
    }

    /// Adds, and returns what stood there before.
    pub(crate) fn add(self, more: u64) -> u64 {
        // ordering: AcqRel, pairs with `get`.
        self.0.fetch_add(more, Ordering::AcqRel)
    }
}

/// The words of one role of one process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    board: Board,
    offset: usize,
}

impl Line {
    pub(crate) fn field(self, field: Field) -> Word {
        self.at(field as usize)
    }

    /// The field of this number.
    pub(crate) fn at(self, field: usize) -> Word {
        Word(self.board.word(self.offset + field * 8))
    }

    pub(crate) fn add(self, field: Field, more: u64) {
        if more > 0 {
            self.field(field).add(more);
        }
    }
}

/// Frames of a sender's word.
pub(crate) fn sent(word: u64) -> u32 {
    u32::try_from(word & 0xffff_ffff).unwrap_or(0)
}

/// Stream of a sender's word.
pub(crate) fn stream(word: u64) -> u32 {
    u32::try_from(word >> 56 & 0x7f).unwrap_or(0)
}

/// Whether a sender's word says that it is gone.
pub(crate) fn finished(word: u64) -> bool {
    word >> 63 == 1
}

/// The mark in a sender's word that it is gone.
pub(crate) const FINISHED: u64 = 1 << 63;
