//! Camera frames between processes without a copy.
//!
//! Pixels lie in shared memory; what travels is a descriptor of 64 bytes, and every
//! subscriber, in any process and language, looks at the same bytes.
//!
//! ```no_run
//! use std::time::Duration;
//! use framelane::{Encoding, Image, Topic};
//!
//! # fn main() -> framelane::Result<()> {
//! let mut camera = Topic::<Image>::open("camera.rgb")?;
//! let mut frame = camera.loan(640, 480, Encoding::Rgb8)?;
//! frame.data_mut().fill(128);
//! camera.send(frame)?;
//!
//! let mut viewer = Topic::<Image>::open("camera.rgb")?;
//! let frame = viewer.recv(Duration::from_secs(1))?;
//! assert_eq!(frame.data()[0], 128);
//! # Ok(())
//! # }
//! ```
//!
//! Every subscriber of a [`Topic`] sees every frame; of a [`Queue`] each frame goes to one
//! consumer. What happens when somebody is too slow is said by [`Overflow`]. Behind them are the
//! rings of the crate `framelane-ring`: `Broadcast`, `WorkQueue`, and `Spsc` between two threads.
//!
//! Work on pixels goes straight from frame to slot: [`convert_into`](Received::convert_into),
//! [`resize_into`](Received::resize_into), [`tensor_input`](Received::tensor_input),
//! [`points_into`](Received::points_into), and [`decode`](Loaned::decode) from files.
//!
//! A [`Topic`] belongs to one thread at a time; open it once more for another. A frame is
//! given back when it is dropped.

mod cloud;
mod cloud_file;
mod config;
mod depth;
mod depth_points;
mod element;
mod ext;
mod frame;
mod header;
mod image;
mod kernel_error;
mod lend;
mod loaned;
mod message;
mod point_layout;
mod queue;
mod raster;
mod raster_mut;
pub mod raw;
mod received;
mod shape;
mod token;
mod topic;
mod validate;
mod work;

pub use cloud::{PointCloud, PointCloudMut};
pub use config::{Config, configure, inspect};
pub use depth::{DepthFormat, DepthImage, DepthImageMut, DepthShape};
pub use element::{Element, Strided, StridedMut};
pub use frame::Frame;
pub use framelane_kernels::{CloudFormat, CloudStyle, PointField};
pub use framelane_kernels::{ColourMap, Filter, Format, Layout as TensorLayout};
pub use framelane_kernels::{DepthStatistics, Yuv, YuvMatrix, YuvRange};
pub use framelane_layout::ext::Camera;
pub use framelane_layout::topic::Overflow;
pub use framelane_layout::topic::{Delivery, Mode};
pub use framelane_layout::{Chroma, Dtype, Encoding, ErrorCode, Kind};
pub use framelane_topic::{Error, FrameAccess, Result, Scrub};
pub use framelane_topic::{Holder, PoolView, PublisherView, SubscriberView};
pub use framelane_topic::{Inspection, PoolSeen, ReaderSeen, SlotSeen, SlotState, TopicSeen};
pub use image::{Image, ImageMut};
pub use loaned::Loaned;
pub use message::{Message, MessageMut};
pub use point_layout::PointLayout;
pub use queue::{Ack, Job, Queue, QueueOptions};
pub use raster::{PixelShape, Plane};
pub use received::Received;
pub use shape::Shape;
pub use topic::{Options, Stats, Topic};
pub use validate::{CloudShape, ImageShape, MessageFormat, MessageShape};
pub use work::ConvertOptions;

/// What the examples of this documentation begin with.
#[doc(hidden)]
pub mod doc {
    /// Lets the topics of this process be those of one example alone.
    pub fn begin() {
        let namespace = Some(format!("doc-{}", std::process::id()));
        let config = crate::Config { namespace, ..crate::Config::default() };
        // Refused only where something was used before, which no example does.
        drop(crate::configure(config));
    }
}
