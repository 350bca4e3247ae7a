//! Replays what fuzzing has found worth keeping, through the functions that were fuzzed.
#![allow(clippy::unwrap_used)]

mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::{env, fs};

use targets::{BYTES, FILES, seeds};

/// Every input of a target: the seeds, and the files of the corpus.
fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let seeds = seeds(target).into_iter().enumerate();
    let mut inputs: Vec<_> = seeds.map(|(n, bytes)| (format!("seed {n}"), bytes)).collect();
    assert!(!inputs.is_empty(), "{target} has no seeds");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        inputs.push((path.display().to_string(), fs::read(path).unwrap()));
    }
    inputs
}

/// Every seed with one byte changed, or one word: what is wrong in one thing only.
fn neighbours(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for (number, seed) in seeds(target).iter().enumerate() {
        for at in 0..seed.len() {
            let byte = seed[at];
            for value in [0, 1, 0x7f, 0x80, 0xff, byte ^ 1, byte.wrapping_add(1), byte ^ 0x40] {
                let mut changed = seed.clone();
                changed[at] = value;
                found.push((format!("seed {number}, byte {at} = {value}"), changed));
            }
            for (width, value) in [(4, u64::MAX), (8, u64::MAX), (8, 1 << 63), (8, 0)] {
                let mut changed = seed.clone();
                let Some(word) = changed.get_mut(at..at + width) else { continue };
                word.copy_from_slice(&value.to_le_bytes()[..width]);
                found.push((format!("seed {number}, {width} bytes at {at} = {value:x}"), changed));
            }
        }
    }
    found
}

fn replay(target: &str) {
    let (_, run) = BYTES.iter().chain(&FILES).find(|(name, _)| *name == target).unwrap();
    let mut inputs = inputs(target);
    if BYTES.iter().any(|(name, _)| *name == target) {
        inputs.extend(neighbours(target));
    }
    assert!(inputs.len() >= 12, "{target} has only {} inputs", inputs.len());
    let (mut passed, mut wrong) = (0, Vec::new());
    for (name, bytes) in &inputs {
        match catch_unwind(AssertUnwindSafe(|| run(bytes))) {
            Ok(accepted) => passed += usize::from(accepted),
            Err(_) => wrong.push(name),
        }
    }
    assert!(wrong.is_empty(), "{target} panics on {} inputs: {:?}", wrong.len(), wrong.first());
    assert!(passed > 0, "no input of {target} passes the checks: they reach nothing");
    assert!(passed < inputs.len() || target == "program", "every input of {target} passes");
}

macro_rules! replays {
    ($($target:ident),+) => {
        $(#[test] fn $target() { replay(stringify!($target)); })+

        #[test]
        fn every_target_is_replayed() {
            let replayed = [$(stringify!($target)),+];
            let targets: Vec<_> = BYTES.iter().chain(&FILES).map(|(name, _)| *name).collect();
            assert_eq!(targets, replayed);
        }
    };
}

replays!(
    attach_pool,
    attach_topic,
    descriptor,
    slot_header,
    ext,
    names,
    token,
    cloud,
    files,
    program
);
