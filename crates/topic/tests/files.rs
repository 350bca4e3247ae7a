//! Files that are not what their names say: a typed error for whoever wants them, and nobody
//! reads outside of them.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{FileExt, symlink};
use std::path::PathBuf;
use std::sync::Arc;

use framelane_layout::topic::Mode;
use framelane_layout::{ErrorCode, Kind};
use framelane_pool::{FrameAccess, OwnPool, ReaderPool, Scrub, control_name, data_name};
use framelane_shm::Directory;
use framelane_topic::{Peer, Settings};

/// A namespace of its own, removed at the end.
struct Place {
    peer: Option<Arc<Peer>>,
    namespace: String,
}

impl Place {
    fn new(name: &str) -> Self {
        let namespace = format!("files-{name}-{}", std::process::id());
        let mut place = Self { peer: None, namespace };
        place.reopen();
        place
    }

    /// What a process does that comes later: it cleans first.
    fn reopen(&mut self) {
        self.peer = None;
        let settings = Settings { namespace: self.namespace.clone(), ..Settings::default() };
        self.peer = Some(Peer::open(&settings).unwrap());
    }

    fn peer(&self) -> &Arc<Peer> {
        self.peer.as_ref().unwrap()
    }

    fn directory(&self) -> &Arc<Directory> {
        self.peer().directory()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory().path().join(name)
    }

    fn open(&self) -> ErrorCode {
        self.peer().open_topic("lane", Kind::Image, Mode::default()).map(drop).unwrap_err().code()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let path = self.directory().path().to_owned();
        self.peer = None;
        let _ = fs::remove_dir_all(path);
    }
}

/// Every length that a file of `whole` bytes may be cut or drawn out to.
fn lengths(whole: u64) -> impl Iterator<Item = u64> {
    let short = [0, 1, 8, 63, 4095, 4096, 4097, whole / 2, whole - 4096, whole - 1];
    short.into_iter().chain([whole + 1, whole + 4096, 1 << 40])
}

#[test]
fn a_topic_of_another_length_is_corrupt() {
    let place = Place::new("topic");
    let _stay = place.peer().open_topic("stay", Kind::Image, Mode::default()).unwrap();
    let keep = place.peer().open_topic("lane", Kind::Image, Mode::default()).unwrap();
    let file = OpenOptions::new().read(true).write(true).open(place.path("t.lane")).unwrap();
    let whole = file.metadata().unwrap().len();
    let mut bytes = vec![0; usize::try_from(whole).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    drop(keep);
    for length in lengths(whole) {
        fs::write(place.path("t.lane"), &bytes).unwrap();
        let cut = OpenOptions::new().write(true).open(place.path("t.lane")).unwrap();
        cut.set_len(length).unwrap();
        assert_eq!(place.open(), ErrorCode::Corrupt, "{length} of {whole} bytes");
        let left = fs::metadata(place.path("t.lane"));
        assert!(left.is_ok_and(|left| left.len() == length), "left as it was");
    }
    fs::write(place.path("t.lane"), &bytes).unwrap();
    place.peer().open_topic("lane", Kind::Image, Mode::default()).unwrap();
}

#[test]
fn what_stands_in_the_place_of_a_topic_is_refused() {
    let place = Place::new("squat");
    let target = place.path("target");
    let name = place.path("t.lane");
    let squats: [(&str, &dyn Fn()); 5] = [
        ("an empty file", &|| fs::write(&name, "").unwrap()),
        ("a text", &|| fs::write(&name, "x".repeat(100_000)).unwrap()),
        ("a folder", &|| fs::create_dir(&name).unwrap()),
        ("a link to a topic", &|| {
            fs::hard_link(place.path("t.real"), &target).unwrap();
            symlink(&target, &name).unwrap();
        }),
        ("another topic", &|| fs::hard_link(place.path("t.real"), &name).unwrap()),
    ];
    let real = place.peer().open_topic("real", Kind::Image, Mode::default()).unwrap();
    for (what, squat) in squats {
        squat();
        assert_eq!(place.open(), ErrorCode::Corrupt, "{what}");
        assert!(fs::symlink_metadata(&name).is_ok(), "{what} stays");
        let removed = if name.is_dir() { fs::remove_dir(&name) } else { fs::remove_file(&name) };
        removed.unwrap();
    }
    drop(real);
    place.peer().open_topic("lane", Kind::Image, Mode::default()).unwrap();
}

#[test]
fn a_pool_of_another_length_is_corrupt() {
    let place = Place::new("pool");
    let pool = OwnPool::create(place.directory(), 4, 10_000, 4, Scrub::Off, || ()).unwrap();
    let attach = || ReaderPool::attach(place.directory(), pool.id(), FrameAccess::default(), || ());
    assert!(attach().unwrap().is_some());
    for name in [control_name(pool.id()), data_name(pool.id())] {
        let path = place.path(&name);
        let bytes = fs::read(&path).unwrap();
        // Another file in its place: this process has the first one mapped.
        fs::rename(&path, place.path("aside")).unwrap();
        for length in lengths(bytes.len() as u64) {
            fs::write(&path, &bytes).unwrap();
            OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
            let error = attach().map(drop).unwrap_err();
            assert_eq!(error.code(), ErrorCode::Corrupt, "{name}: {length} bytes");
        }
        fs::remove_file(&path).unwrap();
        assert!(attach().unwrap().is_none(), "{name} is gone, and so is the pool");
        symlink(place.path("aside"), &path).unwrap();
        assert_eq!(attach().map(drop).unwrap_err().code(), ErrorCode::Corrupt);
        fs::rename(place.path("aside"), &path).unwrap();
        assert!(attach().unwrap().is_some());
    }
}

#[test]
fn what_a_process_leaves_that_dies_while_making_files_is_removed() {
    let mut place = Place::new("left");
    let keep = place.path("keep");
    fs::write(&keep, "mine").unwrap();
    for name in [".0123456789abcdef", "p.0123456789abcdef.d"] {
        fs::write(place.path(name), "").unwrap();
    }
    for name in [".notes", ".0123456789abcdeg", "p.0123456789abcdef.x"] {
        fs::write(place.path(name), "mine").unwrap();
    }
    place.reopen();
    let mut names = place.directory().names().unwrap();
    names.sort();
    assert_eq!(names, [".0123456789abcdeg", ".notes", "keep", "p.0123456789abcdef.x"]);
    let pool = OwnPool::create(place.directory(), 4, 10_000, 4, Scrub::Off, || ()).unwrap();
    // While its owner lives a data file stays, with a control file or without.
    place.directory().unlink(&control_name(pool.id())).unwrap();
    drop(place.peer().open_topic("lane", Kind::Image, Mode::default()).unwrap());
    assert!(place.path(&data_name(pool.id())).exists());
    let data = data_name(pool.id());
    drop(pool);
    drop(place.peer().open_topic("lane", Kind::Image, Mode::default()).unwrap());
    assert!(!place.path(&data).exists());
}
