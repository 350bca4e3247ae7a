//! Points as text: a line each, values apart by spaces.

use std::io::Write;

use framelane_layout::Dtype;

use super::columns::{Columns, place};
use super::lines::{Lines, shown};
use super::{Cloud, CloudError, CloudInfo};

/// Reads a point from each line that is not empty, after `skip` of those.
pub(super) fn read(
    mut lines: Lines<'_>,
    skip: u64,
    columns: &Columns,
    info: &CloudInfo,
    out: &mut [u8],
) -> Result<(), CloudError> {
    let ends = |what: &str, number: u64, of: u64| {
        CloudError::Data(format!("expected {of} {what}, got the end of the file after {number}"))
    };
    for number in 0..skip {
        lines.take_filled().ok_or_else(|| ends("lines in front of the points", number, skip))?;
    }
    for (number, point) in (0..).zip(out.chunks_exact_mut(info.point_bytes as usize)) {
        let line = lines.take_filled().ok_or_else(|| ends("points", number, info.points()))?;
        let line = std::str::from_utf8(line).map_err(|_| {
            CloudError::Data(format!("line {}: expected text, got bytes", lines.number))
        })?;
        read_point(line, columns, point)
            .map_err(|reason| CloudError::Data(format!("line {}: {reason}", lines.number)))?;
    }
    Ok(())
}

fn read_point(line: &str, columns: &Columns, point: &mut [u8]) -> Result<(), String> {
    let mut words = line.split_ascii_whitespace();
    for column in columns.iter() {
        let element = usize::from(column.dtype.info().bytes);
        for index in 0..column.count {
            let Some(word) = words.next() else {
                let got = line.split_ascii_whitespace().count();
                return Err(format!("expected {} values, got {got}", columns.values()));
            };
            let Some(to) = column.to else { continue };
            let start = to + element * index as usize;
            read_value(word, column.dtype, &mut point[start..start + element]).ok_or_else(
                || format!("expected {}, got {}", column.dtype.info().name, shown(word)),
            )?;
        }
    }
    match words.count() {
        0 => Ok(()),
        more => Err(format!("expected {} values, got {more} more", columns.values())),
    }
}

/// Gives `$body` for the type of a value in Rust; nothing for types that no file has.
macro_rules! by_type {
    ($dtype:expr, $type:ident => $body:expr) => {
        match $dtype {
            Dtype::Uint8 => by_type!(@ u8, $type, $body),
            Dtype::Int8 => by_type!(@ i8, $type, $body),
            Dtype::Uint16 => by_type!(@ u16, $type, $body),
            Dtype::Int16 => by_type!(@ i16, $type, $body),
            Dtype::Uint32 => by_type!(@ u32, $type, $body),
            Dtype::Int32 => by_type!(@ i32, $type, $body),
            Dtype::Uint64 => by_type!(@ u64, $type, $body),
            Dtype::Int64 => by_type!(@ i64, $type, $body),
            Dtype::Float32 => by_type!(@ f32, $type, $body),
            Dtype::Float64 => by_type!(@ f64, $type, $body),
            _ => None,
        }
    };
    (@ $actual:ty, $type:ident, $body:expr) => {{
        type $type = $actual;
        $body
    }};
}

fn read_value(word: &str, dtype: Dtype, to: &mut [u8]) -> Option<()> {
    by_type!(dtype, Value => {
        to.copy_from_slice(&word.parse::<Value>().ok()?.to_ne_bytes());
        Some(())
    })
}

/// Appends a line for each point.
pub(super) fn write(cloud: &Cloud<'_>, file: &mut Vec<u8>) {
    for point in cloud.points() {
        let mut space = "";
        for field in &cloud.info.fields {
            let (place, element) = place(field);
            for value in point[place].chunks_exact(element) {
                file.extend_from_slice(space.as_bytes());
                // A header was written, so the type is one of a file.
                write_value(value, field.dtype, file).unwrap_or_default();
                space = " ";
            }
        }
        file.push(b'\n');
    }
}

fn write_value(value: &[u8], dtype: Dtype, file: &mut Vec<u8>) -> Option<()> {
    by_type!(dtype, Value => Value::from_ne_bytes(value.try_into().ok()?).write(file))
}

/// Numbers as text.
trait Text {
    fn write(self, file: &mut Vec<u8>) -> Option<()>;
}

macro_rules! text {
    ($($integer:ident)*, $($float:ident)*) => {
        $(impl Text for $integer {
            fn write(self, file: &mut Vec<u8>) -> Option<()> {
                write!(file, "{self}").ok()
            }
        })*
        $(impl Text for $float {
            fn write(self, file: &mut Vec<u8>) -> Option<()> {
                if self.is_nan() {
                    return write!(file, "nan").ok();
                }
                // Both forms read back to the same bits; the first has no exponent, and grows
                // to hundreds of digits.
                let plain = self == 0.0 || (1e-5..1e16).contains(&self.abs());
                if plain { write!(file, "{self}").ok() } else { write!(file, "{self:e}").ok() }
            }
        })*
    };
}

text!(u8 i8 u16 i16 u32 i32 u64 i64, f32 f64);
