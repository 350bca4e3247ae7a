//! The source pixel under the centre of each target pixel.

use super::{Plane, PlaneMut};

/// Which source column each target column is from.
#[derive(Debug, Default)]
pub(super) struct Nearest {
    columns: Vec<usize>,
}

impl Nearest {
    pub(super) fn resize(&mut self, from: &Plane<'_>, to: &mut PlaneMut<'_>) {
        self.columns.clear();
        self.columns.extend((0..to.width).map(|x| position(x, from.width, to.width)));
        match from.pixel.bytes() {
            1 => rows::<1>(from, to, &self.columns),
            2 => rows::<2>(from, to, &self.columns),
            3 => rows::<3>(from, to, &self.columns),
            4 => rows::<4>(from, to, &self.columns),
            6 => rows::<6>(from, to, &self.columns),
            8 => rows::<8>(from, to, &self.columns),
            12 => rows::<12>(from, to, &self.columns),
            16 => rows::<16>(from, to, &self.columns),
            other => unreachable!("no encoding has pixels of {other} bytes"),
        }
    }
}

/// `floor((x + 0.5) * from / to)`, without rounding: sizes are below 2^32.
fn position(x: usize, from: usize, to: usize) -> usize {
    let (x, from, to) = (x as u128, from as u128, to as u128);
    // Below `from`, for x is below `to`.
    usize::try_from((2 * x + 1) * from / (2 * to)).unwrap_or(usize::MAX)
}

fn rows<const N: usize>(from: &Plane<'_>, to: &mut PlaneMut<'_>, columns: &[usize]) {
    let height = to.height;
    for (y, to) in to.rows().enumerate() {
        let pixels = from.row(position(y, from.height, height)).as_chunks::<N>().0;
        for (to, &x) in to.as_chunks_mut::<N>().0.iter_mut().zip(columns) {
            *to = pixels[x];
        }
    }
}
