//! What each pixel should be, computed one by one with 64-bit floats.

use super::*;

/// A picture whose rows are packed.
pub(super) struct Source<'a> {
    encoding: Encoding,
    width: usize,
    height: usize,
    bytes: &'a [u8],
    how: &'a Conversion,
    /// Nearest and farthest distance.
    range: (f64, f64),
}

/// The nearest whole number, the one above of two.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65,535")]
fn half_up(value: f64) -> u16 {
    (value + 0.5).floor() as u16
}

fn byte(value: f64) -> u8 {
    u8::try_from(half_up(value)).unwrap()
}

/// The nearest whole number of 0 to 255, the even one of two.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
fn half_even(value: f64) -> u8 {
    value.round_ties_even().clamp(0.0, 255.0) as u8
}

/// Weights of red and blue in luma; first and range of Y, range of U and V.
fn constants(yuv: Yuv) -> (f64, f64, f64, f64, f64) {
    let (kr, kb) = match yuv.matrix {
        YuvMatrix::Bt601 => (0.299, 0.114),
        YuvMatrix::Bt709 => (0.2126, 0.0722),
    };
    match yuv.range {
        YuvRange::Limited => (kr, kb, 16.0, 219.0, 224.0),
        YuvRange::Full => (kr, kb, 0.0, 255.0, 255.0),
    }
}

/// Red, green and blue of Y, U and V.
pub(super) fn rgb_of([y, u, v]: [u8; 3], yuv: Yuv) -> [u8; 3] {
    let (kr, kb, first, y_range, uv_range) = constants(yuv);
    let y = (f64::from(y) - first) * 255.0 / y_range;
    let [u, v] = [u, v].map(|value| (f64::from(value) - 128.0) * 255.0 / uv_range);
    let r = y + 2.0 * (1.0 - kr) * v;
    let b = y + 2.0 * (1.0 - kb) * u;
    [r, (y - kr * r - kb * b) / (1.0 - kr - kb), b].map(half_even)
}

/// Y, U and V of the mean of pixels.
pub(super) fn yuv_of(pixels: &[[u8; 3]], yuv: Yuv) -> [u8; 3] {
    let (kr, kb, first, y_range, uv_range) = constants(yuv);
    let count = f64::from(u32::try_from(pixels.len()).unwrap());
    let [r, g, b] =
        [0, 1, 2].map(|at| pixels.iter().map(|pixel| f64::from(pixel[at])).sum::<f64>() / count);
    let y = kr * r + (1.0 - kr - kb) * g + kb * b;
    [
        half_even(first + y * y_range / 255.0),
        half_even(128.0 + (b - y) / (2.0 * (1.0 - kb)) * uv_range / 255.0),
        half_even(128.0 + (r - y) / (2.0 * (1.0 - kr)) * uv_range / 255.0),
    ]
}

/// The luma that decoding has: weights of 65,536 parts.
fn luma([r, g, b]: [u8; 3]) -> u8 {
    let [r, g, b] = [r, g, b].map(f64::from);
    byte((19_595.0 * r + 38_470.0 * g + 7_471.0 * b) / 65_536.0)
}

impl<'a> Source<'a> {
    pub(super) fn new(picture: &Picture, bytes: &'a [u8], how: &'a Conversion) -> Self {
        let (width, height) = (picture.width as usize, picture.height as usize);
        let values = bytes.as_chunks::<2>().0.iter().map(|&value| u16::from_ne_bytes(value));
        let known = values.filter(|&value| value > 0);
        let range = how
            .depth_range_mm
            .unwrap_or_else(|| (known.clone().min().unwrap_or(0), known.max().unwrap_or(0)));
        let range = (range.0.into(), range.1.into());
        Self { encoding: picture.encoding, width, height, bytes, how, range }
    }

    fn wide(&self, at: usize) -> u16 {
        u16::from_ne_bytes([self.bytes[at * 2], self.bytes[at * 2 + 1]])
    }

    fn float(&self, at: usize) -> u8 {
        let value = f32::from_ne_bytes(self.bytes[at * 4..at * 4 + 4].try_into().unwrap());
        if value.is_nan() { 0 } else { byte(f64::from(value).clamp(0.0, 1.0) * 255.0) }
    }

    /// Value `at` as 8 bits.
    fn narrow(&self, at: usize) -> u8 {
        match bytes_of_value(self.encoding) {
            1 => self.bytes[at],
            2 => byte(f64::from(self.wide(at)) / 257.0),
            _ => self.float(at),
        }
    }

    fn yuv(&self, x: usize, y: usize) -> [u8; 3] {
        let (width, height) = (self.width, self.height);
        let pair = (y * width + x) / 2 * 4;
        let (luma, plane) = (self.bytes[..][y * width + x], width * height);
        let chroma = y / 2 * width / 2 + x / 2;
        let at = |at: usize| self.bytes[at];
        match self.encoding {
            Encoding::Uyvy => [at(pair + x % 2 * 2 + 1), at(pair), at(pair + 2)],
            Encoding::Nv12 => [luma, at(plane + chroma * 2), at(plane + chroma * 2 + 1)],
            Encoding::I420 => [luma, at(plane + chroma), at(plane + plane / 4 + chroma)],
            _ => [at(pair + x % 2 * 2), at(pair + 1), at(pair + 3)],
        }
    }

    /// Which colour the pixel of a mosaic has: 0, 1 or 2.
    fn colour_at(&self, x: usize, y: usize) -> usize {
        let order = self.encoding.info().name.strip_prefix("bayer_").unwrap().as_bytes();
        b"rgb".iter().position(|&name| name == order[y % 2 * 2 + x % 2]).unwrap()
    }

    fn mosaic(&self, x: usize, y: usize, colour: usize) -> u8 {
        let mut nearest = (9, vec![]);
        for (dx, dy) in (0..9).map(|at| (at % 3, at / 3)) {
            let (Some(x), Some(y)) = ((x + dx).checked_sub(1), (y + dy).checked_sub(1)) else {
                continue;
            };
            if x < self.width && y < self.height && self.colour_at(x, y) == colour {
                let distance = dx.abs_diff(1) + dy.abs_diff(1);
                if distance < nearest.0 {
                    nearest = (distance, vec![]);
                }
                if distance == nearest.0 {
                    nearest.1.push(y * self.width + x);
                }
            }
        }
        let (_, mut places) = nearest;
        if places.is_empty() {
            places = vec![y * self.width + x];
        }
        let wide = bytes_of_value(self.encoding) == 2;
        let value = |at: usize| if wide { self.wide(at) } else { self.bytes[at].into() };
        let sum: f64 = places.iter().map(|&at| f64::from(value(at))).sum();
        let mean = half_up(sum / f64::from(u32::try_from(places.len()).unwrap()));
        if wide { byte(f64::from(mean) / 257.0) } else { u8::try_from(mean).unwrap() }
    }

    /// Where between `first` and 255 a distance is; `None` where it is unknown.
    fn distance(&self, at: usize, first: f64) -> Option<u8> {
        let (near, far) = self.range;
        let value = Some(f64::from(self.wide(at))).filter(|&value| value > 0.0)?;
        if near == far {
            return Some(128);
        }
        Some(byte(first + (255.0 - first) * (value.clamp(near, far) - near) / (far - near)))
    }

    /// Red, green, blue and alpha.
    pub(super) fn rgba(&self, x: usize, y: usize) -> [u8; 4] {
        use Encoding::{Bgr8, Bgra8, Depth16, Mono8, Mono16, Mono32f};
        let at = y * self.width + x;
        let channels = usize::from(self.encoding.info().channels);
        let value = |channel: usize| self.narrow(at * channels + channel);
        let opaque = |[r, g, b]: [u8; 3]| [r, g, b, 255];
        match self.encoding {
            encoding if is_yuv(encoding) => opaque(rgb_of(self.yuv(x, y), self.how.yuv)),
            encoding if encoding.info().name.starts_with("bayer") => {
                opaque([0, 1, 2].map(|colour| self.mosaic(x, y, colour)))
            }
            Depth16 => match (self.how.colour_map, self.distance(at, 0.0)) {
                (ColourMap::Grey, _) => opaque([self.grey(x, y); 3]),
                (_, None) => [0, 0, 0, 255],
                (map, Some(level)) => {
                    let colour = colours::table(map).unwrap()[usize::from(level)];
                    let [_, r, g, b] = colour.to_be_bytes();
                    [r, g, b, 255]
                }
            },
            Mono8 | Mono16 | Mono32f => opaque([value(0); 3]),
            Bgr8 => opaque([value(2), value(1), value(0)]),
            Bgra8 => [value(2), value(1), value(0), value(3)],
            _ if channels == 4 => [value(0), value(1), value(2), value(3)],
            _ => opaque([value(0), value(1), value(2)]),
        }
    }

    /// Grey, 8 bits.
    fn grey(&self, x: usize, y: usize) -> u8 {
        use Encoding::{Depth16, Mono8, Mono16, Mono32f};
        match self.encoding {
            encoding if is_yuv(encoding) => {
                let (_, _, first, range, _) = constants(self.how.yuv);
                let y = f64::from(self.yuv(x, y)[0]);
                byte(((y - first) * 255.0 / range).clamp(0.0, 255.0))
            }
            Depth16 => self.distance(y * self.width + x, 1.0).unwrap_or(0),
            Mono8 | Mono16 | Mono32f => self.rgba(x, y)[0],
            _ => {
                let [r, g, b, _] = self.rgba(x, y);
                luma([r, g, b])
            }
        }
    }

    /// The whole picture in another encoding, rows packed.
    pub(super) fn to(&self, encoding: Encoding) -> Vec<u8> {
        if encoding == self.encoding {
            return self.bytes.to_vec();
        }
        if is_yuv(encoding) {
            return self.to_yuv(encoding);
        }
        let places = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        places.flat_map(|(x, y)| self.pixel(encoding, x, y)).collect()
    }

    fn pixel(&self, encoding: Encoding, x: usize, y: usize) -> Vec<u8> {
        use Encoding::{Bgr8, Bgra8, Depth16, Mono8, Mono16, Mono32f};
        let mut pixel = match encoding {
            Depth16 => {
                let (near, far) = self.how.depth_range_mm.unwrap_or((0, u16::MAX));
                let (near, far) = (f64::from(near), f64::from(far));
                let distance = near + (far - near) * f64::from(self.grey(x, y)) / 255.0;
                return half_up(distance).to_ne_bytes().to_vec();
            }
            Mono8 | Mono16 | Mono32f => vec![self.grey(x, y)],
            encoding if encoding.info().name.starts_with("bayer") => {
                let target = Self { encoding, ..*self };
                vec![self.rgba(x, y)[target.colour_at(x, y)]]
            }
            _ => self.rgba(x, y)[..encoding.info().channels.into()].to_vec(),
        };
        if matches!(encoding, Bgr8 | Bgra8) {
            pixel.swap(0, 2);
        }
        let value = |value: u8| match bytes_of_value(encoding) {
            1 => vec![value],
            2 => (u16::from(value) * 257).to_ne_bytes().to_vec(),
            _ => {
                #[expect(clippy::cast_possible_truncation, reason = "the nearest float")]
                let value = (f64::from(value) / 255.0) as f32;
                value.to_ne_bytes().to_vec()
            }
        };
        pixel.into_iter().flat_map(value).collect()
    }

    fn to_yuv(&self, encoding: Encoding) -> Vec<u8> {
        let rgb = |x: usize, y: usize| {
            let [r, g, b, _] = self.rgba(x, y);
            [r, g, b]
        };
        let luma = |x: usize, y: usize| yuv_of(&[rgb(x, y)], self.how.yuv)[0];
        let (width, height) = (self.width, self.height);
        let pairs = (0..height).flat_map(|y| (0..width / 2).map(move |pair| (pair * 2, y)));
        if !matches!(encoding, Encoding::Nv12 | Encoding::I420) {
            let pair = |(x, y)| {
                let [_, u, v] = yuv_of(&[rgb(x, y), rgb(x + 1, y)], self.how.yuv);
                let (first, second) = (luma(x, y), luma(x + 1, y));
                if encoding == Encoding::Uyvy {
                    [u, first, v, second]
                } else {
                    [first, u, second, v]
                }
            };
            return pairs.flat_map(pair).collect();
        }
        let mut bytes: Vec<_> =
            pairs.clone().flat_map(|(x, y)| [luma(x, y), luma(x + 1, y)]).collect();
        let fours = pairs.filter(|(_, y)| y % 2 == 0).map(|(x, y)| {
            let four = [rgb(x, y), rgb(x + 1, y), rgb(x, y + 1), rgb(x + 1, y + 1)];
            yuv_of(&four, self.how.yuv)
        });
        let fours: Vec<_> = fours.collect();
        if encoding == Encoding::Nv12 {
            bytes.extend(fours.iter().flat_map(|[_, u, v]| [*u, *v]));
        } else {
            bytes.extend(fours.iter().map(|[_, u, _]| *u));
            bytes.extend(fours.iter().map(|[_, _, v]| *v));
        }
        bytes
    }
}

/// `picture` in another encoding.
pub(super) fn expected(picture: &Picture, encoding: Encoding, how: &Conversion) -> Vec<u8> {
    Source::new(picture, &picture.packed(), how).to(encoding)
}
