//! The ring between two threads. loom sees each reach into a cell, and every leak.

use loom::sync::Arc;
use loom::thread;

use super::check;
use crate::Spsc;

#[test]
fn every_value_arrives_once_and_in_order() {
    for capacity in [1, 2] {
        check(move || {
            let (mut producer, mut consumer) = Spsc::new(capacity);
            let producer = thread::spawn(move || {
                (0..3).filter(|&value| producer.push(Box::new(value)).is_ok()).count()
            });
            let popped: Vec<Box<u32>> = (0..3).filter_map(|_| consumer.pop()).collect();
            assert!(popped.windows(2).all(|pair| pair[0] < pair[1]), "{popped:?}");
            let pushed = producer.join().unwrap();
            let rest = std::iter::from_fn(|| consumer.pop()).count();
            assert_eq!(popped.len() + rest, pushed);
        });
    }
}

#[test]
fn the_last_end_to_go_drops_what_is_left() {
    check(|| {
        let value = Arc::new(());
        let (mut producer, mut consumer) = Spsc::new(2);
        let pushed = value.clone();
        let thread = thread::spawn(move || {
            producer.push(pushed.clone()).unwrap();
            producer.push(pushed).unwrap();
        });
        let popped = consumer.pop();
        drop(consumer);
        thread.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1 + usize::from(popped.is_some()));
    });
}
