//! What is written: a case of each thing that a frame can be or say.

use framelane::{
    Camera, DepthFormat, DepthImage, Dtype, Encoding, Image, Loaned, Message, PointCloud,
    PointField, PointLayout, Result, Shape, Topic, Yuv, YuvMatrix, YuvRange,
};

/// Every element type that JavaScript has an array for.
const DTYPES: [Dtype; 11] = [
    Dtype::Uint8,
    Dtype::Int8,
    Dtype::Uint16,
    Dtype::Int16,
    Dtype::Uint32,
    Dtype::Int32,
    Dtype::Uint64,
    Dtype::Int64,
    Dtype::Float32,
    Dtype::Float64,
    Dtype::Bool,
];

const YUV: [Encoding; 5] =
    [Encoding::Yuv422, Encoding::Yuyv, Encoding::Uyvy, Encoding::Nv12, Encoding::I420];

/// Bytes, frame id and time stamp of case `number`.
fn label<S: Shape>(frame: &mut Loaned<S>, number: u32) -> Result<()> {
    for (byte, at) in frame.data_mut().iter_mut().zip(0_u32..) {
        *byte = (at * 31 + number * 7).to_le_bytes()[0];
    }
    frame.set_frame_id(&format!("rust {number} é"))?;
    frame.set_timestamp_ns(1_700_000_000_000_000_000 + i64::from(number));
    Ok(())
}

/// A camera with every number another one.
fn camera(number: u32) -> Camera {
    let value = f64::from(number);
    let mut camera = Camera::pinhole(6, 4, 525.5 + value, 526.25, 3.125, -0.5);
    camera.model = 1;
    camera.coefficients = 5;
    for (index, d) in (0_u8..5).zip(&mut camera.d) {
        *d = f64::from(index) / 8.0 - 0.25;
    }
    for (index, r) in (0_u8..).zip(&mut camera.r) {
        *r += f64::from(index) / 16.0;
    }
    camera.p[3] = -63.5;
    camera
}

/// One image of each encoding; a camera for every other one.
pub(crate) fn images(topic: &mut Topic<Image>) -> Result<()> {
    for number in 0..25 {
        let encoding = Encoding::from_code(number).expect("25 encodings");
        let mut frame = topic.loan(6, 4, encoding)?;
        label(&mut frame, number.into())?;
        if number % 2 == 0 {
            frame.set_camera(&camera(number.into()))?;
        }
        if YUV.contains(&encoding) {
            let range = if number % 2 == 0 { YuvRange::Full } else { YuvRange::Limited };
            frame.set_yuv(Yuv { matrix: YuvMatrix::Bt709, range });
        }
        topic.send(frame)?;
    }
    Ok(())
}

/// Metres; raw units of a quarter of a millimetre.
pub(crate) fn depths(topic: &mut Topic<DepthImage>) -> Result<()> {
    let mut frame = topic.loan(6, 4, DepthFormat::Metres)?;
    label(&mut frame, 0)?;
    frame.metres_mut().expect("metres").fill(f32::NAN);
    frame.set_depth(5, 3, 1.25)?;
    frame.set_camera(&camera(0))?;
    topic.send(frame)?;
    let mut frame = topic.loan(6, 4, DepthFormat::Raw)?;
    label(&mut frame, 1)?;
    frame.set_depth_scale(0.25)?;
    frame.set_depth(5, 3, 1.25)?;
    topic.send(frame)
}

fn field(name: &str, offset: u32, dtype: Dtype, count: u8) -> PointField {
    PointField { name: name.to_owned(), offset, dtype, count }
}

/// Values of each type, in rows for every other one; fields of several types, in rows and with
/// gaps; fields of one type by names of their own.
pub(crate) fn clouds(topic: &mut Topic<PointCloud>) -> Result<()> {
    let mut layouts = Vec::new();
    for dtype in DTYPES {
        layouts.push(PointLayout::uniform(3, dtype)?);
    }
    layouts.push(PointLayout::with_fields(
        vec![
            field("x", 0, Dtype::Float32, 1),
            field("y", 4, Dtype::Float32, 1),
            field("z", 8, Dtype::Float32, 1),
            field("ring", 14, Dtype::Uint16, 1),
            field("rgb", 17, Dtype::Uint8, 3),
            field("t", 24, Dtype::Float64, 1),
        ],
        32,
    )?);
    layouts.push(PointLayout::of(&[("u", Dtype::Int16), ("v", Dtype::Int16)])?);
    layouts.push(PointLayout::uniform(7, Dtype::Float32)?);
    for (number, layout) in (0..).zip(&layouts) {
        let height = if number % 2 == 0 { 1 } else { 2 };
        let mut cloud = topic.loan(5, height, layout)?;
        label(&mut cloud, number)?;
        topic.send(cloud)?;
    }
    Ok(())
}

/// JSON, bytes with and without the name of a format, and nothing.
pub(crate) fn messages(topic: &mut Topic<Message>) -> Result<()> {
    let text = r#"[{"label":"naïve ☕","score":0.5},null]"#;
    let mut message = topic.loan(text.len(), Some("json"))?;
    label(&mut message, 0)?;
    message.copy_from(text.as_bytes())?;
    topic.send(message)?;
    let cases = [(70, None), (64, Some("cbor")), (0, None), (0, Some("a \"b\" é"))];
    for (number, (bytes, format)) in (1..).zip(cases) {
        let mut message = topic.loan(bytes, format)?;
        label(&mut message, number)?;
        topic.send(message)?;
    }
    Ok(())
}
