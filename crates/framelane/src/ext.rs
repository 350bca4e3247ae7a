//! What a frame says in its ext block, behind its payload: the camera that took it, the names of
//! a cloud's fields, the format of a message.

use framelane_kernels::PointField;
use framelane_layout::ErrorCode;
use framelane_layout::ext::{self, Camera, SECTIONS_MAX, Section, Writer, sections};
use framelane_layout::slot::PAYLOAD_ALIGN;
use framelane_topic::{Error, Hold, OwnHold, Result};

/// Most bytes of an ext block that are read: more than any that this release writes.
const READ_MAX: u64 = 1 << 20;

/// What stands in an ext block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ext {
    /// The camera that took the frame.
    pub camera: Option<Camera>,
    /// The fields of a cloud; empty where they have no names.
    pub fields: Vec<PointField>,
    /// UTF-8, JSON.
    pub metadata: Option<String>,
}

impl Ext {
    /// Bytes that it takes in a slot.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let section = |bytes: usize| (ext::HEAD_BYTES + bytes as u64).next_multiple_of(8);
        let mut bytes = ext::HEAD_BYTES;
        if self.camera.is_some() {
            bytes += section(ext::CAMERA_BYTES);
        }
        if !self.fields.is_empty() {
            bytes += section(ext::FIELD_BYTES * self.fields.len());
        }
        bytes + self.metadata.as_ref().map_or(0, |text| section(text.len()))
    }

    /// The block; `None` where a name or the camera is not what there can be.
    fn to_block(&self) -> Option<Vec<u8>> {
        let mut block = vec![0; usize::try_from(self.bytes()).ok()?];
        let mut writer = Writer::new(&mut block);
        if let Some(camera) = &self.camera {
            writer.camera(camera)?;
        }
        if !self.fields.is_empty() {
            let fields: Vec<_> = self.fields.iter().map(borrowed).collect();
            writer.fields(&fields)?;
        }
        if let Some(text) = &self.metadata {
            writer.metadata(text)?;
        }
        Some(block)
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.camera.is_none() && self.fields.is_empty() && self.metadata.is_none()
    }
}

fn borrowed(field: &PointField) -> ext::Field<'_> {
    let PointField { name, offset, dtype, count } = field;
    ext::Field { name, offset: *offset, dtype: *dtype, count: *count }
}

fn owned(field: ext::Field<'_>) -> PointField {
    let ext::Field { name, offset, dtype, count } = field;
    PointField { name: name.to_owned(), offset, dtype, count }
}

/// Bytes to ask of a slot for a payload and what an ext block needs above the room that every
/// slot has for one.
#[must_use]
pub fn bytes_with(payload_bytes: u64, ext: &Ext) -> u64 {
    let more = ext.bytes().saturating_sub(ext::ROOM);
    // The block begins at a multiple of 64, and so it is what is asked for that is rounded up.
    payload_bytes.saturating_add(more.next_multiple_of(PAYLOAD_ALIGN.into()))
}

/// Writes an ext block behind the payload of a frame on loan and fills the slot up with zeros.
/// Its offset from the start of the slot; 0, and nothing is written, where it says nothing.
///
/// # Errors
/// [`ErrorCode::InvalidSize`] where the slot has no room for it, [`ErrorCode::InvalidArgument`]
/// for a field's name that is not one of 1 to 16 bytes without zeros, and a camera of more than
/// 14 coefficients. The slot is unchanged then.
///
/// # Safety
/// The frame has not been published, and nobody looks at what lies behind its payload.
pub unsafe fn write_ext(hold: &mut OwnHold, payload_bytes: u64, ext: &Ext) -> Result<u32> {
    if ext.is_empty() {
        return Ok(0);
    }
    let block = ext.to_block().ok_or_else(|| {
        let text = "expected names of 1 to 16 bytes without zeros, and at most 14 distortion \
                    coefficients";
        Error::new(ErrorCode::InvalidArgument, text)
    })?;
    let stride = hold.pool().geometry().slot_stride;
    let refused = || {
        let bytes = block.len();
        let text = format!("{bytes} bytes do not fit behind {payload_bytes} of {stride}");
        Error::new(ErrorCode::InvalidSize, text)
    };
    // Behind nothing, too: an offset of 0 says that there is no block.
    let offset = payload_bytes.max(1).checked_next_multiple_of(PAYLOAD_ALIGN.into());
    let offset = offset.and_then(|offset| u32::try_from(offset).ok()).ok_or_else(refused)?;
    let room = stride.checked_sub(offset.into()).ok_or_else(refused)?;
    if ext.bytes() > room {
        return Err(refused());
    }
    let at = usize::try_from(payload_bytes).map_err(|_| refused())?;
    let length = usize::try_from(stride - payload_bytes).map_err(|_| refused())?;
    hold.will_write(stride);
    // SAFETY: inside the slot.
    let start = unsafe { hold.pointer().add(at) };
    // SAFETY: the rest of the slot, on loan to the caller, and by its promise seen by nobody.
    let rest = unsafe { std::slice::from_raw_parts_mut(start, length) };
    let (gap, from_block_on) = rest.split_at_mut(offset as usize - at);
    let (to, behind) = from_block_on.split_at_mut(block.len());
    gap.fill(0);
    to.copy_from_slice(&block);
    behind.fill(0);
    Ok(offset)
}

/// What the ext block of a received frame says; nothing where there is none, or where it is not
/// what it should be: others have written it.
///
/// # Errors
/// The memory cannot be mapped.
pub fn read_ext(hold: &Hold) -> Result<Ext> {
    let (header, slot_bytes) = (hold.header(), hold.slot_bytes());
    let offset = header.check(slot_bytes).ok().and_then(|layout| layout.ext_offset);
    let Some(offset) = offset else { return Ok(Ext::default()) };
    let length = (slot_bytes - offset).min(READ_MAX);
    let (Ok(at), Ok(length)) = (usize::try_from(offset), usize::try_from(length)) else {
        return Ok(Ext::default());
    };
    // SAFETY: inside the slot, as `check` has made sure.
    let start = unsafe { hold.pointer()?.add(at) };
    // SAFETY: the slot has so many bytes, and its owner does not write while we hold it.
    let bytes = unsafe { std::slice::from_raw_parts(start, length) };
    // What is checked and what is used are to be the same bytes.
    let block = sections_of(bytes).to_vec();
    Ok(parse(&block, header.payload_bytes).unwrap_or_default())
}

/// What the ext block at `offset` of a frame on loan says; nothing at offset 0.
pub(crate) fn own_ext(hold: &OwnHold, offset: u32, payload_bytes: u64) -> Ext {
    let rest = hold.pool().geometry().slot_stride.checked_sub(offset.into());
    let (Some(rest), Ok(at)) = (rest, usize::try_from(offset)) else { return Ext::default() };
    if offset == 0 {
        return Ext::default();
    }
    let length = usize::try_from(rest.min(READ_MAX)).unwrap_or(0);
    // SAFETY: inside the slot.
    let start = unsafe { hold.pointer().add(at) };
    // SAFETY: the slot has so many bytes, and is on loan to the caller.
    let bytes = unsafe { std::slice::from_raw_parts(start, length) };
    parse(bytes, payload_bytes).unwrap_or_default()
}

/// As far as the heads of the sections lead: the rest of a slot can be a thousand times as much,
/// and need not be copied. Whether they are sound is found out from the copy.
fn sections_of(bytes: &[u8]) -> &[u8] {
    let mut end = 0_usize;
    for _ in 0..=SECTIONS_MAX {
        let Some(&[b0, b1, b2, b3, ..]) = bytes.get(end..end.saturating_add(8)) else { break };
        let section = u32::from_le_bytes([b0, b1, b2, b3]);
        if section == 0 {
            break;
        }
        let section = usize::try_from(section).unwrap_or(usize::MAX).max(8);
        end = end.saturating_add(section).checked_next_multiple_of(8).unwrap_or(usize::MAX);
    }
    // With the head that ends the list, or what is wrong there.
    &bytes[..end.saturating_add(8).min(bytes.len())]
}

fn parse(bytes: &[u8], payload_bytes: u64) -> Option<Ext> {
    let mut ext = Ext::default();
    for section in sections(bytes, payload_bytes) {
        match section.ok()? {
            Section::Camera(camera) => ext.camera = Some(camera),
            Section::Fields(fields) => ext.fields = fields.iter().map(owned).collect(),
            Section::Metadata(text) => ext.metadata = Some(text.to_owned()),
            Section::Parts(_) | Section::Grid(_) | Section::Other(_) => {}
        }
    }
    Some(ext)
}

#[cfg(test)]
mod tests {
    use framelane_layout::Dtype;

    use super::*;

    fn all() -> Ext {
        let field = |name: &str| PointField {
            name: name.to_owned(),
            offset: 0,
            dtype: Dtype::Float32,
            count: 1,
        };
        Ext {
            camera: Some(Camera::default()),
            fields: vec![field("x"), field("a name of 16 by")],
            metadata: Some("{}".to_owned()),
        }
    }

    #[test]
    fn says_how_many_bytes_it_takes() {
        let ext = all();
        let block = ext.to_block().unwrap();
        assert_eq!(u64::try_from(block.len()), Ok(ext.bytes()));
        assert_eq!(parse(&block, 0), Some(ext));
        let image = Ext { camera: Some(Camera::default()), ..Ext::default() };
        assert!(image.bytes() <= ext::ROOM, "every slot has room for a camera");
    }

    #[test]
    fn a_name_that_is_too_long_makes_no_block() {
        let mut ext = all();
        ext.fields[1].name.push_str("xx");
        assert_eq!(ext.to_block(), None);
    }

    #[test]
    fn no_more_is_copied_than_the_sections() {
        let block = all().to_block().unwrap();
        let slot = [&block[..], &[0; 100_000]].concat();
        assert_eq!(sections_of(&slot), block);
        for end in 0..block.len() {
            assert_eq!(sections_of(&block[..end]), &block[..end]);
        }
        // What is wrong is left in, so that it is found.
        for head in [[7, 0, 0, 0, 1, 0, 1, 0], [255, 255, 255, 255, 1, 0, 1, 0]] {
            let wrong = [&head[..], &[0; 100]].concat();
            assert_eq!(parse(&wrong, 0), None);
            assert_eq!(parse(sections_of(&wrong), 0), None);
        }
        let endless = [8, 0, 0, 0, 99, 0, 1, 0].repeat(1000);
        assert_eq!((parse(sections_of(&endless), 0), parse(&endless, 0)), (None, None));
        assert!(sections_of(&endless).len() < 200);
    }
}
