//! The same clouds through two libraries that were written by others.

use std::io::Cursor;

use pcd_rs::{DataKind, DynReader, DynRecord, DynWriter, Field, PcdMeta, WriterInit};
use ply_rs_bw::parser::Parser;
use ply_rs_bw::ply::{Addable, DefaultElement, ElementDef, Encoding, Ply, Property};
use ply_rs_bw::writer::Writer;

use super::*;

/// A cloud with each of these types twice, once with two values if `several`. Floats are
/// numbers: what text makes of others, the libraries do not agree on.
fn cloud(types: &[Dtype], several: bool) -> (CloudInfo, Vec<u8>) {
    let names: Vec<_> = types.iter().map(|dtype| dtype.info().name).collect();
    let second: Vec<_> = names.iter().map(|name| format!("{name}_b")).collect();
    let one = names.iter().zip(types).map(|(name, dtype)| (*name, *dtype, 1));
    let two = second.iter().zip(types);
    let two = two.map(|(name, dtype)| (&name[..], *dtype, if several { 2 } else { 1 }));
    let info = CloudInfo::aligned(31, 3, &one.chain(two).collect::<Vec<_>>()).unwrap();
    let mut random = Random(77);
    let mut points = vec![0; usize::try_from(info.bytes().unwrap()).unwrap()];
    for point in points.chunks_exact_mut(info.point_bytes as usize) {
        for field in &info.fields {
            let start = field.offset as usize;
            let place = &mut point[start..start + field.bytes() as usize];
            for value in place.chunks_exact_mut(field.dtype.info().bytes.into()) {
                let word = random.next();
                let small = i16::try_from(word >> 50).unwrap();
                match field.dtype {
                    Float32 => value.copy_from_slice(&(f32::from(small) / 7e4).to_ne_bytes()),
                    Float64 => value.copy_from_slice(&(f64::from(small) / 7e4).to_ne_bytes()),
                    _ => value.copy_from_slice(&word.to_le_bytes()[..value.len()]),
                }
            }
        }
    }
    (info, points)
}

/// The bytes of a record's values, one behind the other.
fn bytes_of(record: &DynRecord) -> Vec<u8> {
    macro_rules! bytes {
        ($($variant:ident)*) => {
            record.0.iter().flat_map(|field| match field {
                $(Field::$variant(values) => {
                    values.iter().flat_map(|value| value.to_ne_bytes()).collect::<Vec<u8>>()
                })*
            }).collect()
        };
    }
    bytes!(U8 I8 U16 I16 U32 I32 U64 I64 F32 F64)
}

/// The values of all points without what fills up.
fn packed(info: &CloudInfo, points: &[u8]) -> Vec<Vec<u8>> {
    let points = points.chunks_exact(info.point_bytes as usize);
    let places = info.fields.iter().map(|field| {
        let start = field.offset as usize;
        start..start + field.bytes() as usize
    });
    let places: Vec<_> = places.collect();
    points
        .map(|point| places.iter().flat_map(|place| point[place.clone()].to_vec()).collect())
        .collect()
}

fn read_pcd(file: &[u8]) -> (PcdMeta, Vec<DynRecord>) {
    let reader = DynReader::from_bytes(file).unwrap();
    let meta = reader.meta().clone();
    (meta, reader.map(Result::unwrap).collect())
}

fn write_pcd(meta: &PcdMeta, records: &[DynRecord], data_kind: DataKind) -> Vec<u8> {
    let init = WriterInit {
        width: meta.width,
        height: meta.height,
        viewpoint: meta.viewpoint.clone(),
        data_kind,
        schema: Some(meta.field_defs.clone()),
        version: None,
    };
    let mut file = Cursor::new(Vec::new());
    let mut writer: DynWriter<_> = init.build_from_writer(&mut file).unwrap();
    records.iter().for_each(|record| writer.push(record).unwrap());
    writer.finish().unwrap();
    file.into_inner()
}

#[test]
fn another_library_reads_our_pcd_and_we_read_its() {
    let (info, points) = cloud(&TYPES, true);
    let packed = packed(&info, &points);
    for way in [WAYS[0], WAYS[1]] {
        let (meta, records) = read_pcd(&encode(&info, &points, way));
        assert_eq!((meta.width, meta.height), (31, 3));
        assert!(records.iter().map(bytes_of).collect::<Vec<_>>() == packed, "{way:?}");

        for data_kind in [DataKind::Ascii, DataKind::Binary, DataKind::BinaryCompressed] {
            let back = decode(&write_pcd(&meta, &records, data_kind));
            assert!(back == (info.clone(), points.clone()), "{data_kind:?}");
        }
    }
}

#[test]
fn a_real_cloud_comes_through_compression() {
    for file in [CLOUD_PCD, ROWS_PCD] {
        let (meta, records) = read_pcd(file);
        let compressed = write_pcd(&meta, &records, DataKind::BinaryCompressed);
        assert!(compressed.len() < file.len(), "{} bytes", compressed.len());
        assert!(decode(&compressed) == decode(file));
    }
}

fn property_bytes(property: &Property) -> Vec<u8> {
    match property {
        Property::Char(value) => value.to_ne_bytes().to_vec(),
        Property::UChar(value) => value.to_ne_bytes().to_vec(),
        Property::Short(value) => value.to_ne_bytes().to_vec(),
        Property::UShort(value) => value.to_ne_bytes().to_vec(),
        Property::Int(value) => value.to_ne_bytes().to_vec(),
        Property::UInt(value) => value.to_ne_bytes().to_vec(),
        Property::Float(value) => value.to_ne_bytes().to_vec(),
        Property::Double(value) => value.to_ne_bytes().to_vec(),
        list => panic!("{list:?}"),
    }
}

fn vertices(ply: &Ply<DefaultElement>) -> Vec<Vec<u8>> {
    let names: Vec<_> = ply.header.elements["vertex"].properties.keys().collect();
    let vertices = ply.payload["vertex"].iter();
    vertices
        .map(|vertex| names.iter().flat_map(|name| property_bytes(&vertex[&name[..]])).collect())
        .collect()
}

#[test]
fn another_library_reads_our_ply_and_we_read_its() {
    let types: Vec<_> =
        TYPES.into_iter().filter(|dtype| !matches!(dtype, Uint64 | Int64)).collect();
    let (info, points) = cloud(&types, false);
    let packed = packed(&info, &points);
    for way in [WAYS[2], WAYS[3]] {
        let file = encode(&info, &points, way);
        let mut ply = Parser::<DefaultElement>::new().read_ply(&mut &file[..]).unwrap();
        assert_eq!(ply.header.obj_infos, ["num_cols 31", "num_rows 3"]);
        assert!(vertices(&ply) == packed, "{way:?}");

        // Faces behind the vertices, and the vertices once more behind the faces.
        let faces = ElementDef::new("face".into());
        ply.header.elements.add(faces);
        for encoding in [Encoding::Ascii, Encoding::BinaryBigEndian, Encoding::BinaryLittleEndian] {
            ply.header.encoding = encoding;
            let mut file = Vec::new();
            Writer::new().write_ply(&mut file, &mut ply).unwrap();
            assert!(decode(&file) == (info.clone(), points.clone()), "{encoding:?}");
        }
    }
}

#[test]
fn other_libraries_see_the_same_real_points() {
    let (info, points) = decode(CLOUD_PCD);
    let (_, records) = read_pcd(CLOUD_PCD);
    assert!(records.iter().map(bytes_of).collect::<Vec<_>>() == packed(&info, &points));
    let (info, points) = decode(CLOUD_PLY);
    let ply = Parser::<DefaultElement>::new().read_ply(&mut &CLOUD_PLY[..]).unwrap();
    assert!(vertices(&ply) == packed(&info, &points));
}
