//! A ring inside one process, from one thread to one other.
//!
//! Each side has a count that only it writes: values ever pushed, values ever popped. What is
//! between the two counts is in the ring. Each side keeps a copy of the other's count and looks
//! at the real one only when the copy says full, or empty, so that most calls touch no memory
//! that the other side is writing.

use std::fmt;
use std::mem::MaybeUninit;

use crossbeam_utils::CachePadded;
use framelane_layout::sync::{AtomicU64, Ordering, UnsafeCell};

#[cfg(loom)]
use loom::sync::Arc;
#[cfg(not(loom))]
use std::sync::Arc;

/// A bounded ring from one thread to one other. Nothing is allocated after [`new`](Self::new),
/// and neither side ever waits for the other.
///
/// ```
/// let (mut producer, mut consumer) = framelane_ring::Spsc::new(2);
/// assert_eq!(producer.push('a'), Ok(()));
/// assert_eq!(producer.push('b'), Ok(()));
/// assert_eq!(producer.push('c'), Err('c'), "full");
/// assert_eq!(consumer.pop(), Some('a'));
/// ```
pub struct Spsc<T> {
    /// Values ever pushed, written by the producer: `popped..=popped + capacity`.
    pushed: CachePadded<AtomicU64>,
    /// Values ever popped, written by the consumer.
    popped: CachePadded<AtomicU64>,
    /// Value `n` is in cell `n` modulo their number, a power of two.
    cells: Box<[UnsafeCell<MaybeUninit<T>>]>,
    capacity: u64,
}

// SAFETY: a cell is reached by the producer while its value is not counted as pushed, by the
// consumer while it is and not counted as popped, and never by both; values change threads.
unsafe impl<T: Send> Sync for Spsc<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Spsc<T> {}

impl<T> Spsc<T> {
    /// A ring that holds up to `capacity` values, and its two ends.
    ///
    /// # Panics
    /// If so many cells do not fit the address space.
    #[must_use]
    #[allow(clippy::new_ret_no_self, reason = "a ring is its two ends")]
    pub fn new(capacity: usize) -> (Producer<T>, Consumer<T>) {
        let cells = (0..capacity.next_power_of_two())
            .map(|_| UnsafeCell::new(MaybeUninit::uninit()))
            .collect();
        let ring = Arc::new(Self {
            pushed: CachePadded::new(AtomicU64::new(0)),
            popped: CachePadded::new(AtomicU64::new(0)),
            cells,
            capacity: capacity as u64,
        });
        let producer = Producer { ring: ring.clone(), pushed: 0, popped: 0 };
        (producer, Consumer { ring, pushed: 0, popped: 0 })
    }

    fn cell(&self, n: u64) -> &UnsafeCell<MaybeUninit<T>> {
        #[allow(clippy::cast_possible_truncation, reason = "masked to the number of cells")]
        &self.cells[(n as usize) & (self.cells.len() - 1)]
    }

    /// Moves value `n` out of its cell.
    ///
    /// # Safety
    /// It is there, it was written before, as the caller sees it, and nobody reads it again.
    unsafe fn take(&self, n: u64) -> T {
        // SAFETY: by the caller's promise; a `MaybeUninit<T>` lies in memory as a `T` does.
        self.cell(n).with(|cell| unsafe { cell.cast::<T>().read() })
    }
}

impl<T> Drop for Spsc<T> {
    fn drop(&mut self) {
        // ordering: Relaxed, as the next: both ends are gone, and the last one to go has seen
        // what the other did.
        let pushed = self.pushed.load(Ordering::Relaxed);
        let popped = self.popped.load(Ordering::Relaxed); // ordering: as above
        for n in popped..pushed {
            // SAFETY: counted as pushed and not as popped.
            drop(unsafe { self.take(n) });
        }
    }
}

/// The end of a [`Spsc`] that values go into.
pub struct Producer<T> {
    ring: Arc<Spsc<T>>,
    /// What stands in the ring: only this end writes it.
    pushed: u64,
    /// What stood in the ring when last looked at, at most what stands there now.
    popped: u64,
}

impl<T> Producer<T> {
    /// Adds a value behind the others.
    ///
    /// # Errors
    /// The ring is full: the value comes back.
    #[inline]
    pub fn push(&mut self, value: T) -> Result<(), T> {
        if self.pushed - self.popped >= self.ring.capacity {
            // ordering: Acquire, pairs with the Release in `pop`: the value that was in the
            // cell has been moved out.
            self.popped = self.ring.popped.load(Ordering::Acquire);
            if self.pushed - self.popped >= self.ring.capacity {
                return Err(value);
            }
        }
        self.ring.cell(self.pushed).with_mut(|cell| {
            // SAFETY: `pushed` is less than `capacity` above `popped`, so the consumer is done
            // with this cell and does not look at it before the store below.
            unsafe { (*cell).write(value) };
        });
        self.pushed += 1;
        // ordering: Release, pairs with the Acquire in `pop`: the value comes before the count.
        self.ring.pushed.store(self.pushed, Ordering::Release);
        Ok(())
    }
}

/// The end of a [`Spsc`] that values come out of.
pub struct Consumer<T> {
    ring: Arc<Spsc<T>>,
    /// What stood in the ring when last looked at, at most what stands there now.
    pushed: u64,
    /// What stands in the ring: only this end writes it.
    popped: u64,
}

impl<T> Consumer<T> {
    /// The oldest value. `None`: the ring is empty.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        if self.popped == self.pushed {
            // ordering: Acquire, pairs with the Release in `push`: the value is there.
            self.pushed = self.ring.pushed.load(Ordering::Acquire);
            if self.popped == self.pushed {
                return None;
            }
        }
        // SAFETY: `popped` is below `pushed`, so the value is there, and after the store below
        // nobody takes it again.
        let value = unsafe { self.ring.take(self.popped) };
        self.popped += 1;
        // ordering: Release, pairs with the Acquire in `push`: the cell is empty.
        self.ring.popped.store(self.popped, Ordering::Release);
        Some(value)
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Producer").field("pushed", &self.pushed).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Consumer").field("popped", &self.popped).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Spsc<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Spsc").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::collections::VecDeque;
    use std::rc::Rc;

    use super::*;

    /// A number that looks random, the next one at each call.
    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn behaves_as_a_bounded_deque_does() {
        let mut state = 0x9e37_79b9_7f4a_7c15;
        for capacity in [0, 1, 2, 3, 5, 8, 13] {
            let (mut producer, mut consumer) = Spsc::new(capacity);
            let mut deque = VecDeque::new();
            // Now more pushes than pops, now fewer, so that it runs full and empty.
            for round in 0..200 {
                let pushes = if round % 2 == 0 { 70 } else { 30 };
                for _ in 0..20 {
                    let value = random(&mut state);
                    if value % 100 < pushes {
                        let full = deque.len() == capacity;
                        assert_eq!(producer.push(value), if full { Err(value) } else { Ok(()) });
                        if !full {
                            deque.push_back(value);
                        }
                    } else {
                        assert_eq!(consumer.pop(), deque.pop_front());
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_left_is_dropped_once() {
        let value = Rc::new(());
        let (mut producer, mut consumer) = Spsc::new(4);
        for _ in 0..6 {
            producer.push(value.clone()).unwrap();
            drop(consumer.pop());
        }
        for _ in 0..3 {
            producer.push(value.clone()).unwrap();
        }
        assert_eq!(Rc::strong_count(&value), 4);
        drop(producer);
        assert!(consumer.pop().is_some(), "values outlive the end they came from");
        assert_eq!(Rc::strong_count(&value), 3);
        drop(consumer);
        assert_eq!(Rc::strong_count(&value), 1);
    }

    #[test]
    fn two_threads_see_every_value_in_order() {
        const VALUES: u64 = 200_000;
        let (mut producer, mut consumer) = Spsc::new(7);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for value in 0..VALUES {
                    let mut next = Box::new(value);
                    while let Err(refused) = producer.push(next) {
                        next = refused;
                        std::thread::yield_now();
                    }
                }
            });
            for value in 0..VALUES {
                let popped = loop {
                    match consumer.pop() {
                        Some(popped) => break popped,
                        None => std::thread::yield_now(),
                    }
                };
                assert_eq!(*popped, value);
            }
        });
        assert!(consumer.pop().is_none());
    }
}
