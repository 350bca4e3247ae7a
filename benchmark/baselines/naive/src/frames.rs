//! Frames in the naive style: a class with getters for each frame, or an object of all its
//! properties, and an external buffer over the pixels made for each. The ring, the slots and the
//! holds are those of framelane, so that only the way into JavaScript differs.

use framelane::{Encoding, Image, Options, Topic};
use napi::bindgen_prelude::{BigInt, Uint8Array};
use napi::{Error, Result};
use napi_derive::napi;

fn thrown(error: framelane::Error) -> Error {
    Error::from_reason(error.to_string())
}

#[napi]
pub struct NaiveTopic {
    topic: Topic<Image>,
    /// Frames given out as objects, which have no native side that could hold them.
    held: Vec<Option<Image>>,
}

#[napi]
impl NaiveTopic {
    #[napi(constructor)]
    pub fn new(name: String, depth: u32) -> Result<Self> {
        let options = Options { depth, ..Options::default() };
        let topic = Topic::open_with(&name, options).map_err(thrown)?;
        Ok(Self { topic, held: Vec::new() })
    }

    /// Sends an rgb8 frame whose first byte is `first`.
    #[napi(catch_unwind)]
    pub fn send(&mut self, width: u32, height: u32, first: u8) -> Result<()> {
        let mut image = self.topic.loan(width, height, Encoding::Rgb8).map_err(thrown)?;
        image.data_mut()[0] = first;
        self.topic.send(image).map_err(thrown)
    }

    /// The next frame as an object with a native side.
    #[napi(catch_unwind)]
    pub fn try_recv(&mut self) -> Result<Option<NaiveImage>> {
        let image = self.topic.try_recv().map_err(thrown)?;
        Ok(image.map(|image| NaiveImage { image: Some(image) }))
    }

    /// The next frame as an object that has everything in it.
    #[napi(catch_unwind)]
    pub fn try_recv_object(&mut self) -> Result<Option<NaiveObject>> {
        let Some(image) = self.topic.try_recv().map_err(thrown)? else { return Ok(None) };
        let free = self.held.iter().position(Option::is_none);
        let id = free.unwrap_or_else(|| {
            self.held.push(None);
            self.held.len() - 1
        });
        let object = NaiveObject {
            id: u32::try_from(id).unwrap_or(u32::MAX),
            width: image.width(),
            height: image.height(),
            encoding: image.encoding().info().name.to_owned(),
            sequence: image.sequence() as f64,
            sent_ns: image.sent_ns().into(),
            timestamp_ns: image.timestamp_ns().into(),
            data: pixels(&image),
        };
        self.held[id] = Some(image);
        Ok(Some(object))
    }

    /// Gives back a frame that was given out as an object.
    #[napi(catch_unwind)]
    pub fn release(&mut self, id: u32) {
        self.held[id as usize] = None;
    }
}

#[napi]
pub struct NaiveImage {
    image: Option<Image>,
}

#[napi]
impl NaiveImage {
    fn held(&self) -> Result<&Image> {
        self.image.as_ref().ok_or_else(|| Error::from_reason("the image was released"))
    }

    #[napi(getter, catch_unwind)]
    pub fn width(&self) -> Result<u32> {
        self.held().map(Image::width)
    }

    #[napi(getter, catch_unwind)]
    pub fn data(&self) -> Result<Uint8Array> {
        self.held().map(pixels)
    }

    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        self.image = None;
    }
}

#[napi(object)]
pub struct NaiveObject {
    pub id: u32,
    pub width: u32,
    pub height: u32,
    pub encoding: String,
    pub sequence: f64,
    pub sent_ns: BigInt,
    pub timestamp_ns: BigInt,
    pub data: Uint8Array,
}

/// A buffer over the pixels, without a copy. It does not keep the frame: a frame that lived until
/// the collector came would be a hundred times slower, and this is an honest best.
fn pixels(image: &Image) -> Uint8Array {
    let bytes = image.data();
    // SAFETY: the benchmark reads it before it releases the frame, and writes nothing.
    unsafe { Uint8Array::with_external_data(bytes.as_ptr().cast_mut(), bytes.len(), |_, _| {}) }
}
