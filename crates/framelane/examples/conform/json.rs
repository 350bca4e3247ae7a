//! What is seen of a frame, as a line of JSON.

use std::fmt::Write;

use framelane::{
    Camera, DepthFormat, DepthImage, Image, Message, PixelShape, PointCloud, Received, Shape,
};

/// A frame that can say what is seen of it.
pub(crate) trait Seen {
    /// One line.
    fn seen(&self) -> String;
}

/// A text with the escapes of JSON. Those of Rust are the same but for control characters.
fn text(value: &str) -> String {
    format!("{value:?}")
}

fn list<T>(values: impl IntoIterator<Item = T>, one: impl Fn(T) -> String) -> String {
    let all: Vec<String> = values.into_iter().map(one).collect();
    format!("[{}]", all.join(","))
}

fn numbers(values: &[f64]) -> String {
    list(values, |value| format!("{value}"))
}

/// What all frames have.
fn common<S: Shape>(frame: &Received<S>) -> String {
    let data = frame.data().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let (frame_id, sequence) = (text(&frame.frame_id()), frame.sequence());
    let (stamp, sent, missed) = (frame.timestamp_ns(), frame.sent_ns(), frame.missed());
    let times = format!(r#""timestampNs":"{stamp}","sentNs":"{sent}""#);
    format!(
        r#""frameId":{frame_id},{times},"sequence":{sequence},"missed":{missed},"data":"{data}""#
    )
}

fn camera(camera: Option<Camera>) -> String {
    let Some(camera) = camera else { return "null".to_owned() };
    format!(
        r#"{{"width":{},"height":{},"model":{},"K":{},"D":{},"R":{},"P":{}}}"#,
        camera.width,
        camera.height,
        camera.model,
        numbers(&camera.k),
        numbers(camera.distortion()),
        numbers(&camera.r),
        numbers(&camera.p),
    )
}

fn picture<S: PixelShape>(frame: &Received<S>) -> String {
    let planes = list(frame.planes(), |plane| {
        let (width, height, channels) = (plane.width, plane.height, plane.channels);
        format!("[{width},{height},{channels},{},{}]", plane.step, plane.data.len())
    });
    format!(
        r#""width":{},"height":{},"encoding":{},"step":{},"planes":{planes},"camera":{}"#,
        frame.width(),
        frame.height(),
        text(frame.encoding().info().name),
        frame.step(),
        camera(frame.camera()),
    )
}

fn debug(value: Option<impl std::fmt::Debug>) -> String {
    value.map_or("null".to_owned(), |value| text(&format!("{value:?}").to_lowercase()))
}

impl Seen for Image {
    fn seen(&self) -> String {
        let (matrix, range) = (debug(self.yuv_matrix()), debug(self.yuv_range()));
        let (common, picture) = (common(self), picture(self));
        format!(r#"{{{common},{picture},"yuvMatrix":{matrix},"yuvRange":{range}}}"#)
    }
}

impl Seen for DepthImage {
    fn seen(&self) -> String {
        let raw = self.format() == DepthFormat::Raw;
        let corner = [(0, 0), (self.width() - 1, self.height() - 1)];
        let depths = list(corner, |(x, y)| {
            self.depth(x, y).map_or("null".to_owned(), |metres| format!("{metres}"))
        });
        let (common, picture, scale) = (common(self), picture(self), self.depth_scale());
        format!(r#"{{{common},{picture},"raw":{raw},"depthScale":{scale},"corners":{depths}}}"#)
    }
}

impl Seen for PointCloud {
    fn seen(&self) -> String {
        let fields = list(self.fields(), |field| {
            let (name, dtype) = (text(&field.name), text(field.dtype.info().name));
            format!("[{name},{},{dtype},{}]", field.offset, field.count)
        });
        let dtype = self.dtype().map_or("null".to_owned(), |dtype| text(dtype.info().name));
        let last = self.xyz().and_then(Iterator::last);
        let last = last.map_or("null".to_owned(), |point| {
            list(point, |value| if value.is_finite() { format!("{value}") } else { "null".into() })
        });
        let (width, height) = (self.width(), self.height());
        let (values, step) = (self.values_per_point(), self.point_bytes());
        let size = format!(r#""width":{width},"height":{height},"values":{values},"step":{step}"#);
        let common = common(self);
        format!(r#"{{{common},{size},"dtype":{dtype},"fields":{fields},"last":{last}}}"#)
    }
}

impl Seen for Message {
    fn seen(&self) -> String {
        let format = self.format().map_or("null".to_owned(), |format| text(&format));
        let said = self.text().map_or("null".to_owned(), text);
        let said = if self.format().as_deref() == Some("json") { said } else { "null".into() };
        format!(r#"{{{},"format":{format},"text":{said}}}"#, common(self))
    }
}
