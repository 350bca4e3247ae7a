//! How much memory a point cloud takes to read: nothing that a file merely claims.
#![allow(clippy::unwrap_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use framelane_kernels::{decode_cloud, probe_cloud};

/// The system's memory, and the largest piece of it that a thread has asked for.
struct Watched;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: it is the system's allocator in all it does.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.with(|largest| largest.set(largest.get().max(layout.size())));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static MEMORY: Watched = Watched;

/// The largest piece of memory that was asked for to read a file, or to refuse it.
fn largest(file: &[u8], out: &mut [u8]) -> (usize, bool) {
    LARGEST.set(0);
    let read = probe_cloud(file).is_ok_and(|info| decode_cloud(file, &info, out).is_ok());
    (LARGEST.get(), read)
}

fn pcd(points: u64, data: &str) -> Vec<u8> {
    let (width, height) = if points > 1 << 31 { (1 << 31, points >> 31) } else { (points, 1) };
    format!(
        "VERSION .7\nFIELDS x _\nSIZE 4 8\nTYPE F U\nCOUNT 255 65535\nWIDTH {width}\n\
         HEIGHT {height}\nPOINTS {points}\nDATA {data}\n"
    )
    .into_bytes()
}

#[test]
fn a_claim_costs_nothing() {
    for points in [1_u64, 1000, 1 << 31, 1 << 40, 1 << 62] {
        for data in ["ascii", "binary", "binary_compressed"] {
            let mut file = pcd(points, data);
            file.extend([0xff; 64]);
            let (bytes, read) = largest(&file, &mut []);
            assert!(bytes < 4096 && !read, "{bytes} bytes for {points} points, {data}");
        }
        for format in ["ascii", "binary_little_endian", "binary_big_endian"] {
            let mut file = format!(
                "ply\nformat {format} 1.0\nelement face {points}\nproperty list uint double v\n\
                 element vertex {points}\nproperty float x\nend_header\n"
            )
            .into_bytes();
            file.extend([0x7f; 64]);
            let (bytes, read) = largest(&file, &mut []);
            assert!(bytes < 4096 && !read, "{bytes} bytes for {points} points, {format}");
        }
    }
}

#[test]
fn only_decompression_takes_memory() {
    // One point of 525,300 bytes: the largest steps that there are.
    let whole = 255 * 4 + 65_535 * 8;
    let mut data = vec![0, 0];
    let mut length = 1;
    while length + 264 <= whole {
        data.extend([0xe0, 255, 0]);
        length += 264;
    }
    (length..whole).for_each(|_| data.extend([0, 9]));
    let mut file = pcd(1, "binary_compressed");
    file.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    file.extend(u32::try_from(whole).unwrap().to_le_bytes());
    file.extend(data);
    let mut out = [1; 255 * 4];
    let (bytes, read) = largest(&file, &mut out);
    assert!(read && out == [0; 255 * 4]);
    assert_eq!(bytes, whole);

    let file = include_bytes!("../../../__test__/data/stereo/cloud-ascii.ply");
    let mut out = vec![0; 38_198 * 16];
    let (bytes, read) = largest(file, &mut out);
    assert!(bytes < 4096 && read, "{bytes} bytes for a text");
}
