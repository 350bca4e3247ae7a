//! A child process that does what it is told, one line at a time: see `obey.rs`.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use framelane::Result;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use crate::figures::{fail, refused};

/// Longest time until all of them sleep.
const PATIENCE: Duration = Duration::from_secs(10);

/// A child process; killed when dropped.
#[derive(Debug)]
pub(crate) struct Child {
    process: process::Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Child {
    /// Starts one that has no topic yet.
    pub(crate) fn start() -> Result<Self> {
        let mut process = Command::new(env::current_exe().map_err(refused)?)
            .arg("obey")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(refused)?;
        let (Some(orders), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            return fail("a child without pipes");
        };
        Ok(Self { process, orders, answers: BufReader::new(answers) })
    }

    /// Starts one that has topic `name` open.
    pub(crate) fn with_topic(name: &str, depth: u32) -> Result<Self> {
        let mut child = Self::start()?;
        child.ask(&format!("open {name} {depth}"))?;
        Ok(child)
    }

    /// Gives an order.
    pub(crate) fn tell(&mut self, order: &str) -> Result<()> {
        writeln!(self.orders, "{order}").map_err(refused)
    }

    /// Waits until it says that it has done something.
    pub(crate) fn hear(&mut self) -> Result<()> {
        let mut answer = String::new();
        self.answers.read_line(&mut answer).map_err(refused)?;
        if answer == "ok\n" { Ok(()) } else { fail("a child has failed") }
    }

    /// Gives an order and waits until it is done.
    pub(crate) fn ask(&mut self, order: &str) -> Result<()> {
        self.tell(order)?;
        self.hear()
    }

    /// Stops it; it is stopped when this returns.
    pub(crate) fn stop(&self) -> Result<()> {
        self.signal(Signal::STOP)?;
        let status = waitpid(Some(self.pid()), WaitOptions::UNTRACED).map_err(refused)?;
        let stopped = status.is_some_and(|(_, status)| status.stopped());
        if stopped { Ok(()) } else { fail("a child does not stop") }
    }

    /// Sends `signal` to it.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(self.pid(), signal).map_err(refused)
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    /// Whether the kernel has put it to sleep.
    fn sleeps(&self) -> Result<bool> {
        let path = format!("/proc/{}/stat", self.process.id());
        let stat = fs::read_to_string(path).map_err(refused)?;
        // The name before it is in brackets and may hold anything.
        Ok(stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S')))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Gives all of `children` the same order and waits until it is done.
pub(crate) fn ask_all(children: &mut [Child], order: &str) -> Result<()> {
    children.iter_mut().try_for_each(|child| child.tell(order))?;
    hear_all(children)
}

/// Waits until all of `children` say that they have done something.
pub(crate) fn hear_all(children: &mut [Child]) -> Result<()> {
    children.iter_mut().try_for_each(Child::hear)
}

/// Waits until all of `children` sleep.
pub(crate) fn until_asleep(children: &[Child]) -> Result<()> {
    let start = Instant::now();
    for child in children {
        while !child.sleeps()? {
            if start.elapsed() > PATIENCE {
                return fail("a child does not sleep");
            }
            thread::sleep(Duration::from_micros(50));
        }
    }
    Ok(())
}
