//! What this process has in one directory, each thing once: its pools, the pools it reads,
//! its open topics.

mod growth;

use std::collections::{HashMap, VecDeque};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use framelane_layout::topic::{Mode, Overflow};
use framelane_layout::{ErrorCode, Kind, name};
use framelane_pool::{FrameAccess, OwnHold, OwnPool, ReaderPool, Scrub};
use framelane_shm::{Access, Directory, Error, Result, Ringer, check_not_forked, is_forked};

use crate::cleaner;
use crate::file::{TopicFile, file_name, mismatch, mode_name};
use crate::gauge::is_wanted;
use crate::kept::Kept;

/// A slot may be larger than asked for by one part in this many.
const SLACK: u64 = 4;

/// Where to meet, and how much memory to use.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// A directory on tmpfs. Processes that name the same one can meet.
    pub dir: PathBuf,
    /// Part of the directory that topics of this name lie in. Others are not seen.
    pub namespace: String,
    /// Most bytes all pools of this process may have.
    pub max_bytes: u64,
    /// How frames of other processes are mapped.
    pub access: FrameAccess,
    /// When the bytes of frames that are done with are wiped.
    pub scrub: Scrub,
    /// Id of a group whose members meet; `None`: only processes of this user do.
    pub group: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            dir: "/dev/shm".into(),
            namespace: "default".into(),
            max_bytes: 1 << 30,
            access: FrameAccess::default(),
            scrub: Scrub::Off,
            group: None,
        }
    }
}

/// This process in one directory.
#[derive(Debug)]
pub struct Peer {
    directory: Arc<Directory>,
    max_bytes: u64,
    access: FrameAccess,
    scrub: Scrub,
    ringer: Ringer,
    own: Mutex<Vec<Arc<OwnPool>>>,
    /// Last frames of closed publishers, by topic and entry: readable until memory runs short
    /// or the entry is taken again.
    parked: Mutex<HashMap<(String, u16), Parked>>,
    readers: Mutex<HashMap<u64, Weak<ReaderPool>>>,
    topics: Mutex<HashMap<String, Weak<TopicFile>>>,
}

/// The last frames of a closed publisher, and how its topic is opened.
#[derive(Debug)]
struct Parked {
    kind: Kind,
    mode: Mode,
    frames: VecDeque<Kept>,
}

type Peers = Mutex<HashMap<(PathBuf, String, Option<u32>), Weak<Peer>>>;

fn peers() -> &'static Peers {
    static PEERS: OnceLock<Peers> = OnceLock::new();
    PEERS.get_or_init(Peers::default)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Peer {
    /// This process in the directory that `settings` name. There is one for each directory,
    /// whose other settings are those of the first opening.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidName`] for the namespace, and what opening a directory can say.
    pub fn open(settings: &Settings) -> Result<Arc<Self>> {
        check_not_forked()?;
        name::check_part(&settings.namespace).map_err(|error| {
            let text =
                format!("{:?} cannot name a namespace: {}", settings.namespace, error.rule());
            Error::new(ErrorCode::InvalidName, text)
        })?;
        let key = (settings.dir.clone(), settings.namespace.clone(), settings.group);
        let mut peers = lock(peers());
        if let Some(peer) = peers.get(&key).and_then(Weak::upgrade) {
            return Ok(peer);
        }
        let directory =
            Arc::new(Directory::open_shared(&settings.dir, &settings.namespace, settings.group)?);
        // A courtesy: what cannot be read is an error of whoever needs it.
        let _ = cleaner::clean(&directory);
        let peer = Arc::new(Self {
            directory,
            max_bytes: settings.max_bytes,
            access: settings.access,
            scrub: settings.scrub,
            ringer: Ringer::default(),
            own: Mutex::default(),
            parked: Mutex::default(),
            readers: Mutex::default(),
            topics: Mutex::default(),
        });
        peers.retain(|_, peer| peer.strong_count() > 0);
        peers.insert(key, Arc::downgrade(&peer));
        Ok(peer)
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// How frames of other processes are mapped.
    #[must_use]
    pub fn access(&self) -> FrameAccess {
        self.access
    }

    pub(crate) fn ringer(&self) -> &Ringer {
        &self.ringer
    }

    /// Opens a topic, or shares it where this process has it open.
    ///
    /// # Errors
    /// What [`TopicFile`] can say: name, kind, mode, layout, memory.
    pub fn open_topic(self: &Arc<Self>, topic: &str, kind: Kind, mode: Mode) -> Result<OpenTopic> {
        check_not_forked()?;
        let mut topics = lock(&self.topics);
        if let Some(file) = topics.get(topic).and_then(Weak::upgrade)
            && file.has_name()?
        {
            if (file.kind(), file.mode()) == (kind, mode) {
                return Ok(OpenTopic { file: Some(file), peer: self.clone() });
            }
            let is = (file.kind().name(), mode_name(file.mode()));
            return Err(mismatch(topic, is, (kind.name(), mode_name(mode))));
        }
        self.forget_removed();
        let file = Arc::new(TopicFile::open(&self.directory, topic, kind, mode)?);
        topics.insert(topic.into(), Arc::downgrade(&file));
        Ok(OpenTopic { file: Some(file), peer: self.clone() })
    }

    /// Makes no more use of pools whose files have been removed under this process: nobody can
    /// attach to them any more.
    fn forget_removed(&self) {
        // Who cannot be asked is taken to have its name.
        lock(&self.own).retain(|pool| pool.has_name().unwrap_or(true));
    }

    /// A slot for a frame of `bytes` bytes, from a pool that is made if need be; `depth` is
    /// how many frames of this size will be kept. `None`: all are in use and `max_bytes` is
    /// reached.
    ///
    /// # Errors
    /// [`ErrorCode::NoSpace`] where shared memory is full, [`ErrorCode::InvalidSize`] where a
    /// frame is larger than `max_bytes`.
    pub fn allocate(&self, bytes: u64, depth: u32) -> Result<Option<OwnHold>> {
        check_not_forked()?;
        let stride = framelane_layout::pool::stride_for(bytes)
            .filter(|&stride| stride <= self.max_bytes)
            .ok_or_else(|| {
                let text = format!("{bytes} bytes are more than maxBytes ({})", self.max_bytes);
                Error::new(ErrorCode::InvalidSize, text)
            })?;
        loop {
            // Full memory is an error only when nothing else helps.
            let full = match self.try_allocate(stride, depth) {
                Ok(Some(hold)) => {
                    hold.will_write(bytes);
                    return Ok(Some(hold));
                }
                Ok(None) => None,
                Err(error) if error.code() == ErrorCode::NoSpace => Some(error),
                Err(error) => return Err(error),
            };
            if !self.drop_parked() {
                return full.map_or(Ok(None), Err);
            }
        }
    }

    fn try_allocate(&self, stride: u64, depth: u32) -> Result<Option<OwnHold>> {
        let mut own = lock(&self.own);
        let mut full = None;
        for pool in own.iter().filter(|pool| fits(pool.geometry().slot_stride, stride)) {
            match pool.allocate() {
                Ok(Some(hold)) => return Ok(Some(hold)),
                Ok(None) => {}
                Err(error) => full = Some(error),
            }
        }
        match self.grow(&mut own, stride, depth)? {
            Some(pool) => pool.allocate(),
            None => full.map_or(Ok(None), Err),
        }
    }

    /// Makes sure that `depth + 1` frames of `bytes` bytes, or as many as their pool has slots for,
    /// can be had at once. Takes as long as it needs: for a thread that may wait.
    ///
    /// # Errors
    /// As [`allocate`](Self::allocate), and [`ErrorCode::PoolExhausted`] where `max_bytes` is
    /// reached.
    pub fn prepare(&self, bytes: u64, depth: u32) -> Result<()> {
        // A slot now and its return makes the pool, if there is none.
        let Some(hold) = self.allocate(bytes, depth)? else {
            let text = format!("no pool for {bytes} bytes can be made; raise maxBytes");
            return Err(Error::new(ErrorCode::PoolExhausted, text));
        };
        let pool = hold.pool();
        pool.resume_backing();
        pool.back_ahead(depth + 1)
    }

    /// Whether a slot of `stride` bytes is a good place for a frame of `bytes` bytes.
    pub(crate) fn suits(stride: u64, bytes: u64) -> bool {
        framelane_layout::pool::stride_for(bytes).is_some_and(|need| fits(stride, need))
    }

    /// Removes what nobody is attached to any more.
    pub(crate) fn clean(&self) {
        clean(&self.directory);
    }

    /// What to do when a pool's files are closed, by whoever held it last.
    fn cleaning(&self) -> impl FnOnce() + Send + Sync + use<> {
        let directory = self.directory.clone();
        move || clean(&directory)
    }

    /// Keeps the last frames of a publisher that is closed.
    pub(crate) fn park(&self, topic: &TopicFile, entry: u16, frames: VecDeque<Kept>) {
        let (kind, mode) = (topic.kind(), topic.mode());
        let parked = Parked { kind, mode, frames };
        lock(&self.parked).insert((topic.name().into(), entry), parked);
    }

    /// The frames that the last publisher of this process in this entry kept.
    pub(crate) fn unpark(&self, topic: &str, entry: u16) -> VecDeque<Kept> {
        let parked = lock(&self.parked).remove(&(topic.into(), entry));
        parked.map_or_else(VecDeque::new, |parked| parked.frames)
    }

    /// Lets go of a parked frame, the oldest of some publisher, but of none that somebody is
    /// still to get; whether there was one.
    fn drop_parked(&self) -> bool {
        let mut parked = lock(&self.parked);
        let dropped = parked.iter_mut().find_map(|((topic, entry), parked)| {
            let wanted = |kept: &Kept| self.is_wanted(topic, *entry, parked, kept.position);
            let index = parked.frames.iter().position(|kept| !wanted(kept))?;
            parked.frames.remove(index)
        });
        parked.retain(|_, parked| !parked.frames.is_empty());
        dropped.is_some()
    }

    /// Whether somebody is still to get a parked frame. In a topic that cannot be opened nobody is.
    fn is_wanted(&self, topic: &str, entry: u16, parked: &Parked, position: u64) -> bool {
        if parked.mode.overflow == Overflow::DropOldest && !parked.mode.is_queue() {
            return false;
        }
        // Locked to the end: the reference taken here is then never the last one.
        let topics = lock(&self.topics);
        let open = topics.get(topic).and_then(Weak::upgrade);
        let file = open.or_else(|| {
            let found = TopicFile::find(&self.directory, topic, parked.kind, parked.mode);
            found.ok().flatten().map(Arc::new)
        });
        file.is_some_and(|file| is_wanted(&file, entry, position))
    }

    /// Lets go of what was parked for a topic whose file is gone.
    fn forget_parked(&self, topic: &str) {
        let open = self.directory.open_file(&file_name(topic), Access::Read);
        if matches!(open, Ok(None)) {
            lock(&self.parked).retain(|(parked, _), _| parked != topic);
        }
    }

    /// The pool of this process with this id.
    pub(crate) fn own_pool(&self, id: u64) -> Option<Arc<OwnPool>> {
        lock(&self.own).iter().find(|pool| pool.id() == id).cloned()
    }

    /// Whether a pool of this process has been let go, and will never be allocated from again.
    #[must_use]
    pub fn is_retired(&self, pool: &OwnPool) -> bool {
        lock(&self.own).iter().all(|kept| kept.id() != pool.id())
    }

    /// Every pool of this process.
    pub(crate) fn own_pools(&self) -> Vec<Arc<OwnPool>> {
        lock(&self.own).clone()
    }

    /// Another process's pool, attached once for the whole process. `None`: it is gone.
    pub(crate) fn reader_pool(&self, id: u64) -> Result<Option<Arc<ReaderPool>>> {
        let mut readers = lock(&self.readers);
        if let Some(pool) = readers.get(&id).and_then(Weak::upgrade) {
            return Ok(Some(pool));
        }
        readers.retain(|_, pool| pool.strong_count() > 0);
        let attached = ReaderPool::attach(&self.directory, id, self.access, self.cleaning())?;
        let Some(pool) = attached else { return Ok(None) };
        readers.insert(id, Arc::downgrade(&pool));
        Ok(Some(pool))
    }
}

/// Removes what nobody is attached to any more. A courtesy: whoever opens next does it again.
fn clean(directory: &Directory) {
    let _ = cleaner::clean(directory);
    directory.remove_if_empty();
}

impl Drop for Peer {
    fn drop(&mut self) {
        if is_forked() {
            return;
        }
        // What was published stays readable where others have the topic open; the cleaner
        // removes it where nobody has.
        for (_, parked) in lock(&self.parked).drain() {
            parked.frames.into_iter().for_each(|kept| kept.hold.abandon());
        }
        for pool in lock(&self.own).drain(..) {
            pool.stop_backing();
        }
        clean(&self.directory);
    }
}

fn fits(stride: u64, need: u64) -> bool {
    stride >= need && stride - need <= need / SLACK
}

/// A topic that this process has open. The last one to go cleans up.
#[derive(Debug)]
pub struct OpenTopic {
    /// Taken only by `drop`.
    file: Option<Arc<TopicFile>>,
    peer: Arc<Peer>,
}

impl OpenTopic {
    /// This process in the topic's directory.
    #[must_use]
    pub fn peer(&self) -> &Arc<Peer> {
        &self.peer
    }
}

impl Clone for OpenTopic {
    fn clone(&self) -> Self {
        Self { file: self.file.clone(), peer: self.peer.clone() }
    }
}

impl Deref for OpenTopic {
    type Target = TopicFile;

    #[allow(clippy::panic, reason = "the field is empty only inside `drop`")]
    fn deref(&self) -> &TopicFile {
        let Some(file) = &self.file else { panic!("a dropped topic is used") };
        file
    }
}

impl Drop for OpenTopic {
    fn drop(&mut self) {
        if is_forked() {
            return;
        }
        let topics = lock(&self.peer.topics);
        let last = self.file.take().and_then(Arc::into_inner);
        drop(topics);
        if let Some(file) = last {
            let name = file.name().to_owned();
            // Close the descriptor first: its lock says that somebody is attached.
            drop(file);
            clean(&self.peer.directory);
            self.peer.forget_parked(&name);
        }
    }
}
