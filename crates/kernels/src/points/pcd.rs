//! The header of PCD, <https://pointclouds.org/documentation/tutorials/pcd_file_format.html>,
//! and its compressed data.

use std::str::FromStr;

use framelane_layout::Dtype;

use super::columns::Columns;
use super::lines::{Lines, shown};
use super::lzf::{self, LzfError};
use super::{CloudError, CloudInfo, CloudStyle, Data, Parsed, PointField};

/// The lines of a header, in the order in which they are written.
const KEYS: [&str; 10] = [
    "VERSION",
    "FIELDS",
    "SIZE",
    "TYPE",
    "COUNT",
    "WIDTH",
    "HEIGHT",
    "VIEWPOINT",
    "POINTS",
    "DATA",
];
const VERSIONS: [&str; 6] = ["0.7", ".7", "0.6", ".6", "0.5", ".5"];
/// The name of fields that mean nothing.
const PADDING: &str = "_";
/// Types, their letter and size.
const TYPES: [(Dtype, &str, &str); 10] = [
    (Dtype::Uint8, "U", "1"),
    (Dtype::Int8, "I", "1"),
    (Dtype::Uint16, "U", "2"),
    (Dtype::Int16, "I", "2"),
    (Dtype::Uint32, "U", "4"),
    (Dtype::Int32, "I", "4"),
    (Dtype::Uint64, "U", "8"),
    (Dtype::Int64, "I", "8"),
    (Dtype::Float32, "F", "4"),
    (Dtype::Float64, "F", "8"),
];

/// Whether a file begins as PCD does: with its comment, or other comments and `VERSION`.
pub(super) fn begins(bytes: &[u8]) -> bool {
    let mut lines = Lines::behind(bytes, 0);
    let first = lines.words("#", "DATA");
    bytes.starts_with(b"# .PCD") || first.is_ok_and(|words| words.first() == Some(&KEYS[0]))
}

/// The lines of a header by their first word.
struct Header<'a> {
    entries: [Option<(u32, Vec<&'a str>)>; KEYS.len()],
    /// Number of the last line.
    line: u32,
}

impl<'a> Header<'a> {
    fn read(lines: &mut Lines<'a>) -> Result<Self, CloudError> {
        let mut entries = [const { None }; KEYS.len()];
        while entries.last().is_some_and(Option::is_none) {
            let mut words = lines.words("#", "DATA")?;
            let key = words.remove(0);
            // The name that version 0.5 has for it.
            let known = if key == "COLUMNS" { "FIELDS" } else { key };
            let Some(index) = KEYS.iter().position(|&key| key == known) else {
                let reason = format!("expected one of {}, got {}", KEYS.join(", "), shown(key));
                return Err(lines.error(reason));
            };
            if entries[index].replace((lines.number, words)).is_some() {
                return Err(lines.error(format!("expected {known} once, got it twice")));
            }
        }
        Ok(Self { entries, line: lines.number })
    }

    /// The words behind `key`, which must be there, and the number of their line.
    fn words(&self, key: &str) -> Result<(u32, &[&'a str]), CloudError> {
        self.optional(key).ok_or_else(|| {
            CloudError::header(self.line, format!("expected a line {key} before it, got none"))
        })
    }

    fn optional(&self, key: &str) -> Option<(u32, &[&'a str])> {
        let index = KEYS.iter().position(|&known| known == key)?;
        let (line, words) = self.entries.get(index)?.as_ref()?;
        Some((*line, words))
    }

    /// The one word behind `key`.
    fn word(&self, key: &str) -> Result<(u32, &'a str), CloudError> {
        match self.words(key)? {
            (line, &[word]) => Ok((line, word)),
            (line, words) => {
                let got = words.len();
                Err(CloudError::header(line, format!("expected one value of {key}, got {got}")))
            }
        }
    }

    /// The one number behind `key`.
    fn number<T: FromStr>(&self, key: &str) -> Result<T, CloudError> {
        let (line, word) = self.word(key)?;
        word.parse().map_err(|_| {
            let reason = format!("expected a number in range for {key}, got {}", shown(word));
            CloudError::header(line, reason)
        })
    }

    /// As many words behind `key` as there are fields.
    fn each(&self, key: &str, fields: usize) -> Result<(u32, &[&'a str]), CloudError> {
        let (line, words) = self.words(key)?;
        if words.len() == fields {
            return Ok((line, words));
        }
        let reason = format!("expected {fields} values of {key}, one a field, got {}", words.len());
        Err(CloudError::header(line, reason))
    }
}

/// A field as a header describes it.
struct Described<'a> {
    name: &'a str,
    dtype: Dtype,
    count: u32,
}

fn fields<'a>(header: &Header<'a>) -> Result<Vec<Described<'a>>, CloudError> {
    let (line, names) = header.words("FIELDS")?;
    let (_, sizes) = header.each("SIZE", names.len())?;
    let (type_line, types) = header.each("TYPE", names.len())?;
    let counts = match header.optional("COUNT") {
        Some(_) => Some(header.each("COUNT", names.len())?),
        None => None,
    };
    let mut fields = Vec::with_capacity(names.len());
    for (index, (&name, (&letter, &size))) in names.iter().zip(types.iter().zip(sizes)).enumerate()
    {
        let row = TYPES.iter().find(|row| (row.1, row.2) == (letter, size));
        let &(dtype, ..) = row.ok_or_else(|| {
            let (letter, size) = (shown(letter), shown(size));
            let expected = "expected types U and I of 1, 2, 4 or 8 bytes, F of 4 or 8";
            CloudError::header(type_line, format!("{expected}, got {letter} of {size}"))
        })?;
        let (line, word) = counts.map_or((line, "1"), |(line, counts)| (line, counts[index]));
        // Padding is not described in a frame, and may be long.
        let most = if name == PADDING { u16::MAX.into() } else { u32::from(u8::MAX) };
        let count = word.parse().ok().filter(|count| (1..=most).contains(count));
        let count = count.ok_or_else(|| {
            let reason = format!("expected a COUNT of 1 to {most}, got {}", shown(word));
            CloudError::header(line, reason)
        })?;
        fields.push(Described { name, dtype, count });
    }
    Ok(fields)
}

/// Sizes that agree with each other.
fn size(header: &Header<'_>) -> Result<(u32, u32), CloudError> {
    let (width, height): (u32, u32) = (header.number("WIDTH")?, header.number("HEIGHT")?);
    let points: u64 = header.number("POINTS")?;
    let expected = u64::from(width) * u64::from(height);
    if points == expected {
        return Ok((width, height));
    }
    let (line, _) = header.word("POINTS")?;
    let reason = format!("expected {expected} POINTS, {width} times {height}, got {points}");
    Err(CloudError::header(line, reason))
}

/// Lines of which nothing is kept.
fn check_rest(header: &Header<'_>) -> Result<(), CloudError> {
    let (line, version) = header.word("VERSION")?;
    if !VERSIONS.contains(&version) {
        let reason = format!("expected VERSION 0.5, 0.6 or 0.7, got {}", shown(version));
        return Err(CloudError::header(line, reason));
    }
    let Some((line, numbers)) = header.optional("VIEWPOINT") else { return Ok(()) };
    let sound = numbers.iter().filter(|word| word.parse::<f64>().is_ok()).count();
    if (sound, numbers.len()) == (7, 7) {
        return Ok(());
    }
    Err(CloudError::header(line, format!("expected 7 numbers of VIEWPOINT, got {sound}")))
}

pub(super) fn parse(bytes: &[u8]) -> Result<Parsed<'_>, CloudError> {
    let mut lines = Lines::behind(bytes, 0);
    let header = Header::read(&mut lines)?;
    check_rest(&header)?;
    let described = fields(&header)?;
    let (width, height) = size(&header)?;
    let (names_line, _) = header.words("FIELDS")?;
    // The numbers of values are in range, as `fields` has seen to.
    let named: Vec<_> = described
        .iter()
        .filter(|field| field.name != PADDING)
        .map(|field| (field.name, field.dtype, u8::try_from(field.count).unwrap_or(u8::MAX)))
        .collect();
    let info = CloudInfo::aligned(width, height, &named)
        .map_err(|error| CloudError::header(names_line, error.to_string()))?;
    let all = described.iter().map(|field| (field.dtype, field.count, field.name != PADDING));
    let columns = Columns::new(all, &info.fields);
    let body = lines.rest();
    let data = match header.word("DATA")? {
        (line, "ascii") => Data::Ascii { body, line, skip: 0 },
        (_, "binary") => Data::Binary { body, big_endian: false },
        (_, "binary_compressed") => Data::Compressed { body: compressed(body, &columns, &info)? },
        (line, other) => {
            let expected = "expected DATA ascii, binary or binary_compressed";
            return Err(CloudError::header(line, format!("{expected}, got {}", shown(other))));
        }
    };
    Ok(Parsed { info, columns, data })
}

/// The compressed bytes behind the two sizes at the front.
fn compressed<'a>(
    body: &'a [u8],
    columns: &Columns,
    info: &CloudInfo,
) -> Result<&'a [u8], CloudError> {
    let expected = columns.bytes(info.points());
    if expected == 0 {
        return Ok(&[]);
    }
    let number = |at: usize| {
        let word = body.get(at..at + 4).and_then(|word| word.try_into().ok());
        word.map(u32::from_le_bytes).ok_or_else(|| CloudError::ends(8, body.len()))
    };
    let (compressed, whole) = (number(0)?, number(4)?);
    if u128::from(whole) != expected {
        let reason = format!("expected {expected} bytes before compression, got {whole}");
        return Err(CloudError::Data(reason));
    }
    let behind = body.get(8..).unwrap_or_default();
    let bytes = usize::try_from(compressed).ok().and_then(|bytes| behind.get(..bytes));
    bytes.ok_or_else(|| CloudError::ends(u128::from(compressed) + 8, body.len()))
}

/// What `body` was before compression: `expected` bytes.
pub(super) fn decompress(body: &[u8], expected: u128) -> Result<Vec<u8>, CloudError> {
    lzf::decompress(body, usize::try_from(expected).unwrap_or(usize::MAX)).map_err(|error| {
        CloudError::Data(match error {
            LzfError::Broken => "expected LZF, got bytes that are none".into(),
            LzfError::Length(got) => {
                format!("expected {expected} bytes after decompression, got {got} or more")
            }
        })
    })
}

/// The header of a file to write.
pub(super) fn header(info: &CloudInfo, style: CloudStyle) -> Result<String, CloudError> {
    let (mut names, mut sizes) = (String::new(), String::new());
    let (mut types, mut counts) = (String::new(), String::new());
    for PointField { name, dtype, count, .. } in &info.fields {
        let refused = |reason: String| Err(CloudError::field(name, reason));
        if name == PADDING {
            return refused(format!("expected a name that is not {PADDING:?}, PCD's padding"));
        }
        let Some((_, letter, size)) = TYPES.iter().find(|row| row.0 == *dtype) else {
            let got = dtype.info().name;
            return refused(format!("expected integers, float32 or float64 for PCD, got {got}"));
        };
        names += &format!(" {name}");
        sizes += &format!(" {size}");
        types += &format!(" {letter}");
        counts += &format!(" {count}");
    }
    let data = match style {
        CloudStyle::Binary => "binary",
        CloudStyle::Ascii => "ascii",
    };
    let CloudInfo { width, height, .. } = info;
    Ok(format!(
        "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS{names}\nSIZE{sizes}\n\
         TYPE{types}\nCOUNT{counts}\nWIDTH {width}\nHEIGHT {height}\nVIEWPOINT 0 0 0 1 0 0 0\n\
         POINTS {}\nDATA {data}\n",
        info.points()
    ))
}
