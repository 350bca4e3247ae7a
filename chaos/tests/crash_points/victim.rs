//! The process that dies: it is told where, and on the way there it does what its scenario says.

use std::collections::BTreeMap;
use std::env;
use std::panic::Location;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use framelane_layout::sync::{Side, set_hook};

use crate::place::Place;
use crate::scenario::Scenario;

const ORDER: &str = "CRASH_ORDER";
/// Longest time a victim may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which side of which pass of which point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Death {
    pub(crate) point: String,
    /// Counted from 1.
    pub(crate) pass: u64,
    pub(crate) after: bool,
}

/// What a victim is told.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) scenario: String,
    pub(crate) namespace: String,
    /// `None`: it lives, and says which points it has passed.
    pub(crate) death: Option<Death>,
}

impl Order {
    pub(crate) fn from_environment() -> Option<Self> {
        let text = env::var(ORDER).ok()?;
        let mut parts = text.split(' ').map(str::to_owned);
        let (scenario, namespace) = (parts.next()?, parts.next()?);
        let death = parts.next().map(|point| Death {
            point,
            pass: parts.next().and_then(|pass| u64::from_str(&pass).ok()).unwrap(),
            after: parts.next().is_some_and(|side| side == "after"),
        });
        Some(Self { scenario, namespace, death })
    }

    fn text(&self) -> String {
        let Self { scenario, namespace, death } = self;
        let death = death.as_ref().map_or_else(String::new, |Death { point, pass, after }| {
            format!(" {point} {pass} {}", if *after { "after" } else { "before" })
        });
        format!("{scenario} {namespace}{death}")
    }
}

/// How often a point was reached, and whether it has an after.
type Passes = BTreeMap<(&'static str, u32), (u64, bool)>;
/// Called with a point and how often it has been reached, before anything else happens there.
type Meddler = Box<dyn Fn(&str, u64) + Send + Sync>;

static DEATH: OnceLock<Option<Death>> = OnceLock::new();
static MEDDLER: OnceLock<Meddler> = OnceLock::new();
static PASSES: Mutex<Passes> = Mutex::new(Passes::new());

/// In the victim: does what the scenario says, and then tells which points it has passed.
pub(crate) fn obey(order: &Order, scenario: &Scenario) {
    DEATH.set(order.death.clone()).expect("one order a process");
    assert!(set_hook(pass), "one hook a process");
    (scenario.victim)(&Place::new(&order.namespace));
    for ((file, line), (count, after)) in
        PASSES.lock().unwrap_or_else(PoisonError::into_inner).iter()
    {
        println!("{file}:{line} {count} {after}");
    }
}

/// In the victim: lets `meddler` do something at a point, as another process could.
pub(crate) fn meddle(meddler: impl Fn(&str, u64) + Send + Sync + 'static) {
    assert!(MEDDLER.set(Box::new(meddler)).is_ok(), "one meddler a process");
}

fn pass(at: &'static Location<'static>, side: Side) {
    let mut passes = PASSES.lock().unwrap_or_else(PoisonError::into_inner);
    let (count, after) = passes.entry((at.file(), at.line())).or_default();
    *count += u64::from(side == Side::Before);
    *after |= side == Side::After;
    let count = *count;
    drop(passes);
    let point = format!("{}:{}", at.file(), at.line());
    if let Some(meddler) = MEDDLER.get()
        && side == Side::Before
    {
        meddler(&point, count);
    }
    let now = Death { point, pass: count, after: side == Side::After };
    if DEATH.get().is_some_and(|death| death.as_ref() == Some(&now)) {
        let me = rustix::process::getpid();
        rustix::process::kill_process(me, rustix::process::Signal::KILL).unwrap();
    }
}

/// A point that a victim came by.
#[derive(Debug)]
pub(crate) struct Passed {
    pub(crate) point: String,
    pub(crate) count: u64,
    /// A step is in front of what it stands for; the others surround it.
    pub(crate) has_after: bool,
}

/// How a victim ended.
#[derive(Debug)]
pub(crate) enum End {
    /// At its point.
    Killed,
    /// It came to the end of its scenario and said which points it passed.
    Finished(Vec<Passed>),
}

/// The victim, as the survivor has it.
pub(crate) struct Victim {
    order: Order,
    pub(crate) end: Option<End>,
}

impl Victim {
    pub(crate) fn new(order: Order) -> Self {
        Self { order, end: None }
    }

    /// Starts it, and calls `meanwhile` until it has ended.
    pub(crate) fn run(&mut self, mut meanwhile: impl FnMut()) {
        let start = Instant::now();
        let mut child = Command::new(env::current_exe().unwrap())
            .env(ORDER, self.order.text())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() {
            if start.elapsed() > PATIENCE {
                let _ = child.kill();
                self.end(child);
                panic!("the victim hangs");
            }
            meanwhile();
            thread::sleep(Duration::from_micros(50));
        }
        self.end(child);
    }

    fn end(&mut self, child: Child) {
        use std::os::unix::process::ExitStatusExt;
        let output = child.wait_with_output().unwrap();
        self.end = match output.status.signal() {
            Some(9) => Some(End::Killed),
            None if output.status.success() => {
                Some(End::Finished(passes(&String::from_utf8_lossy(&output.stdout))))
            }
            _ => {
                let text = String::from_utf8_lossy(&output.stderr).into_owned();
                panic!("the victim failed, {}: {text}", output.status);
            }
        };
    }
}

fn passes(text: &str) -> Vec<Passed> {
    let line = |line: &str| {
        let mut parts = line.split(' ');
        let point = parts.next()?.to_owned();
        let count = parts.next()?.parse().ok()?;
        Some(Passed { point, count, has_after: parts.next()? == "true" })
    };
    text.lines().filter_map(line).collect()
}
