//! Attaching for real, to files made of whatever bytes.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use framelane::FrameAccess;
use framelane::raw::{Peer, Publisher, ReaderPool, Settings, Subscriber};
use framelane_layout::topic::{Mode, TopicGeometry, TopicHeader};
use framelane_layout::{Descriptor, Kind};

use super::{Input, touch};

/// A directory that is gone with this value, whatever lies in it.
pub(super) struct Place {
    peer: Option<Arc<Peer>>,
    /// Where it is.
    pub(super) path: PathBuf,
}

impl Place {
    pub(super) fn new(name: &str) -> Self {
        let namespace = format!("fuzz-{name}-{}", std::process::id());
        let settings = Settings { namespace, max_bytes: 1 << 20, ..Settings::default() };
        let peer = Peer::open(&settings).unwrap();
        let path = peer.directory().path().to_owned();
        // The last one to leave takes an empty directory away.
        let made = fs::DirBuilder::new().mode(0o700).recursive(true).create(&path);
        made.unwrap();
        Self { peer: Some(peer), path }
    }

    /// This process in it.
    pub(super) fn peer(&self) -> &Arc<Peer> {
        self.peer.as_ref().unwrap()
    }

    /// Leaves as a process does that has closed everything; gives the files that are left.
    pub(super) fn leave(mut self) -> Vec<String> {
        self.peer = None;
        let Ok(entries) = fs::read_dir(&self.path) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Which sort of file, its header, its size, a pool's size of data, then what stands behind
/// the header.
pub(super) fn files(data: &[u8]) -> bool {
    let place = Place::new("files");
    let mut input = Input(data);
    if input.u8() & 1 == 0 { topic(&place, input) } else { pool(&place, input) }
}

fn topic(place: &Place, mut input: Input<'_>) -> bool {
    let header: [u8; 256] = input.array();
    // SAFETY: integers and bytes.
    let said: TopicHeader = unsafe { Input(&header).structure::<_, 256>() };
    let mode = Mode::from_code(said.mode).unwrap_or_default();
    let geometry = TopicGeometry::new(said.cells, said.publishers, said.subscribers, mode);
    let fitting = geometry.unwrap_or(TopicGeometry::DEFAULT).bytes();
    let bytes = size(&mut input, fitting);
    if make(&place.path.join("t.lane"), bytes, &header, input.0).is_none() {
        return false;
    }
    let Ok(topic) = place.peer().open_topic("lane", Kind::Image, mode) else { return false };
    let mut subscriber = Subscriber::new(topic.clone(), 2);
    for _ in 0..4 {
        let _ = subscriber.receive(false);
    }
    let _ = subscriber.latest();
    let _ = framelane::raw::TopicStats::of(&topic);
    let _ = subscriber.sleep(0);
    if let Ok(mut publisher) = Publisher::claim(topic, 2)
        && publisher.admit(100).is_ok_and(|admitted| admitted)
    {
        let hold = publisher.loan(100).unwrap();
        let mut descriptor =
            Descriptor { kind: Kind::Image as u8, payload_bytes: 100, ..Descriptor::default() };
        publisher.publish(hold, &mut descriptor);
        let _ = subscriber.receive(true);
    }
    true
}

fn pool(place: &Place, mut input: Input<'_>) -> bool {
    let header: [u8; 96] = input.array();
    let word = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().unwrap());
    let (id, count, stated) = (word(24), word(32) & 0xffff_ffff, word(48));
    let control = size(&mut input, 4096 + 64 * count);
    let data_bytes = size(&mut input, stated);
    let path = |kind| place.path.join(format!("p.{id:016x}.{kind}"));
    let descriptor = Descriptor::from_words([(); 8].map(|()| input.u64()));
    let made = make(&path('c'), control, &header, input.0)
        .and_then(|()| make(&path('d'), data_bytes, &[], input.0));
    if made.is_none() {
        return false;
    }
    let attached = ReaderPool::attach(place.peer().directory(), id, FrameAccess::default(), || ());
    let Ok(Some(pool)) = attached else { return false };
    let _ = (pool.owner_lives().unwrap(), pool.is_idle(), pool.reader_rows().len());
    let count = pool.geometry().slot_count;
    for slot in [0, count / 2, count - 1] {
        let hold = pool.acquire(&Descriptor { slot: slot.try_into().unwrap(), ..descriptor });
        let Some(hold) = hold else { continue };
        let _ = hold.header().check(pool.geometry().slot_stride);
        let length = usize::try_from(pool.geometry().slot_stride.min(8192)).unwrap();
        // SAFETY: a slot has as many bytes as its stride, mapped for as long as the pool lives.
        touch(unsafe { std::slice::from_raw_parts(hold.pointer(), length) });
    }
    true
}

/// The size that fits, or another.
fn size(input: &mut Input<'_>, fitting: u64) -> u64 {
    match input.u8() {
        0..128 => fitting,
        128..192 => fitting.wrapping_add(input.u64() % 8192).wrapping_sub(4096),
        _ => input.u64() >> 1,
    }
}

/// Makes a file of `bytes` bytes with `front` at its beginning and `back` in the middle of its
/// pages. `None`: there can be no such file, or it would take much memory.
fn make(path: &Path, bytes: u64, front: &[u8], back: &[u8]) -> Option<()> {
    let mut options = File::options();
    let file = options.read(true).write(true).create(true).mode(0o600).open(path).ok()?;
    file.set_len(bytes).ok()?;
    for (at, part) in [(0, front), (256, back), (4096, back), (0x3800, back)] {
        let room = usize::try_from(bytes.saturating_sub(at)).unwrap_or(usize::MAX);
        file.write_all_at(&part[..part.len().min(room)], at).ok()?;
    }
    Some(())
}
