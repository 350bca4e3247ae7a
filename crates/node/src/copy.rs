//! The copy of a whole frame into its slot. A large one goes past the caches: the frame would
//! drive everything else out of them, and its lines need not be read before they are written.

use std::ptr;

/// From how many bytes on it goes past the caches.
#[cfg(target_arch = "x86_64")]
const STREAMED: usize = 256 << 10;

/// Copies `bytes` bytes.
///
/// # Safety
/// Both places have so many bytes, which do not overlap; nobody else writes to either.
pub unsafe fn copy(from: *const u8, to: *mut u8, bytes: usize) {
    #[cfg(target_arch = "x86_64")]
    if bytes >= STREAMED && std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: by the caller's promise; the processor has what it needs.
        unsafe { stream(from, to, bytes) };
        return;
    }
    // SAFETY: by the caller's promise.
    unsafe { ptr::copy_nonoverlapping(from, to, bytes) };
}

/// # Safety
/// As [`copy`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn stream(from: *const u8, to: *mut u8, bytes: usize) {
    use std::arch::x86_64::{__m256i, _mm_sfence, _mm256_loadu_si256, _mm256_stream_si256};

    const STEP: usize = size_of::<__m256i>();
    let head = to.align_offset(STEP).min(bytes);
    // SAFETY: within the bytes of both.
    unsafe { ptr::copy_nonoverlapping(from, to, head) };
    let steps = (bytes - head) / STEP;
    for step in 0..steps {
        let at = head + step * STEP;
        // SAFETY: `STEP` bytes of the source, at any address.
        let value = unsafe { _mm256_loadu_si256(from.wrapping_add(at).cast()) };
        // SAFETY: `STEP` bytes of the target, at a multiple of `STEP`.
        unsafe { _mm256_stream_si256(to.wrapping_add(at).cast(), value) };
    }
    let at = head + steps * STEP;
    // SAFETY: what is left of both.
    unsafe { ptr::copy_nonoverlapping(from.wrapping_add(at), to.wrapping_add(at), bytes - at) };
    // What has gone past the caches is there before the frame is said to be.
    _mm_sfence();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_every_byte_and_no_other() {
        let length = 300 << 10;
        let source: Vec<u8> = (0..=250).cycle().take(length + 64).collect();
        for (from, to, bytes) in [
            (0, 0, 0),
            (1, 2, 100),
            (0, 0, length),
            (3, 5, length - 7),
            (31, 1, length),
            (0, 32, 262_144),
            (0, 31, 262_143),
        ] {
            let mut target = vec![0xee; length + 128];
            // SAFETY: both are long enough, and are not the same memory.
            unsafe { copy(source[from..].as_ptr(), target[to..].as_mut_ptr(), bytes) };
            assert_eq!(target[to..to + bytes], source[from..from + bytes]);
            assert!(target[..to].iter().all(|&byte| byte == 0xee), "before");
            assert!(target[to + bytes..].iter().all(|&byte| byte == 0xee), "behind");
        }
    }
}
