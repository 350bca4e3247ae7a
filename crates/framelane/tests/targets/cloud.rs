//! Files of point clouds.

use framelane::raw::kernels::{
    Cloud, CloudFormat, CloudInfo, CloudStyle, decode_cloud, encode_cloud, probe_cloud,
};

use super::slot;

const WAYS: [(CloudFormat, CloudStyle); 4] = [
    (CloudFormat::Pcd, CloudStyle::Binary),
    (CloudFormat::Pcd, CloudStyle::Ascii),
    (CloudFormat::Ply, CloudStyle::Binary),
    (CloudFormat::Ply, CloudStyle::Ascii),
];

/// A file, which is read into memory of just the size that its points need.
pub(super) fn cloud(data: &[u8]) -> bool {
    let Some((info, points)) = read(data) else { return false };
    for (format, style) in WAYS {
        let cloud = Cloud::new(&info, &points).expect("what was read is a cloud");
        // Names and types of one format are not all of the other.
        let Ok(file) = encode_cloud(&cloud, format, style) else { continue };
        let (again, back) = read(&file).expect("what was written can be read");
        assert_eq!((again.width, again.height), (info.width, info.height));
        // Text has one NaN for all, and PLY one value a field.
        if style == CloudStyle::Binary && again.fields == info.fields {
            assert_eq!(back, points);
        }
    }
    true
}

fn read(file: &[u8]) -> Option<(CloudInfo, Box<[u8]>)> {
    let info = probe_cloud(file).ok()?;
    let bytes = info.bytes().expect("what the file can hold");
    assert!(bytes <= 200 * file.len() as u64, "{bytes} bytes for a file of {}", file.len());
    let mut points = slot(bytes);
    decode_cloud(file, &info, &mut points).ok()?;
    Some((info, points))
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let header = |data: &str| {
        format!(
            "VERSION .7\nFIELDS x _ n\nSIZE 4 1 1\nTYPE F U I\nCOUNT 1 1 2\nWIDTH 1\nHEIGHT 2\n\
             VIEWPOINT 0 0 0 1 0 0 0\nPOINTS 2\nDATA {data}\n"
        )
    };
    let ply = |format: &str| {
        format!(
            "ply\nformat {format} 1.0\nobj_info num_cols 1\nobj_info num_rows 2\nelement face 1\n\
             property list uchar short v\nelement vertex 2\nproperty float x\n\
             property uchar red\nend_header\n"
        )
    };
    let compressed = [3, 0, 0, 0x80, 0x3f, 0x40, 3, 5, 9, 8, 7, 6, 5, 4];
    let sizes = [14, 0, 0, 0, 14, 0, 0, 0];
    let points = [0, 0, 0x80, 0x3f, 9, 1, 2, 0, 0, 0xc0, 0xff, 9, 3, 4];
    let faces = [1, 5, 0, 0, 0, 0x80, 0x3f, 7, 0x3f, 0x80, 0, 0, 8];
    let turned = [1, 0, 5, 0x3f, 0x80, 0, 0, 7, 0xff, 0xc0, 0, 0, 8];
    vec![
        [header("ascii").as_bytes(), b"0.5 9 1 -2\nnan 9 3 4\n"].concat(),
        [header("binary").as_bytes(), &points].concat(),
        [header("binary_compressed").as_bytes(), &sizes, &compressed].concat(),
        [ply("ascii").as_bytes(), b"1 5\n0.5 7\n-1e3 255\n"].concat(),
        [ply("binary_little_endian").as_bytes(), &faces].concat(),
        [ply("binary_big_endian").as_bytes(), &turned].concat(),
    ]
}
