//! The markers of a JPEG: its size before it is decoded, and the cases in which the decoder
//! would give a wrong picture and no error.

use framelane_layout::Encoding;

use super::{CodecError, PictureInfo};

const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const PROGRESSIVE: u8 = 0xc2;

fn broken(reason: &str) -> CodecError {
    CodecError::Broken(reason.into())
}

fn unsupported(what: impl Into<String>, possible: &'static str) -> CodecError {
    CodecError::Unsupported { what: what.into(), possible }
}

/// The markers from the second on, each with its content.
struct Markers<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Markers<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 2 }
    }
}

impl<'a> Iterator for Markers<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // Also skips the entropy-coded data behind a scan.
            self.at += self.bytes.get(self.at..)?.iter().position(|&byte| byte == 0xff)?;
            match *self.bytes.get(self.at + 1)? {
                // A byte 0xff of that data, a marker that stands alone, a restart.
                0x00 | 0x01 | 0xd0..=0xd7 => self.at += 2,
                // A filler.
                0xff => self.at += 1,
                END => return Some((END, &[])),
                marker => {
                    let &[high, low, ref rest @ ..] = self.bytes.get(self.at + 2..)? else {
                        return None;
                    };
                    // The length counts its own two bytes.
                    let length = usize::from(u16::from_be_bytes([high, low]));
                    self.at += 2 + length;
                    return Some((marker, rest.get(..length.checked_sub(2)?)?));
                }
            }
        }
    }
}

/// What a start of frame says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    width: u16,
    height: u16,
    components: u8,
    progressive: bool,
    /// The finest sampling, horizontal and vertical: 1, 2 or 4 to a unit.
    finest: (u8, u8),
}

impl Frame {
    /// Reads as far as the start of frame.
    pub(super) fn find(bytes: &[u8]) -> Result<Self, CodecError> {
        for (marker, content) in Markers::of(bytes) {
            match marker {
                0xc0..=0xc2 => return Self::read(marker, content),
                // Tables of codes, and a marker that is reserved.
                0xc4 | 0xc8 | 0xcc => {}
                0xc3..=0xcf => {
                    let what = "decoding a lossless, differential or arithmetic-coded JPEG";
                    return Err(unsupported(what, "baseline and progressive JPEG"));
                }
                SCAN | END => break,
                _ => {}
            }
        }
        Err(broken("no start of frame"))
    }

    fn read(marker: u8, content: &[u8]) -> Result<Self, CodecError> {
        let [precision, height_high, height_low, width_high, width_low, count, list @ ..] = content
        else {
            return Err(broken("the start of frame is too short"));
        };
        let (list, rest) = list.as_chunks::<3>();
        if list.len() != usize::from(*count) || !rest.is_empty() {
            return Err(broken("the start of frame has not the length it needs"));
        }
        if *precision != 8 {
            let what = format!("decoding a JPEG of {precision} bits a channel");
            return Err(unsupported(what, "8 bits"));
        }
        if !matches!(count, 1 | 3 | 4) {
            let what = format!("decoding a JPEG of {count} components");
            return Err(unsupported(what, "1, 3 or 4 components"));
        }
        let sampling = |component: &[u8; 3]| (component[1] >> 4, component[1] & 15);
        let finest = sampling(&list[0]);
        let known = |(across, down): (u8, u8)| {
            let (most_across, most_down) = finest;
            [1, 2, 4].contains(&across)
                && [1, 2, 4].contains(&down)
                && across <= most_across
                && down <= most_down
        };
        if !list.iter().map(sampling).all(known) {
            let what = "decoding a JPEG of this sampling";
            return Err(unsupported(what, "factors 1, 2 and 4, the first component's largest"));
        }
        let width = u16::from_be_bytes([*width_high, *width_low]);
        let height = u16::from_be_bytes([*height_high, *height_low]);
        if width == 0 || height == 0 {
            return Err(broken("its width or height is 0"));
        }
        let progressive = marker == PROGRESSIVE;
        Ok(Self { width, height, components: *count, progressive, finest })
    }

    /// Width, height and number of components.
    pub(super) fn shape(&self) -> (u16, u16, u8) {
        (self.width, self.height, self.components)
    }

    pub(super) fn info(&self) -> PictureInfo {
        // Four components are the colours of print; they become three.
        let encoding = if self.components == 1 { Encoding::Mono8 } else { Encoding::Rgb8 };
        PictureInfo { width: self.width.into(), height: self.height.into(), encoding }
    }

    /// Whether the decoder is to be trusted with leaving the colours out. Where it reads two
    /// rows of units for one of the picture's it loses count.
    pub(super) fn grey_can_be_taken_out(&self) -> bool {
        self.components == 1 || !self.progressive && (self.finest.1 == 1 || self.finest == (2, 2))
    }

    /// Refuses what the decoder takes for whole though it is not, of which it would leave a
    /// part of the target as it was, or which it would decode to something else.
    pub(super) fn check_scans(&self, bytes: &[u8]) -> Result<(), CodecError> {
        let mut scanned = false;
        for (marker, content) in Markers::of(bytes) {
            match marker {
                END => return Ok(()),
                _ if self.progressive => {}
                _ if scanned => return Err(broken("it goes on behind its only scan")),
                SCAN if content.first() != Some(&self.components) => {
                    let what = "decoding a baseline JPEG of several scans";
                    return Err(unsupported(what, "baseline JPEG of one scan, progressive JPEG"));
                }
                SCAN => scanned = true,
                _ => {}
            }
        }
        Err(broken("it ends before its end marker"))
    }
}
