//! Values between the records of a file and the points in memory.

use framelane_layout::Dtype;

use super::{Cloud, CloudError, CloudInfo, PointField};

/// The values of one field in a file.
pub(super) struct Column {
    pub(super) dtype: Dtype,
    /// How many there are in each point.
    pub(super) count: u32,
    /// Where they go to in a point; nothing for padding.
    pub(super) to: Option<usize>,
}

impl Column {
    fn element(&self) -> usize {
        self.dtype.info().bytes.into()
    }

    /// Bytes in each point of the file.
    fn bytes(&self) -> u64 {
        u64::from(self.dtype.info().bytes) * u64::from(self.count)
    }
}

/// All values of a point in a file, in order.
pub(super) struct Columns(Vec<Column>);

impl Columns {
    /// Pairs what stands in a file, a type and a number of values each, with the fields of
    /// `info`: those of which `is_field` says so, in order.
    pub(super) fn new(
        file: impl Iterator<Item = (Dtype, u32, bool)>,
        fields: &[PointField],
    ) -> Self {
        let mut fields = fields.iter();
        let place = |(dtype, count, is_field)| {
            let field = if is_field { fields.next() } else { None };
            Column { dtype, count, to: field.map(|field| field.offset as usize) }
        };
        Self(file.map(place).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Column> {
        self.0.iter()
    }

    /// Values of a point, as a file has them.
    pub(super) fn values(&self) -> u64 {
        self.0.iter().map(|column| u64::from(column.count)).sum()
    }

    /// Bytes of so many points, as a file has them.
    pub(super) fn bytes(&self, points: u64) -> u128 {
        let record: u64 = self.0.iter().map(Column::bytes).sum();
        u128::from(record) * u128::from(points)
    }

    /// Whether there are bytes in a point that are of no field.
    pub(super) fn leave_gaps(&self, info: &CloudInfo) -> bool {
        info.fields.iter().map(PointField::bytes).sum::<u32>() != info.point_bytes
    }

    /// Reads points that stand one after the other.
    pub(super) fn read_records(
        &self,
        body: &[u8],
        big_endian: bool,
        info: &CloudInfo,
        out: &mut [u8],
    ) -> Result<(), CloudError> {
        let needed = self.bytes(info.points());
        let records = usize::try_from(needed).ok().and_then(|needed| body.get(..needed));
        let body = records.ok_or_else(|| CloudError::ends(needed, body.len()))?;
        let swap = big_endian != cfg!(target_endian = "big");
        let (runs, record) = self.runs(swap);
        if let [Run { from: 0, to: 0, bytes, element: 1 }] = runs[..]
            && bytes == record
            && body.len() == out.len()
        {
            out.copy_from_slice(body);
            return Ok(());
        }
        let points = out.chunks_exact_mut(info.point_bytes as usize);
        for (record, point) in body.chunks_exact(record.max(1)).zip(points) {
            for run in &runs {
                let values = &mut point[run.to..run.to + run.bytes];
                values.copy_from_slice(&record[run.from..run.from + run.bytes]);
                swap_bytes(values, run.element);
            }
        }
        Ok(())
    }

    /// Reads points of which `body` has all values of a field together, the low bytes first.
    /// It has as many bytes as [`bytes`](Self::bytes) says.
    pub(super) fn read_fields(&self, body: &[u8], info: &CloudInfo, out: &mut [u8]) {
        let points = usize::try_from(info.points()).unwrap_or(usize::MAX);
        let mut rest = body;
        for column in &self.0 {
            let bytes = usize::try_from(column.bytes()).unwrap_or(usize::MAX);
            let (values, next) = rest.split_at(bytes.saturating_mul(points).min(rest.len()));
            rest = next;
            let Some(to) = column.to else { continue };
            let points = out.chunks_exact_mut(info.point_bytes as usize);
            for (point, values) in points.zip(values.chunks_exact(bytes)) {
                let place = &mut point[to..to + bytes];
                place.copy_from_slice(values);
                if cfg!(target_endian = "big") {
                    swap_bytes(place, column.element());
                }
            }
        }
    }

    /// What is copied for each point: fields that lie side by side on both sides together,
    /// unless their bytes are turned round. Also the bytes of a record.
    fn runs(&self, swap: bool) -> (Vec<Run>, usize) {
        let mut runs: Vec<Run> = Vec::new();
        let mut from = 0;
        for column in &self.0 {
            let bytes = usize::try_from(column.bytes()).unwrap_or(usize::MAX);
            if let Some(to) = column.to {
                let element = if swap { column.element() } else { 1 };
                match runs.last_mut() {
                    Some(run) if run.element == element && run.ends_at(from, to) => {
                        run.bytes += bytes;
                    }
                    _ => runs.push(Run { from, to, bytes, element }),
                }
            }
            from += bytes;
        }
        (runs, from)
    }
}

/// Bytes that are copied as one, from a record to a point.
struct Run {
    from: usize,
    to: usize,
    bytes: usize,
    /// Bytes that are turned round together; 1: none are.
    element: usize,
}

impl Run {
    fn ends_at(&self, from: usize, to: usize) -> bool {
        self.from + self.bytes == from && self.to + self.bytes == to
    }
}

fn swap_bytes(values: &mut [u8], element: usize) {
    if element > 1 {
        values.chunks_exact_mut(element).for_each(<[u8]>::reverse);
    }
}

/// Appends the points, field behind field, the low bytes first.
pub(super) fn write_records(cloud: &Cloud<'_>, file: &mut Vec<u8>) {
    let places: Vec<_> = cloud.info.fields.iter().map(place).collect();
    for point in cloud.points() {
        for (place, element) in &places {
            let start = file.len();
            file.extend_from_slice(&point[place.clone()]);
            if cfg!(target_endian = "big") {
                swap_bytes(&mut file[start..], *element);
            }
        }
    }
}

/// The bytes of a field in a point, and of its elements.
pub(super) fn place(field: &PointField) -> (std::ops::Range<usize>, usize) {
    let start = field.offset as usize;
    (start..start + field.bytes() as usize, field.dtype.info().bytes.into())
}
