//! What must hold of a control file's header before anything else of the file is believed.
//! Pure functions on a private copy: attaching calls them, and so do the fuzz targets.

use crate::pool::{self, PoolGeometry, PoolHeader};
use crate::topic::{self, Mode, NAME_MAX, TopicGeometry, TopicHeader};
use crate::{ABI_MAJOR, ENDIAN_MARK, LAYOUT_HASH};

/// Why a control file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// The file ends before its header does.
    Short,
    /// It does not begin as a file of this sort.
    Magic,
    /// It was made by a release with another layout, or on a machine of the other byte order.
    Layout,
    /// A topic delivers in a way that this release does not know.
    Mode,
    /// Counts and sizes are out of range, or do not fit each other and the file.
    Contradiction,
}

/// The geometry of the pool whose control file has `file_bytes` bytes, where `header` is that
/// of pool `id`. The size of the data file, stated in the header, is left to compare.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_pool(
    header: &PoolHeader,
    file_bytes: u64,
    id: u64,
) -> Result<PoolGeometry, HeaderError> {
    if file_bytes < pool::HEADER_BYTES {
        return Err(HeaderError::Short);
    }
    if header.magic != pool::MAGIC {
        return Err(HeaderError::Magic);
    }
    check_layout(header.abi_major, header.endian, header.layout_hash)?;
    PoolGeometry::new(header.slot_count, header.slot_stride)
        .filter(|geometry| geometry.data_bytes() == header.data_bytes)
        .filter(|geometry| geometry.control_bytes() == file_bytes && header.pool_id == id)
        .ok_or(HeaderError::Contradiction)
}

/// The geometry of the topic whose file has `file_bytes` bytes. Name, mode and kind are left
/// to compare.
///
/// # Errors
/// The first thing that is wrong.
pub fn check_topic(header: &TopicHeader, file_bytes: u64) -> Result<TopicGeometry, HeaderError> {
    if file_bytes < topic::HEADER_BYTES {
        return Err(HeaderError::Short);
    }
    if header.magic != topic::MAGIC {
        return Err(HeaderError::Magic);
    }
    check_layout(header.abi_major, header.endian, header.layout_hash)?;
    let mode = Mode::from_code(header.mode).ok_or(HeaderError::Mode)?;
    TopicGeometry::new(header.cells, header.publishers, header.subscribers, mode)
        .filter(|geometry| geometry.bytes() == file_bytes)
        .ok_or(HeaderError::Contradiction)
}

/// The name that a topic's header states, as bytes: it may be no name at all.
#[must_use]
pub fn topic_name(header: &TopicHeader) -> &[u8] {
    header.name.get(..usize::from(header.name_len).min(NAME_MAX)).unwrap_or_default()
}

fn check_layout(abi_major: u16, endian: u32, layout_hash: u64) -> Result<(), HeaderError> {
    let ours = (abi_major, endian, layout_hash) == (ABI_MAJOR, ENDIAN_MARK, LAYOUT_HASH);
    if ours { Ok(()) } else { Err(HeaderError::Layout) }
}
