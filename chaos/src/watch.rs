//! Who makes no progress although those it needs are at work.

use std::fs;
use std::time::{Duration, Instant};

use crate::actor::Role;
use crate::board::Field;
use crate::fleet::{Fleet, Process, kill};

/// Longest time without a frame, while those it needs move frames.
const LONGEST: Duration = Duration::from_secs(1);
/// The same where they move none either.
const LONGEST_OF_ALL: Duration = Duration::from_secs(5);
/// From when on it is looked at whether the machine lets the process run at all.
const SUSPECT: Duration = Duration::from_millis(200);
/// Frames by which those it needs show that they are at work.
const AT_WORK: u64 = 200;
/// Longest start, of a Rust process and of Node on a busy machine.
const START: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(30)];
/// Longest end after SIGTERM.
const END: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(15)];
/// More than this between two looks is the machine's doing.
const LOOK: Duration = Duration::from_millis(10);

/// How long a role has not moved a frame.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stall {
    moved: u64,
    /// While nobody it may need was stopped.
    time: Duration,
    suspected: Option<Suspicion>,
}

/// What stood where when a role was first suspected.
#[derive(Clone, Copy, Debug)]
struct Suspicion {
    /// How long the process had waited for a processor.
    waited: Duration,
    /// Frames that those it needs had moved.
    others: u64,
}

impl Stall {
    /// Whether it is to be left alive, to see whether it hangs.
    pub(crate) fn is_suspected(&self) -> bool {
        self.suspected.is_some()
    }
}

impl Fleet {
    /// Looks at everybody's progress.
    pub(crate) fn watch(&mut self) {
        let now = Instant::now();
        let passed = (now - self.looked).min(LOOK);
        self.looked = now;
        let groups = |process: &Process| process.roles.iter().fold(0, |all, r| all | r.group());
        let stopped: u32 =
            self.processes.iter().filter(|p| p.stopped.is_some()).fold(0, |all, p| all | groups(p));
        let mut hung = Vec::new();
        for index in 0..self.processes.len() {
            let process = &self.processes[index];
            let passed = if groups(process) & stopped == 0 { passed } else { Duration::ZERO };
            let why = self.too_slow(process, now);
            if let Some(why) = why.or_else(|| self.watch_roles(index, passed)) {
                hung.push((index, why));
            }
        }
        for (index, why) in hung {
            self.hang(index, &why);
        }
    }

    /// What takes a process too long at its start or its end.
    fn too_slow(&self, process: &Process, now: Instant) -> Option<String> {
        let node = usize::from(process.node);
        if process.stopped.is_some() {
            return None;
        }
        if process.told.is_some_and(|told| now - told > END[node]) {
            return Some("does not end".into());
        }
        let late = !process.ready && now - process.born > START[node];
        late.then(|| "does not start".into())
    }

    fn watch_roles(&mut self, index: usize, passed: Duration) -> Option<String> {
        let (board, process) = (self.board, &mut self.processes[index]);
        let line = |line| board.line(process.seat, line);
        let ready = |at: usize| line(at).field(Field::Ready).get() > 0;
        process.ready |= (0..process.roles.len()).all(ready);
        if !process.ready || process.told.is_some() {
            return None;
        }
        for at in 0..process.roles.len() {
            let moved = board.line(self.processes[index].seat, at).field(Field::Moved).get();
            let stall = &mut self.processes[index].stalls[at];
            if moved != stall.moved {
                *stall = Stall { moved, ..Stall::default() };
                continue;
            }
            stall.time += passed;
            if stall.time > SUSPECT
                && let Some(why) = self.suspect(index, at)
            {
                return Some(why);
            }
        }
        None
    }

    /// A role has not moved a frame for some time. Time in which the machine did not let it run
    /// does not count, nor time in which those it needs did nothing, up to a limit.
    fn suspect(&mut self, index: usize, at: usize) -> Option<String> {
        let process = &self.processes[index];
        let (role, stall) = (process.roles[at], process.stalls[at]);
        let now = Suspicion { waited: waited(process.pid), others: self.moved_by(role.needs()) };
        let Some(first) = stall.suspected else {
            self.processes[index].stalls[at].suspected = Some(now);
            return None;
        };
        let time = stall.time.saturating_sub(now.waited.saturating_sub(first.waited));
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.report.longest_stall_ms = self.report.longest_stall_ms.max(ms);
        let others = now.others - first.others.min(now.others);
        let idle = role.needs().is_some() && others < AT_WORK;
        let limit = if idle { LONGEST_OF_ALL } else { LONGEST };
        (time > limit).then(|| {
            let moved = stall.moved;
            format!("{}: no frame for {ms} ms after {moved}, others {others}", role.name())
        })
    }

    /// Frames that all of a role have ever moved.
    fn moved_by(&self, role: Option<Role>) -> u64 {
        let Some(role) = role else { return 0 };
        let lines = self.processes.iter().flat_map(|process| {
            let roles = process.roles.iter().enumerate();
            roles.filter(|(_, other)| **other == role).map(|(at, _)| (process.seat, at))
        });
        let live: u64 =
            lines.map(|(seat, at)| self.board.line(seat, at).field(Field::Moved).get()).sum();
        live + self.report.moved_by[role as usize]
    }

    fn hang(&mut self, index: usize, why: &str) {
        let process = &self.processes[index];
        let pid = process.pid;
        let place = fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
        let counts: Vec<String> = (0..process.roles.len())
            .map(|line| {
                let line = self.board.line(process.seat, line);
                let count = |field| line.field(field).get();
                let (full, none) = (count(Field::Backpressure), count(Field::Exhausted));
                format!("{full} times no room, {none} times no slot")
            })
            .collect();
        let age = process.born.elapsed().as_millis();
        let text = format!(
            "hang: {pid} {:?} after {age} ms: {why}; in {place}; {counts:?}; stats {}",
            process.roles,
            self.board.complaint(process.seat).unwrap_or_default(),
        );
        self.report.complain(text);
        self.report.hangs += 1;
        self.stop_to_look(pid);
        if self.processes[index].seat == 0 {
            // Nobody could be blamed for anything without it.
            self.processes[index].stalls = Default::default();
            return;
        }
        kill(&mut self.processes[index], libc::SIGKILL);
        self.processes[index].stalls = Default::default();
    }

    /// With CHAOS_HOLD set, leaves a hung process to a debugger.
    fn stop_to_look(&self, pid: i32) {
        if std::env::var_os("CHAOS_HOLD").is_some() {
            println!("held: {pid} in {}", self.options.namespace);
            std::thread::sleep(Duration::from_secs(600));
        }
    }
}

/// How long the threads of a process have waited for a processor since they began.
fn waited(pid: i32) -> Duration {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Duration::ZERO };
    let of = |path: std::path::PathBuf| {
        let text = fs::read_to_string(path.join("schedstat")).ok()?;
        text.split(' ').nth(1)?.trim().parse().ok()
    };
    let all = tasks.flatten().filter_map(|task| of(task.path()));
    all.map(Duration::from_nanos).max().unwrap_or(Duration::ZERO)
}
