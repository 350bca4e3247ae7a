//! The control array: the words that cross for one frame.

use std::ptr;

use framelane::raw::layout::control as word;
use framelane::raw::layout::{Descriptor, SlotHeader};
use framelane::raw::{Said, complete_descriptor};

/// Address of an array of [`word::WORDS`] 32-bit words inside an `ArrayBuffer` that the
/// environment keeps alive. Only this thread touches it.
#[derive(Clone, Copy)]
pub struct Control(*mut u32);

impl Control {
    /// The array at `address`.
    ///
    /// # Safety
    /// `word::WORDS` words, aligned to eight bytes, for as long as the value is used.
    pub unsafe fn new(address: *mut u32) -> Self {
        Self(address)
    }

    fn at(self, index: u32) -> *mut u32 {
        debug_assert!(index < word::WORDS, "a word of the array");
        self.0.wrapping_add(index as usize)
    }

    /// Reads a word.
    pub fn get(self, index: u32) -> u32 {
        // SAFETY: inside the array, by the contract of `new`.
        unsafe { self.at(index).read() }
    }

    /// Writes a word.
    pub fn set(self, index: u32, value: u32) {
        // SAFETY: inside the array, by the contract of `new`.
        unsafe { self.at(index).write(value) }
    }

    fn set64<T>(self, index: u32, value: T) {
        const { assert!(size_of::<T>() == 8) };
        debug_assert!(index.is_multiple_of(2), "aligned");
        // SAFETY: two words inside the array, aligned to eight bytes as every 64-bit field is.
        unsafe { self.at(index).cast::<T>().write(value) }
    }

    fn get64<T: Copy>(self, index: u32) -> T {
        const { assert!(size_of::<T>() == 8) };
        debug_assert!(index.is_multiple_of(2), "aligned");
        // SAFETY: two words inside the array, aligned to eight bytes as every 64-bit field is.
        unsafe { self.at(index).cast::<T>().read() }
    }

    /// A call's answer.
    pub fn put_status(self, status: i32) {
        self.set(word::STATUS, status.cast_unsigned());
    }

    /// How large a frame is to be.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in lib/")]
    pub fn bytes(self) -> u64 {
        self.get64::<f64>(word::BYTES) as u64
    }

    /// Where a frame is: hold, pool, slot, generation.
    pub fn put_place(self, hold: u32, pool: u32, slot: u16, generation: u32) {
        self.set(word::HOLD, hold);
        self.set(word::POOL, pool);
        self.set(word::SLOT, slot.into());
        self.set(word::GENERATION, generation);
    }

    /// What a received frame is.
    #[inline(always)]
    pub fn put_frame(self, descriptor: &Descriptor, missed: u64) {
        let Descriptor { kind, encoding, dtype, dims: [dim0, dim1, dim2], step, .. } = *descriptor;
        self.set(word::TYPES, u32::from_le_bytes([kind, encoding, dtype, 0]));
        self.set(word::DIM0, dim0);
        self.set(word::DIM1, dim1);
        self.set(word::DIM2, dim2);
        self.set(word::STEP, step);
        self.set64(word::SENT_NS, descriptor.sent_ns);
        #[allow(clippy::cast_precision_loss, reason = "a count for people")]
        self.set64(word::MISSED, missed as f64);
    }

    /// What a loan is that another thread has handed over.
    pub fn put_loan(self, descriptor: &Descriptor) {
        self.put_frame(descriptor, 0);
        #[allow(clippy::cast_precision_loss, reason = "below 2^48")]
        self.set64(word::PAYLOAD, descriptor.payload_bytes as f64);
    }

    /// What sending has filled in: when, and as the how-manieth.
    pub fn put_sent(self, descriptor: &Descriptor, stamp_ns: i64) {
        self.set64(word::SENT_NS, descriptor.sent_ns);
        #[allow(clippy::cast_precision_loss, reason = "a count for people")]
        self.set64(word::FRAME, (descriptor.seq / 2).wrapping_sub(1) as f64);
        self.set64(word::STAMP_NS, stamp_ns);
    }

    /// What the facade says of a frame it sends; to be checked as what was received is.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in lib/")]
    pub fn take_descriptor(self) -> Descriptor {
        let [kind, encoding, dtype, _] = self.get(word::TYPES).to_le_bytes();
        let mut descriptor = Descriptor {
            kind,
            encoding,
            dtype,
            payload_bytes: self.get64::<f64>(word::PAYLOAD) as u64,
            dims: [self.get(word::DIM0), self.get(word::DIM1), self.get(word::DIM2)],
            step: self.get(word::STEP),
            ..Descriptor::default()
        };
        complete_descriptor(&mut descriptor);
        descriptor
    }

    /// What it says of the frame beside that.
    #[allow(clippy::cast_possible_truncation, reason = "single precision in the header")]
    pub fn take_said(self) -> Said {
        let [matrix, range, _, _] = self.get(word::COLOUR).to_le_bytes();
        Said {
            depth_scale: self.get64::<f64>(word::SCALE) as f32,
            colour_matrix: matrix,
            colour_range: range,
            ext_offset: self.get(word::EXT),
        }
    }

    /// What the facade says for the slot header of a frame it sends.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
    pub fn take_header(self, header: &mut SlotHeader) {
        header.stamp_ns = self.get64(word::STAMP_NS);
        header.sequence = self.get64::<f64>(word::SEQUENCE) as u64;
        let length = self.get(word::FRAME_ID_LEN).min(63);
        header.frame_id_len = length as u8;
        if length > 0 {
            let from = self.at(word::FRAME_ID).cast::<u8>();
            let to = header.frame_id.as_mut_ptr();
            // SAFETY: up to 63 bytes; both sides have 64, and they do not overlap.
            unsafe { ptr::copy_nonoverlapping(from, to, length as usize) };
        }
    }
}
