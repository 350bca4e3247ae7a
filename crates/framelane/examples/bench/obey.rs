//! The other side of a measurement: a process that reads one order a line and answers `ok` when
//! it is done. It has one topic at most, and dies with the process that started it.

use std::io::{BufRead, stdin};
use std::time::Duration;

use framelane::raw::layout::topic::Mode;
use framelane::raw::{Doorbell, Subscriber, current};
use framelane::{Image, Kind, Options, Result, Topic};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::BorrowedFd;
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::figures::{STAMP, bytes, expect, fail, refused, right_bytes, send, send_filled};
use crate::round_trip::{answer, back_of};

/// Longest time that a frame may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Of received memory one byte in this many is looked at, so that all of it is mapped.
const PAGE: usize = 4096;
/// How many frames are published between two looks for the next order.
const PUBLISHED_AT_ONCE: u32 = 4096;

/// Reads orders until there are no more.
pub(crate) fn obey() -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(refused)?;
    let mut open: Option<Open> = None;
    for line in stdin().lock().lines() {
        let line = line.map_err(refused)?;
        let words: Vec<&str> = line.split(' ').collect();
        match (&words[..], &mut open) {
            (["open", name, depth], _) => open = Some(Open::new(name, number(depth)?)?),
            (["close"], _) => open = None,
            (["rest"], _) => {}
            (words, Some(open)) => open.obey(words)?,
            _ => return fail(&format!("not an order: {line}")),
        }
        println!("ok");
    }
    Ok(())
}

fn number(word: &str) -> Result<u32> {
    word.parse().or_else(|_| fail(&format!("{word} is not a number")))
}

struct Open {
    held: Vec<Image>,
    bell: Option<Bell>,
    topic: Topic<Image>,
}

impl Open {
    fn new(name: &str, depth: u32) -> Result<Self> {
        let topic = Topic::open_with(name, Options { depth, ..Options::default() })?;
        Ok(Self { held: Vec::new(), bell: None, topic })
    }

    fn obey(&mut self, words: &[&str]) -> Result<()> {
        match words {
            ["take", count] => (0..number(count)?).try_for_each(|_| self.take()),
            ["drop"] => {
                self.held.clear();
                Ok(())
            }
            ["check"] => self.check(),
            // The one before is held until then, as by somebody who always has the newest.
            ["follow"] => {
                self.take()?;
                self.held.drain(..self.held.len() - 1);
                Ok(())
            }
            ["send", count] => (0..number(count)?).try_for_each(|_| send(&mut self.topic, STAMP)),
            ["fill", count] => (0..number(count)?)
                .try_for_each(|value| send_filled(&mut self.topic, value.to_le_bytes()[0])),
            ["publish"] => self.publish(),
            ["answer", count] => self.answer(number(count)?),
            ["sleep"] => self.sleep(),
            ["bell"] => self.sleep_by_bell(),
            _ => fail(&format!("not an order: {words:?}")),
        }
    }

    /// Receives a frame, looks at every page of it and keeps it.
    fn take(&mut self) -> Result<()> {
        let image = self.topic.recv(PATIENCE)?;
        let sum: u64 = image.data().iter().step_by(PAGE).map(|&byte| u64::from(byte)).sum();
        std::hint::black_box(sum);
        self.held.push(image);
        Ok(())
    }

    /// What it holds are the first frames of an order `fill`.
    fn check(&self) -> Result<()> {
        for (image, value) in self.held.iter().zip(0..) {
            expect("bytes that are right", right_bytes(image, value), bytes())?;
        }
        Ok(())
    }

    /// Publishes as fast as it can from its first answer until there is another order.
    fn publish(&mut self) -> Result<()> {
        let mut begun = false;
        loop {
            for _ in 0..PUBLISHED_AT_ONCE {
                send(&mut self.topic, STAMP)?;
            }
            if !begun {
                println!("ok");
                begun = true;
            }
            let input = stdin();
            if readable(rustix::fd::AsFd::as_fd(&input), Some(Duration::ZERO))? {
                return Ok(());
            }
        }
    }

    /// Answers once before it looks for frames, and again when it has answered all of them.
    fn answer(&mut self, count: u32) -> Result<()> {
        let mut back = Topic::open(&back_of(self.topic.name()))?;
        while self.topic.try_recv()?.is_some() {}
        println!("ok");
        answer(&mut self.topic, &mut back, count)
    }

    /// Answers once before it sleeps, and again when a frame has woken it.
    fn sleep(&mut self) -> Result<()> {
        while self.topic.try_recv()?.is_some() {}
        println!("ok");
        self.topic.recv(PATIENCE).map(drop)
    }

    /// The same as an event loop does it: asleep on a descriptor, woken through a FIFO.
    fn sleep_by_bell(&mut self) -> Result<()> {
        let Bell { subscriber, doorbell } = match &mut self.bell {
            Some(bell) => bell,
            none => none.insert(Bell::new(self.topic.name())?),
        };
        while subscriber.receive(false)?.is_some() {}
        println!("ok");
        if subscriber.sleep(doorbell.id())?.is_none() {
            return fail("there is a frame already");
        }
        // SAFETY: the descriptor is the doorbell's, which lives longer.
        let fd = unsafe { BorrowedFd::borrow_raw(doorbell.raw_fd()) };
        let rung = readable(fd, Some(PATIENCE))?;
        doorbell.drain();
        subscriber.awake();
        if rung && subscriber.receive(false)?.is_some() { Ok(()) } else { fail("no frame") }
    }
}

/// What an event loop has.
struct Bell {
    subscriber: Subscriber,
    doorbell: Doorbell,
}

impl Bell {
    fn new(name: &str) -> Result<Self> {
        let peer = current()?;
        let topic = peer.open_topic(name, Kind::Image, Mode::default())?;
        let doorbell = Doorbell::create(peer.directory())?;
        Ok(Self { subscriber: Subscriber::new(topic, 0), doorbell })
    }
}

/// Whether there is something to read, at once or after at most `timeout`.
fn readable(fd: BorrowedFd<'_>, timeout: Option<Duration>) -> Result<bool> {
    let timeout = timeout.map(|timeout| Timespec::try_from(timeout).map_err(refused));
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    poll(&mut fds, timeout.transpose()?.as_ref()).map(|ready| ready > 0).map_err(refused)
}
