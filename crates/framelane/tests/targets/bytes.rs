//! Targets that need no file: parsers and checks on private copies.

use framelane::Encoding;
use framelane::raw::check_image;
use framelane::raw::kernels::Raster;
use framelane_layout::array::Extent;
use framelane_layout::ext::{Section, Writer, sections};
use framelane_layout::header::{check_pool, check_topic, topic_name};
use framelane_layout::name::{Label, check_part, check_topic as check_name, parse_id, parse_pool};
use framelane_layout::pool::{HEADER_BYTES, LINE_BYTES, PoolHeader};
use framelane_layout::slot::{FRAME_ID_MAX, SLOT_HEADER_BYTES};
use framelane_layout::token::TEXT_BYTES;
use framelane_layout::topic::{CELL_BYTES, PUBLISHER_BYTES, SUBSCRIBER_BYTES, TopicHeader};
use framelane_layout::{Descriptor, Dtype, Kind, SlotHeader, Token};

use super::{Input, slot, touch};

/// A pool's header, then the size of its control file and the id in its name. Where those are
/// missing, what the header says.
pub(super) fn attach_pool(data: &[u8]) -> bool {
    let mut input = Input(data);
    // SAFETY: integers and bytes.
    let header: PoolHeader = unsafe { input.structure::<_, 96>() };
    let implied = input.0.is_empty();
    let stated = HEADER_BYTES + LINE_BYTES * u64::from(header.slot_count);
    let (file_bytes, id) =
        if implied { (stated, header.pool_id) } else { (input.u64(), input.u64()) };
    let Ok(geometry) = check_pool(&header, file_bytes, id) else { return false };
    let (count, stride) = (u128::from(geometry.slot_count), u128::from(geometry.slot_stride));
    assert_eq!(u128::from(file_bytes), 4096 + 64 * count);
    let slots = (512 * count).next_multiple_of(4096);
    assert_eq!(u128::from(header.data_bytes), slots + count * stride);
    for slot in [0, geometry.slot_count / 2, geometry.slot_count - 1] {
        let end = u128::from(geometry.slot_offset(slot)) + stride;
        assert!(end <= u128::from(header.data_bytes));
        assert!(geometry.slot_offset(slot).is_multiple_of(4096));
        let header_end = SLOT_HEADER_BYTES * (u64::from(slot) + 1);
        assert!(header_end <= geometry.slots_offset());
    }
    true
}

/// A topic's header, then the size of its file.
pub(super) fn attach_topic(data: &[u8]) -> bool {
    let mut input = Input(data);
    // SAFETY: integers and bytes.
    let header: TopicHeader = unsafe { input.structure::<_, 256>() };
    let file_bytes = input.u64();
    assert!(topic_name(&header).len() <= 200);
    let Ok(geometry) = check_topic(&header, file_bytes) else { return false };
    assert!(geometry.cells.is_power_of_two() && geometry.cells <= 1024);
    assert!(file_bytes <= 8 << 20, "a topic has a size that can be mapped");
    let ring = CELL_BYTES * u64::from(geometry.cells);
    let mut end = HEADER_BYTES;
    let mut place = |at: u64, bytes: u64, alignment: u64| {
        assert!(at >= end && at.is_multiple_of(alignment), "{at} {end}");
        end = at + bytes;
        assert!(end <= file_bytes);
    };
    (0..geometry.publishers).for_each(|i| place(geometry.publisher_offset(i), PUBLISHER_BYTES, 64));
    let subscribers = 0..geometry.subscribers;
    subscribers.for_each(|j| place(geometry.subscriber_offset(j), SUBSCRIBER_BYTES, 64));
    let cursors = 8 * u64::from(geometry.publishers) * u64::from(geometry.subscribers);
    place(geometry.cursors_offset(), cursors, 8);
    (0..geometry.publishers).for_each(|i| place(geometry.ring_offset(i), ring, 64));
    true
}

/// The words of a cell, then the bytes of the slot: everything that receiving an image checks.
/// What passes is looked at in a memory of just that size.
pub(super) fn descriptor(data: &[u8]) -> bool {
    let mut input = Input(data);
    let words = [(); 8].map(|()| input.u64());
    let slot_bytes = u64::from(input.u16());
    let descriptor = Descriptor::from_words(words);
    assert_eq!(descriptor.to_words(), words, "no bit is lost");
    if !descriptor.fits(Kind::Image, slot_bytes) {
        return false;
    }
    let Some(shape) = check_image(&descriptor, slot_bytes) else { return false };
    assert!(shape.bytes <= descriptor.payload_bytes && descriptor.payload_bytes <= slot_bytes);
    let memory = slot(slot_bytes);
    let length = usize::try_from(shape.bytes).unwrap();
    // SAFETY: what the checks promise, and what this target is to refute.
    let pixels = unsafe { std::slice::from_raw_parts(memory.as_ptr(), length) };
    touch(pixels);
    let picture = Raster::new(shape.width, shape.height, shape.step, shape.encoding, pixels);
    let rows = picture.expect("what was checked is a picture").rows().map(touch).sum::<u64>();
    let row = u64::from(shape.encoding.row_bytes(shape.width).unwrap());
    assert_eq!(rows, row * u64::from(shape.height));
    let info = shape.encoding.info();
    assert_eq!(u64::from(shape.step) % u64::from(info.dtype.info().bytes), 0);
    true
}

/// A slot's header, then the bytes of the slot, then what stands at the ext offset.
pub(super) fn slot_header(data: &[u8]) -> bool {
    let mut input = Input(data);
    // SAFETY: integers, floats and bytes.
    let header: SlotHeader = unsafe { input.structure::<_, 264>() };
    let slot_bytes = u64::from(input.u16() & 0x1fff);
    let Ok(layout) = header.check(slot_bytes) else { return false };
    assert!(usize::from(header.frame_id_len) <= FRAME_ID_MAX && header.nplanes <= 4);
    let mut memory = slot(slot_bytes);
    let payload = layout.payload_offset..layout.payload_offset + layout.payload_bytes;
    let range = usize::try_from(payload.start).unwrap()..usize::try_from(payload.end).unwrap();
    touch(&memory[range.clone()]);
    for plane in &header.planes[..usize::from(header.nplanes)] {
        touch(&memory[range.start + plane.offset as usize..][..1]);
    }
    if let Some(dtype) = Dtype::from_code(header.dtype) {
        let ndim = usize::from(header.ndim);
        let array = (&header.shape[..ndim], &header.strides[..ndim]);
        touch_elements(array, dtype, layout.extent, &memory[range]);
    }
    if let Some(offset) = layout.ext_offset {
        let ext = &mut memory[usize::try_from(offset).unwrap()..];
        assert!(ext.len() >= 8);
        let length = ext.len().min(input.0.len());
        ext[..length].copy_from_slice(&input.0[..length]);
        read_ext(ext, layout.payload_bytes);
    }
    true
}

/// The bytes of the payload, then an ext block.
pub(super) fn ext(data: &[u8]) -> bool {
    let mut input = Input(data);
    let payload_bytes = u64::from(input.u16() & 0x7ff);
    // A copy of its own, so that a sanitizer sees the byte behind it.
    let block: Box<[u8]> = input.0.into();
    read_ext(&block, payload_bytes) > 0
}

/// Reads all of an ext block; what it says is written once more and read again. Gives the
/// number of sections that this release knows.
fn read_ext(block: &[u8], payload_bytes: u64) -> usize {
    let payload = slot(payload_bytes);
    let mut copy = vec![0; block.len() + 8];
    let mut writer = Writer::new(&mut copy);
    let mut known = 0;
    for section in sections(block, payload_bytes) {
        let Ok(section) = section else { break };
        let written = match &section {
            Section::Fields(fields) => {
                let fields: Vec<_> = fields.iter().collect();
                assert!(fields.iter().all(|field| field.count > 0 && !field.name.is_empty()));
                writer.fields(&fields)
            }
            Section::Parts(parts) => {
                let parts: Vec<_> = parts.iter().collect();
                for part in &parts {
                    let start = usize::try_from(part.offset).unwrap();
                    let bytes = &payload[start..][..usize::try_from(part.bytes).unwrap()];
                    let ndim = usize::from(part.ndim);
                    let array = (&part.shape[..ndim], &part.strides[..ndim]);
                    touch_elements(array, part.dtype, part.extent, bytes);
                }
                writer.parts(&parts)
            }
            Section::Metadata(text) => writer.metadata(text),
            Section::Camera(camera) => {
                let unused = &camera.d[usize::from(camera.coefficients)..];
                assert!(unused.iter().all(|&number| number == 0.0));
                writer.camera(camera)
            }
            Section::Grid(grid) => writer.grid(grid),
            Section::Other(_) => continue,
        };
        written.expect("what was read has room");
        known += 1;
    }
    // Bytes that mean nothing are not written again: only what is said can be compared.
    let again = sections(&copy, payload_bytes).inspect(|section| assert!(section.is_ok()));
    assert_eq!(again.count(), known);
    known
}

/// Reads every element of an array in `bytes`, index by index.
fn touch_elements(array: (&[u32], &[i64]), dtype: Dtype, extent: Extent, bytes: &[u8]) {
    let (shape, strides) = array;
    let item = usize::from(dtype.info().bytes);
    assert!(extent.elements.saturating_mul(item as u64) <= bytes.len() as u64);
    let mut index = [0_u32; 8];
    for _ in 0..extent.elements {
        let reach =
            index.iter().zip(strides).map(|(&i, &stride)| i128::from(i) * i128::from(stride));
        let at = i128::from(extent.first) + reach.sum::<i128>();
        let element = &bytes[usize::try_from(at).unwrap()..][..item];
        touch(element);
        for (index, &count) in index.iter_mut().zip(shape).rev() {
            *index += 1;
            if *index < count {
                break;
            }
            *index = 0;
        }
    }
    assert_eq!(index, [0; 8], "all of them were read");
}

/// Ten words of a token, then text that may be one.
pub(super) fn token(data: &[u8]) -> bool {
    let mut input = Input(data);
    let mut words = [(); 10].map(|()| input.u64());
    if words[8] == 0 || words[9] == 0 {
        (words[8], words[9]) = (0, 0);
    }
    let [a, b, c, d, e, f, g, h, process, transfer] = words;
    let descriptor = Descriptor::from_words([a, b, c, d, e, f, g, h]);
    let token = Token { descriptor, process, transfer };
    let text = token.to_text();
    assert_eq!(text.as_str().len(), TEXT_BYTES);
    assert_eq!(Token::parse(text.as_str()), Ok(token), "nothing is lost");
    let text = String::from_utf8_lossy(input.0);
    let Ok(token) = Token::parse(&text) else { return false };
    assert_eq!(token.to_text().as_str(), text, "a token has one text");
    true
}

/// Text: as a topic's name, a namespace, a file's name, an encoding, a label.
pub(super) fn names(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let part = |part: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        (1..=64).contains(&part.len())
            && part.starts_with(plain)
            && part.chars().all(|c| plain(c) || matches!(c, '.' | '_' | '-'))
    };
    assert_eq!(check_part(&text).is_ok(), part(&text));
    let sound = text.len() <= 200 && text.split('/').all(part);
    assert_eq!(check_name(&text).is_ok(), sound);
    if sound {
        let file = format!("t.{}", text.replace('/', "+"));
        assert!(file.len() <= 255 && !file.contains(['/', '\0']));
        assert_eq!(file[2..].replace('+', "/"), text, "two topics never share a file");
    }
    if let Some(id) = parse_id(&text) {
        assert_eq!(format!("{id:016x}"), text);
    }
    if let Some((id, control)) = parse_pool(&text) {
        assert_eq!(format!("p.{id:016x}.{}", if control { 'c' } else { 'd' }), text);
    }
    if let Some(encoding) = Encoding::from_name(&text) {
        assert_eq!(encoding.info().name, text);
    }
    let label: Label = Label::default();
    label.set(&text);
    let bytes = label.get();
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(32);
    let kept = std::str::from_utf8(&bytes[..end]).expect("cut between characters");
    assert!(text.starts_with(kept));
    let code = data.first().copied().unwrap_or(0);
    assert!(Kind::from_code(code).is_none_or(|kind| kind as u8 == code && !kind.name().is_empty()));
    assert!(Dtype::from_code(code).is_none_or(|dtype| dtype as u8 == code));
    assert!(Encoding::from_code(code).is_none_or(|encoding| encoding as u8 == code));
    sound
}
