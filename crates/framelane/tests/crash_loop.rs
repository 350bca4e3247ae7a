//! A publisher that is killed again and again, each time with frames in its ring, leaves two
//! pools at most, and its subscriber the frames of the last of them.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use framelane::{Config, Encoding, Image, Options, Overflow, Topic, configure};

const CHILD: &str = "FRAMELANE_TEST_CHILD";
/// Frames a child sends: fewer than there are cells, so that those of many children stand.
const FRAMES: u8 = 3;

fn open(overflow: Overflow) -> Topic<Image> {
    Topic::open_with("loop", Options { depth: 4, history: 0, overflow }).unwrap()
}

/// What a child does; nothing where this is no child.
#[test]
fn child() {
    let Ok(overflow) = env::var(CHILD) else { return };
    let overflow = if overflow == "block" { Overflow::Block } else { Overflow::DropOldest };
    let mut topic = open(overflow);
    for value in 0..FRAMES {
        let mut image = topic.loan(64, 64, Encoding::Mono8).unwrap();
        image.data_mut().fill(value);
        topic.send_when_ready(image, Duration::from_secs(5)).unwrap();
    }
    let pid = std::process::id().to_string();
    Command::new("kill").args(["-KILL", &pid]).status().unwrap();
}

fn pools(path: &str) -> usize {
    let names = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".c")).count()
}

#[test]
fn a_crash_loop_leaves_two_pools_and_no_frame_unread() {
    if env::var(CHILD).is_ok() {
        return;
    }
    let namespace = format!("loop.{}", std::process::id());
    configure(Config { namespace: Some(namespace.clone()), ..Config::default() }).unwrap();
    let uid = std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap());
    let path = format!("/dev/shm/framelane-{uid}/{namespace}");
    for (overflow, name) in [(Overflow::DropOldest, "drop"), (Overflow::Block, "block")] {
        let mut reader = open(overflow);
        assert!(reader.try_recv().unwrap().is_none());
        let mut seen = 0;
        for round in 0..12 {
            let status = Command::new(env::current_exe().unwrap())
                .args(["--exact", "child"])
                .env(CHILD, name)
                .env("FRAMELANE_NAMESPACE", &namespace)
                .stdout(Stdio::null())
                .status()
                .unwrap();
            assert!(!status.success(), "it was killed");
            // In a blocking topic nothing unread may go, so what was sent is read each time.
            if overflow == Overflow::Block || round == 11 {
                while let Some(image) = reader.try_recv().unwrap() {
                    assert!(image.data().iter().all(|&byte| byte == image.data()[0]));
                    seen += 1;
                }
            }
            assert!(pools(&path) <= 2, "round {round}: {} pools", pools(&path));
        }
        let stats = reader.stats().unwrap();
        assert_eq!(stats.rejected, 0);
        let all = 12 * u64::from(FRAMES);
        assert_eq!(seen + stats.lapped, all);
        match overflow {
            Overflow::Block => assert_eq!(stats.lapped, 0),
            _ => assert_eq!(seen, 2 * u64::from(FRAMES), "those of the last two"),
        }
    }
}
