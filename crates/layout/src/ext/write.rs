//! How an ext block is written.

use super::{
    CAMERA_BYTES, Camera, DISTORTION_MAX, FIELD_BYTES, Field, GRID_BYTES, Grid, PART_BYTES, Part,
    section,
};

/// Writes an ext block into a slot, section by section: each of them whole or not at all.
#[derive(Debug)]
pub struct Writer<'a> {
    bytes: &'a mut [u8],
    /// Where the next section begins.
    at: usize,
}

impl<'a> Writer<'a> {
    /// Begins a block at the front of `bytes`, the rest of a slot.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        let mut writer = Self { bytes, at: 0 };
        writer.end_list();
        writer
    }

    /// Adds a section of fields. `None`, and nothing is added: there is no room, or a name is not
    /// one of 1 to 16 bytes without zeros.
    pub fn fields(&mut self, fields: &[Field<'_>]) -> Option<()> {
        self.section(section::FIELDS, fields.len(), FIELD_BYTES, |entries| {
            for (field, entry) in fields.iter().zip(entries.chunks_exact_mut(FIELD_BYTES)) {
                put_name(entry, field.name, 16)?;
                put(entry, 16, &field.offset.to_le_bytes(), 4)?;
                put(entry, 20, &[field.dtype as u8, field.count], 4)?;
            }
            Some(())
        })
    }

    /// Adds a section of parts. `None`, and nothing is added: there is no room, or a name is not
    /// one of 1 to 32 bytes without zeros.
    pub fn parts(&mut self, parts: &[Part<'_>]) -> Option<()> {
        self.section(section::PARTS, parts.len(), PART_BYTES, |entries| {
            for (part, entry) in parts.iter().zip(entries.chunks_exact_mut(PART_BYTES)) {
                put_name(entry, part.name, 32)?;
                put(entry, 32, &[part.dtype as u8, part.ndim], 2)?;
                put(entry, 34, &part.flags.to_le_bytes(), 6)?;
                put(entry, 40, &part.offset.to_le_bytes(), 8)?;
                put(entry, 48, &part.bytes.to_le_bytes(), 8)?;
                for (index, (count, stride)) in part.shape.iter().zip(&part.strides).enumerate() {
                    put(entry, 56 + 4 * index, &count.to_le_bytes(), 4)?;
                    put(entry, 88 + 8 * index, &stride.to_le_bytes(), 8)?;
                }
                put(entry, 152, &[], 8)?;
            }
            Some(())
        })
    }

    /// Adds a section of metadata. `None`: there is no room.
    pub fn metadata(&mut self, json: &str) -> Option<()> {
        self.section(section::METADATA, 1, json.len(), |text| {
            put(text, 0, json.as_bytes(), json.len())
        })
    }

    /// Adds a camera. `None`, and nothing is added: there is no room, or it has too many
    /// coefficients.
    pub fn camera(&mut self, camera: &Camera) -> Option<()> {
        let d = camera.d.get(..usize::from(camera.coefficients))?;
        self.section(section::CAMERA, 1, CAMERA_BYTES, |entry| {
            put(entry, 0, &camera.width.to_le_bytes(), 4)?;
            put(entry, 4, &camera.height.to_le_bytes(), 4)?;
            put(entry, 8, &[camera.model, camera.coefficients], 8)?;
            put_numbers(entry, 16, &camera.k, 9)?;
            put_numbers(entry, 88, d, DISTORTION_MAX)?;
            put_numbers(entry, 200, &camera.r, 9)?;
            put_numbers(entry, 272, &camera.p, 12)
        })
    }

    /// Adds a grid. `None`: there is no room.
    pub fn grid(&mut self, grid: &Grid) -> Option<()> {
        self.section(section::GRID, 1, GRID_BYTES, |entry| {
            put_numbers(entry, 0, &grid.spacing, 3)?;
            put_numbers(entry, 24, &grid.origin, 3)?;
            put(entry, 48, &[grid.unit], 8)
        })
    }

    /// Adds a section whose entries `write` writes. Its head comes last, in place of the zeros
    /// that end the list, so that there is no section where an entry cannot be written.
    fn section(
        &mut self,
        kind: u16,
        count: usize,
        entry_bytes: usize,
        write: impl FnOnce(&mut [u8]) -> Option<()>,
    ) -> Option<()> {
        let bytes = count.checked_mul(entry_bytes)?;
        let whole = u32::try_from(bytes.checked_add(8)?).ok()?.to_le_bytes();
        let count = u16::try_from(count).ok()?.to_le_bytes();
        let place = self.bytes.get_mut(self.at..)?;
        let (head, entries) = place.split_at_mut_checked(8)?;
        write(entries.get_mut(..bytes)?)?;
        put(head, 0, &whole, 4)?;
        put(head, 4, &kind.to_le_bytes(), 2)?;
        put(head, 6, &count, 2)?;
        self.at = (self.at + 8 + bytes).next_multiple_of(8);
        self.end_list();
        Some(())
    }

    fn end_list(&mut self) {
        let next = self.bytes.get_mut(self.at..).unwrap_or_default();
        let head = next.len().min(8);
        next[..head].fill(0);
    }
}

/// Puts `value` at `at`, filled up with zeros to `bytes` bytes. `None`: it does not fit.
fn put(entry: &mut [u8], at: usize, value: &[u8], bytes: usize) -> Option<()> {
    let place = entry.get_mut(at..at.checked_add(bytes)?)?;
    let (front, padding) = place.split_at_mut_checked(value.len())?;
    front.copy_from_slice(value);
    padding.fill(0);
    Some(())
}

/// Puts a name at the front, filled up with zeros to `bytes` bytes. `None`: it is none that
/// a reader takes for one.
fn put_name(entry: &mut [u8], name: &str, bytes: usize) -> Option<()> {
    let sound = !name.is_empty() && !name.contains('\0');
    sound.then(|| put(entry, 0, name.as_bytes(), bytes))?
}

/// Puts numbers at `at`, filled up with zeros to `count` of them. `None`: they do not fit.
fn put_numbers(entry: &mut [u8], at: usize, numbers: &[f64], count: usize) -> Option<()> {
    put(entry, at, &[], 8 * count)?;
    let mut places = entry.get_mut(at..)?.chunks_exact_mut(8);
    numbers.iter().try_for_each(|number| {
        places.next()?.copy_from_slice(&number.to_le_bytes());
        Some(())
    })
}
