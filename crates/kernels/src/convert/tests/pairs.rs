//! All pairs of encodings.

use super::reference::expected;
use super::*;

const COMMON: [Encoding; 4] = [Encoding::Rgb8, Encoding::Rgba8, Encoding::Bgr8, Encoding::Mono8];

fn encodings() -> impl Iterator<Item = Encoding> {
    ENCODINGS.iter().map(|info| info.encoding)
}

/// Whether the table promises a conversion.
fn promised(from: Encoding, to: Encoding) -> bool {
    let yuyv = [Encoding::Yuyv, Encoding::Yuv422];
    let one_of_four = COMMON.contains(&from) || COMMON.contains(&to);
    one_of_four || from == to || (yuyv.contains(&from) && yuyv.contains(&to))
}

/// The nearest size that both encodings can have.
fn fit((width, height): (u32, u32), from: Encoding, to: Encoding) -> (u32, u32) {
    let [from, to] = [from, to].map(Encoding::info);
    let multiples = (
        u32::from(from.width_multiple.max(to.width_multiple)),
        u32::from(from.height_multiple().max(to.height_multiple())),
    );
    (width.next_multiple_of(multiples.0), height.next_multiple_of(multiples.1))
}

/// Bytes between rows that an encoding can have.
fn padding(encoding: Encoding, wanted: u32) -> u32 {
    if encoding == Encoding::I420 { wanted.next_multiple_of(2) } else { wanted }
}

fn check(from: &Picture, to: Encoding, padding_after: u32, how: &Conversion) {
    let what = (from.encoding, to, from.width, from.height, from.step, padding_after, how);
    let got = converted(from, to, padding(to, padding_after), how);
    if !promised(from.encoding, to) {
        assert!(matches!(got, Err(ConvertError::NoConversion { .. })), "{what:?}");
        return;
    }
    // Between names of one layout the bytes are the same.
    let copied = !COMMON.contains(&from.encoding) && !COMMON.contains(&to);
    let expected = if copied { from.packed() } else { expected(from, to, how) };
    let tolerance = u8::from(is_yuv(from.encoding) != is_yuv(to) && to != Encoding::Mono8);
    compare(&got.unwrap(), &expected, tolerance, &what);
}

fn each_pair(mut work: impl FnMut(Encoding, Encoding)) {
    for from in encodings() {
        encodings().for_each(|to| work(from, to));
    }
}

#[test]
fn every_pair_is_converted_or_refused_as_promised() {
    let mut count = 0;
    each_pair(|from, to| {
        assert_eq!(route(from, to).is_ok(), promised(from, to), "{from:?} to {to:?}");
        count += usize::from(promised(from, to));
        for (size, paddings) in [((7, 5), (0, 0)), ((1, 1), (3, 5)), ((35, 6), (6, 1))] {
            let how = Conversion::default();
            let picture = Picture::noise(from, fit(size, from, to), padding(from, paddings.0), 7);
            check(&picture, to, paddings.1, &how);
        }
    });
    // To four and from four, the four among them counted once; 21 others and 2 names for one.
    assert_eq!(count, 25 * 4 * 2 - 4 * 4 + 21 + 2);
}

#[test]
fn rows_longer_than_a_piece_are_whole() {
    let width = u32::try_from(PIECE).unwrap();
    each_pair(|from, to| {
        for width in [width * 2 + 3, width, width + 1] {
            let size = fit((width, 3), from, to);
            check(&Picture::noise(from, size, 0, 11), to, 0, &Conversion::default());
        }
    });
}

/// Any of its settings.
fn any_conversion(random: &mut Random) -> Conversion {
    let yuv = all_yuv().nth(random.below(4) as usize).unwrap();
    let ends = [random.below(65_536), random.below(65_536)];
    let [near, far] = [ends[0].min(ends[1]), ends[0].max(ends[1])];
    let ends = (u16::try_from(near).unwrap(), u16::try_from(far).unwrap());
    let maps = [ColourMap::Grey, ColourMap::Turbo, ColourMap::Viridis];
    Conversion {
        yuv,
        depth_range_mm: (random.below(3) > 0).then_some(ends),
        colour_map: maps[random.below(3) as usize],
    }
}

#[test]
fn any_size_step_and_setting_gives_what_the_reference_gives() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    each_pair(|from, to| {
        for _ in 0..12 {
            let size = (1 + random.below(40), 1 + random.below(9));
            let how = any_conversion(&mut random);
            let before = padding(from, random.below(20));
            let picture = Picture::noise(from, fit(size, from, to), before, random.next() | 1);
            check(&picture, to, random.below(20), &how);
        }
    });
}

#[test]
fn nothing_panics_whatever_is_given() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..20_000 {
        let mut any = || Encoding::from_code(u8::try_from(random.below(25)).unwrap()).unwrap();
        let (from, to) = (any(), any());
        let mut how = any_conversion(&mut random);
        if random.below(8) == 0 {
            how.depth_range_mm = how.depth_range_mm.map(|(near, far)| (far, near));
        }
        let bytes: Vec<_> = (0..4096).map(|_| random.byte()).collect();
        let mut target = vec![0; 4096];
        let mut number = |end| 1 + random.below(end);
        let (width, height, step) = (number(20), number(20), number(300));
        let other = if number(8) == 1 { number(20) } else { width };
        let to_step = number(300);
        let from = Raster::new(width, height, step, from, &bytes);
        let to = RasterMut::new(other, height, to_step, to, &mut target);
        if let (Ok(from), Ok(mut to)) = (from, to) {
            let result = convert(&from, &mut to, &how);
            let possible = route(from.encoding(), to.encoding()).is_ok() && other == width;
            let ordered = how.depth_range_mm.is_none_or(|(near, far)| near <= far);
            assert_eq!(result.is_ok(), possible && ordered);
        }
    }
}
