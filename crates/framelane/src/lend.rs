//! Slots on loan for each type of frames, by topics and by queues.

use framelane_kernels::RasterError;
use framelane_layout::Encoding;
use framelane_topic::{Error, Result};

use crate::cloud::{PointCloud, PointCloudMut};
use crate::depth::{DepthFormat, DepthImage, DepthImageMut, DepthShape};
use crate::ext::{Ext, bytes_with};
use crate::image::{Image, ImageMut};
use crate::kernel_error::in_rust;
use crate::loaned::Loaned;
use crate::message::{Message, MessageMut};
use crate::point_layout::PointLayout;
use crate::queue::Queue;
use crate::received::Received;
use crate::shape::Shape;
use crate::topic::Topic;
use crate::validate::{ImageShape, MessageShape};

impl<S: Shape> Topic<Received<S>> {
    /// A slot for a frame of this shape, which says this of itself.
    fn lend(&mut self, shape: S, ext: &Ext) -> Result<Loaned<S>> {
        let hold = self.publisher()?.loan(bytes_with(shape.bytes(), ext))?;
        let mut loaned = Loaned::new(hold, shape);
        if !ext.is_empty() {
            loaned.write_ext(ext)?;
        }
        Ok(loaned)
    }

    fn make_ready(&mut self, shape: S, ext: &Ext) -> Result<()> {
        let bytes = bytes_with(shape.bytes(), ext);
        let publisher = self.publisher()?;
        let depth = publisher.depth_for(bytes);
        publisher.topic().peer().prepare(bytes, depth)
    }
}

impl Topic<Image> {
    /// Makes memory for images of this size ahead of time, as many as the ring keeps and one
    /// more, so that no later loan has to wait for it: about 3 ms a mebibyte.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, Image, Topic};
    /// let mut topic = Topic::<Image>::open("camera")?;
    /// topic.prepare(640, 480, Encoding::Rgb8)?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`loan`](Self::loan).
    pub fn prepare(&mut self, width: u32, height: u32, encoding: Encoding) -> Result<()> {
        let Some(shape) = ImageShape::packed(width, height, encoding) else {
            return Err(not_a_size(width, height, encoding));
        };
        self.make_ready(shape, &Ext::default())
    }

    /// A slot for an image of this size, on loan; what stands in it is unspecified.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Encoding, ErrorCode, Image, Topic};
    /// let mut topic = Topic::<Image>::open("camera")?;
    /// let mut frame = topic.loan(640, 480, Encoding::Rgb8)?; // width before height
    /// frame.data_mut().fill(128);
    /// topic.send(frame)?;
    /// let odd = topic.loan(3, 2, Encoding::Nv12).unwrap_err();
    /// assert_eq!(odd.code(), ErrorCode::InvalidSize);
    /// assert!(odd.text().contains("a width that is a multiple of 2"));
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidSize`](crate::ErrorCode::InvalidSize) where a size is zero or does not
    /// fit the encoding,
    /// [`PoolExhausted`](crate::ErrorCode::PoolExhausted) and
    /// [`NoSpace`](crate::ErrorCode::NoSpace) where no slot can be had.
    #[inline(always)]
    pub fn loan(&mut self, width: u32, height: u32, encoding: Encoding) -> Result<ImageMut> {
        let Some(shape) = ImageShape::packed(width, height, encoding) else {
            return Err(not_a_size(width, height, encoding));
        };
        let hold = self.publisher()?.loan(shape.bytes)?;
        Ok(ImageMut::new(hold, shape))
    }
}

impl Topic<DepthImage> {
    /// Makes memory for depth images of this size ahead of time, as for images.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{DepthFormat, DepthImage, Topic};
    /// let mut topic = Topic::<DepthImage>::open("depth")?;
    /// topic.prepare(640, 480, DepthFormat::Metres)?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`loan`](Self::loan).
    pub fn prepare(&mut self, width: u32, height: u32, format: DepthFormat) -> Result<()> {
        self.make_ready(depth_shape(width, height, format)?, &Ext::default())
    }

    /// A slot for a depth image of this size, on loan; what stands in it is unspecified.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{DepthFormat, DepthImage, Topic};
    /// let mut topic = Topic::<DepthImage>::open("depth")?;
    /// let mut frame = topic.loan(640, 480, DepthFormat::Metres)?;
    /// frame.metres_mut().unwrap().fill(1.5);
    /// topic.send(frame)?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidSize`](crate::ErrorCode::InvalidSize) where a size is zero or too large,
    /// [`PoolExhausted`](crate::ErrorCode::PoolExhausted) and
    /// [`NoSpace`](crate::ErrorCode::NoSpace) where no slot can be had.
    pub fn loan(&mut self, width: u32, height: u32, format: DepthFormat) -> Result<DepthImageMut> {
        self.lend(depth_shape(width, height, format)?, &Ext::default())
    }
}

impl Topic<PointCloud> {
    /// Makes memory for clouds of this size ahead of time, as for images.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{PointCloud, PointLayout, Topic};
    /// let mut topic = Topic::<PointCloud>::open("lidar")?;
    /// topic.prepare(100_000, 1, &PointLayout::xyz())?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`loan`](Self::loan).
    pub fn prepare(&mut self, width: u32, height: u32, layout: &PointLayout) -> Result<()> {
        self.make_ready(layout.shape(width, height)?, &layout.ext())
    }

    /// A slot for a cloud of such points, on loan: `height` rows of `width` points, one row where
    /// they are not organised. What stands in it is unspecified.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Dtype, PointCloud, PointLayout, Topic};
    /// let mut topic = Topic::<PointCloud>::open("lidar")?;
    /// let layout = PointLayout::of(&[("x", Dtype::Float32), ("ring", Dtype::Uint16)])?;
    /// let mut cloud = topic.loan(1000, 1, &layout)?;
    /// cloud.data_mut().fill(0);
    /// topic.send(cloud)?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidSize`](crate::ErrorCode::InvalidSize) where there are no points or too many,
    /// [`PoolExhausted`](crate::ErrorCode::PoolExhausted) and
    /// [`NoSpace`](crate::ErrorCode::NoSpace) where no slot can be had.
    pub fn loan(&mut self, width: u32, height: u32, layout: &PointLayout) -> Result<PointCloudMut> {
        self.lend(layout.shape(width, height)?, &layout.ext())
    }
}

impl Topic<Message> {
    /// Makes memory for messages of up to so many bytes ahead of time, as for images.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Message, Topic};
    /// let mut topic = Topic::<Message>::open("detections")?;
    /// topic.prepare(4096)?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`loan`](Self::loan).
    pub fn prepare(&mut self, bytes: usize) -> Result<()> {
        let (shape, ext) = MessageShape::new(bytes, None)?;
        self.make_ready(shape, &ext)
    }

    /// A slot for a message of so many bytes, which may be none, on loan; what stands in it is
    /// unspecified. `format` is `json`, or a name of 1 to 63 bytes for something else.
    ///
    /// ```
    /// # framelane::doc::begin();
    /// # use framelane::{Message, Topic};
    /// let mut topic = Topic::<Message>::open("detections")?;
    /// let mut message = topic.loan(2, Some("json"))?;
    /// message.copy_from(b"[]")?;
    /// topic.send(message)?;
    /// # Ok::<(), framelane::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorCode::InvalidArgument) for a format of another length
    /// or with control characters,
    /// [`InvalidSize`](crate::ErrorCode::InvalidSize) above 4,294,967,295 bytes,
    /// [`PoolExhausted`](crate::ErrorCode::PoolExhausted) and
    /// [`NoSpace`](crate::ErrorCode::NoSpace) where no slot can be had.
    pub fn loan(&mut self, bytes: usize, format: Option<&str>) -> Result<MessageMut> {
        let (shape, ext) = MessageShape::new(bytes, format)?;
        self.lend(shape, &ext)
    }
}

/// The same for a queue, which has a topic in it. Doc lines: how a queue is opened, prepared, and
/// how a frame is loaned.
macro_rules! queues {
    (
        $frame:ident, $loan:ident, $open:literal,
        $prepare:literal ($($size:ident: $size_type:ty),*),
        $lend:literal ($($arg:ident: $type:ty),*),
    ) => {
        impl Queue<$frame> {
            /// Makes memory for such frames ahead of time, as the topic's.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// use framelane::*;
            ///
            #[doc = $open]
            #[doc = $prepare]
            /// # Ok::<(), framelane::Error>(())
            /// ```
            ///
            /// # Errors
            /// As [`loan`](Self::loan).
            pub fn prepare(&mut self, $($size: $size_type),*) -> Result<()> {
                self.topic().prepare($($size),*)
            }

            /// A slot for such a frame on loan, as the topic's.
            ///
            /// ```
            /// # framelane::doc::begin();
            /// use framelane::*;
            ///
            #[doc = $open]
            #[doc = $lend]
            /// queue.send(frame)?;
            /// # Ok::<(), framelane::Error>(())
            /// ```
            ///
            /// # Errors
            /// As that of the topic.
            pub fn loan(&mut self, $($arg: $type),*) -> Result<$loan> {
                self.topic().loan($($arg),*)
            }
        }
    };
}

queues! {
    Image, ImageMut, "let mut queue = Queue::<Image>::open(\"jobs\")?;",
    "queue.prepare(640, 480, Encoding::Rgb8)?;"
        (width: u32, height: u32, encoding: Encoding),
    "let frame = queue.loan(640, 480, Encoding::Rgb8)?;"
        (width: u32, height: u32, encoding: Encoding),
}

queues! {
    DepthImage, DepthImageMut, "let mut queue = Queue::<DepthImage>::open(\"jobs\")?;",
    "queue.prepare(640, 480, DepthFormat::Raw)?;"
        (width: u32, height: u32, format: DepthFormat),
    "let frame = queue.loan(640, 480, DepthFormat::Raw)?;"
        (width: u32, height: u32, format: DepthFormat),
}

queues! {
    PointCloud, PointCloudMut, "let mut queue = Queue::<PointCloud>::open(\"jobs\")?;",
    "queue.prepare(100, 1, &PointLayout::xyz())?;"
        (width: u32, height: u32, layout: &PointLayout),
    "let frame = queue.loan(100, 1, &PointLayout::xyz())?;"
        (width: u32, height: u32, layout: &PointLayout),
}

queues! {
    Message, MessageMut, "let mut queue = Queue::<Message>::open(\"jobs\")?;",
    "queue.prepare(4096)?;"
        (bytes: usize),
    "let frame = queue.loan(2, Some(\"json\"))?;"
        (bytes: usize, format: Option<&str>),
}

fn depth_shape(width: u32, height: u32, format: DepthFormat) -> Result<DepthShape> {
    DepthShape::packed(width, height, format)
        .ok_or_else(|| not_a_size(width, height, format.encoding()))
}

#[cold]
fn not_a_size(width: u32, height: u32, encoding: Encoding) -> Error {
    in_rust(RasterError::Size { width, height, encoding })
}
