//! What a reader can do to the frames of others: nothing, unless access is shared.
#![allow(clippy::unwrap_used)]

use std::io;
use std::sync::Arc;

use framelane_layout::Descriptor;
use framelane_pool::{FrameAccess, OwnHold, OwnPool, ReaderHold, ReaderPool, Scrub};
use framelane_shm::{Directory, place_of};

/// A frame as its owner and as a reader has it.
struct Pair {
    directory: Directory,
    own: OwnHold,
    reader: ReaderHold,
}

impl Pair {
    fn new(name: &str, access: FrameAccess) -> Self {
        let namespace = format!("access-{name}-{}", std::process::id());
        let directory = Directory::open("/dev/shm".as_ref(), &namespace).unwrap();
        let pool = OwnPool::create(&directory, 4, 4096, 4, Scrub::Off, || {}).unwrap();
        let own = pool.allocate().unwrap().unwrap();
        // SAFETY: on loan, and this test has no other pointer to it.
        unsafe { own.pointer().write(7) };
        let attached: Arc<ReaderPool> =
            ReaderPool::attach(&directory, pool.id(), access, || {}).unwrap().unwrap();
        let generation = own.generation();
        let descriptor = Descriptor { slot: own.slot(), generation, ..Descriptor::default() };
        let reader = attached.acquire(&descriptor).unwrap();
        Self { directory, own, reader }
    }

    /// The first pixel as the reader sees it.
    fn pixel(&self) -> u8 {
        // SAFETY: inside a slot that is held.
        unsafe { self.reader.pointer().read_volatile() }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        let id = self.own.pool().id();
        for name in [framelane_pool::control_name(id), framelane_pool::data_name(id)] {
            self.directory.unlink(&name).unwrap();
        }
        self.directory.remove_if_empty();
    }
}

/// Asks the kernel for this protection of a page; the error's number.
fn protect(page: *const u8, protection: i32) -> Result<(), i32> {
    // SAFETY: a page of a mapping; no memory that Rust knows of is in it.
    let answer = unsafe { libc::mprotect(page.cast_mut().cast(), 4096, protection) };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error().raw_os_error().unwrap()) }
}

#[test]
fn a_reader_cannot_get_write_permission_even_if_it_asks() {
    let pair = Pair::new("protected", FrameAccess::Protected);
    let page = pair.reader.pointer();
    assert_eq!(pair.pixel(), 7);
    assert_eq!(protect(page, libc::PROT_READ | libc::PROT_WRITE), Err(libc::EACCES));
    assert_eq!(protect(page, libc::PROT_WRITE), Err(libc::EACCES));
    assert_eq!(protect(page, libc::PROT_READ), Ok(()), "it is not the call that is wrong");
    assert_eq!(pair.pixel(), 7);
}

#[test]
fn a_protected_frame_can_be_named_by_its_address() {
    let pair = Pair::new("named", FrameAccess::Protected);
    let found = place_of(pair.reader.pointer().addr()).unwrap();
    assert_eq!(found.pool_id, pair.own.pool().id());
    assert_eq!(found.slot, u32::from(pair.own.slot()));
    assert!(place_of(pair.own.pointer().addr()).is_none(), "a loan may be written");
    let received = pair.own.pool().received_pointer(found.slot).unwrap();
    assert_eq!(place_of(received.addr()).unwrap().pool_id, found.pool_id);
    let addresses = [pair.reader.pointer().addr(), received.addr()];
    drop(pair);
    for address in addresses {
        // Another test's pool may lie there by now.
        let again = place_of(address);
        assert!(again.is_none_or(|place| place.pool_id != found.pool_id), "forgotten");
    }
}

#[test]
fn with_shared_access_a_reader_writes_what_the_owner_sees() {
    let pair = Pair::new("shared", FrameAccess::Shared);
    assert!(place_of(pair.reader.pointer().addr()).is_none(), "nothing to report");
    // SAFETY: inside a slot that is held, mapped writable; nobody else looks at it.
    unsafe { pair.reader.pointer().cast_mut().write_volatile(9) };
    // SAFETY: on loan to this test.
    assert_eq!(unsafe { pair.own.pointer().read_volatile() }, 9);
}
