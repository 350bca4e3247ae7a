//! What a subscriber that is stopped with frames in its hands costs a publisher.

use std::hint::black_box;
use std::time::{Duration, Instant};

use framelane::raw::monotonic_ns;
use framelane::{Image, Options, Result, Topic};
use rustix::process::Signal;

use crate::child::Child;
use crate::figures::{STAMP, fail, median, name, nanoseconds, per_call, send, send_filled};

/// Frames that the subscriber holds while it is stopped.
const HELD: u32 = 16;
/// How long it is stopped at a time, and lives at a time in between.
const PERIOD: Duration = Duration::from_millis(500);
/// Frames whose time is taken together.
const BATCH: u32 = 100;

/// The cycle of loan and send, as fast as it goes: while a subscriber lives and holds nothing,
/// and while it is stopped with 16 frames in its hands, in turns, until it was stopped for
/// `stopped_ms` altogether. Each of the two is the median of batches of 100 frames.
pub(crate) fn stopped(stopped_ms: u32) -> Result<()> {
    let name = name();
    let options = Options { depth: HELD, ..Options::default() };
    let mut topic = Topic::<Image>::open_with(&name, options)?;
    send(&mut topic, STAMP)?;
    let mut subscriber = Child::with_topic(&name, 0)?;
    subscriber.ask("take 1")?;
    subscriber.ask("drop")?;
    let wanted = Duration::from_millis(stopped_ms.into());
    let mut total = Duration::ZERO;
    let mut clock = Vec::new();
    let (mut alive, mut asleep) = (Publishing::default(), Publishing::default());
    while total < wanted {
        clock.push(per_call(BATCH * BATCH, || Ok(_ = black_box(monotonic_ns())))?);
        alive.go_on(&mut topic);
        for value in 0..HELD {
            send_filled(&mut topic, value.to_le_bytes()[0])?;
        }
        subscriber.ask(&format!("take {HELD}"))?;
        check_held(&topic)?;
        subscriber.stop()?;
        let start = Instant::now();
        asleep.go_on(&mut topic);
        total += start.elapsed();
        subscriber.signal(Signal::CONT)?;
        // What it holds is what it was.
        subscriber.ask("check")?;
        subscriber.ask("drop")?;
    }
    println!(
        r#"{{"clock":{:.2},"alive":{:.2},"stopped":{:.2},"failed":{},"sent":{},"seconds":{:.1}}}"#,
        median(&mut clock),
        median(&mut alive.batches),
        median(&mut asleep.batches),
        asleep.failed,
        asleep.sent,
        total.as_secs_f64(),
    );
    Ok(())
}

/// What became of the frames of one half.
#[derive(Debug, Default)]
struct Publishing {
    batches: Vec<f64>,
    sent: u64,
    failed: u64,
}

impl Publishing {
    fn go_on(&mut self, topic: &mut Topic<Image>) {
        let start = Instant::now();
        while start.elapsed() < PERIOD {
            let batch = Instant::now();
            for _ in 0..BATCH {
                let sent = send(topic, STAMP).is_ok();
                self.sent += u64::from(sent);
                self.failed += u64::from(!sent);
            }
            self.batches.push(nanoseconds(batch.elapsed()) / f64::from(BATCH));
        }
    }
}

/// The subscriber, and nobody else, holds its quota.
fn check_held(topic: &Topic<Image>) -> Result<()> {
    let pools = topic.stats()?.topic.pools;
    let holders = pools.iter().flat_map(|pool| &pool.holders);
    let others = holders.filter(|holder| holder.pid != std::process::id());
    let held: u32 = others.map(|holder| holder.slots).sum();
    if held == HELD { Ok(()) } else { fail(&format!("{held} frames are held, not {HELD}")) }
}
