//! Point clouds in and out of files.

use framelane::raw::kernels::{
    Cloud, CloudFormat, CloudInfo, CloudStyle, decode_cloud as decode, encode_cloud as encode,
    probe_cloud as probe,
};
use framelane::{Error, ErrorCode};
use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi_derive::napi;

use crate::background::Background;
use crate::error::{Result, in_node, thrown};
use crate::ext::FieldWords;
use crate::place::{Source, write_slot};
use crate::state::State;

/// Size and fields of a cloud.
#[napi(object)]
pub struct CloudWords {
    pub width: u32,
    pub height: u32,
    /// Bytes of a point.
    pub step: u32,
    pub fields: Vec<FieldWords>,
}

impl CloudWords {
    fn of(info: CloudInfo) -> Self {
        let CloudInfo { width, height, point_bytes, fields } = info;
        let fields = fields.into_iter().map(FieldWords::of).collect();
        Self { width, height, step: point_bytes, fields }
    }

    fn info(&self) -> framelane::Result<CloudInfo> {
        let fields: Option<Vec<_>> = self.fields.iter().map(FieldWords::field).collect();
        let text = "a cloud with a field that none can have";
        let fields = fields.ok_or_else(|| Error::new(ErrorCode::InvalidArgument, text))?;
        let (width, height, point_bytes) = (self.width, self.height, self.step);
        Ok(CloudInfo { width, height, point_bytes, fields })
    }
}

/// As many bytes of a slot as its cloud has.
fn bytes_of(info: &CloudInfo, slot_bytes: usize) -> framelane::Result<usize> {
    let bytes = info.bytes().and_then(|bytes| usize::try_from(bytes).ok());
    bytes.filter(|&bytes| bytes <= slot_bytes).ok_or_else(|| {
        Error::new(ErrorCode::InvalidSize, "a cloud of a size that its slot does not have")
    })
}

/// Size and fields of the cloud in a PCD or PLY file.
#[napi(catch_unwind)]
pub fn probe_cloud(bytes: Uint8Array) -> Result<CloudWords> {
    probe(&bytes).map(CloudWords::of).map_err(|error| thrown(in_node(error)))
}

/// Reads the points of a PCD or PLY file into a slot on loan; `cloud` is what `probeCloud` says.
#[napi(catch_unwind)]
pub fn decode_cloud(env: Env, bytes: Uint8Array, hold: u32, cloud: CloudWords) -> Result<()> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let info = cloud.info().map_err(thrown)?;
    let work = |slot: &mut [u8]| {
        let size = bytes_of(&info, slot.len())?;
        decode(&bytes, &info, &mut slot[..size]).map_err(in_node)
    };
    write_slot(state, hold, work).map_err(thrown)
}

/// Makes a file of a cloud: 0 PCD, 1 PLY. Off the event loop; the frame is held until it is
/// done. Resolves to an error as an object where that cannot be.
#[napi(catch_unwind, ts_return_type = "Promise<Uint8Array | Failure>")]
pub fn encode_cloud(
    env: Env,
    hold: u32,
    cloud: CloudWords,
    format: u32,
    ascii: bool,
) -> Result<AsyncTask<Background<Uint8Array>>> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let source = Source::of(state, hold).map_err(thrown)?;
    let info = cloud.info().map_err(thrown)?;
    let format = if format == 0 { CloudFormat::Pcd } else { CloudFormat::Ply };
    let style = if ascii { CloudStyle::Ascii } else { CloudStyle::Binary };
    Ok(Background::run(move || {
        let slot = source.bytes(0.0)?;
        let points = &slot[..bytes_of(&info, slot.len())?];
        let cloud = Cloud::new(&info, points).map_err(in_node)?;
        encode(&cloud, format, style).map(Uint8Array::from).map_err(in_node)
    }))
}
