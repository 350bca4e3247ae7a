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

fn replay(target: &str) {
    let (_, run) = BYTES.iter().chain(&FILES).find(|(name, _)| *name == target).unwrap();
    let inputs = inputs(target);
    assert!(inputs.len() >= 12, "{target} has only {} inputs", inputs.len());
    let (mut passed, mut wrong) = (0, Vec::new());
    for (name, bytes) in &inputs {
        match catch_unwind(AssertUnwindSafe(|| run(bytes))) {
            Ok(accepted) => passed += usize::from(accepted),
            Err(_) => wrong.push(name),
        }
    }
    assert!(wrong.is_empty(), "{target} panics on {wrong:?}");
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

replays!(attach_pool, attach_topic, descriptor, slot_header, ext, names, files, program);
