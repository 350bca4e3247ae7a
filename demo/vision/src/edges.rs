//! Edges of a picture, by Sobel's operator: the work that stands for "looking at a frame".

/// Finds edges, frame after frame, in memory that is taken with the first.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    /// Luma of the row above, of this row and of the row below.
    rows: [Vec<u8>; 3],
    /// For each column: above + 2 this + below.
    sums: Vec<i16>,
    /// For each column: below - above.
    differences: Vec<i16>,
}

impl Edges {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Writes how steep the luma of `rgb` is: `|gx| + |gy|`, at most 255, and 0 in the
    /// outermost rows and columns.
    ///
    /// `rgb` holds `height` rows of `width` pixels of `rgb8`, `step` bytes from row to row;
    /// `out` takes packed `mono8`.
    ///
    /// # Panics
    /// Where `step` is shorter than a row, or a slice shorter than the rows.
    pub(crate) fn edges(
        &mut self,
        rgb: &[u8],
        width: usize,
        height: usize,
        step: usize,
        out: &mut [u8],
    ) {
        let out = &mut out[..width * height];
        if width < 3 || height < 3 {
            out.fill(0);
            return;
        }
        assert!(step >= width * 3, "a step of {step} bytes for rows of {} bytes", width * 3);
        assert!(rgb.len() >= step * (height - 1) + width * 3, "{} bytes of pixels", rgb.len());
        self.rows.iter_mut().for_each(|row| row.resize(width, 0));
        self.sums.resize(width, 0);
        self.differences.resize(width, 0);

        let mut pixels = rgb.chunks(step).take(height).map(|row| &row[..width * 3]);
        let mut lines = out.chunks_exact_mut(width);
        for (row, pixels) in self.rows[1..].iter_mut().zip(&mut pixels) {
            luma(pixels, row);
        }
        lines.next().into_iter().for_each(|first| first.fill(0));
        for (pixels, line) in pixels.zip(&mut lines) {
            self.rows.rotate_left(1);
            luma(pixels, &mut self.rows[2]);
            self.magnitude(line);
        }
        lines.next().into_iter().for_each(|last| last.fill(0));
    }

    /// The line of the row in the middle.
    fn magnitude(&mut self, line: &mut [u8]) {
        let [above, this, below] = &self.rows;
        let columns = above.iter().zip(this).zip(below);
        let results = self.sums.iter_mut().zip(&mut self.differences);
        for (((&above, &this), &below), (sum, difference)) in columns.zip(results) {
            let [above, this, below] = [above, this, below].map(i16::from);
            *sum = above + 2 * this + below;
            *difference = below - above;
        }

        let [first, inner @ .., last] = line else { return };
        (*first, *last) = (0, 0);
        let across = self.sums.iter().zip(&self.sums[2..]);
        let down = self.differences.iter().zip(&self.differences[1..]).zip(&self.differences[2..]);
        for ((out, (left_sum, right_sum)), ((left, middle), right)) in
            inner.iter_mut().zip(across).zip(down)
        {
            let gx = right_sum - left_sum;
            let gy = left + 2 * middle + right;
            *out = (gx.unsigned_abs() + gy.unsigned_abs()).min(255) as u8;
        }
    }
}

/// The luma of BT.601 in steps of 1/256, rounded.
fn luma(rgb: &[u8], luma: &mut [u8]) {
    for (pixel, luma) in rgb.chunks_exact(3).zip(luma) {
        let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(u16::from);
        *luma = ((77 * r + 150 * g + 29 * b + 128) >> 8) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(rgb: &[u8], width: usize, height: usize, step: usize) -> Vec<u8> {
        let mut out = vec![0xa5; width * height];
        Edges::new().edges(rgb, width, height, step, &mut out);
        out
    }

    /// Noise in which bright and dark lie in patches, so that not every edge is at the limit.
    fn noise(bytes: usize, seed: u32) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_be_bytes()[0]
        };
        (0..bytes).map(|at| if at / 300 % 2 == 0 { next() } else { 100 + next() / 16 }).collect()
    }

    /// The same by floating point, pixel by pixel.
    fn naive(rgb: &[u8], width: usize, height: usize, step: usize) -> Vec<f64> {
        let luma = |x: usize, y: usize| {
            let pixel = &rgb[y * step + x * 3..][..3];
            let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
            (0.299 * r + 0.587 * g + 0.114 * b).round()
        };
        let mut out = vec![0.0; width * height];
        for y in 1..height.saturating_sub(1) {
            for x in 1..width.saturating_sub(1) {
                let column = |x| luma(x, y - 1) + 2.0 * luma(x, y) + luma(x, y + 1);
                let row = |y| luma(x - 1, y) + 2.0 * luma(x, y) + luma(x + 1, y);
                let gx = column(x + 1) - column(x - 1);
                let gy: f64 = row(y + 1) - row(y - 1);
                out[y * width + x] = (gx.abs() + gy.abs()).min(255.0);
            }
        }
        out
    }

    #[test]
    fn a_flat_picture_has_no_edges() {
        for value in [0, 1, 128, 255] {
            assert_eq!(edges(&[value; 40 * 30 * 3], 40, 30, 120), [0; 40 * 30]);
        }
    }

    #[test]
    fn a_step_is_two_pixels_wide() {
        // From 10 to 30: gx is 4 times the difference.
        let row: Vec<u8> = [[10; 15], [30; 15]].concat();
        let line = [0, 0, 0, 0, 80, 80, 0, 0, 0, 0];
        let out = edges(&row.repeat(5), 10, 5, 30);
        for (y, found) in out.chunks_exact(10).enumerate() {
            assert_eq!(found, if (1..4).contains(&y) { line } else { [0; 10] }, "row {y}");
        }
        // The same step from top to bottom.
        let out = edges(&[[10; 5 * 3 * 5], [30; 5 * 3 * 5]].concat(), 5, 10, 15);
        let column: Vec<u8> = out.iter().skip(2).step_by(5).copied().collect();
        assert_eq!(column, line);
    }

    #[test]
    fn the_steepest_is_255() {
        let row: Vec<u8> = [[0; 15], [255; 15]].concat();
        assert_eq!(edges(&row.repeat(3), 10, 3, 30)[10..20], [0, 0, 0, 0, 255, 255, 0, 0, 0, 0]);
    }

    #[test]
    fn colours_count_by_their_luma() {
        let primaries = [([255, 0, 0], 76.245), ([0, 255, 0], 149.685), ([0, 0, 255], 29.07)];
        for (colour, expected) in primaries {
            let mut grey = [0];
            luma(&colour, &mut grey);
            assert!((f64::from(grey[0]) - expected).abs() < 1.0, "{colour:?}: {grey:?}");
        }
        let mut grey = [0];
        luma(&[255; 3], &mut grey);
        assert_eq!(grey, [255]);
    }

    #[test]
    fn random_pictures_have_the_edges_of_floating_point() {
        for (width, height, padding) in
            [(97, 61, 0), (97, 61, 5), (3, 3, 0), (64, 3, 1), (3, 40, 2)]
        {
            let step = width * 3 + padding;
            // The last row has no padding behind it.
            let rgb = noise(step * height - padding, 7);
            let found = edges(&rgb, width, height, step);
            let expected = naive(&rgb, width, height, step);
            let far = found.iter().zip(&expected).map(|(a, b)| (f64::from(*a) - b).abs());
            // Each luma may be rounded the other way: off by 1, and there are 12 of them, 4
            // with a weight of 2.
            assert!(far.clone().all(|far| far <= 16.0), "{width}x{height}");
            let mean = far.sum::<f64>() / (expected.len() as f64);
            assert!(mean < 1.5, "{width}x{height}: mean {mean}");
        }
    }

    #[test]
    fn one_instance_serves_pictures_of_any_size() {
        let mut edges = Edges::new();
        for (width, height) in [(50, 20), (8, 9), (90, 5), (2, 9), (9, 2), (1, 1), (50, 20)] {
            let rgb = noise(width * height * 3, 9);
            let (mut out, mut fresh) = (vec![1; width * height], vec![2; width * height]);
            edges.edges(&rgb, width, height, width * 3, &mut out);
            Edges::new().edges(&rgb, width, height, width * 3, &mut fresh);
            assert_eq!(out, fresh, "{width}x{height}");
        }
        edges.edges(&[], 0, 0, 0, &mut []);
    }
}
