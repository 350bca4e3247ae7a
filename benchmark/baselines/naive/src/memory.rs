//! Memory shared by hand: what one would write who needs nothing but two processes.

use std::ptr;

use napi::bindgen_prelude::{Error, Result, Uint8Array};
use napi_derive::napi;

/// Maps the first `bytes` of a file for reading and writing, until the process ends.
#[napi(catch_unwind)]
pub fn map_shared(fd: i32, bytes: u32) -> Result<Uint8Array> {
    let (length, access) = (bytes as usize, libc::PROT_READ | libc::PROT_WRITE);
    let flags = libc::MAP_SHARED | libc::MAP_POPULATE;
    // SAFETY: a new mapping, wherever the kernel likes.
    let memory = unsafe { libc::mmap(ptr::null_mut(), length, access, flags, fd, 0) };
    if memory == libc::MAP_FAILED {
        return Err(Error::from_reason(std::io::Error::last_os_error().to_string()));
    }
    // SAFETY: never unmapped; what the other process writes is plain bytes.
    Ok(unsafe { Uint8Array::with_external_data(memory.cast(), length, |_, _| {}) })
}
