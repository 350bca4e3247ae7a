//! Taking a publisher entry, of a dead predecessor as a rule: where its ring goes on, what of it
//! stays, and what this process has kept of its own time there.

use framelane_layout::Descriptor;
use framelane_layout::sync::{Ordering, fence};
use framelane_ring::Read;
use framelane_shm::{Result, monotonic_ns, process_name};

use crate::gauge::is_wanted;
use crate::kept::KeptFrames;
use crate::peer::OpenTopic;

/// Empties the cells that name pools of dead predecessors, but for the newest pool: whoever
/// crashes again and again would keep one pool for each cell. What a subscriber must not lose, and
/// what is this process's own, stays.
pub(crate) fn retire_cells(topic: &OpenTopic, entry: u16, next: u64) {
    let ring = topic.ring(entry);
    let (mut newest, mut any) = (None, false);
    for position in (next.saturating_sub(ring.capacity())..next).rev() {
        let mut descriptor = Descriptor::default();
        if ring.read(position, &mut descriptor) != Read::Frame {
            continue;
        }
        let pool = descriptor.pool_id;
        let stays = *newest.get_or_insert(pool) == pool
            || is_wanted(topic, entry, position)
            || topic.peer().own_pool(pool).is_some();
        if !stays {
            ring.retire(position);
            any = true;
        }
    }
    if any {
        topic.peer().clean();
    }
}

/// What the last publisher of this process in this entry kept, of this topic: later positions are
/// of one of the same name that was removed.
pub(crate) fn unparked(topic: &OpenTopic, entry: u16, next: u64) -> KeptFrames {
    let mut parked = topic.peer().unpark(topic.name(), entry);
    parked.retain(|kept| kept.position < next);
    KeptFrames::new(parked)
}

/// Takes a publisher entry, and says where its ring goes on.
pub(crate) fn take_over(topic: &OpenTopic) -> Result<(u16, u64)> {
    let next = std::cell::Cell::new(0);
    let entry = topic.claim_publisher(|entry| {
        let offer = |position| {
            if topic.mode().is_queue() {
                topic.queue(entry).offer_late(position);
            }
        };
        next.set(topic.ring(entry).take_over(offer));
    })?;
    let row = topic.publisher_row(entry);
    // ordering: Relaxed, for people, as the next.
    row.pid.store(std::process::id(), Ordering::Relaxed);
    // ordering: Relaxed, for people.
    row.since_ns.store(monotonic_ns(), Ordering::Relaxed);
    // ordering: Relaxed, for people.
    row.evicted_early.store(0, Ordering::Relaxed);
    // ordering: Relaxed, for people.
    row.depth.store(0, Ordering::Relaxed);
    // ordering: Relaxed; nobody waits through this entry yet.
    row.fifo_id.store(0, Ordering::Relaxed);
    row.name.set(&process_name());
    // ordering: Relaxed, for people.
    topic.shared().publishers.0.epoch.fetch_add(1, Ordering::Relaxed);
    topic.entries().announce(entry);
    // ordering: SeqCst fence, pairs with the one in `Lossless::join`: whoever joins before the
    // first frame is seen by the first look at the readers.
    fence(Ordering::SeqCst);
    Ok((entry, next.get()))
}
