//! What lies between source and target: the pixels of part of a row, 8 bits a channel, each
//! channel on its own. Small enough to stay in the fastest cache.

use framelane_layout::Encoding;

/// Pixels in a piece: an even number.
pub(super) const PIECE: usize = 1024;

/// Which channels of a piece mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first.
    Grey,
    /// The first three: red, green, blue.
    Colour,
    /// All four.
    Alpha,
}

impl Kind {
    /// What the pixels of an encoding have.
    pub(super) fn of(encoding: Encoding) -> Self {
        use Encoding::{Bgra8, Depth16, Mono8, Mono16, Mono32f, Rgba8, Rgba16, Rgba32f};
        match encoding {
            Mono8 | Mono16 | Mono32f | Depth16 => Self::Grey,
            Rgba8 | Bgra8 | Rgba16 | Rgba32f => Self::Alpha,
            _ => Self::Colour,
        }
    }
}

/// The pixels of part of a row.
#[derive(Debug)]
pub(super) struct Piece {
    channels: [[u8; PIECE]; 4],
    count: usize,
}

impl Piece {
    pub(super) fn new() -> Self {
        Self { channels: [[0; PIECE]; 4], count: 0 }
    }

    /// Makes room for so many pixels, at most [`PIECE`].
    pub(super) fn resize(&mut self, count: usize) {
        self.count = count;
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn grey(&mut self) -> &mut [u8] {
        &mut self.channels[0][..self.count]
    }

    pub(super) fn alpha(&mut self) -> &mut [u8] {
        &mut self.channels[3][..self.count]
    }

    pub(super) fn colours(&self) -> [&[u8]; 3] {
        let [r, g, b, _] = &self.channels;
        [&r[..self.count], &g[..self.count], &b[..self.count]]
    }

    pub(super) fn colours_mut(&mut self) -> [&mut [u8]; 3] {
        let [r, g, b, _] = &mut self.channels;
        [&mut r[..self.count], &mut g[..self.count], &mut b[..self.count]]
    }

    /// Red, green, blue and alpha.
    pub(super) fn all(&self) -> [&[u8]; 4] {
        self.channels.each_ref().map(|channel| &channel[..self.count])
    }

    /// Grey becomes a colour, or a colour grey, and what has no alpha is opaque.
    pub(super) fn become_kind(&mut self, from: Kind, to: Kind) {
        match (from, to) {
            (Kind::Colour | Kind::Alpha, Kind::Grey) => {
                let [r, g, b] = self.colours_mut();
                super::packed::greys(r, g, b);
            }
            (Kind::Grey, Kind::Colour | Kind::Alpha) => {
                let [r, g, b] = self.colours_mut();
                g.copy_from_slice(r);
                b.copy_from_slice(r);
            }
            _ => {}
        }
        if to == Kind::Alpha && from != Kind::Alpha {
            self.alpha().fill(255);
        }
    }
}
