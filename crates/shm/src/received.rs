//! Which addresses are frames that this process may only read: what a signal handler asks when
//! a write has failed. Nothing here locks, allocates or panics once it is asked.

use std::sync::OnceLock;

use framelane_layout::pool::PoolGeometry;
use framelane_layout::slot::SLOT_HEADER_BYTES;
use framelane_layout::sync::Ordering;
use framelane_layout::sync::private::{AtomicU32, AtomicU64};

use crate::fork::is_forked;

/// Mappings that can be told apart at once. A write to one beyond them is not reported.
const RANGES: usize = 256;
/// Topics that can be named. Those beyond them have no name in a report.
const TOPICS: usize = 1024;
/// Places for what topic a slot belongs to. Slots of a larger pool share them.
const PLACES: usize = 64;
const TAG_BITS: u32 = 16;

/// A pool's data file in this process's address space.
struct Range {
    /// 1 while it belongs to a [`Registration`].
    taken: AtomicU32,
    slot_count: AtomicU32,
    slot_stride: AtomicU64,
    pool_id: AtomicU64,
    /// First address; 0 while the other fields mean nothing.
    start: AtomicU64,
    /// Of the topic that last gave out a slot: `slot << 16 | tag`, by the slot's low bits.
    topics: [AtomicU32; PLACES],
}

impl Range {
    const fn new() -> Self {
        Self {
            taken: AtomicU32::new(0),
            slot_count: AtomicU32::new(0),
            slot_stride: AtomicU64::new(0),
            pool_id: AtomicU64::new(0),
            start: AtomicU64::new(0),
            topics: [const { AtomicU32::new(0) }; PLACES],
        }
    }

    /// The slot at `address`, if it lies in this mapping.
    fn find(&self, address: u64) -> Option<Place> {
        // ordering: Acquire, pairs with the Release in `register`: the fields are there.
        let start = self.start.load(Ordering::Acquire);
        let offset = address.checked_sub(start).filter(|_| start != 0)?;
        let geometry = PoolGeometry {
            // ordering: Relaxed; a mapping that is written to stays registered meanwhile.
            slot_count: self.slot_count.load(Ordering::Relaxed),
            // ordering: Relaxed, as above.
            slot_stride: self.slot_stride.load(Ordering::Relaxed),
        };
        if offset >= geometry.data_bytes() {
            return None;
        }
        let slot = match offset.checked_sub(geometry.slots_offset()) {
            Some(offset) => offset.checked_div(geometry.slot_stride)?,
            None => offset / SLOT_HEADER_BYTES,
        };
        let slot = u32::try_from(slot).ok()?;
        // ordering: Relaxed, as above.
        let pool_id = self.pool_id.load(Ordering::Relaxed);
        let header = start + SLOT_HEADER_BYTES * u64::from(slot);
        Some(Place { pool_id, slot, topic: self.topic(slot), header })
    }

    fn topic(&self, slot: u32) -> Option<&'static str> {
        let place = self.topics.get(slot as usize % PLACES)?;
        // ordering: Relaxed; the name was there before its tag was.
        let marked = place.load(Ordering::Relaxed);
        let tag = marked & ((1 << TAG_BITS) - 1);
        let known = marked >> TAG_BITS == slot && tag != 0;
        NAMES.get(tag as usize).filter(|_| known)?.get().map(|name| &**name)
    }
}

static REGISTERED: [Range; RANGES] = [const { Range::new() }; RANGES];
/// Names of topics by tag; kept for good. Tag 0 names none.
static NAMES: [OnceLock<Box<str>>; TOPICS] = [const { OnceLock::new() }; TOPICS];

/// A number that stands for a topic's name, 0 where there are too many.
#[must_use]
pub fn topic_tag(name: &str) -> u16 {
    let is_it = |kept: &OnceLock<Box<str>>| **kept.get_or_init(|| name.into()) == *name;
    let tag = NAMES.iter().skip(1).position(is_it).map_or(0, |index| index + 1);
    u16::try_from(tag).unwrap_or(0)
}

/// A mapping that [`place_of`] knows, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Registration {
    index: usize,
}

/// Makes a mapping of a pool's data file known. `None`: there are too many.
pub(crate) fn register(start: *const u8, id: u64, geometry: PoolGeometry) -> Option<Registration> {
    let take = |range: &Range| {
        // ordering: Acquire, pairs with the Release of the one before; Relaxed for a failure.
        range.taken.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
    };
    let index = REGISTERED.iter().position(take)?;
    let range = &REGISTERED[index];
    // ordering: Relaxed, this and the next; published by the start below.
    range.slot_count.store(geometry.slot_count, Ordering::Relaxed);
    range.slot_stride.store(geometry.slot_stride, Ordering::Relaxed);
    // ordering: Relaxed, this and the next, as above.
    range.pool_id.store(id, Ordering::Relaxed);
    range.topics.iter().for_each(|place| place.store(0, Ordering::Relaxed));
    // ordering: Release, pairs with the Acquire in `find`.
    range.start.store(start.expose_provenance() as u64, Ordering::Release);
    Some(Registration { index })
}

impl Registration {
    /// Says which topic has given out the frame in `slot`.
    #[inline]
    pub(crate) fn note(&self, slot: u32, tag: u16) {
        let Some(place) = REGISTERED[self.index].topics.get(slot as usize % PLACES) else { return };
        // ordering: Relaxed, for people.
        place.store(slot << TAG_BITS | u32::from(tag), Ordering::Relaxed);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let range = &REGISTERED[self.index];
        // ordering: Relaxed; a handler that still sees the old fields reads a mapping that its
        // own thread has a view on, and that is not this one then.
        range.start.store(0, Ordering::Relaxed);
        // ordering: Release, pairs with the Acquire in `register`.
        range.taken.store(0, Ordering::Release);
    }
}

/// What lies at an address.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Id of the pool.
    pub pool_id: u64,
    /// Index of the slot.
    pub slot: u32,
    /// The topic that has given out the frame, where that is known.
    pub topic: Option<&'static str>,
    header: u64,
}

impl Place {
    /// Generation of the slot, from its header.
    ///
    /// # Safety
    /// The mapping is there, and the file behind it as long as it was.
    #[must_use]
    pub unsafe fn generation(&self) -> u32 {
        #[allow(clippy::cast_possible_truncation, reason = "an address")]
        let fill = std::ptr::with_exposed_provenance::<u64>(self.header as usize);
        // SAFETY: the header of a slot of the mapping, which is there by the caller's promise,
        // begins with the fill count and is aligned to 512 bytes; volatile, for its owner may
        // write meanwhile.
        let fill = unsafe { fill.read_volatile() };
        #[allow(clippy::cast_possible_truncation, reason = "the generation is the low half")]
        {
            fill as u32
        }
    }
}

/// The frame at `address`, if this process has it mapped without write permission. For signal
/// handlers: reads atomics, nothing else.
#[must_use]
pub fn place_of(address: usize) -> Option<Place> {
    // What a forked child has in their place is no frame, and must not be looked at.
    let ranges = if is_forked() { [].iter() } else { REGISTERED.iter() };
    ranges.into_iter().find_map(|range: &Range| range.find(address as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_by_slot_and_names_by_tag() {
        let geometry = PoolGeometry::new(100, 8192).unwrap();
        let data = vec![0_u64; usize::try_from(geometry.data_bytes() / 8).unwrap()];
        let start = data.as_ptr().cast::<u8>();
        let at = |offset: u64| start.addr() + usize::try_from(offset).unwrap();
        assert!(place_of(at(0)).is_none());
        let registration = register(start, 7, geometry).unwrap();
        registration.note(3, topic_tag("camera.rgb"));
        let found = |offset: u64| place_of(at(offset)).map(|found| (found.slot, found.topic));
        assert_eq!(found(geometry.slot_offset(3)), Some((3, Some("camera.rgb"))));
        assert_eq!(found(geometry.slot_offset(4) - 1), Some((3, Some("camera.rgb"))));
        assert_eq!(found(512 * 3), Some((3, Some("camera.rgb"))), "its header");
        assert_eq!(found(geometry.slot_offset(4)), Some((4, None)));
        assert_eq!(found(geometry.slot_offset(67)), Some((67, None)), "not of another slot");
        registration.note(67, topic_tag("other"));
        assert_eq!(found(geometry.slot_offset(3)), Some((3, None)), "unknown, never wrong");
        assert_eq!(found(geometry.slot_offset(67)), Some((67, Some("other"))));
        assert_eq!(found(geometry.data_bytes()), None);
        drop(registration);
        assert_eq!(found(geometry.slot_offset(3)), None);

        let tag = topic_tag("one");
        assert_ne!(tag, 0);
        assert_eq!(topic_tag("one"), tag);
        assert_ne!(topic_tag("two"), tag);
        let many = (0..TOPICS).map(|number| topic_tag(&format!("many/{number}")));
        assert!(many.collect::<Vec<_>>().contains(&0));
        assert_eq!(topic_tag("one"), tag);
    }
}
