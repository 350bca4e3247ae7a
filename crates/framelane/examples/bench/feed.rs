//! What receiving from another process costs.

use std::time::{Duration, Instant};

use framelane::{Image, Result, Topic};

use crate::child::Child;
use crate::figures::{BATCH, bytes, expect, fail, name, nanoseconds, right_bytes};

/// Every how many batches the bytes are looked at; as many warm up.
const CHECK_EVERY: u32 = 1000;

/// `try_recv` and drop, as `receive`, but another process sends the batches, each when it is
/// told to.
pub(crate) fn feed(count: u32) -> Result<()> {
    let name = name();
    let mut receiver = Topic::<Image>::open(&name)?;
    let mut sender = Child::with_topic(&name, BATCH)?;
    let order = format!("send {BATCH}");
    let batches = count.div_ceil(BATCH);
    let mut time = Duration::ZERO;
    for batch in 0..CHECK_EVERY + batches {
        sender.ask(&order)?;
        let start = Instant::now();
        for _ in 0..BATCH {
            let frame = receiver.try_recv()?;
            if frame.is_none() {
                return fail("a frame is missing");
            }
        }
        if batch >= CHECK_EVERY {
            time += start.elapsed();
        }
        if batch % CHECK_EVERY == 0 {
            check_batch(&mut sender, &mut receiver)?;
        }
    }
    let stats = receiver.stats()?;
    let checked = (CHECK_EVERY + batches).div_ceil(CHECK_EVERY);
    let sent = u64::from(CHECK_EVERY + batches + checked) * u64::from(BATCH);
    expect("frames received", stats.received, sent)?;
    expect("frames lapped", stats.lapped, 0)?;
    let receive = nanoseconds(time) / f64::from(batches * BATCH);
    println!(r#"{{"receive":{receive:.2}}}"#);
    Ok(())
}

/// One batch whose bytes are looked at.
fn check_batch(sender: &mut Child, receiver: &mut Topic<Image>) -> Result<()> {
    sender.ask(&format!("fill {BATCH}"))?;
    for value in 0..BATCH {
        let image = receiver.recv(Duration::ZERO)?;
        expect("bytes that are right", right_bytes(&image, value.to_le_bytes()[0]), bytes())?;
    }
    Ok(())
}
