//! Doorbells of both kinds: they ring, they go when their owner goes, and nothing else is
//! taken for one.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Read;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use framelane_layout::ErrorCode;
use framelane_shm::{BellKind, Directory, Doorbell, Ringer};

const KINDS: [BellKind; 2] = [BellKind::Fifo, BellKind::Socket];

struct Base(PathBuf);

impl Base {
    fn new(name: &str) -> Self {
        let path = format!("/dev/shm/framelane-bells-{name}-{}", std::process::id());
        fs::create_dir(&path).unwrap();
        Self(path.into())
    }

    fn open(&self) -> Arc<Directory> {
        Directory::open(&self.0, "ns").unwrap().into()
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn path(directory: &Directory, id: u64) -> PathBuf {
    directory.path().join(format!("f.{id:016x}"))
}

fn is_readable(bell: &Doorbell) -> bool {
    // SAFETY: the bell's descriptor, which is open as long as the bell.
    let fd = unsafe { BorrowedFd::borrow_raw(bell.raw_fd()) };
    let mut fds = [libc::pollfd {
        fd: std::os::fd::AsRawFd::as_raw_fd(&fd),
        events: libc::POLLIN,
        revents: 0,
    }];
    // SAFETY: one entry.
    unsafe { libc::poll(fds.as_mut_ptr(), 1, 0) == 1 }
}

#[test]
fn each_kind_rings_and_is_read_empty() {
    let base = Base::new("ring");
    let directory = base.open();
    for kind in KINDS {
        let (bell, ringers) = (
            Doorbell::create_as(&directory, kind).unwrap(),
            [Ringer::default(), Ringer::default()],
        );
        assert_eq!(bell.kind(), kind);
        let meta = fs::symlink_metadata(path(&directory, bell.id())).unwrap();
        assert_eq!(meta.file_type().is_socket(), kind == BellKind::Socket);
        assert_eq!(meta.permissions().mode() & 0o7777, 0o600);
        assert!(!is_readable(&bell));
        assert_eq!(bell.drain(), 0);
        for ringer in &ringers {
            ringer.ring(&directory, bell.id()).unwrap();
            ringer.ring(&directory, bell.id()).unwrap();
        }
        assert!(is_readable(&bell));
        assert_eq!(bell.drain(), 4, "{kind:?}");
        assert!(!is_readable(&bell));
    }
}

#[test]
fn ringing_one_that_nobody_reads_never_waits() {
    let base = Base::new("full");
    let directory = base.open();
    for kind in KINDS {
        let (bell, ringer) = (Doorbell::create_as(&directory, kind).unwrap(), Ringer::default());
        let start = Instant::now();
        for _ in 0..200_000 {
            ringer.ring(&directory, bell.id()).unwrap();
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{kind:?}");
        assert!(bell.drain() > 1);
        ringer.ring(&directory, bell.id()).unwrap();
        assert_eq!(bell.drain(), 1, "{kind:?} is heard again");
    }
}

#[test]
fn one_that_lost_its_name_says_so_and_is_not_rung_anew() {
    let base = Base::new("lost");
    let directory = base.open();
    for kind in KINDS {
        let bell = Doorbell::create_as(&directory, kind).unwrap();
        assert!(bell.has_name());
        fs::remove_file(path(&directory, bell.id())).unwrap();
        assert!(!bell.has_name());
        fs::write(path(&directory, bell.id()), "another's").unwrap();
        bell.remove();
        fs::remove_file(path(&directory, bell.id())).unwrap();
        Ringer::default().ring(&directory, bell.id()).unwrap();
        assert_eq!(bell.drain(), 0);
    }
}

#[test]
fn what_is_no_doorbell_is_refused_counted_and_left_alone() {
    let base = Base::new("foreign");
    let directory = base.open();
    let ringer = Ringer::default();
    let target = base.0.join("target");
    fs::write(&target, "mine").unwrap();
    let live = Doorbell::create(&directory).unwrap();
    let place = |id: u64| path(&directory, id);
    fs::write(place(1), "mine").unwrap();
    symlink(&target, place(2)).unwrap();
    symlink(place(live.id()), place(3)).unwrap();
    fs::create_dir(place(4)).unwrap();
    let _listener = UnixListener::bind(place(5)).unwrap();
    for id in 1..=5 {
        let error = ringer.ring(&directory, id).unwrap_err();
        assert_eq!(error.code(), ErrorCode::Corrupt, "{id}");
        assert_eq!(ringer.refused(), id);
        let _ = directory.remove_orphan_doorbell(&format!("f.{id:016x}"));
        assert!(fs::symlink_metadata(place(id)).is_ok(), "{id} is left alone");
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
    assert_eq!(fs::read_to_string(place(1)).unwrap(), "mine");
    assert_eq!(live.drain(), 0);
}

/// Not a test of its own: makes a bell, says so, and waits to be killed.
#[test]
fn child() {
    let Ok(base) = std::env::var("BELL_BASE") else { return };
    let kind = if std::env::var("BELL_KIND").unwrap() == "fifo" { 0 } else { 1 };
    let directory = Arc::new(Directory::open(base.as_ref(), "ns").unwrap());
    let bell = Doorbell::create_as(&directory, KINDS[kind]).unwrap();
    eprintln!("bell {:016x}", bell.id());
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn a_cleaner_takes_those_of_killed_processes_only() {
    for (name, kind) in [("fifo", BellKind::Fifo), ("socket", BellKind::Socket)] {
        let base = Base::new(&format!("killed-{name}"));
        let directory = base.open();
        let mine = Doorbell::create_as(&directory, kind).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env("BELL_BASE", &base.0)
            .env("BELL_KIND", name)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = [0; 21];
        child.stderr.as_mut().unwrap().read_exact(&mut said).unwrap();
        let id = u64::from_str_radix(str::from_utf8(&said[5..]).unwrap(), 16).unwrap();
        let ringer = Ringer::default();
        ringer.ring(&directory, id).unwrap();
        let clean = |id: u64| directory.remove_orphan_doorbell(&format!("f.{id:016x}")).unwrap();
        assert!(!clean(id), "it lives");
        child.kill().unwrap();
        child.wait().unwrap();
        // Known and unknown to the ringer, a dead one costs it nothing and is no error.
        ringer.ring(&directory, id).unwrap();
        Ringer::default().ring(&directory, id).unwrap();
        assert!(clean(id), "it is dead: {name}");
        assert!(!clean(mine.id()));
        assert!(mine.has_name());
    }
}

#[test]
fn a_ring_reaches_a_socket_that_another_has_connected_to() {
    let base = Base::new("probe");
    let directory = base.open();
    let bell = Doorbell::create_as(&directory, BellKind::Socket).unwrap();
    // Looking whether it lives leaves nothing in it.
    assert!(!directory.remove_orphan_doorbell(&format!("f.{:016x}", bell.id())).unwrap());
    assert_eq!(bell.drain(), 0);
    let other = UnixDatagram::unbound().unwrap();
    other.send_to(&[7; 64], path(&directory, bell.id())).unwrap();
    other.send_to(&[], path(&directory, bell.id())).unwrap();
    Ringer::default().ring(&directory, bell.id()).unwrap();
    while is_readable(&bell) {
        bell.drain();
    }
}
