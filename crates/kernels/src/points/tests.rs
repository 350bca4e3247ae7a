//! Real clouds through both formats, and every type through all ways to write it. What the
//! files hold is known from each other, and from two other libraries.

mod bad;
mod others;

use Dtype::{Float32, Float64, Int8, Int16, Int32, Int64, Uint8, Uint16, Uint32, Uint64};
use framelane_layout::Dtype;

use super::*;

const CLOUD_PCD: &[u8] = include_bytes!("../../../../__test__/data/stereo/cloud.pcd");
const ROWS_PCD: &[u8] = include_bytes!("../../../../__test__/data/stereo/cloud-organised.pcd");
const CLOUD_PLY: &[u8] = include_bytes!("../../../../__test__/data/stereo/cloud.ply");
const TEXT_PLY: &[u8] = include_bytes!("../../../../__test__/data/stereo/cloud-ascii.ply");

const WAYS: [(CloudFormat, CloudStyle); 4] = [
    (CloudFormat::Pcd, CloudStyle::Binary),
    (CloudFormat::Pcd, CloudStyle::Ascii),
    (CloudFormat::Ply, CloudStyle::Binary),
    (CloudFormat::Ply, CloudStyle::Ascii),
];
const TYPES: [Dtype; 10] =
    [Uint8, Int8, Uint16, Int16, Uint32, Int32, Uint64, Int64, Float32, Float64];

/// A generator of numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Reads a file into memory that was not zero.
fn decode(file: &[u8]) -> (CloudInfo, Vec<u8>) {
    let info = probe_cloud(file).unwrap();
    let mut points = vec![0xa5; usize::try_from(info.bytes().unwrap()).unwrap()];
    decode_cloud(file, &info, &mut points).unwrap();
    (info, points)
}

fn encode(info: &CloudInfo, points: &[u8], way: (CloudFormat, CloudStyle)) -> Vec<u8> {
    encode_cloud(&Cloud::new(info, points).unwrap(), way.0, way.1).unwrap()
}

fn field(name: &str, offset: u32, dtype: Dtype, count: u8) -> PointField {
    PointField { name: name.into(), offset, dtype, count }
}

/// The bytes of one field of all points, side by side.
fn values(info: &CloudInfo, points: &[u8], name: &str) -> Vec<u8> {
    let field = info.fields.iter().find(|field| field.name == name).unwrap();
    let (start, bytes) = (field.offset as usize, field.bytes() as usize);
    let points = points.chunks_exact(info.point_bytes as usize);
    points.flat_map(|point| point[start..start + bytes].to_vec()).collect()
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|float| f32::from_ne_bytes(float.try_into().unwrap())).collect()
}

#[test]
fn a_header_tells_size_and_fields() {
    let xyz = |last| [field("x", 0, Float32, 1), field("y", 4, Float32, 1), last];
    let with = |rest: &[PointField]| [&xyz(field("z", 8, Float32, 1)), rest].concat();
    let pcd = with(&[field("rgb", 12, Float32, 1)]);
    let info = |width, height| CloudInfo { width, height, point_bytes: 16, fields: pcd.clone() };
    assert_eq!(probe_cloud(CLOUD_PCD), Ok(info(38_198, 1)));
    assert_eq!(probe_cloud(ROWS_PCD), Ok(info(247, 167)));

    let colours = ["red", "green", "blue"].into_iter().zip(12..);
    let colours: Vec<_> = colours.map(|(name, at)| field(name, at, Uint8, 1)).collect();
    let ply = CloudInfo { width: 38_198, height: 1, point_bytes: 16, fields: with(&colours) };
    assert_eq!(probe_cloud(CLOUD_PLY).as_ref(), Ok(&ply));
    assert_eq!(probe_cloud(TEXT_PLY), Ok(ply));
}

#[test]
fn four_files_hold_the_same_points() {
    let (info, points) = decode(CLOUD_PCD);
    let (ply, ply_points) = decode(CLOUD_PLY);
    assert!(decode(TEXT_PLY) == (ply.clone(), ply_points.clone()));
    for name in ["x", "y", "z"] {
        assert!(values(&info, &points, name) == values(&ply, &ply_points, name), "{name}");
    }
    // The first line of the text.
    assert_eq!(floats(&points[..12]), [-1.471_816_3, -1.217_198_7, 4.751_649]);
    assert_eq!(ply_points[12..16], [139, 86, 54, 0]);
    let [red, green, blue] = ["red", "green", "blue"].map(|name| values(&ply, &ply_points, name));
    let colours = red.iter().zip(green.iter().zip(&blue));
    let packed: Vec<u8> = colours
        .flat_map(|(&red, (&green, &blue))| u32::from_be_bytes([0, red, green, blue]).to_ne_bytes())
        .collect();
    assert!(values(&info, &points, "rgb") == packed);

    let (rows, all) = decode(ROWS_PCD);
    let known: Vec<u8> = all
        .chunks_exact(16)
        .filter(|point| floats(&point[..12]).iter().all(|value| value.is_finite()))
        .flatten()
        .copied()
        .collect();
    assert!(known == points, "the points that are known, row by row");
    assert!(known.len() < all.len());
    let z = floats(&values(&rows, &all, "z"));
    let missing = z.iter().filter(|value| value.is_nan()).count();
    assert_eq!(missing, 41_249 - 38_198);
}

#[test]
fn what_is_written_in_the_same_way_is_the_same_file() {
    for file in [CLOUD_PCD, ROWS_PCD] {
        let (info, points) = decode(file);
        assert!(encode(&info, &points, (CloudFormat::Pcd, CloudStyle::Binary)) == file);
    }
    let without_comment = |file: &[u8]| {
        let text = b"comment Middlebury 2014 Motorcycle, subsampled\n";
        let at = file.windows(text.len()).position(|bytes| bytes == text).unwrap();
        [&file[..at], &file[at + text.len()..]].concat()
    };
    let (info, points) = decode(CLOUD_PLY);
    let binary = encode(&info, &points, (CloudFormat::Ply, CloudStyle::Binary));
    assert!(binary == without_comment(CLOUD_PLY));
    // 2.22265625 is as near to 2.2226562 as to 2.2226563: of two shortest decimals the other
    // writer has chosen the other one.
    let text = encode(&info, &points, (CloudFormat::Ply, CloudStyle::Ascii));
    let other = without_comment(TEXT_PLY);
    assert_eq!(text.len(), other.len());
    let different = text.iter().zip(&other).filter(|(ours, other)| ours != other).count();
    assert!(different < 10, "{different}");
}

#[test]
fn real_clouds_survive_every_way() {
    for file in [CLOUD_PCD, ROWS_PCD, CLOUD_PLY] {
        let cloud = decode(file);
        for way in WAYS {
            assert!(decode(&encode(&cloud.0, &cloud.1, way)) == cloud, "{way:?}");
        }
    }
}

/// What a value is in text, where all NaN are one.
fn as_text(dtype: Dtype, value: &[u8]) -> Vec<u8> {
    let is_nan = match dtype {
        Float32 => f32::from_ne_bytes(value.try_into().unwrap()).is_nan(),
        Float64 => f64::from_ne_bytes(value.try_into().unwrap()).is_nan(),
        _ => false,
    };
    if is_nan { b"nan".to_vec() } else { value.to_vec() }
}

/// Noise, and the values where formats break: all bits, none, the highest, the lowest.
fn hard_values(dtype: Dtype, values: usize) -> Vec<u8> {
    let bytes = usize::from(dtype.info().bytes);
    let mut random = Random(u64::from(dtype as u8));
    let mut word = |index: usize| match index {
        0 => 0,
        1 => u64::MAX,
        2 => 1 << (8 * bytes - 1),
        3 => (1 << (8 * bytes - 1)) - 1,
        4 => 1,
        5 => f32::MAX.to_bits().into(),
        6 => f32::NEG_INFINITY.to_bits().into(),
        7 => f64::MAX.to_bits(),
        8 => f64::INFINITY.to_bits(),
        9 => 0x7fa1_2345,
        _ => random.next(),
    };
    (0..values).flat_map(|index| word(index).to_le_bytes()[..bytes].to_vec()).collect()
}

#[test]
fn every_type_survives_every_way() {
    for dtype in TYPES {
        for (width, height, count) in [(100, 1, 1), (20, 10, 1), (7, 5, 3), (0, 1, 1), (0, 0, 2)] {
            let info = CloudInfo::aligned(width, height, &[("v", dtype, count)]).unwrap();
            let points = usize::try_from(info.points()).unwrap();
            let points = hard_values(dtype, points * usize::from(count));
            for way in WAYS {
                let cloud = Cloud::new(&info, &points).unwrap();
                let file = encode_cloud(&cloud, way.0, way.1);
                if way.0 == CloudFormat::Ply && matches!(dtype, Uint64 | Int64) {
                    let is_typed = matches!(file, Err(CloudError::Field { .. }));
                    assert!(is_typed, "{file:?}");
                    continue;
                }
                let (read, back) = decode(&file.unwrap());
                assert_eq!((read.width, read.height), (width, height));
                assert_eq!(read.point_bytes, info.point_bytes);
                let (element, what) = (usize::from(dtype.info().bytes), (dtype, way));
                for (was, is) in points.chunks_exact(element).zip(back.chunks_exact(element)) {
                    let same = match way.1 {
                        CloudStyle::Binary => was == is,
                        CloudStyle::Ascii => as_text(dtype, was) == as_text(dtype, is),
                    };
                    assert!(same, "{what:?}: {was:x?} became {is:x?}");
                }
                assert_eq!(points.len(), back.len());
            }
        }
    }
}

#[test]
fn fields_lie_where_typed_arrays_can_look_at_them() {
    let fields = [("a", Uint8, 1), ("b", Float64, 1), ("c", Int16, 3), ("d", Uint8, 1)];
    let info = CloudInfo::aligned(3, 2, &fields).unwrap();
    let places: Vec<_> = info.fields.iter().map(|field| field.offset).collect();
    assert_eq!((places, info.point_bytes), (vec![0, 8, 16, 22], 24));
    let mut random = Random(5);
    let mut points: Vec<u8> = (0..6 * 24).map(|_| random.next().to_be_bytes()[0]).collect();
    for point in points.chunks_exact_mut(24) {
        point[1..8].fill(0);
        point[8..16].copy_from_slice(&0.1_f64.to_ne_bytes());
        point[23] = 0;
    }
    for way in [WAYS[0], WAYS[1]] {
        assert_eq!(decode(&encode(&info, &points, way)), (info.clone(), points.clone()));
    }
    for way in [WAYS[2], WAYS[3]] {
        let (ply, back) = decode(&encode(&info, &points, way));
        let names: Vec<_> = ply.fields.iter().map(|field| &field.name[..]).collect();
        assert_eq!(names, ["a", "b", "c_0", "c_1", "c_2", "d"]);
        assert_eq!((ply.point_bytes, back), (24, points.clone()), "{way:?}");
    }
    // Places of another's choice, one of them without alignment, in no order.
    let fields = vec![field("late", 5, Uint32, 1), field("early", 1, Uint8, 4)];
    let loose = CloudInfo { width: 1, height: 1, point_bytes: 11, fields };
    let bytes = [9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9];
    for way in [WAYS[0], WAYS[1]] {
        assert_eq!(decode(&encode(&loose, &bytes, way)).1, [5, 6, 7, 8, 1, 2, 3, 4]);
    }
}

#[test]
fn text_is_short_and_says_nan() {
    let values = [0.1, -0.0, f32::NAN, f32::INFINITY, 1.2e-38, 3e20, 4e6, f32::NEG_INFINITY];
    let info = CloudInfo::aligned(8, 1, &[("v", Float32, 1)]).unwrap();
    let points = values.map(f32::to_ne_bytes).concat();
    for way in [WAYS[1], WAYS[3]] {
        let file = String::from_utf8(encode(&info, &points, way)).unwrap();
        assert!(file.ends_with("\n0.1\n-0\nnan\ninf\n1.2e-38\n3e20\n4000000\n-inf\n"), "{file}");
    }
}

#[test]
fn organised_clouds_keep_their_rows_in_a_ply() {
    let info = CloudInfo::aligned(3, 2, &[("v", Uint8, 1)]).unwrap();
    let file = String::from_utf8(encode(&info, b"abcdef", WAYS[3])).unwrap();
    assert!(file.contains("\nobj_info num_cols 3\nobj_info num_rows 2\nelement vertex 6\n"));
    let other = file.replace("num_rows 2", "num_rows 3");
    let size = |file: &str| {
        let info = probe_cloud(file.as_bytes()).unwrap();
        (info.width, info.height)
    };
    assert_eq!(size(&file), (3, 2));
    // A range scan that leaves out what it has not seen.
    assert_eq!(size(&other), (6, 1));
    assert_eq!(
        size(&file.replace("obj_info num_rows 2\n", "obj_info\nobj_info made up\n")),
        (6, 1)
    );
}

/// Points behind two elements that are none, in both byte orders.
fn binary_ply(big_endian: bool) -> Vec<u8> {
    let name = if big_endian { "binary_big_endian" } else { "binary_little_endian" };
    let mut file = format!(
        "ply\nformat {name} 1.0\nelement empty 5\nelement camera 2\nproperty float64 f\n\
         property int8 n\nelement face 2\nproperty uint8 flag\n\
         property list ushort int32 vertex_indices\nproperty list int8 uchar more\n\
         element vertex 2\nproperty int16 a\nproperty double b\nproperty uint c\n\
         element face 9\nproperty list int int of_no_interest\nend_header\n"
    )
    .into_bytes();
    let mut put = |bytes: &[u8]| {
        let turned = bytes.iter().rev().copied();
        if big_endian { file.extend(turned) } else { file.extend(bytes) }
    };
    (0..2).for_each(|_| {
        put(&1.5_f64.to_le_bytes());
        put(&[0x80]);
    });
    for lengths in [(3_u16, 0), (0, 127)] {
        put(&[7]);
        put(&lengths.0.to_le_bytes());
        (0..lengths.0).for_each(|_| put(&[1, 2, 3, 4]));
        put(&[lengths.1]);
        (0..lengths.1).for_each(|value| put(&[value]));
    }
    for (a, b, c) in [(-2_i16, 0.1_f64, 0xfedc_ba98_u32), (300, f64::MIN, 7)] {
        put(&a.to_le_bytes());
        put(&b.to_le_bytes());
        put(&c.to_le_bytes());
    }
    file
}

#[test]
fn elements_in_front_of_the_points_are_passed_over() {
    for big_endian in [false, true] {
        let (info, points) = decode(&binary_ply(big_endian));
        let point = |a: i16, b: f64, c: u32| {
            [&a.to_ne_bytes()[..], &[0; 6], &b.to_ne_bytes(), &c.to_ne_bytes(), &[0; 4]].concat()
        };
        assert_eq!((info.width, info.height, info.point_bytes), (2, 1, 24));
        assert_eq!(points, [point(-2, 0.1, 0xfedc_ba98), point(300, f64::MIN, 7)].concat());
    }
    let text = "ply\r\nformat ascii 1.0\r\ncomment \u{e9}\r\nelement empty 3\r\nelement face 2\r\n\
                property list uchar int i\r\nelement vertex 2\r\nproperty uchar a\r\n\
                property float32 b\r\nelement face 1\r\nend_header\r\n\r\n3 1 2 3\r\n0\r\n\
                \t 255   -1e3 \r\n\n0 .5";
    let (info, points) = decode(text.as_bytes());
    assert_eq!((info.width, info.point_bytes), (2, 8));
    let point = |a, b: f32| [&[a, 0, 0, 0][..], &b.to_ne_bytes()].concat();
    assert_eq!(points, [point(255, -1000.0), point(0, 0.5)].concat());
}

#[test]
fn headers_of_pcd_vary() {
    let plain = "VERSION .7\nFIELDS x _ y\nSIZE 4 1 2\nTYPE F U I\nCOUNT 1 300 2\nWIDTH 1\n\
                 HEIGHT 2\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 2\nDATA ascii\n";
    let padding = "7 ".repeat(300);
    let body = format!("0.5 {padding}-1 -2\n1 {padding} 3 4\n");
    let expected = decode(format!("{plain}{body}").as_bytes());
    assert_eq!(expected.0.fields, [field("x", 0, Float32, 1), field("y", 4, Int16, 2)]);
    assert_eq!((expected.0.width, expected.0.height), (1, 2));
    let first = [&0.5_f32.to_ne_bytes()[..], &(-1_i16).to_ne_bytes(), &(-2_i16).to_ne_bytes()];
    assert_eq!(expected.1[..8], first.concat());

    let lines: Vec<&str> = plain.lines().collect();
    let turned: Vec<&str> = lines[1..9].iter().rev().copied().collect();
    let turned = format!("# é\n{}\n{}\n\n # x\n{}\n", lines[0], turned.join("\n"), lines[9]);
    for header in [
        plain.replace('\n', "\r\n"),
        format!("# .PCD v0.7 - Point Cloud Data file format\n#\n\n{plain}"),
        plain.replace("FIELDS", "COLUMNS").replace(".7", "0.5"),
        plain.replace(".7", ".6").replace("VIEWPOINT 0 0 0 1 0 0 0\n", ""),
        turned.replace(" # x\n", "# x\n"),
    ] {
        assert_eq!(decode(format!("{header}{body}").as_bytes()), expected, "{header}");
    }

    let mut binary = plain.replace("ascii", "binary").into_bytes();
    for (x, y) in [(0.5_f32, [-1_i16, -2]), (1.0, [3, 4])] {
        binary.extend(x.to_le_bytes());
        binary.extend([0xee; 300]);
        binary.extend(y.map(i16::to_le_bytes).concat());
    }
    assert_eq!(decode(&binary), expected);
    binary.extend(b"behind the last point");
    assert_eq!(decode(&binary), expected);

    let without = plain.replace("COUNT 1 300 2\n", "").replace("HEIGHT 2", "HEIGHT 1");
    let one = format!("{}1 2 3", without.replace("POINTS 2", "POINTS 1"));
    let (info, points) = decode(one.as_bytes());
    assert_eq!(info.fields, [field("x", 0, Float32, 1), field("y", 4, Int16, 1)]);
    assert_eq!(points, [&1_f32.to_ne_bytes()[..], &3_i16.to_ne_bytes(), &[0; 2]].concat());
}
