//! Files in shared memory: create, open, map, lock, remove.
//!
//! A file gets its name only when it is complete ([`Directory::create`]), is locked by
//! bytes whose owner the kernel watches ([`SharedFile`]), and is seen through a
//! [`Mapping`], whose bytes are only ever handed out as atomics or as raw pointers.
//! Nothing above this crate calls `mmap`, `fcntl` or `open`.

mod cgroup;
mod clock;
mod directory;
mod doorbell;
mod error;
mod file;
mod fork;
mod mapping;
mod naming;
mod notice;
mod on_drop;
mod received;
mod rights;

pub use cgroup::MemoryLimits;
pub use clock::{epoch_ns, monotonic_ns};
pub use directory::{Access, Directory};
pub use doorbell::{BellKind, Doorbell, Ringer};
pub use error::{Error, Result};
pub use file::SharedFile;
pub use fork::{check_not_forked, is_forked};
pub use mapping::{Mapping, Shared};
#[doc(hidden)]
pub use naming::Naming;
pub use notice::{Death, deaths_noticed, deaths_since, note_death};
pub use on_drop::OnDrop;
pub use received::{Place, place_of, topic_tag};
pub use rights::group_id;

/// Name of this process, for people: what the kernel calls it, or `?`.
#[must_use]
pub fn process_name() -> String {
    let name = std::fs::read_to_string("/proc/self/comm").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "?".into() } else { name.into() }
}

/// 64 random bits that are not zero.
///
/// # Errors
/// The kernel has no random bytes to give.
pub fn random_id() -> Result<u64> {
    loop {
        let mut bytes = [0_u8; 8];
        let flags = rustix::rand::GetRandomFlags::empty();
        let got = rustix::rand::getrandom(&mut bytes[..], flags)
            .map_err(|errno| Error::system("getrandom", errno))?;
        let id = u64::from_le_bytes(bytes);
        if got == bytes.len() && id != 0 {
            return Ok(id);
        }
    }
}
