//! What each type of frames has to say for itself, so that all of them have the rest in common.

use std::fmt;

use framelane_layout::{Descriptor, Kind};

use crate::depth::DepthShape;
use crate::validate::{
    CloudShape, ImageShape, MessageShape, check_cloud, check_depth, check_image, check_message,
};

/// What a frame is, checked against its slot: `ImageShape`, `DepthShape`, `CloudShape`,
/// `MessageShape`. Types of frames are aliases: [`Image`](crate::Image) is
/// `Received<ImageShape>`.
///
/// ```
/// use framelane::{Frame, Image, Kind};
///
/// assert_eq!(Image::KIND, Kind::Image); // of the shape
/// ```
pub trait Shape: Copy + fmt::Debug + Send + Sync + 'static {
    /// The kind of its frames.
    #[doc(hidden)]
    const KIND: Kind;

    /// What a descriptor says, or `None` where that cannot be in a slot of so many bytes.
    #[doc(hidden)]
    fn check(descriptor: &Descriptor, slot_bytes: u64) -> Option<Self>;

    /// Writes it into a descriptor.
    #[doc(hidden)]
    fn describe(&self, descriptor: &mut Descriptor);

    /// Bytes from the first to the last of the frame.
    #[doc(hidden)]
    fn bytes(&self) -> u64;

    /// Its type and size in words.
    #[doc(hidden)]
    fn title(&self) -> String;
}

impl Shape for ImageShape {
    const KIND: Kind = Kind::Image;

    #[inline(always)]
    fn check(descriptor: &Descriptor, slot_bytes: u64) -> Option<Self> {
        check_image(descriptor, slot_bytes)
    }

    #[inline(always)]
    fn describe(&self, descriptor: &mut Descriptor) {
        Self::describe(self, descriptor);
    }

    #[inline(always)]
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn title(&self) -> String {
        format!("Image {}x{} {}", self.width, self.height, self.encoding.info().name)
    }
}

impl Shape for DepthShape {
    const KIND: Kind = Kind::DepthImage;

    fn check(descriptor: &Descriptor, slot_bytes: u64) -> Option<Self> {
        check_depth(descriptor, slot_bytes).map(Self)
    }

    fn describe(&self, descriptor: &mut Descriptor) {
        self.0.describe_as(Kind::DepthImage, descriptor);
    }

    fn bytes(&self) -> u64 {
        self.0.bytes
    }

    fn title(&self) -> String {
        format!("DepthImage {}x{} {:?}", self.0.width, self.0.height, self.format())
    }
}

impl Shape for CloudShape {
    const KIND: Kind = Kind::PointCloud;

    fn check(descriptor: &Descriptor, slot_bytes: u64) -> Option<Self> {
        check_cloud(descriptor, slot_bytes)
    }

    fn describe(&self, descriptor: &mut Descriptor) {
        Self::describe(self, descriptor);
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn title(&self) -> String {
        let dtype = self.dtype.map_or("mixed", |dtype| dtype.info().name);
        format!("PointCloud {}x{} of {} {dtype}", self.width, self.height, self.values)
    }
}

impl Shape for MessageShape {
    const KIND: Kind = Kind::Message;

    fn check(descriptor: &Descriptor, slot_bytes: u64) -> Option<Self> {
        check_message(descriptor, slot_bytes)
    }

    fn describe(&self, descriptor: &mut Descriptor) {
        Self::describe(self, descriptor);
    }

    fn bytes(&self) -> u64 {
        self.bytes.into()
    }

    fn title(&self) -> String {
        format!("Message {} bytes {:?}", self.bytes, self.format)
    }
}
