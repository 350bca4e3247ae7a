//! The directory and its files: whose they are, who else may use them, what is refused.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use framelane_layout::ErrorCode;
use framelane_layout::sync::{AtomicU32, Ordering};
use framelane_shm::{Access, Directory, Doorbell, Naming, Result, group_id};

/// A base directory of its own, removed at the end.
struct Base(PathBuf);

impl Base {
    fn new(name: &str) -> Self {
        let name = format!("framelane-test-{name}-{}", std::process::id());
        let path = Path::new("/dev/shm").join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn root(&self) -> PathBuf {
        self.0.join(format!("framelane-{}", uid()))
    }

    fn open(&self) -> Result<Directory> {
        Directory::open(&self.0, "ns")
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn uid() -> u32 {
    // SAFETY: no preconditions.
    unsafe { libc::geteuid() }
}

fn gid() -> u32 {
    // SAFETY: no preconditions.
    unsafe { libc::getegid() }
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn mkfifo(path: &Path) {
    let path = std::ffi::CString::new(path.as_os_str().as_encoded_bytes()).unwrap();
    // SAFETY: a path.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
}

fn code<T>(result: Result<T>) -> ErrorCode {
    match result {
        Ok(_) => panic!("accepted"),
        Err(error) => error.code(),
    }
}

#[test]
fn everything_is_closed_to_other_users() {
    let base = Base::new("modes");
    let directory = Arc::new(base.open().unwrap());
    for name in ["t.lane", "p.0.c", "p.0.d"] {
        directory.create(name, 8192, 4096, |_, _| Ok(())).unwrap().unwrap();
        assert_eq!(mode(directory.path().join(name)), 0o600, "{name}");
    }
    let bell = Doorbell::create(&directory).unwrap();
    let fifo = directory.path().join(format!("f.{:016x}", bell.id()));
    assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
    assert_eq!(mode(fifo), 0o600);
    assert_eq!((mode(base.root()), mode(directory.path())), (0o700, 0o700));
}

#[test]
fn a_directory_that_others_may_enter_is_refused() {
    for (at, bits) in [("", 0o755), ("", 0o710), ("", 0o701), ("ns", 0o777), ("ns", 0o720)] {
        let base = Base::new("open");
        drop(base.open().unwrap());
        let path = base.root().join(at);
        fs::set_permissions(&path, Permissions::from_mode(bits)).unwrap();
        assert_eq!(code(base.open()), ErrorCode::Permission, "{at} {bits:o}");
        fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
        base.open().unwrap();
    }
}

#[test]
fn what_stands_in_the_place_of_a_directory_is_refused() {
    for at in ["", "ns"] {
        let base = Base::new("squat");
        let elsewhere = base.0.join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::set_permissions(&elsewhere, Permissions::from_mode(0o700)).unwrap();
        if at == "ns" {
            fs::create_dir(base.root()).unwrap();
            fs::set_permissions(base.root(), Permissions::from_mode(0o700)).unwrap();
        }
        let path = base.root().join(at);
        let path = PathBuf::from(path.to_str().unwrap().trim_end_matches('/'));
        let squats: [(&str, &dyn Fn()); 4] = [
            ("a symbolic link", &|| symlink(&elsewhere, &path).unwrap()),
            ("a link to nowhere", &|| symlink("/nowhere", &path).unwrap()),
            ("a file", &|| fs::write(&path, "mine").unwrap()),
            ("a FIFO", &|| mkfifo(&path)),
        ];
        for (what, squat) in squats {
            squat();
            assert_eq!(code(base.open()), ErrorCode::Corrupt, "{what} at {at:?}");
            fs::remove_file(&path).unwrap();
        }
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0, "nothing was made there");
    }
}

#[test]
fn a_directory_on_a_disk_is_refused() {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}", std::process::id()));
    fs::create_dir_all(&base).unwrap();
    assert_eq!(code(Directory::open(&base, "ns")), ErrorCode::InvalidArgument);
    fs::remove_dir_all(base).unwrap();
}

#[test]
fn what_stands_in_the_place_of_a_file_is_refused_and_untouched() {
    let base = Base::new("files");
    let directory = base.open().unwrap();
    let target = base.0.join("target");
    fs::write(&target, "secret").unwrap();
    let path = |name: &str| directory.path().join(name);
    symlink(&target, path("t.link")).unwrap();
    symlink("/nowhere", path("t.loose")).unwrap();
    mkfifo(&path("t.fifo"));
    fs::create_dir(path("t.folder")).unwrap();
    let _socket = UnixListener::bind(path("t.socket")).unwrap();
    for name in ["t.link", "t.loose", "t.fifo", "t.folder"] {
        for access in [Access::Read, Access::ReadWrite] {
            let found = directory.open_file(name, access);
            assert_eq!(code(found), ErrorCode::Corrupt, "{name} {access:?}");
        }
        let made = directory.create(name, 4096, 4096, |_, _| Ok(()));
        assert!(made.unwrap().is_none(), "{name} is not replaced");
    }
    // The kernel opens no socket, by an error of its own.
    assert_eq!(code(directory.open_file("t.socket", Access::Read)), ErrorCode::System);
    assert_eq!(fs::read(target).unwrap(), b"secret");
    assert!(!Path::new("/nowhere").exists());
}

const WAYS: [Naming; 5] =
    [Naming::Link, Naming::LinkDirect, Naming::LinkProc, Naming::Unlinkable, Naming::Rename];

#[test]
fn a_file_gets_its_name_complete_in_each_way() {
    for way in WAYS {
        let base = Base::new("naming");
        let directory = base.open().unwrap().naming(way);
        let made = directory.create("t.lane", 8192, 8192, |file, mapping| {
            assert!(file.claim(7, || ()).unwrap());
            // SAFETY: the first byte of a mapping of two pages.
            unsafe { mapping.pointer(0, 1).write(42) };
            let named = directory.names()?.iter().any(|name| !name.starts_with('.'));
            assert!(!named, "it has its name before it is complete");
            Ok(())
        });
        // Linking directly needs a capability, before Linux 6.10.
        if way == Naming::LinkDirect && made.is_err() {
            continue;
        }
        let file = made.unwrap().unwrap();
        assert!(file.is_linked().unwrap());
        let again = directory.create("t.lane", 4096, 4096, |_, _| Ok(())).unwrap();
        assert!(again.is_none(), "{way:?}: a name is given once");
        assert_eq!(directory.names().unwrap(), ["t.lane"], "{way:?}");
        let other = directory.open_file("t.lane", Access::ReadWrite).unwrap().unwrap();
        assert_eq!(other.bytes().unwrap(), 8192);
        assert!(other.is_held(7).unwrap() && !other.try_own().unwrap(), "{way:?}");
        // SAFETY: an integer.
        assert_eq!(unsafe { other.map(8192, false).unwrap().copy::<u8>(0) }, 42);
        let failed = directory.create("t.other", 4096, 4096, |_, _| {
            Err(framelane_shm::Error::new(ErrorCode::Internal, "of the test"))
        });
        assert_eq!(code(failed), ErrorCode::Internal);
        assert_eq!(directory.names().unwrap(), ["t.lane"], "{way:?}: nothing is left");
    }
}

/// Set in a process that dies while it makes a file: where.
const ROLE: &str = "FRAMELANE_NAMING_ROLE";

#[test]
fn who_dies_before_the_name_is_given_leaves_what_others_remove() {
    if let Ok(role) = std::env::var(ROLE) {
        let (base, way) = role.split_once(' ').unwrap();
        let way = WAYS.into_iter().find(|known| format!("{known:?}") == way).unwrap();
        let directory = Directory::open(Path::new(base), "ns").unwrap().naming(way);
        let _ = directory.create("t.lane", 4096, 4096, |_, _| {
            // SAFETY: ends this process.
            unsafe { libc::raise(libc::SIGKILL) };
            Ok(())
        });
        return;
    }
    for way in WAYS {
        let base = Base::new("dies");
        let directory = base.open().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        let test = "who_dies_before_the_name_is_given_leaves_what_others_remove";
        child.args(["--exact", test]).env(ROLE, format!("{} {way:?}", base.0.display()));
        assert_eq!(child.output().unwrap().status.code(), None, "killed");
        let left = directory.names().unwrap();
        assert_eq!(left.len(), usize::from(way == Naming::Rename), "{way:?}: {left:?}");
        for name in left {
            assert!(directory.remove_orphan_temporary(&name).unwrap());
        }
        assert!(directory.names().unwrap().is_empty());
    }
}

#[test]
fn a_temporary_name_in_use_stays() {
    let base = Base::new("temporary");
    let directory = base.open().unwrap().naming(Naming::Rename);
    fs::write(directory.path().join(".notes"), "mine").unwrap();
    let made = directory.create("t.lane", 4096, 4096, |_, _| {
        for name in directory.names()? {
            assert!(!directory.remove_orphan_temporary(&name)?, "{name}");
        }
        assert_eq!(directory.names()?.len(), 2);
        Ok(())
    });
    made.unwrap().unwrap();
    assert!(!directory.remove_orphan_temporary(".notes").unwrap());
}

/// What a process gets that has a handler for a signal.
extern "C" fn ignore(_: libc::c_int) {}

/// Newer kernels go on over signals by themselves; for others see the tests of `in_steps`.
#[test]
fn memory_is_had_in_a_storm_of_signals() {
    // SAFETY: integers and an empty set, for which zeros are values; no SA_RESTART.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = ignore as *const () as usize;
    // SAFETY: a handler that does nothing.
    let set = unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) };
    assert_eq!(set, 0);
    let base = Base::new("signals");
    let directory = base.open().unwrap();
    // SAFETY: no preconditions.
    let this = unsafe { libc::pthread_self() };
    let stop = AtomicU32::new(0);
    let start = Instant::now();
    thread::scope(|scope| {
        let storm = scope.spawn(|| {
            let mut sent = 0;
            while stop.load(Ordering::Relaxed) == 0 && start.elapsed() < Duration::from_secs(50) {
                // SAFETY: a thread that waits for this one.
                unsafe { libc::pthread_kill(this, libc::SIGUSR1) };
                sent += 1;
                thread::sleep(Duration::from_micros(300));
            }
            sent
        });
        let bytes = 256 << 20;
        let file = directory.create("p.0.d", bytes, bytes, |_, _| Ok(()));
        let took = start.elapsed();
        stop.store(1, Ordering::Relaxed);
        let sent = storm.join().unwrap();
        drop(file.unwrap().unwrap());
        let blocks = fs::metadata(directory.path().join("p.0.d")).unwrap().blocks() * 512;
        assert_eq!(blocks, bytes, "every byte is backed");
        assert!(sent > 20, "{sent} signals in {took:?}");
        assert!(took < Duration::from_secs(40), "{took:?}, {sent} signals");
    });
}

#[test]
fn the_members_of_a_group_share_a_directory() {
    // SAFETY: no preconditions; for the whole process, whose other tests do not depend on it.
    unsafe { libc::umask(0o077) };
    let base = Base::new("group");
    let open = || Directory::open_shared(&base.0, "ns", Some(gid()));
    let directory = Arc::new(open().unwrap());
    let root = base.0.join(format!("framelane-g{}", gid()));
    assert_eq!(directory.path(), root.join("ns"));
    assert_eq!((mode(&root), mode(directory.path())), (0o2770, 0o2770));
    for way in WAYS {
        let directory = open().unwrap().naming(way);
        for (name, bits) in
            [("t.lane", 0o660), ("t.lane.d", 0o660), ("p.0.c", 0o660), ("p.0.d", 0o640)]
        {
            let Ok(made) = directory.create(name, 4096, 4096, |_, _| Ok(())) else { continue };
            made.unwrap();
            assert_eq!(mode(directory.path().join(name)), bits, "{name}");
            assert_eq!(fs::metadata(directory.path().join(name)).unwrap().gid(), gid());
            directory.unlink(name).unwrap();
        }
    }
    let bell = Doorbell::create(&directory).unwrap();
    assert_eq!(mode(directory.path().join(format!("f.{:016x}", bell.id()))), 0o660);
    // What its maker died over is finished; what is open to more than the group is not accepted.
    fs::set_permissions(&root, Permissions::from_mode(0o700)).unwrap();
    open().unwrap();
    assert_eq!(mode(&root), 0o2770);
    for bits in [0o770, 0o2771, 0o2750, 0o3770] {
        fs::set_permissions(&root, Permissions::from_mode(bits)).unwrap();
        assert_eq!(code(open()), ErrorCode::Permission, "{bits:o}");
    }
    fs::set_permissions(&root, Permissions::from_mode(0o2770)).unwrap();
    open().unwrap();
}

#[test]
fn a_group_is_named_or_numbered() {
    assert_eq!(group_id("root").unwrap(), 0);
    assert_eq!(group_id("54321").unwrap(), 54_321);
    for bad in ["", "no such group", "-1", "4294967295", "a\0b"] {
        assert_eq!(code(group_id(bad)), ErrorCode::InvalidArgument, "{bad:?}");
    }
}
