//! Control groups that are full: refused before the kernel would kill, a mebibyte short of it.
//! The groups are plain files here; `__test__/process/cgroup.spec.ts` has a real one.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use framelane_layout::ErrorCode;
use framelane_shm::{Directory, MemoryLimits};

const MIB: u64 = 1 << 20;

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("framelane-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, path: &str, text: impl ToString) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{}\n", text.to_string())).unwrap();
    }

    /// As `/proc/self/mountinfo` tells of it.
    fn mounted(&self, root: &str, kind: &str, options: &str) -> String {
        format!(
            "25 30 0:23 / /sys rw - sysfs sysfs rw\n\
             31 25 0:26 {root} {} rw,nosuid shared:9 - {kind} {kind} {options}\n",
            self.0.display()
        )
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn refused(limits: &MemoryLimits, bytes: u64) -> String {
    let error = limits.check(bytes).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NoSpace);
    error.text().to_owned()
}

#[test]
fn every_ancestor_of_version_2_is_asked() {
    let folder = Folder::new("v2");
    folder.write("slice/pod/app/memory.max", "max");
    folder.write("slice/pod/app/memory.current", MIB);
    folder.write("slice/pod/memory.max", 64 * MIB);
    folder.write("slice/pod/memory.current", 59 * MIB);
    folder.write("slice/memory.max", 100 * MIB);
    folder.write("slice/memory.current", 97 * MIB);
    let mounts = folder.mounted("/", "cgroup2", "rw,nsdelegate");
    let limits = || MemoryLimits::from_proc("0::/slice/pod/app\n", &mounts);
    limits().check(2 * MIB).unwrap();
    let text = refused(&limits(), 2 * MIB + 1);
    assert!(text.contains(&format!("{}/slice allows", folder.0.display())), "{text}");
    folder.write("slice/memory.max", "max");
    let text = refused(&limits(), 4 * MIB + 1);
    assert!(text.contains("/slice/pod allows 67108864 bytes, 61865984 are in use"), "{text}");
    // What lies in the cache of other files can be had back.
    folder.write("slice/pod/memory.stat", "anon 7\ninactive_file 1048576\nactive_file 1048576");
    limits().check(6 * MIB).unwrap();
    refused(&limits(), 6 * MIB + 1);
    // More in use than allowed, after a limit was lowered: no overflow, and nothing to be had.
    folder.write("slice/pod/memory.max", MIB);
    refused(&limits(), 4096);
}

#[test]
fn version_1_is_asked_where_memory_is_counted() {
    let folder = Folder::new("v1");
    folder.write("box/memory.limit_in_bytes", 10 * MIB);
    folder.write("box/memory.usage_in_bytes", 8 * MIB);
    folder.write("box/memory.stat", "inactive_file 99999999\ntotal_inactive_file 4096");
    folder.write("memory.limit_in_bytes", i64::MAX - 4095);
    folder.write("memory.usage_in_bytes", 123);
    let cgroup = "8:pids:/\n4:hugetlb,memory:/box\n0::/\n";
    let limits = MemoryLimits::from_proc(cgroup, &folder.mounted("/", "cgroup", "rw,memory"));
    limits.check(MIB + 4096).unwrap();
    refused(&limits, MIB + 4097);
    let other = MemoryLimits::from_proc(cgroup, &folder.mounted("/", "cgroup", "rw,pids"));
    other.check(u64::MAX).unwrap();
}

#[test]
fn a_container_sees_its_own_group_as_the_root() {
    let folder = Folder::new("container");
    folder.write("memory.limit_in_bytes", 11 * MIB);
    folder.write("memory.usage_in_bytes", 0);
    folder.write("deep/memory.limit_in_bytes", 2 * MIB);
    folder.write("deep/memory.usage_in_bytes", 0);
    let mounts = folder.mounted("/docker/0123", "cgroup", "rw,memory");
    for (path, most) in [("/docker/0123", 10), ("/docker/0123/deep", 1), ("/elsewhere", 10)] {
        let limits = MemoryLimits::from_proc(&format!("4:memory:{path}\n"), &mounts);
        limits.check(most * MIB).unwrap();
        refused(&limits, most * MIB + 1);
    }
}

#[test]
fn a_reading_is_used_again_only_for_what_it_allows() {
    let folder = Folder::new("fresh");
    folder.write("memory.max", 11 * MIB);
    folder.write("memory.current", 0);
    let limits = MemoryLimits::from_proc("0::/\n", &folder.mounted("/", "cgroup2", "rw"));
    limits.check(MIB).unwrap();
    // What others take is not seen at once; what this process takes is.
    folder.write("memory.current", 10 * MIB);
    limits.check(9 * MIB).unwrap();
    refused(&limits, 4096);
    refused(&limits, 1);
    folder.write("memory.current", 9 * MIB);
    limits.check(MIB).unwrap();
}

#[test]
fn a_machine_without_groups_has_no_limits_and_this_one_can_be_asked() {
    for (cgroup, mounts) in [("", ""), ("0::/\n", ""), ("nonsense", "nonsense - - -\n - cgroup2")] {
        MemoryLimits::from_proc(cgroup, mounts).check(u64::MAX).unwrap();
    }
    MemoryLimits::of_process().check(4096).unwrap();
}

#[test]
fn a_file_beyond_the_limit_is_refused_and_leaves_nothing() {
    let folder = Folder::new("file");
    folder.write("memory.max", 11 * MIB);
    folder.write("memory.current", 8 * MIB);
    let limits = MemoryLimits::from_proc("0::/\n", &folder.mounted("/", "cgroup2", "rw"));
    let namespace = format!("cgroup-{}", std::process::id());
    let directory = Directory::open(Path::new("/dev/shm"), &namespace).unwrap().within(limits);
    let error = directory.create("p.x", 4 * MIB, 3 * MIB, |_, _| Ok(())).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NoSpace);
    assert!(directory.names().unwrap().is_empty());
    // Not what it is long but what is backed counts, and each growth for itself.
    let file = directory.create("p.x", 40 * MIB, 2 * MIB, |_, _| Ok(())).unwrap().unwrap();
    folder.write("memory.current", 10 * MIB);
    assert_eq!(file.back(2 * MIB, MIB).unwrap_err().code(), ErrorCode::NoSpace);
    folder.write("memory.current", 9 * MIB);
    file.back(2 * MIB, MIB).unwrap();
    directory.unlink("p.x").unwrap();
    directory.remove_if_empty();
}
