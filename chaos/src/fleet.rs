//! The processes: who is started, who is stopped, who is killed.

use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use crate::actor::{self, Plan, ROLES, Role};
use crate::board::{Board, Common, FINISHED, Field, LINES, Mark, SEATS, finished};
use crate::options::Options;
use crate::random::Random;
use crate::report::Report;
use crate::watch::Stall;

/// Node processes at a time.
const NODES: usize = 4;
/// Kills of Node processes among a thousand.
const NODES_IN_1000: u64 = 27;
/// How long Node lives after its start, on average.
const NODE_LIFE: Duration = Duration::from_millis(15);

/// Processes at a time that live for seconds, the anchor included: who waits for ever must be
/// seen waiting.
const OLD: usize = 3;

/// How a process is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Kill,
    /// Is stopped for this time first.
    StopAndKill(Duration),
    /// Ends by itself after SIGTERM.
    Term,
    /// Is killed whether it has moved a frame or not.
    Early,
}

/// A process of ours.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) seat: usize,
    pub(crate) node: bool,
    /// Lives long.
    old: bool,
    pub(crate) roles: Vec<Role>,
    pub(crate) born: Instant,
    /// When all its roles were at work.
    pub(crate) ready: bool,
    /// When it is to be killed, if it has moved a frame by then; counted from its start.
    life: Duration,
    fate: Fate,
    /// Stopped until then.
    pub(crate) stopped: Option<(Instant, bool)>,
    /// Told to end.
    pub(crate) told: Option<Instant>,
    killed: bool,
    pub(crate) stalls: [Stall; LINES],
}

/// All processes.
pub(crate) struct Fleet {
    pub(crate) board: Board,
    pub(crate) options: Options,
    pub(crate) random: Random,
    pub(crate) report: Report,
    pub(crate) processes: Vec<Process>,
    pub(crate) looked: Instant,
}

impl Fleet {
    pub(crate) fn new(board: Board, options: &Options) -> Self {
        Self {
            board,
            options: options.clone(),
            random: Random::new(options.seed),
            report: Report::default(),
            processes: Vec::new(),
            looked: Instant::now(),
        }
    }

    /// Starts the owner that lives to the end, and waits for it.
    pub(crate) fn start_anchor(&mut self) -> io::Result<()> {
        self.spawn(0, actor::ANCHOR_ROLES.to_vec(), false)?;
        let start = Instant::now();
        while self.board.common(Common::Reached).get() == 0 {
            if start.elapsed() > Duration::from_secs(10) {
                let text = self.board.complaint(0).unwrap_or_default();
                return Err(io::Error::other(format!("the anchor does not start: {text}")));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    pub(crate) fn anchor_lives(&self) -> bool {
        self.processes.iter().any(|process| process.seat == 0)
    }

    /// One look at all of them.
    pub(crate) fn tick(&mut self) -> io::Result<()> {
        self.reap();
        self.watch();
        let now = Instant::now();
        for index in 0..self.processes.len() {
            if self.processes[index].seat != 0 {
                self.decide(index, now);
            }
        }
        self.fill_up()
    }

    fn decide(&mut self, index: usize, now: Instant) {
        let moved = self.moved(&self.processes[index]) > 0;
        let anybody_stopped = self.processes.iter().any(|process| process.stopped.is_some());
        let process = &mut self.processes[index];
        let age = now - process.born;
        match process.stopped {
            Some((until, _)) if now < until => return,
            Some((_, true)) => return kill(process, libc::SIGKILL),
            Some((_, false)) => {
                process.stopped = None;
                signal(process.pid, libc::SIGCONT);
                return;
            }
            None => {}
        }
        let watched = process.stalls.iter().any(Stall::is_suspected);
        let due = age > process.life && !watched && (moved || process.fate == Fate::Early);
        if process.killed || process.told.is_some() || !due {
            return;
        }
        match process.fate {
            Fate::Kill | Fate::Early => kill(process, libc::SIGKILL),
            Fate::Term => {
                process.told = Some(now);
                signal(process.pid, libc::SIGTERM);
            }
            // One at a time: whoever waits for two is never looked at.
            Fate::StopAndKill(_) if anybody_stopped => kill(process, libc::SIGKILL),
            Fate::StopAndKill(time) => {
                let last = self.random.percent(75);
                if !last {
                    process.life = age + time + self.options.life;
                    process.fate = Fate::Kill;
                    self.report.pauses += 1;
                }
                process.stopped = Some((now + time, last));
                signal(process.pid, libc::SIGSTOP);
            }
        }
    }

    /// Frames that a process has moved since it was started.
    fn moved(&self, process: &Process) -> u64 {
        let lines = (0..process.roles.len()).map(|line| self.board.line(process.seat, line));
        lines.map(|line| line.field(Field::Moved).get()).sum()
    }

    /// Takes note of those that have ended.
    pub(crate) fn reap(&mut self) {
        loop {
            let mut status = 0;
            // SAFETY: `status` is ours; the call does not block.
            let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
            if pid <= 0 {
                return;
            }
            if let Some(index) = self.processes.iter().position(|process| process.pid == pid) {
                let process = self.processes.swap_remove(index);
                self.bury(&process, status);
            }
        }
    }

    fn bury(&mut self, process: &Process, status: i32) {
        let moved = self.moved(process);
        let killed = libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL;
        if process.killed && killed {
            let stopped = process.stopped.is_some();
            if moved > 0 {
                self.report.kills += 1;
                self.report.node_kills += u64::from(process.node);
                self.report.stopped_kills += u64::from(stopped);
            } else {
                self.report.early_kills += 1;
            }
        } else if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 {
            self.report.ends += 1;
        } else {
            self.board.line(process.seat, 0).add(Field::Errors, 1);
            let text = format!("{:?} ended by itself, status {status:#x}", process.roles);
            self.report.complain(text);
        }
        for (line, role) in process.roles.iter().enumerate() {
            let line = self.board.line(process.seat, line);
            self.report.collect(line);
            self.report.moved_by[*role as usize] += line.field(Field::Moved).get();
            self.close_books(line, *role, process.killed);
        }
        if let Some(text) = self.board.complaint(process.seat) {
            self.report.complain(format!("{} {:?}: {text}", process.pid, process.roles));
        }
    }

    /// What a role that was killed could not say itself.
    fn close_books(&mut self, line: crate::board::Line, role: Role, killed: bool) {
        let number = |field| u32::try_from(line.field(field).get()).unwrap_or(0).checked_sub(1);
        if let Some(sender) = number(Field::Sender) {
            let word = self.board.sender(sender);
            if !finished(word.get()) {
                word.add(FINISHED);
            }
        }
        if let Some(number) = number(Field::Acknowledging) {
            self.board.mark(1, number, Mark::Perhaps);
        }
        self.report.consumer_kills += u64::from(killed && role == Role::Consumer);
    }

    /// Starts processes for the roles of which there are too few.
    fn fill_up(&mut self) -> io::Result<()> {
        let nodes = self.processes.iter().filter(|process| process.node).count();
        let rusts = self.processes.len() - nodes;
        let behind = self.report.node_kills * 1000 < (self.report.kills + 1) * NODES_IN_1000;
        if self.options.node.is_some() && behind && nodes < NODES {
            let seat = self.free_seat();
            let roles = self.missing(&self.options.node_roles.clone(), 2);
            self.spawn(seat, roles, true)?;
        }
        // The anchor is one of them.
        if rusts <= self.options.processes {
            let seat = self.free_seat();
            let all: Vec<Role> = self.options.roles.iter().map(|&(role, _)| role).collect();
            let mut roles = self.missing(&all, 3);
            if self.old_ones() < OLD {
                // Those who live long look at most of the frames.
                let looking = |role: &Role| [Role::Reader, Role::Subscriber].contains(role);
                roles.truncate(1);
                roles.extend(all.into_iter().filter(looking));
            }
            self.spawn(seat, roles, false)?;
        }
        Ok(())
    }

    fn old_ones(&self) -> usize {
        self.processes.iter().filter(|process| process.old).count()
    }

    fn free_seat(&self) -> usize {
        let taken = |seat: &usize| self.processes.iter().any(|process| process.seat == *seat);
        (1..SEATS).find(|seat| !taken(seat)).unwrap_or(SEATS - 1)
    }

    /// One to `most` roles among `from`, those first of which most are missing.
    fn missing(&mut self, from: &[Role], most: u64) -> Vec<Role> {
        let mut roles: Vec<Role> = Vec::new();
        let count = 1 + self.random.below(most).min(self.random.below(most));
        for _ in 0..count {
            let played = self.processes.iter().filter(|process| process.seat != 0);
            let played: Vec<Role> =
                played.flat_map(|process| process.roles.clone()).chain(roles.clone()).collect();
            let have = |role| played.iter().filter(|&&other| other == role).count();
            let wanted = |role: &Role| {
                let count = ROLES[*role as usize].2;
                (count * 100).saturating_sub(have(*role) * 100) / count
            };
            // Sent on by two at once, frames would not stay in order.
            let free = |role: &&Role| **role != Role::Relay || have(Role::Relay) == 0;
            let best = from.iter().filter(free).map(wanted).max().unwrap_or(0);
            let best: Vec<Role> =
                from.iter().filter(free).filter(|role| wanted(role) == best).copied().collect();
            if best.is_empty() {
                break;
            }
            roles.push(self.random.pick(&best));
        }
        if roles.is_empty() { vec![Role::Reader] } else { roles }
    }

    /// Starts a process.
    pub(crate) fn spawn(&mut self, seat: usize, roles: Vec<Role>, node: bool) -> io::Result<()> {
        self.board.clear(seat);
        let plan = Plan {
            board: self.board,
            seat,
            roles: roles.clone(),
            seed: self.random.next(),
            namespace: self.options.namespace.clone(),
        };
        let mean = if node { NODE_LIFE } else { self.options.life };
        let (life, fate) = (self.random.around(mean), self.fate());
        let old = !node && self.old_ones() < OLD;
        let seconds = Duration::from_millis(1500 + self.random.below(2500));
        let life = if old { seconds } else { life };
        let pid = if node { self.fork_node(&plan)? } else { fork(|| act(&plan))? };
        self.report.processes += 1;
        self.processes.push(Process {
            pid,
            seat,
            node,
            old: old || seat == 0,
            roles,
            born: Instant::now(),
            ready: false,
            life,
            fate,
            stopped: None,
            told: None,
            killed: false,
            stalls: Default::default(),
        });
        Ok(())
    }

    fn fate(&mut self) -> Fate {
        match self.random.below(1000) {
            0..3 => Fate::StopAndKill(Duration::from_millis(100 + self.random.below(800))),
            3..50 => Fate::StopAndKill(Duration::from_millis(1 + self.random.below(30))),
            50..100 => Fate::Term,
            100..120 => Fate::Early,
            _ => Fate::Kill,
        }
    }

    fn fork_node(&mut self, plan: &Plan) -> io::Result<i32> {
        let script = self.options.node.clone().unwrap_or_default();
        let names: Vec<&str> = plan.roles.iter().map(|role| role.name()).collect();
        let text = |text: String| CString::new(text).map_err(io::Error::other);
        let arguments = [
            text("node".into())?,
            CString::new(script.as_os_str().as_bytes())?,
            text(names.join(","))?,
            text(Board::line_offset(plan.seat).to_string())?,
            text(self.random.below(1 << 31).to_string())?,
            text(self.node_numbers(plan))?,
        ];
        let environment = [
            text(format!("FRAMELANE_NAMESPACE={}", plan.namespace))?,
            text(format!("FRAMELANE_MAX_BYTES={}", self.random.pick(&[96, 256, 4096]) << 10))?,
            text(format!("PATH={}", std::env::var("PATH").unwrap_or_default()))?,
        ];
        let fd = self.board.fd();
        fork(|| execute(&arguments, &environment, fd))
    }

    /// Numbers that a process which cannot count for itself is given: a sender's for each role,
    /// and jobs of both queues.
    fn node_numbers(&self, plan: &Plan) -> String {
        let senders = plan.roles.iter().enumerate().map(|(line, role)| {
            let stream = role.stream();
            let sender = self.board.new_sender(stream);
            let line = self.board.line(plan.seat, line);
            line.field(Field::Sender).set(u64::from(sender) + 1);
            sender.to_string()
        });
        let jobs = [Common::NextJob, Common::NextJobToo]
            .map(|word| (self.board.common(word).add(NODE_JOBS) + 1).to_string());
        senders.chain(jobs).collect::<Vec<_>>().join(",")
    }

    /// Kills all but the anchor.
    pub(crate) fn kill_all(&mut self) {
        for process in self.processes.iter_mut().filter(|process| process.seat != 0) {
            kill(process, libc::SIGKILL);
        }
        while self.processes.iter().any(|process| process.seat != 0) {
            self.reap();
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

/// Jobs of each queue that a Node process may make.
const NODE_JOBS: u64 = 1 << 10;

fn act(plan: &Plan) -> ! {
    if plan.seat == 0 { actor::audit(plan) } else { actor::run(plan) }
}

/// Becomes Node, with the board at descriptor 3.
fn execute(arguments: &[CString], environment: &[CString], fd: i32) -> ! {
    actor::begin("node");
    let pointers = |strings: &[CString]| {
        let ends = std::iter::once(std::ptr::null());
        strings.iter().map(|text| text.as_ptr()).chain(ends).collect::<Vec<_>>()
    };
    let (arguments, environment) = (pointers(arguments), pointers(environment));
    // SAFETY: duplicates a descriptor; where it is 3 already, nothing happens.
    unsafe { libc::dup2(fd, 3) };
    // SAFETY: arrays of strings with an end, with a null pointer as the last.
    unsafe { libc::execvpe(arguments[0], arguments.as_ptr(), environment.as_ptr()) };
    // SAFETY: ends this process only.
    unsafe { libc::_exit(127) }
}

/// Runs `child` in a new process. This one has one thread, so that the child is whole.
pub(crate) fn fork(child: impl FnOnce()) -> io::Result<i32> {
    // SAFETY: no other thread of this process exists that could hold a lock.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            child();
            std::process::exit(0)
        }
        pid => Ok(pid),
    }
}

fn signal(pid: i32, signal: i32) {
    // SAFETY: a child of ours that has not been waited for: the number is still its own.
    unsafe { libc::kill(pid, signal) };
}

pub(crate) fn kill(process: &mut Process, how: i32) {
    process.killed = true;
    signal(process.pid, how);
}
