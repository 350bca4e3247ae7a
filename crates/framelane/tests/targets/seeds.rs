//! Where fuzzing begins: for each target some inputs that pass the checks, and a few that
//! nearly do, made from the layout as it is now.

use framelane::raw::ImageShape;
use framelane_layout::array::Extent;
use framelane_layout::ext::{Camera, Field, Grid, Part, Writer};
use framelane_layout::pool::{MAGIC, PoolGeometry};
use framelane_layout::topic::{Mode, TopicGeometry};
use framelane_layout::{
    ABI_MAJOR, Descriptor, Dtype, ENDIAN_MARK, Encoding, LAYOUT_HASH, Token, topic,
};

use super::MODES;

const NAMES: [&str; 7] = [
    "camera.rgb",
    "a/b-c_d/9",
    "p.00000000000000ff.c",
    "00000000000000ff",
    "+0000000000000ff",
    "00000000000000FF",
    "rgb8",
];

/// The seeds of a target.
pub(crate) fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "attach_pool" => [(1, 4096), (12, 1 << 20), (65_535, 8192)]
            .into_iter()
            .flat_map(|pool| {
                let stated = bytes_of(&[4096 + 64 * u64::from(pool.0), 7]);
                [pool_header(pool), [pool_header(pool), stated].concat()]
            })
            .collect(),
        "attach_topic" => topics().into_iter().map(attach_topic).collect(),
        "descriptor" => descriptors(),
        "slot_header" => vec![slot_header(0), slot_header(512), shared_elements()],
        "ext" => vec![[&[0x00, 0x01], &ext_block()[..]].concat()],
        "names" => NAMES.map(|name| name.into()).to_vec(),
        "token" => tokens(),
        "cloud" => super::cloud::seeds(),
        "files" => files(),
        "program" => programs(),
        _ => Vec::new(),
    }
}

/// Texts of tokens behind the words of one.
fn tokens() -> Vec<Vec<u8>> {
    let mut descriptor = Descriptor { pool_id: 7, generation: 1, slot: 2, ..Descriptor::default() };
    ImageShape::packed(640, 480, Encoding::Rgb8).unwrap().describe(&mut descriptor);
    let token = |(process, transfer)| {
        let words = [&descriptor.to_words()[..], &[process, transfer]].concat();
        let text = Token { descriptor, process, transfer }.to_text();
        [bytes_of(&words), text.as_str().into()].concat()
    };
    [(0, 0), (9, 1), (u64::MAX, u64::MAX)].map(token).into()
}

fn bytes_of(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn header(magic: u64, id: u64) -> [u64; 4] {
    let versions = u64::from(ABI_MAJOR) | u64::from(ENDIAN_MARK) << 32;
    [magic, versions, LAYOUT_HASH, id]
}

fn pool_header((count, stride): (u32, u64)) -> Vec<u8> {
    let geometry = PoolGeometry::new(count, stride).unwrap();
    let mut bytes = bytes_of(&header(MAGIC, 7));
    bytes.extend(bytes_of(&[count.into(), stride, geometry.data_bytes()]));
    bytes.resize(96, 0);
    bytes
}

/// Topics of all modes, and the largest and the smallest of one.
fn topics() -> Vec<(TopicGeometry, Mode)> {
    let mode = Mode::default();
    let sizes = [(1, 1, 1), (1024, 64, 32)];
    let sized = |(cells, publishers, subscribers)| {
        (TopicGeometry::new(cells, publishers, subscribers, mode).unwrap(), mode)
    };
    let usual = MODES.map(|mode| (TopicGeometry::of(mode), mode));
    sizes.map(sized).into_iter().chain(usual).collect()
}

fn topic_header((geometry, mode): (TopicGeometry, Mode)) -> Vec<u8> {
    let mut bytes = bytes_of(&header(topic::MAGIC, 7));
    bytes.extend(geometry.cells.to_le_bytes());
    bytes.extend(geometry.publishers.to_le_bytes());
    bytes.extend(geometry.subscribers.to_le_bytes());
    bytes.extend([mode.code(), 1, 4, 0, 0, 0, 0, 0]);
    bytes.extend(b"lane");
    bytes.resize(256, 0);
    bytes
}

fn attach_topic(topic: (TopicGeometry, Mode)) -> Vec<u8> {
    [topic_header(topic), bytes_of(&[topic.0.bytes()])].concat()
}

fn descriptors() -> Vec<Vec<u8>> {
    let sizes = [(64, 48, Encoding::Rgb8), (2, 1, Encoding::Yuv422), (5, 7, Encoding::Rgb32f)];
    let packed = sizes.map(|(width, height, encoding)| {
        let mut descriptor = Descriptor { seq: 2, pool_id: 7, ..Descriptor::default() };
        ImageShape::packed(width, height, encoding).unwrap().describe(&mut descriptor);
        descriptor
    });
    let padded = Descriptor { step: 256, payload_bytes: 47 * 256 + 192, ..packed[0] };
    let slot_bytes = |bytes: u64| u16::try_from(bytes).unwrap().to_le_bytes().to_vec();
    let seed = |descriptor: &Descriptor| {
        [bytes_of(&descriptor.to_words()), slot_bytes(descriptor.payload_bytes)].concat()
    };
    packed.iter().chain([&padded]).map(seed).collect()
}

fn slot_header(ext_offset: u32) -> Vec<u8> {
    let mut bytes = vec![0; 264];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(32, &[4, 0, Dtype::Float32 as u8, 3, 2, 3]);
    put(48, &256_u64.to_le_bytes());
    put(56, &64_u32.to_le_bytes());
    put(60, &ext_offset.to_le_bytes());
    for (index, (count, stride)) in [(2_u32, -128_i64), (4, 32), (8, -4)].into_iter().enumerate() {
        put(64 + 4 * index, &count.to_le_bytes());
        put(96 + 8 * index, &stride.to_le_bytes());
    }
    put(168, &128_u32.to_le_bytes());
    put(192, b"cam");
    [bytes, 4096_u16.to_le_bytes().to_vec(), ext_block()].concat()
}

/// Few bytes that are said to be many elements.
fn shared_elements() -> Vec<u8> {
    let mut bytes = slot_header(0);
    bytes[64..76].copy_from_slice(&[0xff; 12]);
    bytes[96..120].fill(0);
    bytes
}

fn ext_block() -> Vec<u8> {
    let mut block = vec![0; 704];
    let mut writer = Writer::new(&mut block);
    let field = Field { name: "xyz", offset: 0, dtype: Dtype::Float32, count: 3 };
    writer.fields(&[field, Field { name: "rgb", dtype: Dtype::Uint8, ..field }]).unwrap();
    writer.metadata("{\"gain\":3}").unwrap();
    let mut part = Part {
        name: "boxes",
        dtype: Dtype::Float32,
        ndim: 2,
        flags: 0,
        offset: 64,
        bytes: 48,
        shape: [0; 8],
        strides: [0; 8],
        extent: Extent::default(),
    };
    part.shape[..2].copy_from_slice(&[3, 4]);
    part.strides[..2].copy_from_slice(&[-16, 4]);
    writer.parts(&[part]).unwrap();
    writer.camera(&Camera { coefficients: 5, d: [0.5; 14], ..Camera::default() }).unwrap();
    writer.grid(&Grid::default()).unwrap();
    block
}

fn files() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = topics()
        .into_iter()
        .map(|topic| [vec![0], topic_header(topic), vec![0], bytes_of(&[3; 12])].concat())
        .collect();
    for (count, stride) in [(1, 4096), (40, 8192)] {
        seeds.push([vec![1], pool_header((count, stride)), vec![0, 0], vec![0; 96]].concat());
    }
    seeds
}

fn programs() -> Vec<Vec<u8>> {
    let step = |what: u8, small: u8, middle: u16, large: u64| {
        let [low, high] = middle.to_le_bytes();
        [vec![what, small, low, high], bytes_of(&[large])].concat()
    };
    let after = |hostile: Vec<u8>| {
        let (near, far) = (step(7, 0, 0, 0), step(7, 1, 0, 0));
        let (again, more) = (step(6, 0, 0, 0), step(15, 0, 0, 0));
        let newest = [step(8, 0, 0, 0), step(9, 1, 0, 0), step(10, 1, 0, 0)].concat();
        [&near, &far, &hostile, &near, &far, &again, &newest, &more, &near, &far].map(Vec::clone)
    };
    let hostile = [
        step(1, 0, 0, u64::MAX),
        step(1, 0, 0, 0),
        [step(1, 0, 0, u64::MAX), step(7, 1, 0, 0), step(1, 0, 0, 1 << 63)].concat(),
        [step(1, 0, 0, u64::MAX), step(13, 0, 0, 0)].concat(),
        step(3, 0, 0, u64::MAX),
        step(3, 3, 0, u64::MAX),
        step(2, 32, 0, u64::MAX),
        step(2, 64, 0, u64::MAX),
        step(4, 0, 0, u64::MAX),
        step(4, 8, 0, u64::MAX),
        step(5, 4, 1, 1 << 48),
        step(5, 7, 1, u64::MAX),
        step(16, 0, 0, u64::MAX),
        [step(16, 0, 0, 0), step(18, 0, 0, 0)].concat(),
        [step(16, 32, 0, 3), step(3, 1, 0, u64::MAX), step(18, 0, 0, 0)].concat(),
        [step(17, 0, 0, 1 << 8 | 1), step(11, 0, 0, 0)].concat(),
        [step(17, 0, 1, 2 << 8 | 2), step(19, 0, 0, 0), step(19, 1, 0, 0)].concat(),
        [step(19, 0, 0, 0), step(17, 0, 0, u64::MAX), step(19, 2, 0, 0)].concat(),
        [step(11, 2, 0, 99), step(14, 1, 0, 0), step(12, 1, 64, 0)].concat(),
    ];
    hostile.map(|hostile| after(hostile).concat()).to_vec()
}
