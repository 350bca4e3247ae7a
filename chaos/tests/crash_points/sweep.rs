//! The runs of one scenario.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{env, fs};

use crate::place::Place;
use crate::scenario::Scenario;
use crate::victim::{Death, End, Order, Passed, Victim};

/// How often a victim is sent to the first pass of a point, should it not come by every time.
const ATTEMPTS: usize = 5;
/// Problems after which a scenario is given up.
const ENOUGH: usize = 5;

/// What came of a scenario.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    pub(crate) runs: u64,
    pub(crate) kills: u64,
    pub(crate) killed_at: BTreeSet<String>,
    pub(crate) problems: Vec<String>,
}

/// Records which points the scenario's victim passes, then kills one at each.
pub(crate) fn run(scenario: &Scenario, every_pass: bool) -> Sweep {
    let mut sweep = Sweep::default();
    let Some(End::Finished(passes)) = sweep.once(scenario, None) else {
        sweep.problems.push("  the victim that records did not come to its end".into());
        return sweep;
    };
    for death in deaths(&passes, every_pass) {
        if sweep.problems.len() >= ENOUGH {
            break;
        }
        let first = death.pass == 1;
        for _ in 0..if first { ATTEMPTS } else { 1 } {
            if let Some(End::Killed) = sweep.once(scenario, Some(death.clone())) {
                break;
            }
        }
    }
    sweep
}

/// Where to die: at each point the first, the second and the last pass, or all; on both sides
/// of an atomic operation. A step has one side, the operation that follows it the other.
fn deaths(passes: &[Passed], every_pass: bool) -> Vec<Death> {
    let of = |Passed { point, count, has_after }: &Passed| {
        let chosen: BTreeSet<u64> =
            if every_pass { (1..=*count).collect() } else { [1, 2.min(*count), *count].into() };
        let sides: &[bool] = if *has_after { &[false, true] } else { &[false] };
        let both = |pass| sides.iter().map(move |&after| (pass, after));
        let death = |(pass, after)| Death { point: point.clone(), pass, after };
        chosen.into_iter().flat_map(both).map(death).collect::<Vec<_>>()
    };
    passes.iter().flat_map(of).collect()
}

impl Sweep {
    /// One run; gives how its victim ended.
    fn once(&mut self, scenario: &Scenario, death: Option<Death>) -> Option<End> {
        self.runs += 1;
        let base = env::var("FRAMELANE_NAMESPACE").unwrap_or_else(|_| "crash".into());
        let namespace = format!("{base}-{}-{}-{}", std::process::id(), scenario.name, self.runs);
        let place = Place::new(&namespace);
        let order = Order { scenario: scenario.name.into(), namespace, death: death.clone() };
        let mut victim = Victim::new(order);
        let survived = catch_unwind(AssertUnwindSafe(|| {
            (scenario.survivor)(&place, &mut victim);
            // One opener, and nothing is left.
            drop(place.peer());
            assert!(!place.path().exists(), "files are left: {:?}", place.files());
        }));
        if let Err(error) = survived {
            let text = error.downcast_ref::<String>().cloned().unwrap_or_else(|| {
                error.downcast_ref::<&str>().map_or_else(|| "?".into(), |&text| text.into())
            });
            self.problems.push(format!("  {death:?}: {text}"));
            let _ = fs::remove_dir_all(place.path());
        }
        if let (Some(End::Killed), Some(death)) = (&victim.end, death) {
            self.kills += 1;
            self.killed_at.insert(death.point);
        }
        victim.end
    }
}
