//! What publishing costs while other processes sleep and must be woken.

use std::thread;
use std::time::{Duration, Instant};

use framelane::{Image, Result, Topic};

use crate::child::{Child, ask_all, hear_all, until_asleep};
use crate::figures::{STAMP, median, name, nanoseconds, send};

const SLEEPERS: usize = 16;
const WARM_UP: u32 = 10;
/// What passes between two frames for which nobody needs to be woken.
const PAUSE: Duration = Duration::from_millis(1);

/// One loan and send, timed alone, after a pause of about a millisecond each: nobody asleep; 16
/// processes asleep on the futex; 16 asleep as event loops are, with a FIFO each. In turns.
pub(crate) fn sleeping(count: u32) -> Result<()> {
    let name = name();
    let mut topic = Topic::<Image>::open(&name)?;
    send(&mut topic, STAMP)?;
    let mut children = Vec::new();
    for _ in 0..SLEEPERS {
        children.push(Child::with_topic(&name, 0)?);
    }
    let orders = [None, Some("sleep"), Some("bell")];
    let mut times = [const { Vec::new() }; 3];
    for turn in 0..WARM_UP + count {
        for (order, times) in orders.iter().zip(&mut times) {
            match order {
                Some(order) => {
                    ask_all(&mut children, order)?;
                    until_asleep(&children)?;
                }
                None => thread::sleep(PAUSE),
            }
            let start = Instant::now();
            send(&mut topic, STAMP)?;
            let time = nanoseconds(start.elapsed());
            if order.is_some() {
                hear_all(&mut children)?;
            }
            if turn >= WARM_UP {
                times.push(time);
            }
        }
    }
    let [nobody, futex, fifo] = times.map(|mut times| median(&mut times));
    println!(r#"{{"nobody":{nobody:.0},"futex":{futex:.0},"fifo":{fifo:.0}}}"#);
    Ok(())
}
