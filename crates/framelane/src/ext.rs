//! What a frame says in its ext block, behind its payload: the camera that took it, the names of
//! a cloud's fields, the format of a message.

use framelane_layout::ext::{self, Camera, Section, Writer, sections};
use framelane_layout::slot::PAYLOAD_ALIGN;
use framelane_layout::{Dtype, ErrorCode};
use framelane_topic::{Error, Hold, OwnHold, Result};

/// Most bytes of an ext block that are read: more than any that this release writes.
const READ_MAX: u64 = 1 << 20;

/// Values of one name in each point of a cloud.
///
/// ```
/// use framelane::{Dtype, PointField};
///
/// let field = PointField { name: "rgb".into(), offset: 16, dtype: Dtype::Uint8, count: 3 };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointField {
    /// 1 to 16 bytes of UTF-8, unique in its cloud.
    pub name: String,
    /// Bytes from the start of the point.
    pub offset: u32,
    /// Type of the values.
    pub dtype: Dtype,
    /// How many there are, 1 or more.
    pub count: u8,
}

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

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.camera.is_none() && self.fields.is_empty() && self.metadata.is_none()
    }
}

/// Bytes to ask of a slot for a payload and what an ext block needs above the room that every
/// slot has for one.
#[must_use]
pub fn bytes_with(payload_bytes: u64, ext: &Ext) -> u64 {
    payload_bytes.saturating_add(ext.bytes().saturating_sub(ext::ROOM))
}

/// Writes an ext block behind the payload of a frame on loan and fills the slot up with zeros.
/// Its offset from the start of the slot; 0, and nothing is written, where it says nothing.
///
/// # Errors
/// [`ErrorCode::InvalidSize`] where the slot has no room for it, or a name is too long.
///
/// # Safety
/// The frame has not been published, and nobody looks at what lies behind its payload.
pub unsafe fn write_ext(hold: &mut OwnHold, payload_bytes: u64, ext: &Ext) -> Result<u32> {
    if ext.is_empty() {
        return Ok(0);
    }
    let stride = hold.pool().geometry().slot_stride;
    let refused = || {
        let text = format!("{} bytes do not fit behind {payload_bytes} of {stride}", ext.bytes());
        Error::new(ErrorCode::InvalidSize, text)
    };
    // Behind nothing, too: an offset of 0 says that there is no block.
    let offset = payload_bytes
        .max(1)
        .checked_next_multiple_of(PAYLOAD_ALIGN.into())
        .filter(|&offset| offset < stride)
        .ok_or_else(refused)?;
    hold.will_write(stride);
    let at = usize::try_from(payload_bytes).map_err(|_| refused())?;
    let length = usize::try_from(stride - payload_bytes).map_err(|_| refused())?;
    let gap = usize::try_from(offset - payload_bytes).map_err(|_| refused())?;
    // SAFETY: inside the slot.
    let start = unsafe { hold.pointer().add(at) };
    // SAFETY: the rest of the slot, on loan to the caller, and by its promise seen by nobody.
    let rest = unsafe { std::slice::from_raw_parts_mut(start, length) };
    rest.fill(0);
    let mut writer = Writer::new(rest.get_mut(gap..).unwrap_or_default());
    let fields: Vec<_> = ext
        .fields
        .iter()
        .map(|field| ext::Field {
            name: &field.name,
            offset: field.offset,
            dtype: field.dtype,
            count: field.count,
        })
        .collect();
    let written = (|| {
        if let Some(camera) = &ext.camera {
            writer.camera(camera)?;
        }
        if !fields.is_empty() {
            writer.fields(&fields)?;
        }
        ext.metadata.as_ref().map_or(Some(()), |text| writer.metadata(text))
    })();
    written.ok_or_else(refused)?;
    u32::try_from(offset).map_err(|_| refused())
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
    let bytes = unsafe { std::slice::from_raw_parts(start, length) }.to_vec();
    Ok(parse(&bytes, header.payload_bytes).unwrap_or_default())
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
    let bytes = unsafe { std::slice::from_raw_parts(start, length) }.to_vec();
    parse(&bytes, payload_bytes).unwrap_or_default()
}

fn parse(bytes: &[u8], payload_bytes: u64) -> Option<Ext> {
    let mut ext = Ext::default();
    for section in sections(bytes, payload_bytes) {
        match section.ok()? {
            Section::Camera(camera) => ext.camera = Some(camera),
            Section::Fields(fields) => {
                let owned = |field: ext::Field<'_>| PointField {
                    name: field.name.to_owned(),
                    offset: field.offset,
                    dtype: field.dtype,
                    count: field.count,
                };
                ext.fields = fields.iter().map(owned).collect();
            }
            Section::Metadata(text) => ext.metadata = Some(text.to_owned()),
            Section::Parts(_) | Section::Grid(_) | Section::Other(_) => {}
        }
    }
    Some(ext)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_many_bytes_it_takes() {
        let field = |name: &str| PointField {
            name: name.to_owned(),
            offset: 0,
            dtype: Dtype::Float32,
            count: 1,
        };
        let ext = Ext {
            camera: Some(Camera::default()),
            fields: vec![field("x"), field("a name of 16 by")],
            metadata: Some("{}".to_owned()),
        };
        let write = |length: usize| {
            let mut bytes = vec![0xee; length];
            let mut writer = Writer::new(&mut bytes);
            writer.camera(&Camera::default())?;
            let fields: Vec<_> = ext
                .fields
                .iter()
                .map(|f| ext::Field { name: &f.name, offset: 0, dtype: f.dtype, count: 1 })
                .collect();
            writer.fields(&fields)?;
            writer.metadata("{}")?;
            Some(bytes)
        };
        let length = usize::try_from(ext.bytes()).unwrap();
        assert_eq!(parse(&write(length).unwrap(), 0), Some(ext));
        let image = Ext { camera: Some(Camera::default()), ..Ext::default() };
        assert!(image.bytes() <= ext::ROOM, "every slot has room for a camera");
    }
}
