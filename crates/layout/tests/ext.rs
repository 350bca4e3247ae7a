//! The ext block: what was written is read back, what is impossible is refused.
#![allow(clippy::unwrap_used)]

use framelane_layout::Dtype;
use framelane_layout::array::{Extent, extent};
use framelane_layout::ext::{
    CAMERA_BYTES, Camera, DISTORTION_MAX, ExtError, FIELD_BYTES, Field, GRID_BYTES, Grid,
    HEAD_BYTES, PART_BYTES, Part, SECTIONS_MAX, Section, Writer, model, section, sections,
};

const PAYLOAD: u64 = 4096;

fn fields() -> [Field<'static>; 2] {
    [
        Field { name: "xyz", offset: 0, dtype: Dtype::Float32, count: 3 },
        Field { name: "a_name_of_16byte", offset: 12, dtype: Dtype::Uint8, count: 255 },
    ]
}

fn part() -> Part<'static> {
    let (mut shape, mut strides) = ([0; 8], [0; 8]);
    shape[..2].copy_from_slice(&[3, 4]);
    strides[..2].copy_from_slice(&[-16, 4]);
    Part {
        name: "boxes",
        dtype: Dtype::Float32,
        ndim: 2,
        flags: 7,
        offset: 64,
        bytes: 48,
        shape,
        strides,
        extent: Extent { first: 32, bytes: 48, elements: 12 },
    }
}

/// Of which every number is another.
fn camera() -> Camera {
    let mut camera = Camera {
        width: 1280,
        height: 720,
        model: model::RATIONAL_POLYNOMIAL,
        coefficients: 14,
        ..Camera::default()
    };
    let numbers = camera.k.iter_mut().chain(&mut camera.d).chain(&mut camera.r);
    numbers.chain(&mut camera.p).zip(1..).for_each(|(number, n)| *number = f64::from(n) / 3.0);
    camera
}

/// Of which every number is another.
fn grid() -> Grid {
    Grid { spacing: [0.5, 0.25, 4.0], origin: [1.0, -2.0, 3.0], unit: 2 }
}

fn errors(block: &[u8]) -> Option<ExtError> {
    sections(block, PAYLOAD).find_map(Result::err)
}

#[test]
fn what_was_written_is_read_back() {
    let mut slot = [0xAA_u8; 2048];
    let mut writer = Writer::new(&mut slot);
    writer.fields(&fields()).unwrap();
    writer.metadata("{\"gain\":3}").unwrap();
    writer.parts(&[part(), Part { name: "b", ..part() }]).unwrap();
    writer.camera(&camera()).unwrap();
    writer.grid(&grid()).unwrap();
    let read: Vec<Section<'_>> = sections(&slot, PAYLOAD).map(Result::unwrap).collect();
    let [
        Section::Fields(seen),
        Section::Metadata(text),
        Section::Parts(parts),
        Section::Camera(seen_camera),
        Section::Grid(seen_grid),
    ] = read[..]
    else {
        panic!("{read:?}")
    };
    assert_eq!(seen.iter().collect::<Vec<_>>(), fields());
    assert!(seen.fit(267) && !seen.fit(266));
    assert_eq!(text, "{\"gain\":3}");
    assert_eq!(parts.iter().collect::<Vec<_>>(), [part(), Part { name: "b", ..part() }]);
    assert_eq!(seen_camera, camera());
    assert_eq!(seen_grid, grid());
}

/// The entry of a section that is alone in its block.
fn entry(write: impl Fn(&mut Writer<'_>) -> Option<()>) -> Vec<u8> {
    let mut slot = vec![0xAA_u8; 512];
    write(&mut Writer::new(&mut slot)).unwrap();
    let bytes = u32::from_le_bytes(slot[..4].try_into().unwrap());
    slot[8..usize::try_from(bytes).unwrap()].to_vec()
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    let words = bytes.chunks_exact(8);
    words.map(|word| f64::from_le_bytes(word.try_into().unwrap())).collect()
}

#[test]
fn a_camera_and_a_grid_lie_as_the_specification_says() {
    let bytes = entry(|writer| writer.camera(&camera()));
    assert_eq!(bytes.len(), CAMERA_BYTES);
    assert_eq!(bytes[..16], [0, 5, 0, 0, 0xd0, 2, 0, 0, 2, 14, 0, 0, 0, 0, 0, 0]);
    assert_eq!(numbers(&bytes[16..]), (1..=44).map(|n| f64::from(n) / 3.0).collect::<Vec<_>>());

    let bytes = entry(|writer| writer.grid(&grid()));
    assert_eq!(bytes.len(), GRID_BYTES);
    assert_eq!(numbers(&bytes[..48]), [0.5, 0.25, 4.0, 1.0, -2.0, 3.0]);
    assert_eq!(bytes[48..], [2, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_camera_has_the_coefficients_that_it_says() {
    for coefficients in 0..=14 {
        let said = Camera { coefficients, ..camera() };
        let bytes = entry(|writer| writer.camera(&said));
        let d = numbers(&bytes[16 + 72..][..8 * DISTORTION_MAX]);
        let (used, rest) = d.split_at(usize::from(coefficients));
        assert!(used == &said.d[..used.len()] && rest.iter().all(|&number| number == 0.0));

        // Whatever another writer has left beyond them.
        let mut slot = vec![0_u8; 512];
        Writer::new(&mut slot).camera(&camera()).unwrap();
        slot[8 + 9] = coefficients;
        let Some(Ok(Section::Camera(seen))) = sections(&slot, 0).next() else { panic!() };
        assert_eq!((seen.coefficients, &seen.d[..]), (coefficients, &d[..]));
        assert_eq!((seen.k, seen.r, seen.p), (said.k, said.r, said.p));
    }
    for coefficients in [15, 255] {
        let mut slot = [0_u8; 512];
        let said = Camera { coefficients, ..camera() };
        assert_eq!(Writer::new(&mut slot).camera(&said), None);
        assert_eq!(slot[..8], [0; 8]);
    }
}

#[test]
fn sections_of_unknown_types_are_passed_over() {
    let mut slot = [0_u8; 64];
    slot[..8].copy_from_slice(&[13, 0, 0, 0, 99, 0, 1, 0]);
    slot[16..24].copy_from_slice(&[10, 0, 0, 0, 3, 0, 1, 0]);
    slot[24..26].copy_from_slice(b"{}");
    let read: Vec<Section<'_>> = sections(&slot, 0).map(Result::unwrap).collect();
    assert!(matches!(read[..], [Section::Other(99), Section::Metadata("{}")]), "{read:?}");
}

#[test]
fn a_writer_without_room_leaves_a_whole_list() {
    for room in 0..700 {
        let mut slot = vec![0xAA_u8; room];
        let mut writer = Writer::new(&mut slot);
        let count = usize::from(writer.metadata("{}").is_some())
            + usize::from(writer.camera(&camera()).is_some())
            + usize::from(writer.grid(&grid()).is_some())
            + usize::from(writer.parts(&[part()]).is_some());
        assert_eq!(sections(&slot, PAYLOAD).filter(Result::is_ok).count(), count);
        assert_eq!(errors(&slot), None);
        let heads = 3 * usize::try_from(HEAD_BYTES).unwrap();
        if room >= 16 + CAMERA_BYTES + GRID_BYTES + PART_BYTES + heads {
            assert_eq!(count, 4);
        }
    }
}

#[test]
fn a_name_that_cannot_be_read_leaves_the_block_as_it_was() {
    for name in ["longer_than_16_byte", "", "a\0b"] {
        let mut slot = [0xAA_u8; 400];
        let mut writer = Writer::new(&mut slot);
        writer.metadata("{}").unwrap();
        assert_eq!(writer.fields(&[fields()[0], Field { name, ..fields()[1] }]), None);
        let long = name.repeat(2);
        assert_eq!(writer.parts(&[Part { name: &long, ..part() }]), None);
        assert_eq!(sections(&slot, PAYLOAD).count(), 1, "{name:?}");
        // What comes after stands in its place.
        let mut writer = Writer::new(&mut slot);
        assert_eq!(writer.fields(&[Field { name, ..fields()[1] }]), None);
        writer.grid(&grid()).unwrap();
        let read: Vec<Section<'_>> = sections(&slot, PAYLOAD).map(Result::unwrap).collect();
        assert!(matches!(read[..], [Section::Grid(_)]), "{name:?}: {read:?}");
    }
}

/// Sets one byte of a block that is sound, and says what the parser made of it.
fn changed(write: fn(&mut Writer<'_>) -> Option<()>, at: usize, value: u8) -> Option<ExtError> {
    let mut slot = [0_u8; 512];
    write(&mut Writer::new(&mut slot)).unwrap();
    assert_eq!(errors(&slot), None);
    slot[at] = value;
    errors(&slot)
}

#[test]
fn refuses_the_impossible() {
    let with_fields: fn(&mut Writer<'_>) -> Option<()> = |writer| writer.fields(&fields());
    let with_parts: fn(&mut Writer<'_>) -> Option<()> = |writer| writer.parts(&[part()]);
    let cases = [
        ("longer than the slot", with_fields, 1, 2, ExtError::Length),
        ("shorter than its head", with_fields, 0, 7, ExtError::Length),
        ("more entries than bytes", with_fields, 6, 3, ExtError::Count),
        ("half an entry", with_fields, 0, 55, ExtError::Count),
        ("no name", with_fields, 8, 0, ExtError::Name),
        ("no UTF-8", with_fields, 8, 0xff, ExtError::Name),
        ("text behind the name", with_fields, 8 + 10, 1, ExtError::Name),
        ("no such type", with_fields, 8 + 20, 16, ExtError::Dtype),
        ("no value", with_fields, 8 + 21, 0, ExtError::Dtype),
        ("type 0", with_parts, 8 + 32, 0, ExtError::Dtype),
        ("nine dimensions", with_parts, 8 + 33, 9, ExtError::Dims),
        ("not aligned", with_parts, 8 + 40, 65, ExtError::Place),
        ("beyond the payload", with_parts, 8 + 41, 16, ExtError::Place),
        ("more bytes than the payload", with_parts, 8 + 55, 0xff, ExtError::Place),
        ("fewer bytes than elements", with_parts, 8 + 48, 47, ExtError::Place),
        ("more elements", with_parts, 8 + 56, 4, ExtError::Place),
        ("a wide stride", with_parts, 8 + 89, 0x7f, ExtError::Place),
        ("a stride between elements", with_parts, 8 + 96, 3, ExtError::Place),
    ];
    for (what, write, at, value, expected) in cases {
        assert_eq!(changed(write, at, value), Some(expected), "{what}");
    }
    assert_eq!(FIELD_BYTES, 24);
    let with_camera: fn(&mut Writer<'_>) -> Option<()> = |writer| writer.camera(&camera());
    let with_grid: fn(&mut Writer<'_>) -> Option<()> = |writer| writer.grid(&grid());
    for (what, write, at, value, expected) in [
        ("15 coefficients", with_camera, 8 + 9, 15, ExtError::Distortion),
        ("two cameras", with_camera, 6, 2, ExtError::Count),
        ("no camera", with_camera, 6, 0, ExtError::Count),
        ("a camera cut off", with_camera, 0, 8, ExtError::Count),
        ("two grids", with_grid, 6, 2, ExtError::Count),
        ("a longer grid", with_grid, 0, 72, ExtError::Count),
    ] {
        assert_eq!(changed(write, at, value), Some(expected), "{what}");
    }
    let text = |writer: &mut Writer<'_>| writer.metadata("{}");
    assert_eq!(changed(text, 8, 0xff), Some(ExtError::Text));
}

#[test]
fn a_list_without_end_is_refused() {
    let head = [8, 0, 0, 0, section::METADATA.to_le_bytes()[0], 0, 1, 0];
    let slot = head.repeat(SECTIONS_MAX + 1);
    assert_eq!(sections(&slot, 0).count(), SECTIONS_MAX + 1);
    assert_eq!(errors(&slot), Some(ExtError::Sections));
    assert_eq!(errors(&slot[8..]), None);
}

#[test]
fn extents_follow_the_strides_in_both_directions() {
    let of = |shape: &[u32], strides: &[i64], bytes| extent(shape, strides, Dtype::Uint16, bytes);
    assert_eq!(of(&[], &[], 2), Some(Extent { first: 0, bytes: 2, elements: 1 }));
    assert_eq!(of(&[], &[], 1), None);
    assert_eq!(of(&[3, 5], &[10, 2], 30), Some(Extent { first: 0, bytes: 30, elements: 15 }));
    assert_eq!(of(&[3, 5], &[-10, -2], 30), Some(Extent { first: 28, bytes: 30, elements: 15 }));
    assert_eq!(of(&[3, 5], &[-16, 2], 42), Some(Extent { first: 32, bytes: 42, elements: 15 }));
    assert_eq!(of(&[3, 5], &[-16, 2], 41), None);
    assert_eq!(of(&[0, u32::MAX], &[i64::MIN, 1], 0), Some(Extent::default()));
    assert_eq!(of(&[1, 2], &[i64::MIN, 2], 4), Some(Extent { first: 0, bytes: 4, elements: 2 }));
    // Elements that share bytes would let a few bytes stand for any number of elements.
    assert_eq!(of(&[u32::MAX], &[0], 1 << 20), None);
    assert_eq!(of(&[u32::MAX; 8], &[i64::MAX; 8], u64::MAX), None);
    assert_eq!(of(&[2, 2], &[i64::MIN, i64::MIN], u64::MAX), None);
    assert_eq!(of(&[2], &[3], 100), None);
    assert_eq!(extent(&[2], &[4], Dtype::Complex64, 12), None);
    assert!(extent(&[2], &[12], Dtype::Complex64, 20).is_some());
}
