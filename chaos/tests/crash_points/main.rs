//! Kills a process at every place where it changes what others see, and looks at what those
//! others find: `cargo test -p framelane-chaos --features crash-points`.
//!
//! A run has a *victim*, this program started anew, and a survivor, which is the test itself. A
//! first run of each scenario records which crash points its victim passes and how often. Then,
//! for every point, a new victim kills itself there: at its first, its second and its last pass,
//! before and after the operation. Each time the survivor goes on, and takes stock at the end.
//! The points are listed from the source, and each of them must have killed somebody.
//!
//! `CRASH_POINTS=all` takes every pass instead of three, `CRASH_POINTS=<scenario>` one scenario.
#![allow(clippy::unwrap_used, clippy::panic)]

mod frames;
mod place;
mod scenario;
mod source;
mod sweep;
mod victim;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    if let Some(order) = victim::Order::from_environment() {
        let scenario = scenario::ALL.iter().find(|known| known.name == order.scenario);
        victim::obey(&order, scenario.expect("a scenario of this program"));
        return ExitCode::SUCCESS;
    }
    // Whoever catches a panic tells of it.
    std::panic::set_hook(Box::new(|_| {}));
    let start = Instant::now();
    let asked = std::env::var("CRASH_POINTS").unwrap_or_default();
    let every_pass = asked == "all";
    let one = scenario::ALL.iter().find(|known| known.name == asked);
    let (mut passed, mut failed, mut kills) = (0, 0, 0);
    let mut killed_at = BTreeSet::new();
    let mut report = |name: &str, result: Result<String, String>| {
        let (verdict, text) = match result {
            Ok(text) => ("ok", text),
            Err(text) => ("FAILED", text),
        };
        println!("test {name} ... {verdict}\n{text}");
        if verdict == "ok" { passed += 1 } else { failed += 1 }
    };
    for scenario in
        scenario::ALL.iter().filter(|known| one.is_none_or(|one| one.name == known.name))
    {
        let sweep = sweep::run(scenario, every_pass);
        kills += sweep.kills;
        killed_at.extend(sweep.killed_at);
        report(
            scenario.name,
            match sweep.problems.is_empty() {
                true => Ok(format!("  {} kills, {} runs", sweep.kills, sweep.runs)),
                false => Err(sweep.problems.join("\n")),
            },
        );
    }
    if one.is_none() {
        report("every point has killed", every_point(&killed_at));
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    let seconds = start.elapsed().as_secs_f64();
    println!("\n{kills} kills at {} points", killed_at.len());
    println!(
        "test result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; \
         0 filtered out; finished in {seconds:.2}s"
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Compares the points of the source with those at which a victim died.
fn every_point(killed_at: &BTreeSet<String>) -> Result<String, String> {
    let points = source::points();
    let spared: Vec<_> = points.difference(killed_at).map(|point| format!("  {point}")).collect();
    let unknown: Vec<_> = killed_at.difference(&points).cloned().collect();
    if !unknown.is_empty() {
        return Err(format!("  not in the list from the source: {}", unknown.join(" ")));
    }
    if spared.is_empty() && points.len() > 40 {
        return Ok(format!("  {} points in the source", points.len()));
    }
    let (all, left) = (points.len(), spared.len());
    Err(format!("  nobody was killed at {left} of {all} points:\n{}", spared.join("\n")))
}
