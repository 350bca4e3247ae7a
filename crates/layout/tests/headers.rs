//! Headers of slots, pools and topics: what is sound is accepted, every other thing refused.
#![allow(clippy::unwrap_used)]

use framelane_layout::array::Extent;
use framelane_layout::header::{HeaderError, check_pool, check_topic, topic_name};
use framelane_layout::pool::{self, PoolGeometry, PoolHeader};
use framelane_layout::slot::{Plane, SlotError, SlotLayout};
use framelane_layout::topic::{self, TopicGeometry, TopicHeader};
use framelane_layout::{ABI_MAJOR, ABI_MINOR, Dtype, ENDIAN_MARK, LAYOUT_HASH, SlotHeader};

fn slot() -> SlotHeader {
    SlotHeader {
        fill: 0,
        stamp_ns: 0,
        mono_ns: 0,
        sequence: 0,
        kind: 4,
        encoding: 0,
        dtype: Dtype::Float32 as u8,
        ndim: 2,
        nplanes: 1,
        frame_id_len: 63,
        stamp_source: 0,
        abi_minor: 0,
        capture_flags: 0,
        depth_scale: 1.0,
        payload_bytes: 96,
        payload_offset: 64,
        ext_offset: 192,
        shape: [3, 8, 9, 9, 9, 9, 9, 9],
        strides: [-32, 4, 9, 9, 9, 9, 9, 9],
        planes: [Plane { offset: 95, step: 1 }; 4],
        frame_id: [0; 64],
        axes: 0,
        components: 0,
        colour_matrix: 0,
        colour_range: 0,
        reserved: 0,
    }
}

#[test]
fn a_sound_slot_header_says_where_things_are() {
    let layout = SlotLayout {
        payload_offset: 64,
        payload_bytes: 96,
        extent: Extent { first: 64, bytes: 96, elements: 24 },
        ext_offset: Some(192),
    };
    assert_eq!(slot().check(4096), Ok(layout));
    assert_eq!(slot().check(200), Ok(layout));
    let none = SlotHeader { ndim: 0, dtype: 0, nplanes: 0, payload_bytes: 0, ..slot() };
    assert_eq!(none.check(4096).unwrap().extent, Extent::default());
    let without = SlotHeader { ext_offset: 0, ..slot() };
    assert_eq!(without.check(160).unwrap().ext_offset, None);
}

#[test]
fn what_a_slot_header_cannot_say_is_refused() {
    type Change = fn(&mut SlotHeader);
    let cases: [(Change, SlotError); 15] = [
        (|h| h.payload_offset = 32, SlotError::Payload),
        (|h| h.payload_offset = 4096, SlotError::Payload),
        (|h| h.payload_offset = u32::MAX - 63, SlotError::Payload),
        (|h| h.payload_bytes = 4096 - 63, SlotError::Payload),
        (|h| h.payload_bytes = u64::MAX, SlotError::Payload),
        (|h| h.ext_offset = 200, SlotError::Ext),
        (|h| h.ext_offset = 128, SlotError::Ext),
        (|h| h.ext_offset = 4096, SlotError::Ext),
        (|h| h.ndim = 9, SlotError::Dims),
        (|h| h.nplanes = 5, SlotError::Planes),
        (|h| h.planes[0].offset = 96, SlotError::Planes),
        (|h| h.frame_id_len = 64, SlotError::FrameId),
        (|h| h.dtype = 16, SlotError::Dtype),
        (|h| h.strides[0] = -36, SlotError::Strides),
        (|h| h.shape = [u32::MAX; 8], SlotError::Strides),
    ];
    for (index, (change, expected)) in cases.into_iter().enumerate() {
        let mut header = slot();
        change(&mut header);
        assert_eq!(header.check(4096), Err(expected), "case {index}");
    }
}

fn pool_header(geometry: PoolGeometry) -> PoolHeader {
    PoolHeader {
        magic: pool::MAGIC,
        abi_major: ABI_MAJOR,
        abi_minor: ABI_MINOR,
        endian: ENDIAN_MARK,
        layout_hash: LAYOUT_HASH,
        pool_id: 7,
        slot_count: geometry.slot_count,
        creator_pid: 0,
        slot_stride: geometry.slot_stride,
        data_bytes: geometry.data_bytes(),
        created_ns: 0,
        creator_name: [0; 32],
    }
}

#[test]
fn a_pool_header_is_believed_only_where_everything_fits() {
    let geometry = PoolGeometry::new(3, 8192).unwrap();
    let (sound, bytes) = (pool_header(geometry), geometry.control_bytes());
    assert_eq!(check_pool(&sound, bytes, 7), Ok(geometry));
    assert_eq!(check_pool(&sound, 4095, 7), Err(HeaderError::Short));
    for file_bytes in [4096, bytes - 1, bytes + 1, u64::MAX] {
        assert_eq!(check_pool(&sound, file_bytes, 7), Err(HeaderError::Contradiction));
    }
    assert_eq!(check_pool(&sound, bytes, 8), Err(HeaderError::Contradiction));
    type Change = fn(&mut PoolHeader);
    let cases: [(Change, HeaderError); 9] = [
        (|h| h.magic ^= 1, HeaderError::Magic),
        (|h| h.abi_major += 1, HeaderError::Layout),
        (|h| h.endian = 0x0403_0201, HeaderError::Layout),
        (|h| h.layout_hash ^= 1, HeaderError::Layout),
        (|h| h.slot_count = 0, HeaderError::Contradiction),
        (|h| h.slot_count = u32::MAX, HeaderError::Contradiction),
        (|h| h.slot_stride = 8191, HeaderError::Contradiction),
        (|h| h.slot_stride = 1 << 62, HeaderError::Contradiction),
        (|h| h.data_bytes -= 4096, HeaderError::Contradiction),
    ];
    for (index, (change, expected)) in cases.into_iter().enumerate() {
        let mut header = sound;
        change(&mut header);
        assert_eq!(check_pool(&header, bytes, 7), Err(expected), "case {index}");
    }
}

#[test]
fn a_topic_header_is_believed_only_where_everything_fits() {
    let geometry = TopicGeometry::DEFAULT;
    let mut name = [0; 208];
    name[..4].copy_from_slice(b"lane");
    let sound = TopicHeader {
        magic: topic::MAGIC,
        abi_major: ABI_MAJOR,
        abi_minor: ABI_MINOR,
        endian: ENDIAN_MARK,
        layout_hash: LAYOUT_HASH,
        uuid: 1,
        cells: geometry.cells,
        publishers: geometry.publishers,
        subscribers: geometry.subscribers,
        mode: 0,
        kind: 1,
        name_len: 4,
        reserved: [0; 5],
        name,
    };
    let bytes = geometry.bytes();
    assert_eq!(check_topic(&sound, bytes), Ok(geometry));
    assert_eq!(check_topic(&sound, 0), Err(HeaderError::Short));
    assert_eq!(check_topic(&sound, bytes + 1), Err(HeaderError::Contradiction));
    type Change = fn(&mut TopicHeader);
    let cases: [(Change, HeaderError); 8] = [
        (|h| h.magic ^= 1, HeaderError::Magic),
        (|h| h.abi_major = 0, HeaderError::Layout),
        (|h| h.cells = 63, HeaderError::Contradiction),
        (|h| h.cells = 0, HeaderError::Contradiction),
        (|h| h.cells = 1 << 31, HeaderError::Contradiction),
        (|h| h.publishers = 65, HeaderError::Contradiction),
        (|h| h.publishers = 15, HeaderError::Contradiction),
        (|h| h.subscribers = 33, HeaderError::Contradiction),
    ];
    for (index, (change, expected)) in cases.into_iter().enumerate() {
        let mut header = sound;
        change(&mut header);
        assert_eq!(check_topic(&header, bytes), Err(expected), "case {index}");
    }
    assert_eq!(topic_name(&sound), b"lane");
    assert_eq!(topic_name(&TopicHeader { name_len: 255, ..sound }).len(), topic::NAME_MAX);
}
