//! Files that are none: a typed error each, whatever the bytes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

const PCD: &str = "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS x rgb n\n\
                   SIZE 4 4 1\nTYPE F U I\nCOUNT 1 1 2\nWIDTH 2\nHEIGHT 1\n\
                   VIEWPOINT 0 0 0 1 0 0 0\nPOINTS 2\nDATA ascii\n0.5 7 1 -2\nnan 8 3 4\n";
const PLY: &str = "ply\nformat ascii 1.0\ncomment c\nobj_info i\nelement face 1\n\
                   property list uchar int v\nelement vertex 2\nproperty float x\n\
                   property uchar red\nend_header\n2 0 1\n0.5 7\n-1 255\n";

/// Two points of the fields of `PCD`, compressed: 8 bytes as they are, the same again, 4 more.
fn compressed_pcd() -> Vec<u8> {
    let mut file = PCD.split("ascii").next().unwrap().to_owned().into_bytes();
    file.extend(b"binary_compressed\n");
    let data = [7, 0, 1, 2, 3, 4, 5, 6, 7, 0xc0, 7, 3, 50, 51, 52, 53];
    file.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    file.extend(20_u32.to_le_bytes());
    file.extend(data);
    file
}

fn try_decode(file: &[u8]) -> Result<(CloudInfo, Vec<u8>), CloudError> {
    let info = probe_cloud(file)?;
    let bytes = usize::try_from(info.bytes().unwrap()).unwrap();
    assert!(bytes <= 200 * file.len(), "{bytes} bytes of memory for {} of a file", file.len());
    let mut points = vec![0xa5; bytes];
    decode_cloud(file, &info, &mut points)?;
    Ok((info, points))
}

fn refused(file: &[u8]) -> CloudError {
    match try_decode(file) {
        Ok((info, _)) => panic!("accepted as {info:?}: {}", String::from_utf8_lossy(file)),
        Err(error) => error,
    }
}

/// A PCD and PLY in each of the ways they are written.
fn sound_files() -> Vec<Vec<u8>> {
    let mut files = vec![PCD.into(), PLY.into(), compressed_pcd()];
    files.extend([binary_ply(false), binary_ply(true)]);
    for text in [PCD, PLY] {
        let (info, points) = decode(text.as_bytes());
        let format = if text == PCD { CloudFormat::Pcd } else { CloudFormat::Ply };
        files.push(encode(&info, &points, (format, CloudStyle::Binary)));
    }
    files
}

#[test]
fn compressed_bytes_are_what_they_were() {
    let (info, points) = decode(&compressed_pcd());
    // x, rgb and n of both points: 0 to 7 twice, and four bytes more.
    assert_eq!(info.point_bytes, 12);
    let expected = [0, 1, 2, 3, 0, 1, 2, 3, 50, 51, 0, 0, 4, 5, 6, 7, 4, 5, 6, 7, 52, 53, 0, 0];
    if cfg!(target_endian = "little") {
        assert_eq!(points, expected);
    }
}

#[test]
fn every_shorter_file_is_refused() {
    for file in sound_files() {
        let whole = try_decode(&file).unwrap();
        for end in 0..file.len() {
            match try_decode(&file[..end]) {
                Err(_) => {}
                // Without its last line feed or the last digit of its last number.
                Ok(cloud) => {
                    assert!(end + 4 > file.len() && file.ends_with(b"\n"), "{end}: {cloud:?}");
                    assert_eq!(cloud.0, whole.0);
                }
            }
        }
    }
}

/// What is wrong with a text of which `from` became `to`: the line, 0 where it is no header's,
/// and the words.
fn changed(text: &str, from: &str, to: &str) -> (u32, String) {
    assert!(text.contains(from), "{from:?} is not in {text:?}");
    let error = refused(text.replacen(from, to, 1).as_bytes());
    let shown = error.to_string();
    match error {
        CloudError::Header { line, .. } => (line, shown),
        CloudError::Data(_) => (0, shown),
        other => panic!("{from:?} as {to:?}: {other:?}"),
    }
}

#[test]
fn each_line_of_a_pcd_is_checked() {
    for line in PCD.lines().skip(1).take(10) {
        let key = line.split(' ').next().unwrap();
        let without = PCD.replace(&format!("{line}\n"), "");
        if matches!(key, "VERSION" | "VIEWPOINT" | "COUNT") {
            continue;
        }
        let error = refused(without.as_bytes()).to_string();
        assert!(error.contains(key) || key == "DATA", "{key}: {error}");
        if key != "DATA" {
            let (number, twice) = changed(PCD, line, &format!("{line}\n{line}"));
            assert!(number > 1 && twice.contains("got it twice"), "{key}: {twice}");
        }
        let (_, nothing) = changed(PCD, line, key);
        assert!(nothing.contains(key) || key == "FIELDS", "{key}: {nothing}");
    }
    let cases = [
        (2, "VERSION 0.7", "VERSION 0.8", "VERSION 0.5, 0.6 or 0.7, got \"0.8\""),
        (2, "VERSION 0.7", "VERSION", "expected one value of VERSION, got 0"),
        (10, "VERSION 0.7\n", "", "expected a line VERSION"),
        (3, "FIELDS x rgb n", "FIELDS x x n", "got it twice"),
        (3, "FIELDS x rgb n", "FIELDS _ _ _", "expected 1 to 255 fields in a point, got 0"),
        (3, "FIELDS x", "FIELDS a_name_of_17_byte", "1 to 16 bytes, got 17"),
        (3, "FIELDS x", "FIELDS a\u{1}b", "without spaces"),
        (4, "SIZE 4 4 1", "SIZE 4 4", "expected 3 values of SIZE, one a field, got 2"),
        (5, "TYPE F U I", "TYPE F U I I", "expected 3 values of TYPE, one a field, got 4"),
        (6, "COUNT 1 1 2", "COUNT 1", "expected 3 values of COUNT, one a field, got 1"),
        (5, "SIZE 4 4 1", "SIZE 2 4 1", "got \"F\" of \"2\""),
        (5, "SIZE 4 4 1", "SIZE 4 -4 1", "got \"U\" of \"-4\""),
        (5, "TYPE F", "TYPE f", "got \"f\" of \"4\""),
        (6, "COUNT 1 1 2", "COUNT 1 0 2", "COUNT of 1 to 255, got \"0\""),
        (6, "COUNT 1 1 2", "COUNT 1 1 256", "COUNT of 1 to 255, got \"256\""),
        (6, "COUNT 1 1 2", "COUNT 1 1 2.0", "COUNT of 1 to 255, got \"2.0\""),
        (7, "WIDTH 2", "WIDTH -2", "a number in range for WIDTH, got \"-2\""),
        (7, "WIDTH 2", "WIDTH 4294967296", "a number in range for WIDTH"),
        (8, "HEIGHT 1", "HEIGHT one", "a number in range for HEIGHT, got \"one\""),
        (9, "VIEWPOINT 0 0 0 1 0 0 0", "VIEWPOINT 0 0", "7 numbers of VIEWPOINT, got 2"),
        (9, "VIEWPOINT 0 0 0", "VIEWPOINT 0 up 0", "7 numbers of VIEWPOINT, got 6"),
        (10, "POINTS 2", "POINTS 3", "expected 2 POINTS, 2 times 1, got 3"),
        (10, "POINTS 2", "POINTS 99999999999999999999", "a number in range for POINTS"),
        (11, "DATA ascii", "DATA text", "DATA ascii, binary or binary_compressed, got \"text\""),
        (11, "DATA ascii", "DATA binary ascii", "one value of DATA, got 2"),
        (2, "VERSION", "HELLO there\nVERSION", "got \"HELLO\""),
        (0, "nan 8 3 4", "nan 8 3", "line 13: expected 4 values, got 3"),
        (0, "nan 8 3 4", "nan 8 3 4 5", "line 13: expected 4 values, got 1 more"),
        (0, "nan 8 3 4", "nan 8 3 128", "line 13: expected int8, got \"128\""),
        (0, "nan 8 3 4", "nan -1 3 4", "line 13: expected uint32, got \"-1\""),
        (0, "0.5 7", "half 7", "line 12: expected float32, got \"half\""),
        (0, "nan 8 3 4\n", "", "expected at least"),
        (0, "nan 8 3 4\n", "\n\n        \n", "expected 2 points, got the end of the file after 1"),
    ];
    for (line, from, to, expected) in cases {
        let (number, error) = changed(PCD, from, to);
        assert!(error.contains(expected), "{from:?} as {to:?}: {error}");
        assert_eq!(number, line, "{error}");
    }
}

#[test]
fn each_line_of_a_ply_is_checked() {
    let cases = [
        (9, "format ascii 1.0\n", "", "expected a format, got none"),
        (2, "ascii 1.0", "ascii 2.0", "got \"format ascii 2.0\""),
        (2, "format ascii", "format text", "binary_big_endian, got \"text\""),
        (3, "comment c", "format ascii 1.0", "one format 1.0"),
        (9, "element vertex 2\n", "", "expected an element vertex, got none"),
        (8, "element vertex 2", "element vertex 2\nelement vertex 3", "got a second"),
        (7, "element vertex 2", "element vertex", "got \"element vertex\""),
        (7, "element vertex 2", "element vertex -2", "in range, got \"-2\""),
        (7, "element vertex 2", "element vertex 18446744073709551616", "in range"),
        (7, "element vertex 2", "element vertex 4294967296", "at most 4294967295 points"),
        (7, "property float x\nproperty uchar red\n", "", "1 to 255 fields in a point, got 0"),
        (7, "uchar red", "uchar x", "got it twice"),
        (7, "uchar red", "uchar a_name_of_17_byte", "1 to 16 bytes, got 17"),
        (8, "property float x", "property half x", "uint, float, double, got \"half\""),
        (8, "property float x", "property float", "expected a type and a name, got 1"),
        (8, "property float x", "property list int int x", "\"x\" in a vertex, got a list"),
        (6, "list uchar int", "list float int", "an integer as the length"),
        (5, "element face 1\n", "", "expected an element first"),
        (4, "obj_info i", "hello", "got \"hello\""),
        (0, "-1 255\n", "-1 256\n", "line 13: expected uint8, got \"256\""),
        (0, "-1 255\n", "-1\n", "line 13: expected 2 values, got 1"),
        (0, "-1 255\n", "\n", "expected 2 points, got the end of the file after 1"),
        (0, "2 0 1\n0.5 7\n-1 255\n", "0.5 7\n", "expected at least 7 bytes"),
        (0, "element face 1\n", "element face 99999999999\n", "got the end of the file after 3"),
    ];
    for (line, from, to, expected) in cases {
        let (number, error) = changed(PLY, from, to);
        assert!(error.contains(expected), "{from:?} as {to:?}: {error}");
        assert_eq!(number, line, "{error}");
    }
    let no_end = PLY.replace("end_header\n", "");
    assert!(refused(no_end.as_bytes()).to_string().contains("got \"2 0 1\""));
    let cut = PLY.split("end_header").next().unwrap();
    assert!(refused(cut.as_bytes()).to_string().contains("a line end_header behind it"));
}

#[test]
fn a_list_has_no_negative_length() {
    for big_endian in [false, true] {
        let at = binary_ply(big_endian).windows(11).position(|bytes| bytes == b"end_header\n");
        // Behind the header two cameras of 9 bytes, a flag and a length of 2.
        let at = at.unwrap() + 11 + 2 * 9 + 1 + 2 + 3 * 4;
        for length in [-1_i8, i8::MIN] {
            let mut file = binary_ply(big_endian);
            assert_eq!(file[at], 0);
            file[at] = length.to_ne_bytes()[0];
            // Bytes enough for a list of 255, and for all that comes behind it.
            file.resize(file.len() + 100_000, 0);
            assert!(refused(&file).to_string().contains("a list of less than nothing"));
        }
    }
}

#[test]
fn what_is_no_cloud_is_told_apart() {
    for bytes in [&b""[..], b"p", b"ply", b"plyformat", b"\x89PNG", b"# a comment\n", b"VERSIONS 1"]
    {
        let expected = if bytes == b"ply" {
            let reason = "expected a line end_header behind it, got the end of the file";
            CloudError::header(1, reason)
        } else {
            CloudError::NotACloud
        };
        assert_eq!(probe_cloud(bytes), Err(expected), "{bytes:?}");
    }
    for text in [PCD, PLY] {
        let name = text.replace(" x", " \u{e9}\u{e9}");
        assert_eq!(decode(name.as_bytes()).0.fields[0].name, "\u{e9}\u{e9}");
        let mut bytes = name.into_bytes();
        let at = bytes.iter().position(|&byte| byte == 0xc3).unwrap();
        bytes[at] = 0xff;
        assert!(refused(&bytes).to_string().contains("no UTF-8"));
        let mut bytes = text.to_owned().into_bytes();
        let at = bytes.windows(5).position(|bytes| bytes == b"0.5 7").unwrap();
        bytes[at + 1] = 0xff;
        assert!(refused(&bytes).to_string().contains("expected text, got bytes"));
    }
}

#[test]
fn no_memory_is_taken_for_claims() {
    for (width, height) in [(1_u64 << 31, 1_u64 << 31), (1_000_000_000, 1000), (3, 1)] {
        let points = width * height;
        let large = PCD.replace("WIDTH 2", &format!("WIDTH {width}"));
        let large = large.replace("HEIGHT 1", &format!("HEIGHT {height}"));
        let large = large.replace("POINTS 2", &format!("POINTS {points}"));
        for data in ["ascii", "binary", "binary_compressed"] {
            let mut file = large.replace("ascii", data).into_bytes();
            file.extend([0xff; 4]);
            if points > 3 {
                assert!(matches!(probe_cloud(&file), Err(CloudError::Data(_))), "{data}");
            }
            assert!(matches!(refused(&file), CloudError::Data(_)), "{data}");
        }
        for format in ["ascii", "binary_little_endian", "binary_big_endian"] {
            let large = PLY.replace("vertex 2", &format!("vertex {points}"));
            let rows = format!("obj_info num_cols {width}\nobj_info num_rows {height}");
            let large = large.replace("obj_info i", &rows).replace("ascii", format);
            assert!(matches!(refused(large.as_bytes()), CloudError::Data(_)), "{format}");
        }
    }
    // Padding of a gigabyte a point, and as many fields as a header can name.
    let wide = PCD.replace("FIELDS x", "FIELDS _").replace("COUNT 1 1", "COUNT 65535 1");
    assert!(matches!(refused(wide.as_bytes()), CloudError::Data(_)));
    let wide = wide.replace("65535", "65536");
    assert!(refused(wide.as_bytes()).to_string().contains("COUNT of 1 to 65535"));
    let many: String = (0..256).map(|index| format!("property char v{index}\n")).collect();
    let many = PLY.replace("property float x\n", &many);
    assert!(refused(many.as_bytes()).to_string().contains("1 to 255 fields"));
}

#[test]
fn compressed_bytes_that_are_none_are_refused() {
    let sound = compressed_pcd();
    let at = sound.len() - 16;
    let cases: [(usize, &[u8], &str); 9] = [
        (at - 8, &[17], "expected at least 25 bytes behind the header, got 24"),
        (at - 8, &[0xff; 4], "expected at least 4294967303 bytes"),
        (at - 4, &[21], "expected 20 bytes before compression, got 21"),
        (at + 9, &[0xc0, 8], "bytes that are none"),
        (at - 8, &[15], "bytes that are none"),
        (at + 9, &[0xe0, 255], "expected 20 bytes after decompression, got 272 or more"),
        (at + 9, &[0xa0, 7], "expected 20 bytes after decompression, got 19"),
        (at + 11, &[4], "bytes that are none"),
        (at + 9, &[0xe0, 9, 0], "expected 20 bytes after decompression, got 26"),
    ];
    for (at, bytes, expected) in cases {
        let mut file = sound.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        let error = refused(&file).to_string();
        assert!(error.contains(expected), "{bytes:?} at {at}: {error}");
    }
}

#[test]
fn the_caller_may_be_wrong_too() {
    let info = probe_cloud(PCD.as_bytes()).unwrap();
    let bytes = usize::try_from(info.bytes().unwrap()).unwrap();
    for wrong in [0, bytes - 1, bytes + 1] {
        let got = decode_cloud(PCD.as_bytes(), &info, &mut vec![0; wrong]);
        let (expected, wrong) = (bytes as u64, wrong as u64);
        assert_eq!(got, Err(CloudError::Size { expected, got: wrong }));
        let cloud = Cloud::new(&info, &[0; 99][..usize::try_from(wrong).unwrap()]);
        assert_eq!(cloud.err(), Some(CloudError::Size { expected, got: wrong }));
    }
    let other = CloudInfo { width: 1, height: 2, ..info.clone() };
    let got = decode_cloud(PCD.as_bytes(), &other, &mut vec![0; bytes]);
    assert_eq!(got, Err(CloudError::OtherInfo));
    let fields = |fields: Vec<PointField>| CloudInfo { fields, ..info.clone() };
    let huge = CloudInfo { width: u32::MAX, height: u32::MAX, ..info.clone() };
    assert!(matches!(Cloud::new(&huge, &[]), Err(CloudError::Size { .. })));
    for wrong in [
        fields(vec![]),
        fields(vec![field("a", 12, Uint8, 1)]),
        fields(vec![field("a", u32::MAX, Float64, 255)]),
        fields(vec![field("a", 0, Uint8, 0)]),
        fields(vec![field("a", 0, Uint8, 1), field("a", 1, Uint8, 1)]),
        fields(vec![field("", 0, Uint8, 1)]),
        fields(vec![field("a b", 0, Uint8, 1)]),
        fields(vec![field("a_name_of_17_byte", 0, Uint8, 1)]),
    ] {
        let cloud = Cloud::new(&wrong, &[0; 24]);
        assert!(matches!(cloud, Err(CloudError::Field { .. })), "{wrong:?}");
    }
}

#[test]
fn what_a_format_cannot_hold_is_refused() {
    let of = |fields: &[(&str, Dtype, u8)], format| {
        let info = CloudInfo::aligned(1, 1, fields).unwrap();
        let points = vec![0; usize::try_from(info.bytes().unwrap()).unwrap()];
        let cloud = Cloud::new(&info, &points).unwrap();
        encode_cloud(&cloud, format, CloudStyle::Ascii).map(|_| ())
    };
    let refused = |result, expected: &str| match result {
        Err(error @ CloudError::Field { .. }) => {
            assert!(error.to_string().contains(expected), "{error}");
        }
        other => panic!("{other:?}"),
    };
    let (pcd, ply) = (CloudFormat::Pcd, CloudFormat::Ply);
    for dtype in [Dtype::Bool, Dtype::Float16, Dtype::Bfloat16, Dtype::Complex64] {
        refused(of(&[("v", dtype, 1)], pcd), dtype.info().name);
        refused(of(&[("v", dtype, 1)], ply), dtype.info().name);
    }
    refused(of(&[("v", Int64, 1)], ply), "got int64");
    refused(of(&[("_", Uint8, 1)], pcd), "PCD's padding");
    assert_eq!(of(&[("_", Uint8, 1)], ply), Ok(()));
    refused(of(&[("a_name_of_15byt", Uint8, 2)], ply), "got 17");
    refused(of(&[("v", Uint8, 2), ("v_1", Uint8, 1)], ply), "twice");
    refused(of(&[("v", Uint8, 200), ("w", Uint8, 200)], ply), "got 400");
    assert_eq!(of(&[("v", Uint8, 200), ("w", Uint8, 200)], pcd), Ok(()));
}

/// One to three changes of a file: bytes set, taken out, or put elsewhere again.
fn mutated(file: &[u8], random: &mut Random) -> Vec<u8> {
    let mut file = file.to_vec();
    for _ in 0..=random.next() % 3 {
        let mut below = |end: usize| usize::try_from(random.next() >> 8).unwrap() % end.max(1);
        let (at, length) = (below(file.len()), below(9));
        let end = (at + length).min(file.len());
        match below(5) {
            0 => file[at] = u8::try_from(below(256)).unwrap(),
            1 => file[at] ^= 1 << below(8),
            2 => drop(file.drain(at..end)),
            3 => {
                let again = file[at..end].to_vec();
                let to = below(file.len());
                drop(file.splice(to..to, again));
            }
            _ => {
                let words = ["0", "-1", "99999999999", "\n", " ", "#", "list", "nan", "\u{e9}"];
                drop(file.splice(at..end, words[below(words.len())].bytes()));
            }
        }
    }
    file
}

#[test]
fn no_mutation_makes_it_panic_or_take_much_memory() {
    let mut random = Random(0x5eed);
    let (mut read, mut refused) = (0, 0);
    for file in sound_files() {
        for number in 0..1500 {
            let bytes = mutated(&file, &mut random);
            match catch_unwind(AssertUnwindSafe(|| try_decode(&bytes))) {
                Ok(Ok((info, points))) => {
                    read += 1;
                    // What was read can be written, and is the same then.
                    let way = if info.points() % 2 == 0 { WAYS[0] } else { WAYS[1] };
                    let again = decode(&encode(&info, &points, way));
                    assert_eq!(again.0, info);
                    assert!(way.1 == CloudStyle::Ascii || again.1 == points);
                }
                Ok(Err(_)) => refused += 1,
                Err(_) => panic!("{number}: {}", String::from_utf8_lossy(&bytes)),
            }
        }
    }
    assert!(read > 500 && refused > 500, "{read} read, {refused} refused");
}
