//! The shared word of a slot, `generation << 32 | reader bits`, and everything that is ever
//! done to it. The owner alone moves the generation; the holder of reader entry `r` alone
//! sets and clears bit `r`, and whoever holds the entry of a dead reader clears for it.

use framelane_layout::pool::SlotLine;
use framelane_layout::sync::Ordering;

/// The generation in a word.
#[must_use]
pub fn generation(word: u64) -> u32 {
    u32::try_from(word >> 32).unwrap_or(u32::MAX)
}

/// The reader bits in a word.
#[must_use]
pub fn readers(word: u64) -> u32 {
    u32::try_from(word & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

fn bit(reader: u32) -> u64 {
    debug_assert!(reader < 32, "an entry of the table");
    1 << reader
}

/// Reader: takes the slot if it still holds the frame of this fill count. `false`: it has
/// been filled again, or is about to be.
#[must_use]
pub fn acquire(line: &SlotLine, reader: u32, generation_wanted: u32, fill_hi: u16) -> bool {
    // ordering: Relaxed, only a first guess for the exchange below.
    let mut word = line.word.load(Ordering::Relaxed);
    loop {
        if generation(word) != generation_wanted && !cfg!(feature = "bug-acquire-no-generation") {
            return false;
        }
        // ordering: AcqRel. Acquire pairs with the owner's exchange in `recycle`: the frame
        // of this generation was written after it. Release, so that the owner's failing
        // exchange sees a bit whose holder has it.
        let swap = line.word.compare_exchange_weak(
            word,
            word | bit(reader),
            Ordering::AcqRel,
            Ordering::Relaxed, // ordering: another guess
        );
        match swap {
            Ok(_) => break,
            Err(seen) => word = seen,
        }
    }
    // ordering: Relaxed; written before the exchange of `recycle` that we have acquired.
    if line.fill_hi.load(Ordering::Relaxed) == u32::from(fill_hi) {
        return true;
    }
    release(line, reader);
    false
}

/// Reader: gives the slot back.
pub fn release(line: &SlotLine, reader: u32) {
    // ordering: Release, pairs with the Acquire of the owner's exchange in `recycle`: every
    // read of the frame happens before the slot is filled again.
    line.word.fetch_and(!bit(reader), Ordering::Release);
}

/// Holder of entry `reader`: clears the bits a dead holder of the entry left.
pub fn scrub(lines: &[SlotLine], reader: u32) {
    for line in lines {
        release(line, reader);
    }
}

/// Owner: makes the slot of fill count `fill` ready for the next one, if nobody looks at it.
/// `false`: a reader does.
#[must_use]
pub fn recycle(line: &SlotLine, fill: u64) -> bool {
    let next = fill.wrapping_add(1);
    let high = fill_hi(next);
    if high != fill_hi(fill) {
        // ordering: Relaxed, made visible by the exchange below. A reader that comes between
        // the two is refused, which is right: the ring no longer holds this frame.
        line.fill_hi.store(u32::from(high), Ordering::Relaxed);
    }
    let readers = if cfg!(feature = "bug-recycle-ignores-readers") { holders(line) } else { 0 };
    // ordering: AcqRel. Acquire pairs with `release`; Release pairs with the Acquire of
    // `acquire`, for `fill_hi` above.
    let swap = line.word.compare_exchange(
        fill << 32 | u64::from(readers),
        next << 32,
        Ordering::AcqRel,
        Ordering::Relaxed, // ordering: nothing is read after a failure
    );
    swap.is_ok()
}

/// Bits 32 to 47 of a fill count.
#[must_use]
pub fn fill_hi(fill: u64) -> u16 {
    u16::try_from((fill >> 32) & 0xffff).unwrap_or(u16::MAX)
}

/// Whether a reader holds the frame of this generation, for whoever asks whether to look again.
#[must_use]
pub fn is_held(line: &SlotLine, generation_wanted: u32) -> bool {
    // ordering: Relaxed, a snapshot.
    let word = line.word.load(Ordering::Relaxed);
    generation(word) == generation_wanted && readers(word) != 0
}

/// The reader bits as they stand, for whoever looks for holders.
#[must_use]
pub fn holders(line: &SlotLine) -> u32 {
    // ordering: Relaxed, a snapshot; whoever acts on it takes the entry's lock first.
    readers(line.word.load(Ordering::Relaxed))
}
