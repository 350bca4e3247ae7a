//! What a binding to another language needs: frames without a type, and the checks that
//! give them one. Rust programs have no use for it.

pub use framelane_kernels as kernels;
pub use framelane_layout as layout;
pub use framelane_topic::{
    Claimed, DEPTH_MAX, Hold, OpenTopic, OwnHold, OwnPool, Peer, Publisher, ReaderPool, Received,
    Settings, Subscriber, TopicStats,
};
pub use framelane_topic::{Death, deaths_noticed, deaths_since};
pub use framelane_topic::{Doorbell, Place, monotonic_ns, place_of, random_id, topic_tag};

pub use crate::config::current;
pub use crate::ext::{Ext, bytes_with, read_ext, write_ext};
pub use crate::header::{EXT_FLAG, Said, complete_header};
pub use crate::kernel_error::{KernelError, kernel_error};
pub use crate::token::{parse_token, stale_token, take_named};
pub use crate::validate::{
    CloudShape, ImageShape, MessageFormat, MessageShape, check_cloud, check_depth, check_frame,
    check_image, check_message, complete_descriptor,
};
