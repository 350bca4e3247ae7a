//! What a frame is. A topic carries frames of one kind.

/// The kind of a frame, as it stands in a descriptor and in a topic's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Pixels in rows.
    Image = 1,
    /// Distances in rows.
    DepthImage = 2,
    /// Points with fields.
    PointCloud = 3,
    /// An array of up to eight dimensions.
    Tensor = 4,
    /// Several named arrays.
    TensorGroup = 5,
    /// A table in Arrow's format.
    ArrowTable = 6,
    /// Small structured data.
    Message = 7,
    /// A picture in a compressed format, opaque here.
    CompressedImage = 8,
}

/// Every kind with the name that users see.
pub const KINDS: [(Kind, &str); 8] = [
    (Kind::Image, "Image"),
    (Kind::DepthImage, "DepthImage"),
    (Kind::PointCloud, "PointCloud"),
    (Kind::Tensor, "Tensor"),
    (Kind::TensorGroup, "TensorGroup"),
    (Kind::ArrowTable, "ArrowTable"),
    (Kind::Message, "Message"),
    (Kind::CompressedImage, "CompressedImage"),
];

impl Kind {
    /// The kind of this code, or `None` for a code this release does not know.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        KINDS.iter().map(|&(kind, _)| kind).find(|&kind| kind as u8 == code)
    }

    /// The name users see.
    #[must_use]
    pub fn name(self) -> &'static str {
        KINDS[self as usize - 1].1
    }
}
