//! The end of a run: what is left in the queues is taken, the slots of the owner that lived are
//! counted, and one opener removes what nobody has any more.

use std::time::{Duration, Instant};
use std::{fs, io, thread};

use crate::actor::{self, Plan, Role, reached};
use crate::board::{Common, Mark};
use crate::fleet::{Fleet, fork};

/// Longest time for each step; a step takes a fraction of a second.
const STEP: Duration = Duration::from_secs(20);
/// The seat of those who come last.
const LAST_SEAT: usize = 1;

/// Audits, and adds what it finds to the report.
///
/// # Errors
/// The operating system refuses.
pub(crate) fn audit(fleet: &mut Fleet) -> io::Result<()> {
    let board = fleet.board;
    board.common(Common::Phase).set(1);
    wait_for(fleet, reached::QUIET, "the anchor does not come to rest");
    finish(fleet, actor::drain, "draining the queues")?;
    count_jobs(fleet);
    board.common(Common::Phase).set(2);
    wait_for(fleet, reached::COUNTED, "the anchor does not count");
    count_slots(fleet);
    // Killed like the others, so that the opener finds everything an owner can leave.
    end_anchor(fleet);
    finish(fleet, actor::open_once, "the last opener")?;
    count_files(fleet);
    Ok(())
}

fn wait_for(fleet: &mut Fleet, what: u64, otherwise: &str) {
    let start = Instant::now();
    while fleet.board.common(Common::Reached).get() < what {
        if start.elapsed() > STEP || !fleet.anchor_lives() {
            fleet.report.hangs += 1;
            fleet.report.complain(otherwise.into());
            return;
        }
        fleet.reap();
        thread::sleep(Duration::from_millis(1));
    }
}

/// Runs a process to its end.
fn finish(fleet: &mut Fleet, work: fn(&Plan) -> !, name: &str) -> io::Result<()> {
    fleet.board.clear(LAST_SEAT);
    let plan = Plan {
        board: fleet.board,
        seat: LAST_SEAT,
        roles: vec![Role::Worker],
        seed: 1,
        namespace: fleet.options.namespace.clone(),
    };
    let pid = fork(|| work(&plan))?;
    let start = Instant::now();
    loop {
        let mut status = 0;
        // SAFETY: `status` is ours, `pid` a child of ours; the call does not block.
        if unsafe { libc::waitpid(pid, &raw mut status, libc::WNOHANG) } == pid {
            break;
        }
        if start.elapsed() > STEP {
            fleet.report.hangs += 1;
            fleet.report.complain(format!("{name}: no end"));
            // SAFETY: a child of ours that has not been waited for.
            unsafe { libc::kill(pid, libc::SIGKILL) };
            // SAFETY: as above.
            unsafe { libc::waitpid(pid, &raw mut status, 0) };
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    fleet.report.collect(fleet.board.line(LAST_SEAT, 0));
    if let Some(text) = fleet.board.complaint(LAST_SEAT) {
        fleet.report.complain(format!("{name}: {text}"));
    }
    Ok(())
}

/// Jobs whose `send` had returned and that nobody had.
fn count_jobs(fleet: &mut Fleet) {
    let board = fleet.board;
    let published = |queue: usize, word: Common| {
        let end = u32::try_from(board.common(word).get()).unwrap_or(u32::MAX);
        (0..=end).filter(move |&number| board.is_marked(queue, number, Mark::Published))
    };
    let unseen = |number: &u32| !board.is_marked(0, *number, Mark::Delivered);
    let along = published(0, Common::NextJob).filter(unseen).count() as u64;
    // One that dies with a job in its hands takes it along, and no more than one.
    let too_many = along.saturating_sub(fleet.report.consumer_kills);
    let open = |number: &u32| {
        let is = |mark| board.is_marked(1, *number, mark);
        !is(Mark::Delivered) || !(is(Mark::Acknowledged) || is(Mark::Perhaps))
    };
    let lost: Vec<u32> = published(1, Common::NextJobToo).filter(open).collect();
    fleet.report.taken_along = along;
    fleet.report.queue_lost = too_many + lost.len() as u64;
    if too_many > 0 {
        fleet.report.complain(format!("{along} jobs went with the dead"));
    }
    if !lost.is_empty() {
        let some = &lost[..lost.len().min(8)];
        fleet.report.complain(format!("jobs that nobody acknowledged: {some:?}"));
    }
}

fn count_slots(fleet: &mut Fleet) {
    let count = |word| fleet.board.common(word).get();
    let (slots, loans) = (count(Common::Slots), count(Common::Loans));
    let (backed, free) = (count(Common::Backed), count(Common::Free));
    let lost = (slots - loans.min(slots)).max(backed - free.min(backed));
    fleet.report.lost_slots = lost;
    if lost > 0 || slots == 0 {
        let text = format!("{slots} slots, {loans} loaned; {backed} backed, {free} free");
        fleet.report.complain(text);
        fleet.report.lost_slots = lost.max(1);
    }
}

fn end_anchor(fleet: &mut Fleet) {
    for process in &fleet.processes {
        // SAFETY: a child of ours that has not been waited for.
        unsafe { libc::kill(process.pid, libc::SIGKILL) };
        let mut status = 0;
        // SAFETY: as above.
        unsafe { libc::waitpid(process.pid, &raw mut status, 0) };
    }
    for process in std::mem::take(&mut fleet.processes) {
        for line in 0..process.roles.len() {
            fleet.report.collect(fleet.board.line(process.seat, line));
        }
        if let Some(text) = fleet.board.complaint(process.seat) {
            fleet.report.complain(format!("anchor: {text}"));
        }
    }
}

/// What the last opener has left of the namespace.
fn count_files(fleet: &mut Fleet) {
    // SAFETY: asks for a number.
    let user = unsafe { libc::geteuid() };
    let path = format!("/dev/shm/framelane-{user}/{}", fleet.options.namespace);
    let Ok(entries) = fs::read_dir(&path) else { return };
    let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    fleet.report.leaked_files = names.len() as u64;
    if names.is_empty() {
        let _ = fs::remove_dir(&path);
    } else {
        fleet.report.complain(format!("left: {names:?}"));
    }
}
