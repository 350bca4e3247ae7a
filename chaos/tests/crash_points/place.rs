//! Where a run takes place: a namespace of its own.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use framelane_layout::Kind;
use framelane_layout::topic::{Delivery, Mode, Overflow};
use framelane_topic::{OpenTopic, Peer, Settings};

/// Most memory of a process: little, so that its limit is met.
pub(crate) const MAX_BYTES: u64 = 256 << 10;

/// A topic in which the oldest frames are dropped.
pub(crate) const ORDINARY: Mode =
    Mode { overflow: Overflow::DropOldest, delivery: Delivery::Broadcast };

/// One in which publishers wait for every subscriber.
pub(crate) const BLOCKING: Mode = Mode { overflow: Overflow::Block, delivery: Delivery::Broadcast };
/// One whose consumers share the frames, and take one along when they die over it.
pub(crate) const ONCE: Mode = Mode { overflow: Overflow::Block, delivery: Delivery::AtMostOnce };
/// One whose consumers share the frames, and acknowledge them.
pub(crate) const QUEUE: Mode = Mode { overflow: Overflow::Block, delivery: Delivery::AtLeastOnce };

pub(crate) struct Place {
    pub(crate) settings: Settings,
}

impl Place {
    pub(crate) fn new(namespace: &str) -> Self {
        let mut settings = Settings::default();
        if let Some(dir) = env::var_os("FRAMELANE_DIR") {
            settings.dir = dir.into();
        }
        settings.namespace = namespace.into();
        settings.max_bytes = MAX_BYTES;
        Self { settings }
    }

    pub(crate) fn peer(&self) -> Arc<Peer> {
        Peer::open(&self.settings).unwrap()
    }

    pub(crate) fn topic(&self, name: &str) -> OpenTopic {
        self.topic_of(name, ORDINARY)
    }

    pub(crate) fn topic_of(&self, name: &str, mode: Mode) -> OpenTopic {
        self.peer().open_topic(name, Kind::Image, mode).unwrap()
    }

    /// The directory of the namespace.
    pub(crate) fn path(&self) -> PathBuf {
        let user = rustix::process::geteuid().as_raw();
        self.settings.dir.join(format!("framelane-{user}")).join(&self.settings.namespace)
    }

    /// The files that are there, sorted; none where the directory is gone.
    pub(crate) fn files(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path()) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
