//! The header of PLY, as Greg Turk's description of 1994 has it, and the elements in front of
//! the points.

use framelane_layout::Dtype;

use super::columns::Columns;
use super::info::check_name;
use super::lines::{Lines, shown};
use super::{CloudError, CloudInfo, CloudStyle, Data, Parsed};

/// Types, the name they are written by, and another.
const TYPES: [(Dtype, &str, &str); 8] = [
    (Dtype::Int8, "char", "int8"),
    (Dtype::Uint8, "uchar", "uint8"),
    (Dtype::Int16, "short", "int16"),
    (Dtype::Uint16, "ushort", "uint16"),
    (Dtype::Int32, "int", "int32"),
    (Dtype::Uint32, "uint", "uint32"),
    (Dtype::Float32, "float", "float32"),
    (Dtype::Float64, "double", "float64"),
];

/// Whether a file begins as PLY does.
pub(super) fn begins(bytes: &[u8]) -> bool {
    Lines::behind(bytes, 0).take() == Some(b"ply")
}

#[derive(Clone, Copy)]
enum Encoding {
    Ascii,
    Binary { big_endian: bool },
}

enum Property {
    Scalar(Dtype),
    List { count: Dtype, values: Dtype },
}

struct Element<'a> {
    name: &'a str,
    count: u64,
    properties: Vec<Named<'a>>,
    /// Number of its line.
    line: u32,
}

struct Named<'a> {
    name: &'a str,
    property: Property,
    /// Number of its line.
    line: u32,
}

#[derive(Default)]
struct Header<'a> {
    encoding: Option<Encoding>,
    elements: Vec<Element<'a>>,
    /// Columns and rows.
    grid: (Option<u32>, Option<u32>),
}

impl<'a> Header<'a> {
    /// Takes in one line. Whether it was the last.
    fn read(&mut self, words: &[&'a str], lines: &Lines<'_>) -> Result<bool, CloudError> {
        match *words {
            ["end_header"] => return Ok(true),
            ["format", name, "1.0"] if self.encoding.is_none() => {
                self.encoding = Some(encoding(name).ok_or_else(|| {
                    let expected = "expected ascii, binary_little_endian or binary_big_endian";
                    lines.error(format!("{expected}, got {}", shown(name)))
                })?);
            }
            ["element", name, count] => {
                let count = count.parse().map_err(|_| {
                    let reason = "expected a number of elements in range";
                    lines.error(format!("{reason}, got {}", shown(count)))
                })?;
                if name == "vertex" && self.elements.iter().any(|other| other.name == name) {
                    return Err(lines.error("expected one element vertex, got a second"));
                }
                let line = lines.number;
                self.elements.push(Element { name, count, properties: Vec::new(), line });
            }
            ["property", ref definition @ ..] => {
                let property = property(definition, lines)?;
                let element = self.elements.last_mut();
                let element = element
                    .ok_or_else(|| lines.error("expected an element first, got a property"))?;
                element.properties.push(property);
            }
            ["obj_info", "num_cols", number] => self.grid.0 = number.parse().ok(),
            ["obj_info", "num_rows", number] => self.grid.1 = number.parse().ok(),
            ["obj_info", ..] => {}
            _ => {
                let expected = "expected one format 1.0, then elements with properties, end_header";
                let got = shown(&words.join(" "));
                return Err(lines.error(format!("{expected}, got {got}")));
            }
        }
        Ok(false)
    }
}

fn encoding(name: &str) -> Option<Encoding> {
    Some(match name {
        "ascii" => Encoding::Ascii,
        "binary_little_endian" => Encoding::Binary { big_endian: false },
        "binary_big_endian" => Encoding::Binary { big_endian: true },
        _ => return None,
    })
}

/// What stands behind `property`.
fn property<'a>(words: &[&'a str], lines: &Lines<'_>) -> Result<Named<'a>, CloudError> {
    let dtype = |name: &str| {
        let row = TYPES.iter().find(|row| row.1 == name || row.2 == name);
        row.map(|row| row.0).ok_or_else(|| {
            let names = TYPES.map(|row| row.1).join(", ");
            lines.error(format!("expected a type of {names}, got {}", shown(name)))
        })
    };
    let (name, property) = match *words {
        ["list", count, values, name] => {
            let (count, values) = (dtype(count)?, dtype(values)?);
            if matches!(count, Dtype::Float32 | Dtype::Float64) {
                return Err(lines.error("expected an integer as the length of a list, got a float"));
            }
            (name, Property::List { count, values })
        }
        [scalar, name] => (name, Property::Scalar(dtype(scalar)?)),
        _ => {
            let reason = format!("expected a type and a name, got {} words", words.len());
            return Err(lines.error(reason));
        }
    };
    Ok(Named { name, property, line: lines.number })
}

pub(super) fn parse(bytes: &[u8]) -> Result<Parsed<'_>, CloudError> {
    let mut lines = Lines::behind(bytes, 0);
    lines.take();
    let mut header = Header::default();
    while !header.read(&lines.words("comment", "end_header")?, &lines)? {}
    let encoding = header.encoding.ok_or_else(|| lines.error("expected a format, got none"))?;
    let vertex = header.elements.iter().position(|element| element.name == "vertex");
    let vertex = vertex.ok_or_else(|| lines.error("expected an element vertex, got none"))?;
    let (before, vertex) = (&header.elements[..vertex], &header.elements[vertex]);
    let info = info(vertex, header.grid)?;
    let all = info.fields.iter().map(|field| (field.dtype, 1, true));
    let columns = Columns::new(all, &info.fields);
    let data = match encoding {
        Encoding::Ascii => {
            // An element without properties has no lines but empty ones.
            let filled = before.iter().filter(|element| !element.properties.is_empty());
            let skip = filled.fold(0, |sum: u64, element| sum.saturating_add(element.count));
            Data::Ascii { body: lines.rest(), line: lines.number, skip }
        }
        Encoding::Binary { big_endian } => {
            let mut body = lines.rest();
            for element in before {
                body = skip(element, body, big_endian)?;
            }
            Data::Binary { body, big_endian }
        }
    };
    Ok(Parsed { info, columns, data })
}

/// The cloud of an element `vertex`.
fn info(vertex: &Element<'_>, grid: (Option<u32>, Option<u32>)) -> Result<CloudInfo, CloudError> {
    let refused = |reason: String| CloudError::header(vertex.line, reason);
    let mut fields = Vec::with_capacity(vertex.properties.len());
    for Named { name, property, line } in &vertex.properties {
        let Property::Scalar(dtype) = property else {
            let reason = format!("expected one value of {} in a vertex, got a list", shown(name));
            return Err(CloudError::header(*line, reason));
        };
        fields.push((*name, *dtype, 1));
    }
    let (width, height) = match (grid, u32::try_from(vertex.count)) {
        ((Some(width), Some(height)), _)
            if u64::from(width) * u64::from(height) == vertex.count =>
        {
            (width, height)
        }
        (_, Ok(count)) => (count, 1),
        _ => {
            let most = u32::MAX;
            return Err(refused(format!("expected at most {most} points, got {}", vertex.count)));
        }
    };
    CloudInfo::aligned(width, height, &fields).map_err(|error| refused(error.to_string()))
}

/// What stands behind all of an element, of a binary file.
fn skip<'a>(
    element: &Element<'_>,
    body: &'a [u8],
    big_endian: bool,
) -> Result<&'a [u8], CloudError> {
    let ends = || {
        let (name, got) = (shown(element.name), body.len());
        let expected = format!("expected the element {name} within {got} bytes");
        CloudError::Data(format!("{expected}, got more, or a list of less than nothing"))
    };
    let bytes = |dtype: Dtype| u64::from(dtype.info().bytes);
    let mut fixed = Some(0_u64);
    for Named { property, .. } in &element.properties {
        fixed = match property {
            Property::Scalar(dtype) => fixed.map(|sum| sum + bytes(*dtype)),
            Property::List { .. } => None,
        };
    }
    if let Some(fixed) = fixed {
        return behind(body, u128::from(fixed) * u128::from(element.count)).ok_or_else(ends);
    }
    let mut rest = body;
    // Each turn takes the length of a list at least, so the file ends it.
    for _ in 0..element.count {
        for Named { property, .. } in &element.properties {
            rest = match property {
                Property::Scalar(dtype) => behind(rest, bytes(*dtype).into()),
                Property::List { count, values } => {
                    let length = length(rest, *count, big_endian).ok_or_else(ends)?;
                    let whole = u128::from(bytes(*count)) + u128::from(bytes(*values)) * length;
                    behind(rest, whole)
                }
            }
            .ok_or_else(ends)?;
        }
    }
    Ok(rest)
}

fn behind(body: &[u8], bytes: u128) -> Option<&[u8]> {
    body.get(usize::try_from(bytes).ok()?..)
}

/// The length of a list, an integer of this type; nothing where it is negative.
fn length(body: &[u8], dtype: Dtype, big_endian: bool) -> Option<u128> {
    let bytes = body.get(..dtype.info().bytes.into())?;
    let digit = |sum: u128, byte: &u8| sum << 8 | u128::from(*byte);
    let (value, highest) = if big_endian {
        (bytes.iter().fold(0, digit), bytes.first()?)
    } else {
        (bytes.iter().rev().fold(0, digit), bytes.last()?)
    };
    let signed = matches!(dtype, Dtype::Int8 | Dtype::Int16 | Dtype::Int32);
    (!signed || *highest < 0x80).then_some(value)
}

/// The header of a file to write.
pub(super) fn header(info: &CloudInfo, style: CloudStyle) -> Result<String, CloudError> {
    let mut properties = String::new();
    let mut named = Vec::new();
    for field in &info.fields {
        let Some((dtype, type_name, _)) = TYPES.iter().find(|row| row.0 == field.dtype) else {
            let expected = "expected integers up to 32 bits, float32 or float64 for PLY";
            let reason = format!("{expected}, got {}", field.dtype.info().name);
            return Err(CloudError::field(&field.name, reason));
        };
        for index in 0..field.count {
            let several = format!("{}_{index}", field.name);
            let name = if field.count == 1 { field.name.clone() } else { several };
            check_name(&name)?;
            properties += &format!("property {type_name} {name}\n");
            named.push((name, *dtype, 1));
        }
    }
    // What is written can be read: no name stands twice now, and there are not too many.
    let named: Vec<_> = named.iter().map(|(name, dtype, one)| (&name[..], *dtype, *one)).collect();
    CloudInfo::aligned(0, 0, &named)?;
    let format = match style {
        CloudStyle::Binary => "binary_little_endian",
        CloudStyle::Ascii => "ascii",
    };
    let CloudInfo { width, height, .. } = info;
    let rows = match height {
        1 => String::new(),
        _ => format!("obj_info num_cols {width}\nobj_info num_rows {height}\n"),
    };
    let points = info.points();
    Ok(format!("ply\nformat {format} 1.0\n{rows}element vertex {points}\n{properties}end_header\n"))
}
