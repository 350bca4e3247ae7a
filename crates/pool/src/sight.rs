//! A pool seen from outside: no entry is taken and nothing is written, so that anybody may look
//! at any time.

use framelane_layout::header::check_pool;
use framelane_layout::lock::{POOL_OWNER, POOL_READER};
use framelane_layout::pool::{
    HEADER_BYTES, PoolGeometry, PoolHeader, READERS, READERS_OFFSET, ReaderRow, SlotLine,
};
use framelane_shm::{Access, Directory, Mapping, Result, SharedFile};

use crate::{control_name, data_name};

/// A look at a pool.
#[derive(Debug)]
pub struct PoolSight {
    header: PoolHeader,
    geometry: PoolGeometry,
    file: SharedFile,
    control: Mapping,
    resident_bytes: u64,
}

impl PoolSight {
    /// Looks at pool `id`. `None`: there is none, or its file is none of a pool of this layout.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(directory: &Directory, id: u64) -> Result<Option<Self>> {
        let Some(file) = directory.open_file(&control_name(id), Access::Read)? else {
            return Ok(None);
        };
        let bytes = file.bytes()?;
        if bytes < HEADER_BYTES {
            return Ok(None);
        }
        let head = file.map(HEADER_BYTES, false)?;
        // SAFETY: integers and bytes, valid for any bytes.
        let header: PoolHeader = unsafe { head.copy(0) };
        let Ok(geometry) = check_pool(&header, bytes, id) else { return Ok(None) };
        let control = file.map(bytes, false)?;
        let data = directory.open_file(&data_name(id), Access::Read)?;
        let resident_bytes = data.map_or(Ok(0), |data| data.backed_bytes())?;
        Ok(Some(Self { header, geometry, file, control, resident_bytes }))
    }

    /// What its owner wrote when it made the pool.
    #[must_use]
    pub fn header(&self) -> &PoolHeader {
        &self.header
    }

    /// Slots and their size.
    #[must_use]
    pub fn geometry(&self) -> PoolGeometry {
        self.geometry
    }

    /// Bytes of the data file that have memory behind them.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        self.resident_bytes
    }

    /// The words of all slots.
    #[must_use]
    pub fn lines(&self) -> &[SlotLine] {
        self.control.slice(HEADER_BYTES, self.geometry.slot_count)
    }

    /// The rows that say who holds which reader entry.
    #[must_use]
    pub fn reader_rows(&self) -> &[ReaderRow] {
        self.control.slice(READERS_OFFSET, READERS)
    }

    /// Whether the owner lives. A dead owner's pool is a relic.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn owner_lives(&self) -> Result<bool> {
        self.file.is_held(POOL_OWNER)
    }

    /// Whether the reader of `entry` lives. What a dead one held is given back when it is needed.
    ///
    /// # Errors
    /// The operating system refuses.
    pub fn reader_lives(&self, entry: u32) -> Result<bool> {
        self.file.is_held(POOL_READER + u64::from(entry))
    }
}
