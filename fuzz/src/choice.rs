//! Which target is run, and where fuzzing begins.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::{env, fs};

type Run = fn(&[u8]) -> bool;

static CHOSEN: OnceLock<Run> = OnceLock::new();

/// Takes the target that `FRAMELANE_TARGET` names, and writes its seeds to the folder that
/// `FRAMELANE_SEEDS` names, if it does.
pub(crate) fn choose(targets: &[(&str, Run)], seeds: impl Fn(&str) -> Vec<Vec<u8>>) {
    let name = env::var("FRAMELANE_TARGET").expect("FRAMELANE_TARGET names a target");
    let target = targets.iter().find(|(known, _)| *known == name);
    CHOSEN.get_or_init(|| target.unwrap_or_else(|| panic!("{name} is not a target")).1);
    let Some(folder) = env::var_os("FRAMELANE_SEEDS").map(PathBuf::from) else { return };
    for (number, seed) in seeds(&name).into_iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
    }
}

/// Runs it on one input.
pub(crate) fn run(data: &[u8]) {
    let run = CHOSEN.get().expect("chosen first");
    std::hint::black_box(run(data));
}
