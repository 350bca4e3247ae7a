//! Who makes no progress although those it needs are at work.

use std::fs;
use std::time::{Duration, Instant};

use crate::board::Field;
use crate::fleet::{Fleet, Process, kill};

/// Longest time without a frame.
const LONGEST: Duration = Duration::from_secs(1);
/// Longest start, of a Rust process and of Node on a busy machine.
const START: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(20)];
/// Longest end after SIGTERM.
const END: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(10)];
/// More than this between two looks is the machine's doing.
const LOOK: Duration = Duration::from_millis(10);

/// How long a role has not moved a frame.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stall {
    moved: u64,
    time: Duration,
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
        for (index, process) in self.processes.iter_mut().enumerate() {
            let at_work = |line| self.board.line(process.seat, line).field(Field::Ready).get() > 0;
            process.ready |= (0..process.roles.len()).all(at_work);
            let kept = groups(process) & stopped != 0;
            let (age, node) = (now - process.born, usize::from(process.node));
            if let Some(told) = process.told {
                if process.stopped.is_none() && now - told > END[node] {
                    hung.push((index, "does not end".to_owned()));
                }
                continue;
            }
            if !process.ready && age > START[node] && process.stopped.is_none() {
                hung.push((index, "does not start".to_owned()));
            }
            if !process.ready {
                continue;
            }
            for (line, role) in process.roles.iter().enumerate() {
                let moved = self.board.line(process.seat, line).field(Field::Moved).get();
                let stall = &mut process.stalls[line];
                if moved != stall.moved {
                    *stall = Stall { moved, time: Duration::ZERO };
                } else if !kept {
                    stall.time += passed;
                }
                let ms = u64::try_from(stall.time.as_millis()).unwrap_or(u64::MAX);
                self.report.longest_stall_ms = self.report.longest_stall_ms.max(ms);
                if stall.time > LONGEST {
                    hung.push((index, format!("{}: no frame after {moved}", role.name())));
                    break;
                }
            }
        }
        for (index, why) in hung {
            self.hang(index, &why);
        }
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
