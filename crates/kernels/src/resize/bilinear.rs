//! The weighted average of the source pixels around each target pixel, by `fast_image_resize`.
//!
//! That takes rows of whole, aligned pixels. Rows that are not, because their step is no
//! multiple of a pixel or the padding of the last one is missing, are copied, some at a time.

use std::ops::Range;

use fast_image_resize::images::{
    TypedCroppedImage, TypedCroppedImageMut, TypedImage, TypedImageRef,
};
use fast_image_resize::pixels::{F32, F32x3, F32x4, U8, U8x2, U8x3, U8x4, U16, U16x3, U16x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use framelane_layout::Dtype;

use super::{Plane, PlaneMut};

/// As many bytes are copied at a time, about.
const COPIED: usize = 1 << 20;

/// The library's own memory, and rows that had to be copied.
#[derive(Debug, Default)]
pub(super) struct Bilinear {
    resizer: Resizer,
    from: Vec<u8>,
    to: Vec<u8>,
}

impl Bilinear {
    pub(super) fn resize(&mut self, from: &Plane<'_>, to: &mut PlaneMut<'_>) {
        match (from.pixel.dtype, from.pixel.channels) {
            (Dtype::Uint8, 1) => self.bands::<U8>(from, to),
            (Dtype::Uint8, 2) => self.bands::<U8x2>(from, to),
            (Dtype::Uint8, 3) => self.bands::<U8x3>(from, to),
            (Dtype::Uint8, 4) => self.bands::<U8x4>(from, to),
            (Dtype::Uint16, 1) => self.bands::<U16>(from, to),
            (Dtype::Uint16, 3) => self.bands::<U16x3>(from, to),
            (Dtype::Uint16, 4) => self.bands::<U16x4>(from, to),
            (Dtype::Float32, 1) => self.bands::<F32>(from, to),
            (Dtype::Float32, 3) => self.bands::<F32x3>(from, to),
            (Dtype::Float32, 4) => self.bands::<F32x4>(from, to),
            (other, _) => unreachable!("no encoding has values of {}", other.info().name),
        }
    }

    /// All rows of the target: at once those for which no row must be copied, and then bands.
    fn bands<P: PixelTrait>(&mut self, from: &Plane<'_>, to: &mut PlaneMut<'_>) {
        let scale = Scale { from: from.height, to: to.height };
        let from_whole = whole_rows::<P>(from.bytes, from.step, from.height);
        let to_whole = whole_rows::<P>(to.bytes, to.step, to.height);
        let direct = scale.rows_from(from_whole).min(to_whole);
        let mut y = 0;
        while y < to.height {
            let rows = y..if y < direct { direct } else { scale.band(y, from.row_bytes()) };
            y = rows.end;
            let source = scale.under(&rows);
            let part = Part { from_direct: source.end <= from_whole, to_direct: y <= to_whole };
            self.band::<P>(from, to, part, scale, rows, source);
        }
    }

    /// The target's `rows` from the `source` rows.
    fn band<P: PixelTrait>(
        &mut self,
        from: &Plane<'_>,
        to: &mut PlaneMut<'_>,
        part: Part,
        scale: Scale,
        rows: Range<usize>,
        source: Range<usize>,
    ) {
        let (top, tall) = scale.part(&rows, &source);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .use_alpha(false)
            .crop(0.0, top, count(from.width), tall);
        let (bytes, step) = if part.from_direct {
            (&from.bytes[source.start * from.step..], from.step)
        } else {
            (&*copy(&mut self.from, from, source.clone()), from.row_bytes())
        };
        let from_view = view::<P>(bytes, step, from.width, source.len());
        let row_bytes = to.row_bytes();
        if part.to_direct {
            let bytes = &mut to.bytes[rows.start * to.step..];
            let to_view = view_mut::<P>(bytes, to.step, to.width, rows.len());
            return convolve(&mut self.resizer, from_view, to_view, &options);
        }
        let results = aligned(&mut self.to, rows.len() * row_bytes);
        let to_view = view_mut::<P>(results, row_bytes, to.width, rows.len());
        convolve(&mut self.resizer, from_view, to_view, &options);
        let targets = to.rows().skip(rows.start);
        results.chunks_exact(row_bytes).zip(targets).for_each(|(row, to)| to.copy_from_slice(row));
    }
}

/// Which rows of a band lie so that the library can work on them where they are.
#[derive(Clone, Copy)]
struct Part {
    from_direct: bool,
    to_direct: bool,
}

/// Heights, and which source rows matter to which target rows.
#[derive(Clone, Copy)]
struct Scale {
    from: usize,
    to: usize,
}

impl Scale {
    /// Source rows for a target row.
    fn ratio(self) -> f64 {
        count(self.from) / count(self.to)
    }

    /// All source rows with a weight in one of these target rows; perhaps one or two more.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped first")]
    fn under(self, rows: &Range<usize>) -> Range<usize> {
        let reach = self.ratio().max(1.0) + 1.0;
        let first = (count(rows.start) + 0.5) * self.ratio() - reach;
        let end = (count(rows.end) - 0.5) * self.ratio() + reach;
        let whole = |y: f64| y.clamp(0.0, count(self.from)) as usize;
        whole(first.floor())..whole(end.ceil())
    }

    /// How many target rows can be made of the first `whole` source rows.
    fn rows_from(self, whole: usize) -> usize {
        let enough = |&y: &usize| self.under(&(0..y)).end <= whole;
        (1..=self.to).rev().find(enough).unwrap_or(0)
    }

    /// Where the band that begins at `y` ends.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number")]
    fn band(self, y: usize, row_bytes: usize) -> usize {
        let rows = count(COPIED) / (count(row_bytes) * self.ratio());
        self.to.min(y + (rows as usize).max(4))
    }

    /// The part of the source rows that lies exactly under the target rows: top and height.
    fn part(self, rows: &Range<usize>, source: &Range<usize>) -> (f64, f64) {
        let top = count(rows.start * self.from) / count(self.to) - count(source.start);
        let tall = count(rows.len() * self.from) / count(self.to);
        (top, tall.min(count(source.len()) - top))
    }
}

/// A number of pixels or bytes, all of which a float holds exactly, as it is below 2^53.
#[allow(clippy::cast_precision_loss, reason = "below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}

/// How many rows from the top are whole, aligned pixels, padding included.
fn whole_rows<P>(bytes: &[u8], step: usize, height: usize) -> usize {
    let fits = step.is_multiple_of(size_of::<P>()) && is_aligned::<P>(bytes);
    if fits { height.min(bytes.len() / step) } else { 0 }
}

fn is_aligned<P>(bytes: &[u8]) -> bool {
    bytes.as_ptr().align_offset(align_of::<P>()) == 0
}

/// Some rows one behind the other, in memory that is kept.
fn copy<'a>(kept: &'a mut Vec<u8>, from: &Plane<'_>, rows: Range<usize>) -> &'a mut [u8] {
    let row_bytes = from.row_bytes();
    let copies = aligned(kept, rows.len() * row_bytes);
    for (y, copy) in rows.zip(copies.chunks_exact_mut(row_bytes)) {
        copy.copy_from_slice(from.row(y));
    }
    copies
}

/// Memory aligned for every kind of pixel.
fn aligned(kept: &mut Vec<u8>, bytes: usize) -> &mut [u8] {
    const ALIGNMENT: usize = align_of::<F32x4>();
    if kept.len() < bytes + ALIGNMENT {
        kept.resize(bytes + ALIGNMENT, 0);
    }
    let start = kept.as_ptr().align_offset(ALIGNMENT);
    &mut kept[start..start + bytes]
}

/// Nothing here fails: who calls has seen that there are so many whole rows.
const WHOLE: &str = "the rows are whole and aligned";

fn pixels(number: usize) -> u32 {
    u32::try_from(number).expect("steps and sizes are 32-bit numbers")
}

fn view<P: PixelTrait>(
    bytes: &[u8],
    step: usize,
    width: usize,
    height: usize,
) -> TypedCroppedImage<'_, TypedImageRef<'_, P>> {
    let wide = pixels(step / size_of::<P>());
    let all = TypedImageRef::from_buffer(wide, pixels(height), bytes).expect(WHOLE);
    TypedCroppedImage::new(all, 0, 0, pixels(width), pixels(height)).expect(WHOLE)
}

fn view_mut<P: PixelTrait>(
    bytes: &mut [u8],
    step: usize,
    width: usize,
    height: usize,
) -> TypedCroppedImageMut<'_, TypedImage<'_, P>> {
    let wide = pixels(step / size_of::<P>());
    let all = TypedImage::from_buffer(wide, pixels(height), bytes).expect(WHOLE);
    TypedCroppedImageMut::new(all, 0, 0, pixels(width), pixels(height)).expect(WHOLE)
}

fn convolve<P: PixelTrait>(
    resizer: &mut Resizer,
    from: TypedCroppedImage<'_, TypedImageRef<'_, P>>,
    mut to: TypedCroppedImageMut<'_, TypedImage<'_, P>>,
    options: &ResizeOptions,
) {
    resizer.resize_typed(&from, &mut to, options).expect("the part lies within the source");
}
