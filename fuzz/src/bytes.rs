//! libFuzzer's way to the targets of `BYTES`.
#![no_main]
#![allow(clippy::unwrap_used)]

mod choice;
#[allow(dead_code, reason = "the other program has the other targets")]
#[path = "../../crates/framelane/tests/targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(
    init: choice::choose(&targets::BYTES, targets::seeds),
    |data: &[u8]| choice::run(data)
);
