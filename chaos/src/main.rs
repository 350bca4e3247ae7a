//! Kills processes at random while frames flow between them, and counts what was lost by it.
//!
//! This process forks the others and never touches the library itself: each child is as fresh
//! as one just started. What they do stands on the board, which outlasts them. Node processes
//! are started the usual way.

mod actor;
mod audit;
mod board;
mod fleet;
mod options;
mod payload;
mod random;
mod report;
mod watch;

use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{io, thread};

use crate::board::{Board, Common};
use crate::fleet::Fleet;
use crate::options::Options;
use crate::report::Report;

/// How often the harness looks for whom to kill.
const TICK: Duration = Duration::from_micros(400);
/// How often it says how far it is.
const SAY: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(text) => {
            eprintln!("{text}\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(report) => {
            println!("{}", report.verdict());
            if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("chaos: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> io::Result<Report> {
    let board = Board::new()?;
    // Number 0 means none.
    board.common(Common::NextSender).set(1);
    let mut fleet = Fleet::new(board, options);
    let start = Instant::now();
    let mut said = start;
    fleet.start_anchor()?;
    while start.elapsed() < options.time && fleet.anchor_lives() {
        fleet.tick()?;
        thread::sleep(TICK);
        if options.until_wrong && fleet.report.is_wrong() {
            break;
        }
        if said.elapsed() >= SAY {
            said = Instant::now();
            println!("{}", fleet.report.line(start.elapsed()));
        }
    }
    fleet.kill_all();
    audit::audit(&mut fleet)?;
    let mut report = fleet.report;
    report.seconds = start.elapsed().as_secs_f64();
    report.seed = options.seed;
    report.with_node = options.node.is_some();
    if let Some(path) = &options.json {
        std::fs::write(path, report.json())?;
    }
    Ok(report)
}
