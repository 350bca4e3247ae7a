//! What a header claims is believed only as far as the target goes: no memory is taken for
//! pictures that are not there.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use framelane_kernels::{
    CodecError, Conversion, Format, Raster, RasterMut, convert, decode_into, encode, probe, route,
};
use framelane_layout::Encoding;
use framelane_layout::encoding::ENCODINGS;

/// The system's allocator, with a note of the largest piece asked for.
struct Noting;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

/// # Safety
/// Everything is handed on to the system's allocator.
// SAFETY: as above; noting a size allocates nothing.
unsafe impl GlobalAlloc for Noting {
    /// # Safety
    /// As the trait says.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.set(LARGEST.get().max(layout.size()));
        // SAFETY: the caller's promise is the one asked for.
        unsafe { System.alloc(layout) }
    }

    /// # Safety
    /// As the trait says.
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: `memory` came from `alloc` above, so from the system's allocator.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Noting = Noting;

/// The largest piece of memory that `work` asked for.
fn largest<T>(work: impl FnOnce() -> T) -> (T, usize) {
    LARGEST.set(0);
    let result = work();
    (result, LARGEST.get())
}

fn encoded(format: Format) -> Vec<u8> {
    let pixels = [90; 8 * 8 * 3];
    let raster = Raster::new(8, 8, 24, Encoding::Rgb8, &pixels).unwrap();
    encode(&raster, format, 90).unwrap()
}

fn jpeg_claiming(width: u16, height: u16) -> Vec<u8> {
    let mut file = encoded(Format::Jpeg);
    let frame = file.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    file
}

fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut file = encoded(Format::Png);
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = !file[12..29].iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    });
    file[29..33].copy_from_slice(&sum.to_be_bytes());
    file
}

#[test]
fn the_note_is_taken() {
    let (_, bytes) = largest(|| vec![0_u8; 5_000_000]);
    assert_eq!(bytes, 5_000_000);
}

#[test]
fn claims_take_no_memory() {
    let most = i32::MAX.cast_unsigned();
    for file in [
        jpeg_claiming(65_535, 65_535),
        png_claiming(60_000, 60_000),
        png_claiming(most, 1),
        png_claiming(1, most),
        png_claiming(most, most),
    ] {
        let (info, bytes) = largest(|| probe(&file));
        assert!(bytes < 300_000, "probing took {bytes} bytes: {info:?}");
        let mut pixels = [0; 8 * 8 * 3];
        let mut target = RasterMut::new(8, 8, 24, Encoding::Rgb8, &mut pixels).unwrap();
        let (decoded, bytes) = largest(|| decode_into(&file, &mut target));
        assert!(bytes < 300_000, "decoding took {bytes} bytes");
        match (info, decoded.unwrap_err()) {
            (Ok(_), CodecError::Size { got: (8, 8), .. }) => {}
            // Rows beyond the limit are refused before anything else.
            (Err(CodecError::Broken(_)), CodecError::Broken(_)) => {}
            (info, error) => panic!("{info:?}, then {error}"),
        }
    }
}

#[test]
fn a_jpeg_goes_straight_into_packed_rows() {
    let (width, height) = (1280, 720);
    let pixels = vec![90; (width * height * 3) as usize];
    let raster = Raster::new(width, height, width * 3, Encoding::Rgb8, &pixels).unwrap();
    let file = encode(&raster, Format::Jpeg, 85).unwrap();
    let mut decoded = vec![0; pixels.len()];
    let mut target =
        RasterMut::new(width, height, width * 3, Encoding::Rgb8, &mut decoded).unwrap();
    let (result, bytes) = largest(|| decode_into(&file, &mut target));
    assert_eq!(result, Ok(()));
    assert!(bytes < pixels.len() / 10, "decoding took {bytes} bytes");
}

#[test]
fn conversions_take_no_intermediate_picture() {
    let (width, height) = (1280, 720);
    let bytes = vec![90; (width * height * 16) as usize];
    let mut converted = bytes.clone();
    for (from, to) in ENCODINGS.iter().flat_map(|from| ENCODINGS.iter().map(move |to| (from, to))) {
        let (from, to) = (from.encoding, to.encoding);
        if route(from, to).is_err() {
            continue;
        }
        let step = |encoding: Encoding| encoding.row_bytes(width).unwrap();
        let from = Raster::new(width, height, step(from), from, &bytes).unwrap();
        let mut to = RasterMut::new(width, height, step(to), to, &mut converted).unwrap();
        let (result, most) = largest(|| convert(&from, &mut to, &Conversion::default()));
        assert!(result.is_ok() && most < 20_000, "{from:?}: {most} bytes");
    }
}
