//! What is in a frame: everything follows from who sent it and which one it is, so that a
//! receiver can check every byte of it.
//!
//! Words of 32 bits: magic, seed, sender, sequence, job, words in all, stream, check; then
//! `seed ^ (index * FACTOR)` for each further word. `node/payload.ts` does the same.

/// Words before those that follow from the seed.
const HEAD: usize = 8;
/// Fewest bytes of a frame.
pub(crate) const LEAST: u32 = 64;
/// Bytes of the largest frame whose slot is one page: behind it there is room for an ext block.
#[allow(clippy::cast_possible_truncation, reason = "512")]
pub(crate) const ONE_PAGE: u32 = 4096 - framelane_layout::ext::ROOM as u32;
const MAGIC: u32 = 0x4652_4d31;
const FACTOR: u32 = 0x9e37_79b1;

/// Says which frame it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// Number of the sender, a new one for each life of it.
    pub(crate) sender: u32,
    /// Number of the frame among the sender's.
    pub(crate) sequence: u32,
    /// Number in the ledger of a queue; 0 elsewhere.
    pub(crate) job: u32,
    /// Which topic it was sent to first.
    pub(crate) stream: u32,
}

impl Label {
    fn seed(self) -> u32 {
        let mixed = self.sender.wrapping_mul(0x85eb_ca6b) ^ self.stream.rotate_left(27);
        let mixed = (mixed ^ mixed >> 15).wrapping_add(self.sequence.wrapping_mul(0xc2b2_ae35));
        mixed ^ mixed >> 13 ^ self.job.wrapping_mul(0x27d4_eb2f)
    }

    fn head(self, words: usize) -> [u32; HEAD] {
        let words = u32::try_from(words).unwrap_or(u32::MAX);
        let Self { sender, sequence, job, stream } = self;
        let head = [MAGIC, self.seed(), sender, sequence, job, words, stream];
        let check = head.iter().fold(FACTOR, |all, word| (all ^ word).wrapping_mul(FACTOR));
        let mut whole = [check; HEAD];
        whole[..HEAD - 1].copy_from_slice(&head);
        whole
    }

    /// Fills a frame of a multiple of four bytes, at least [`LEAST`].
    pub(crate) fn fill(self, data: &mut [u8]) {
        let (words, _) = data.as_chunks_mut::<4>();
        let head = self.head(words.len());
        let seed = head[1];
        let mut factor = 0_u32;
        for word in words.iter_mut() {
            *word = (seed ^ factor).to_le_bytes();
            factor = factor.wrapping_add(FACTOR);
        }
        for (word, value) in words.iter_mut().zip(head) {
            *word = value.to_le_bytes();
        }
    }

    /// Which frame this is, if every byte of it is as it was filled.
    pub(crate) fn read(data: &[u8]) -> Option<Self> {
        let (words, rest) = data.as_chunks::<4>();
        if words.len() < HEAD || !rest.is_empty() {
            return None;
        }
        let word = |index: usize| u32::from_le_bytes(words[index]);
        let label = Self { sender: word(2), sequence: word(3), job: word(4), stream: word(6) };
        label.is_whole(data).then_some(label)
    }

    /// Whether `data` is this frame, to the last byte.
    pub(crate) fn is_whole(self, data: &[u8]) -> bool {
        let (words, _) = data.as_chunks::<4>();
        let head = self.head(words.len());
        let seed = head[1];
        let mut wrong = 0_u32;
        let mut factor = FACTOR.wrapping_mul(8);
        for (word, value) in words.iter().zip(head) {
            wrong |= u32::from_le_bytes(*word) ^ value;
        }
        for word in words.iter().skip(HEAD) {
            wrong |= u32::from_le_bytes(*word) ^ seed ^ factor;
            factor = factor.wrapping_add(FACTOR);
        }
        wrong == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_counts() {
        let label = Label { sender: 3, sequence: 9, job: 0, stream: 1 };
        let mut data = [0; 96];
        label.fill(&mut data);
        assert_eq!(Label::read(&data), Some(label));
        for index in 0..data.len() {
            data[index] ^= 1;
            assert_eq!(Label::read(&data), None, "byte {index}");
            data[index] ^= 1;
        }
        let next = Label { sequence: 10, ..label };
        assert!(!next.is_whole(&data));
    }
}
