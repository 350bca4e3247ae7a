//! The ext block of a frame: what it says of its camera, its fields, its format.

use framelane::raw::layout::ext::{Camera, DISTORTION_MAX};
use framelane::raw::{Ext, Hold, read_ext as read, write_ext as write};
use framelane::{Dtype, Error, ErrorCode, PointField};
use napi::Env;
use napi_derive::napi;

use crate::error::{Result, thrown};
use crate::state::{Frame, State};

/// A camera, as the facade has checked it: `k` and `r` have 9 numbers, `p` 12, `d` up to 14.
#[napi(object)]
pub struct CameraWords {
    pub width: u32,
    pub height: u32,
    pub model: u32,
    pub k: Vec<f64>,
    pub d: Vec<f64>,
    pub r: Vec<f64>,
    pub p: Vec<f64>,
}

/// A field of a point; `dtype` is a code.
#[napi(object)]
pub struct FieldWords {
    pub name: String,
    pub offset: u32,
    pub dtype: u32,
    pub count: u32,
}

/// What an ext block says.
#[napi(object)]
pub struct ExtWords {
    pub camera: Option<CameraWords>,
    pub fields: Option<Vec<FieldWords>>,
    pub metadata: Option<String>,
}

fn invalid(what: &str) -> Error {
    Error::new(ErrorCode::InvalidArgument, format!("{what} cannot be written into an ext block"))
}

fn camera_of(words: &CameraWords) -> Option<Camera> {
    let mut d = [0.0; DISTORTION_MAX];
    d.get_mut(..words.d.len())?.copy_from_slice(&words.d);
    Some(Camera {
        width: words.width,
        height: words.height,
        model: u8::try_from(words.model).ok()?,
        coefficients: u8::try_from(words.d.len()).ok()?,
        k: words.k.as_slice().try_into().ok()?,
        d,
        r: words.r.as_slice().try_into().ok()?,
        p: words.p.as_slice().try_into().ok()?,
    })
}

fn words_of(camera: &Camera) -> CameraWords {
    let used = usize::from(camera.coefficients).min(DISTORTION_MAX);
    CameraWords {
        width: camera.width,
        height: camera.height,
        model: camera.model.into(),
        k: camera.k.to_vec(),
        d: camera.d[..used].to_vec(),
        r: camera.r.to_vec(),
        p: camera.p.to_vec(),
    }
}

impl FieldWords {
    pub fn of(field: PointField) -> Self {
        let PointField { name, offset, dtype, count } = field;
        Self { name, offset, dtype: dtype as u32, count: count.into() }
    }

    /// The field of these words; `None` where there can be none.
    pub fn field(&self) -> Option<PointField> {
        Some(PointField {
            name: self.name.clone(),
            offset: self.offset,
            dtype: Dtype::from_code(u8::try_from(self.dtype).ok()?)?,
            count: u8::try_from(self.count).ok()?,
        })
    }
}

impl ExtWords {
    fn take(self) -> framelane::Result<Ext> {
        let camera = match &self.camera {
            Some(words) => Some(camera_of(words).ok_or_else(|| invalid("the camera"))?),
            None => None,
        };
        let fields: Option<Vec<_>> = self.fields.iter().flatten().map(FieldWords::field).collect();
        let fields = fields.ok_or_else(|| invalid("a field"))?;
        Ok(Ext { camera, fields, metadata: self.metadata })
    }
}

/// Writes the ext block of a frame on loan with a payload of so many bytes; its offset, 0 where
/// it says nothing.
#[napi(catch_unwind)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked in lib/")]
pub fn write_ext(env: Env, hold: u32, payload: f64, ext: ExtWords) -> Result<u32> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let ext = ext.take().map_err(thrown)?;
    match state.holds.get_mut(hold).map(|held| &mut held.frame) {
        // SAFETY: not published; what JavaScript sees of the slot behind the payload is nobody's.
        Some(Frame::Loan(loan)) => unsafe { write(loan, payload as u64, &ext) }.map_err(thrown),
        Some(Frame::Received(_)) => {
            Err(thrown(Error::new(ErrorCode::Frozen, "only a frame on loan can be written")))
        }
        None => Err(thrown(Error::new(ErrorCode::Released, "the frame was released or sent"))),
    }
}

/// What the ext block of a frame says.
#[napi(catch_unwind)]
pub fn read_ext(env: Env, hold: u32) -> Result<ExtWords> {
    // SAFETY: the only reference of this entry.
    let state = unsafe { State::of(&env) }.map_err(thrown)?;
    let hold = match state.holds.get(hold).map(|held| &held.frame) {
        Some(Frame::Loan(loan)) => Hold::Own(loan.clone()),
        Some(Frame::Received(hold)) => hold.clone(),
        None => {
            return Err(thrown(Error::new(ErrorCode::Released, "the frame was released or sent")));
        }
    };
    let Ext { camera, fields, metadata } = read(&hold).map_err(thrown)?;
    let fields = (!fields.is_empty()).then(|| fields.into_iter().map(FieldWords::of).collect());
    Ok(ExtWords { camera: camera.as_ref().map(words_of), fields, metadata })
}
