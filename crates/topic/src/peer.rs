//! What this process has in one directory, each thing once: its pools, the pools it reads,
//! its open topics.

use std::collections::{HashMap, VecDeque};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use framelane_layout::{ErrorCode, Kind, name};
use framelane_pool::{OwnHold, OwnPool, ReaderPool, Scrub, control_name, data_name};
use framelane_shm::{Access, Directory, Error, Result, Ringer, check_not_forked, is_forked};

use crate::cleaner;
use crate::file::{TopicFile, file_name};

/// Slots of a new pool beyond the `depth` frames that the ring keeps.
const SLOTS_SPARE: u32 = 4;
/// Pools of a process from which on idle ones are let go when another is made.
const POOLS_BEFORE_RETIRING: usize = 4;
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
    scrub: Scrub,
    ringer: Ringer,
    own: Mutex<Vec<Arc<OwnPool>>>,
    /// Last frames of closed publishers, by topic and entry: readable until memory runs short
    /// or the entry is taken again.
    parked: Mutex<HashMap<(String, u16), VecDeque<OwnHold>>>,
    readers: Mutex<HashMap<u64, Weak<ReaderPool>>>,
    topics: Mutex<HashMap<String, Weak<TopicFile>>>,
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

    pub(crate) fn ringer(&self) -> &Ringer {
        &self.ringer
    }

    /// Opens a topic, or shares it where this process has it open.
    ///
    /// # Errors
    /// What [`TopicFile`] can say: name, kind, layout, memory.
    pub fn open_topic(self: &Arc<Self>, topic: &str, kind: Kind) -> Result<OpenTopic> {
        check_not_forked()?;
        let mut topics = lock(&self.topics);
        if let Some(file) = topics.get(topic).and_then(Weak::upgrade) {
            if file.kind() == kind {
                return Ok(OpenTopic { file: Some(file), peer: self.clone() });
            }
            let (is, asked) = (file.kind().name(), kind.name());
            let text = format!("topic {topic} carries {is}, not {asked}");
            return Err(Error::new(ErrorCode::TopicMismatch, text));
        }
        let file = Arc::new(TopicFile::open(&self.directory, topic, kind)?);
        topics.insert(topic.into(), Arc::downgrade(&file));
        Ok(OpenTopic { file: Some(file), peer: self.clone() })
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
        let stride = framelane_layout::page_align(bytes.max(1))
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

    /// Whether a slot of `stride` bytes is a good place for a frame of `bytes` bytes.
    pub(crate) fn suits(stride: u64, bytes: u64) -> bool {
        framelane_layout::page_align(bytes.max(1)).is_some_and(|need| fits(stride, need))
    }

    /// Makes one more pool, if `max_bytes` allows. Idle ones stay for whoever asks for their size
    /// again, until there are many or memory is short.
    fn grow(
        &self,
        own: &mut Vec<Arc<OwnPool>>,
        stride: u64,
        depth: u32,
    ) -> Result<Option<Arc<OwnPool>>> {
        if own.len() >= POOLS_BEFORE_RETIRING {
            self.retire(own)?;
        }
        let made = self.make(own, stride, depth);
        let short = match &made {
            Ok(made) => made.is_none(),
            Err(error) => error.code() == ErrorCode::NoSpace,
        };
        if short && self.retire(own)? { self.make(own, stride, depth) } else { made }
    }

    fn make(
        &self,
        own: &mut Vec<Arc<OwnPool>>,
        stride: u64,
        depth: u32,
    ) -> Result<Option<Arc<OwnPool>>> {
        let used: u64 = own.iter().map(|pool| pool.geometry().data_bytes()).sum();
        let room = self.max_bytes.saturating_sub(used) / (stride + 512);
        let same = own.iter().filter(|pool| pool.geometry().slot_stride == stride);
        let had: u32 = same.map(|pool| pool.geometry().slot_count).sum();
        let wanted = had.max(depth + SLOTS_SPARE).min(1024);
        let count = wanted.min(u32::try_from(room).unwrap_or(u32::MAX));
        if count == 0 {
            return Ok(None);
        }
        let create = |backed| {
            let cleaning = self.cleaning();
            OwnPool::create(&self.directory, count, stride, backed, self.scrub, cleaning)
        };
        let pool = match create((depth + 1).min(count)) {
            // Fewer frames are better than none: further slots are backed one by one.
            Err(error) if error.code() == ErrorCode::NoSpace => create(1)?,
            other => other?,
        };
        own.push(pool.clone());
        Ok(Some(pool))
    }

    /// Removes pools of this process that hold nothing, so that a change of resolution does not
    /// keep the memory of the old one; whether there were any. A ring cell may still name one:
    /// its frame is gone.
    fn retire(&self, own: &mut Vec<Arc<OwnPool>>) -> Result<bool> {
        let idle = |pool: &Arc<OwnPool>| pool.stats().free == pool.stats().backed;
        let (gone, kept): (Vec<_>, Vec<_>) = own.drain(..).partition(idle);
        *own = kept;
        for pool in &gone {
            self.directory.unlink(&control_name(pool.id()))?;
            self.directory.unlink(&data_name(pool.id()))?;
        }
        Ok(!gone.is_empty())
    }

    /// What to do when a pool's files are closed, by whoever held it last.
    fn cleaning(&self) -> impl FnOnce() + Send + Sync + use<> {
        let directory = self.directory.clone();
        move || clean(&directory)
    }

    /// Keeps the last frames of a publisher that is closed.
    pub(crate) fn park(&self, topic: &str, entry: u16, kept: VecDeque<OwnHold>) {
        lock(&self.parked).insert((topic.into(), entry), kept);
    }

    /// The frames that the last publisher of this process in this entry kept.
    pub(crate) fn unpark(&self, topic: &str, entry: u16) -> VecDeque<OwnHold> {
        lock(&self.parked).remove(&(topic.into(), entry)).unwrap_or_default()
    }

    /// Lets go of a parked frame, the oldest of some publisher; whether there was one.
    fn drop_parked(&self) -> bool {
        let mut parked = lock(&self.parked);
        let dropped = parked.values_mut().find_map(VecDeque::pop_front);
        parked.retain(|_, kept| !kept.is_empty());
        dropped.is_some()
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
        let attached = ReaderPool::attach(&self.directory, id, self.cleaning())?;
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
        for (_, kept) in lock(&self.parked).drain() {
            kept.into_iter().for_each(OwnHold::abandon);
        }
        lock(&self.own).clear();
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
