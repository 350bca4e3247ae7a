//! What a cloud is made of, and where its values lie.

use framelane_layout::Dtype;

use super::CloudError;

/// Most fields of a point.
pub const FIELDS_MAX: usize = 255;
/// Most bytes of a field's name: what the frame has room for.
const NAME_MAX: usize = 16;

/// Values of one name in each point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointField {
    /// 1 to 16 bytes without spaces.
    pub name: String,
    /// Bytes from the start of the point.
    pub offset: u32,
    /// Type of the values.
    pub dtype: Dtype,
    /// How many there are, 1 or more.
    pub count: u8,
}

impl PointField {
    /// Bytes of its values in a point.
    #[must_use]
    pub fn bytes(&self) -> u32 {
        u32::from(self.dtype.info().bytes) * u32::from(self.count)
    }
}

/// Size and fields of a cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudInfo {
    /// Points in a row; all of them where there are no rows.
    pub width: u32,
    /// Rows; 1 where the cloud has none.
    pub height: u32,
    /// Bytes of a point.
    pub point_bytes: u32,
    /// In the order of the file.
    pub fields: Vec<PointField>,
}

impl CloudInfo {
    /// Fields of these names, types and numbers of values, one behind the other, each at a
    /// multiple of its element's size. The point has a multiple of the largest of them.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn aligned(
        width: u32,
        height: u32,
        fields: &[(&str, Dtype, u8)],
    ) -> Result<Self, CloudError> {
        // Before the sum, which the number of fields keeps within `u32`.
        check_number(fields.len())?;
        let (mut end, mut largest) = (0, 1);
        let place = |&(name, dtype, count): &(&str, Dtype, u8)| {
            let element = u32::from(dtype.info().bytes);
            largest = element.max(largest);
            let offset = u32::next_multiple_of(end, element);
            let field = PointField { name: name.into(), offset, dtype, count };
            end = offset + field.bytes();
            field
        };
        let fields = fields.iter().map(place).collect();
        let info = Self { width, height, point_bytes: end.next_multiple_of(largest), fields };
        info.check()?;
        Ok(info)
    }

    /// Number of points.
    #[must_use]
    pub fn points(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Bytes of all points, or `None` where that is no number of 64 bits.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.points().checked_mul(self.point_bytes.into())
    }

    /// Whether a frame can have these fields.
    ///
    /// # Errors
    /// [`Field`](CloudError::Field): there are none or more than [`FIELDS_MAX`]; a name is
    /// empty, longer than 16 bytes, stands twice, or has a space or control character in it; a
    /// field has no values or leaves the point.
    pub fn check(&self) -> Result<(), CloudError> {
        check_number(self.fields.len())?;
        for (index, field) in self.fields.iter().enumerate() {
            check_name(&field.name)?;
            let refused = |reason: &str| Err(CloudError::field(&field.name, reason));
            if self.fields.iter().take(index).any(|earlier| earlier.name == field.name) {
                return refused("expected each name once, got it twice");
            }
            if field.count == 0 {
                return refused("expected 1 to 255 values in each point, got 0");
            }
            let end = u64::from(field.offset) + u64::from(field.bytes());
            if end > u64::from(self.point_bytes) {
                let (point, name) = (self.point_bytes, &field.name);
                let reason = format!("expected its end within {point} bytes, got {end}");
                return Err(CloudError::field(name, reason));
            }
        }
        Ok(())
    }

    /// Whether the points fill so many bytes.
    pub(super) fn check_size(&self, bytes: usize) -> Result<(), CloudError> {
        let got = u64::try_from(bytes).unwrap_or(u64::MAX);
        let expected = self.bytes().unwrap_or(u64::MAX);
        if self.bytes() == Some(got) { Ok(()) } else { Err(CloudError::Size { expected, got }) }
    }
}

pub(super) fn check_number(fields: usize) -> Result<(), CloudError> {
    if (1..=FIELDS_MAX).contains(&fields) {
        return Ok(());
    }
    let reason = format!("expected 1 to {FIELDS_MAX} fields in a point, got {fields}");
    Err(CloudError::field("", reason))
}

pub(super) fn check_name(name: &str) -> Result<(), CloudError> {
    let bytes = name.len();
    if !(1..=NAME_MAX).contains(&bytes) {
        let reason = format!("expected a name of 1 to {NAME_MAX} bytes, got {bytes}");
        return Err(CloudError::field(name, reason));
    }
    if name.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return Err(CloudError::field(name, "expected a name without spaces"));
    }
    Ok(())
}
