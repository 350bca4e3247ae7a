//! How much memory the control groups of this process leave it. Where a file system is full the
//! kernel says so; where a control group is, it kills. So it is looked at first.
//!
//! Both versions are read. What a group has in its cache of other files is taken to be free, for
//! the kernel drops that before it kills; swap is not counted.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use framelane_layout::ErrorCode;

use crate::error::{Error, Result};

/// For how long a reading, less what was taken since, is good enough: a pool that grows by small
/// slots does not read files for each.
const FRESH: Duration = Duration::from_millis(100);

/// What is left to the processes of a group for themselves. The kernel charges pages ahead, 64 for
/// each processor, so that a group can be full before its usage says so.
const RESERVE: u64 = 1 << 20;

/// Names of the files that tell of a group.
#[derive(Clone, Copy, Debug)]
struct Files {
    limit: &'static str,
    usage: &'static str,
    /// Lines of `memory.stat` whose memory can be had back.
    cache: [&'static str; 2],
}

const V1: Files = Files {
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    cache: ["total_inactive_file", "total_active_file"],
};

const V2: Files =
    Files { limit: "memory.max", usage: "memory.current", cache: ["inactive_file", "active_file"] };

/// The groups that limit this process.
#[derive(Debug, Default)]
pub struct MemoryLimits {
    groups: Vec<(PathBuf, Files)>,
    /// When it was looked, and how much may still be taken.
    seen: Mutex<Option<(Instant, u64)>>,
}

impl MemoryLimits {
    /// Those of this process; none where they cannot be found.
    #[must_use]
    pub fn of_process() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        Self::from_proc(&read("/proc/self/cgroup"), &read("/proc/self/mountinfo"))
    }

    /// Those that the files `cgroup` and `mountinfo` of a process tell of.
    #[must_use]
    pub fn from_proc(cgroup: &str, mountinfo: &str) -> Self {
        let mut groups = Vec::new();
        for line in cgroup.lines() {
            let mut fields = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
            let files = match controllers {
                "" => V2,
                _ if controllers.split(',').any(|name| name == "memory") => V1,
                _ => continue,
            };
            let kind = if controllers.is_empty() { "cgroup2" } else { "cgroup" };
            let mut mounts = mountinfo.lines().filter_map(|line| mount(line, kind));
            let Some((root, point)) = mounts.next_back() else { continue };
            // Inside a container the path may be above what is mounted: then the mount is ours.
            let below = Path::new(path).strip_prefix(root).unwrap_or(Path::new(""));
            let ancestors = below.ancestors().map(|ancestor| Path::new(point).join(ancestor));
            let limited = ancestors.filter(|path| path.join(files.limit).exists());
            groups.extend(limited.map(|path| (path, files)));
        }
        Self { groups, seen: Mutex::default() }
    }

    /// Refuses what would not fit.
    ///
    /// # Errors
    /// [`ErrorCode::NoSpace`], which names the group.
    pub fn check(&self, bytes: u64) -> Result<()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, room)) = &mut *seen
            && at.elapsed() < FRESH
            && let Some(left) = room.checked_sub(bytes)
        {
            *room = left;
            return Ok(());
        }
        *seen = None;
        let mut room = u64::MAX;
        for (path, files) in &self.groups {
            let Some(group) = Room::of(path, *files, bytes) else { continue };
            if group.free < bytes {
                return Err(group.refusal(path, bytes));
            }
            room = room.min(group.free);
        }
        *seen = Some((Instant::now(), room - bytes));
        Ok(())
    }
}

/// The root and the mount point of a line of `mountinfo` that is about control groups: of version
/// 2, or those of version 1 that count memory.
fn mount<'a>(line: &'a str, kind: &str) -> Option<(&'a str, &'a str)> {
    let (before, after) = line.split_once(" - ")?;
    let mut after = after.split(' ');
    let memory = |options: &str| options.split(',').any(|name| name == "memory");
    if after.next()? != kind || (kind == "cgroup" && !memory(after.nth(1)?)) {
        return None;
    }
    let mut fields = before.split(' ').skip(3);
    Some((fields.next()?, fields.next()?))
}

/// What a group has to give.
struct Room {
    limit: u64,
    usage: u64,
    free: u64,
}

impl Room {
    /// `None`: it has no limit, or has gone.
    fn of(path: &Path, files: Files, wanted: u64) -> Option<Self> {
        let number = |name| fs::read_to_string(path.join(name)).ok()?.trim().parse::<u64>().ok();
        // Version 1 says by a huge number that there is none.
        let limit = number(files.limit).filter(|&limit| limit < 1 << 62)?;
        let usage = number(files.usage)?;
        let mut free = limit.saturating_sub(usage);
        if free < wanted.saturating_add(RESERVE) {
            // Above the limit, too: then some of the cache must go before anything else.
            let cache = fs::read_to_string(path.join("memory.stat")).unwrap_or_default();
            let lines = cache.lines().filter_map(|line| line.split_once(' '));
            let lines = lines.filter(|(name, _)| files.cache.contains(name));
            let cache: u64 = lines.filter_map(|(_, bytes)| bytes.parse::<u64>().ok()).sum();
            free = limit.saturating_add(cache).saturating_sub(usage).min(limit);
        }
        Some(Self { limit, usage, free: free.saturating_sub(RESERVE) })
    }

    fn refusal(&self, path: &Path, bytes: u64) -> Error {
        let text = format!(
            "{bytes} bytes of shared memory cannot be had: the control group {} allows {} bytes, \
             {} are in use and {} can be had; raise its limit or lower maxBytes",
            path.display(),
            self.limit,
            self.usage,
            self.free
        );
        Error::new(ErrorCode::NoSpace, text)
    }
}
