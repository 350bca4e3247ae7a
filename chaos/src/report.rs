//! What a run has found, as a line, as a verdict and as JSON.

use std::fmt::Write;
use std::time::Duration;

use crate::actor::ROLES;
use crate::board::{FIELDS, Field, Line};

/// Kills a second below which a run says nothing; a slow machine under other load reaches this.
const KILLS_PER_SECOND: f64 = 20.0;
/// Complaints that are kept word for word.
const TEXTS: usize = 20;

/// Counters of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) seconds: f64,
    /// Whether one kill in a hundred must be of Node.
    pub(crate) with_node: bool,
    /// SIGKILLs of processes that had moved a frame.
    pub(crate) kills: u64,
    /// Those of Node processes.
    pub(crate) node_kills: u64,
    /// Those that came after a SIGSTOP.
    pub(crate) stopped_kills: u64,
    /// SIGKILLs of processes that had not moved a frame; they do not count.
    pub(crate) early_kills: u64,
    /// Clean ends after SIGTERM; they do not count.
    pub(crate) ends: u64,
    /// SIGSTOPs that a SIGCONT followed.
    pub(crate) pauses: u64,
    pub(crate) processes: u64,
    pub(crate) hangs: u64,
    pub(crate) lost_slots: u64,
    pub(crate) leaked_files: u64,
    pub(crate) queue_lost: u64,
    /// Kills of consumers that may each have taken one job along.
    pub(crate) consumer_kills: u64,
    /// Jobs that went with them.
    pub(crate) taken_along: u64,
    pub(crate) longest_stall_ms: u64,
    /// Frames moved by those that have ended, by role.
    pub(crate) moved_by: [u64; ROLES.len()],
    /// Sums of what the processes have counted.
    sums: [u64; FIELDS],
    pub(crate) texts: Vec<String>,
}

impl Report {
    /// Adds what a process that has ended had counted.
    pub(crate) fn collect(&mut self, line: Line) {
        for (field, sum) in self.sums.iter_mut().enumerate() {
            *sum = sum.wrapping_add(line.at(field).get());
        }
    }

    pub(crate) fn sum(&self, field: Field) -> u64 {
        self.sums[field as usize]
    }

    /// Says in words what went wrong.
    pub(crate) fn complain(&mut self, text: String) {
        if self.texts.len() < TEXTS {
            eprintln!("{text}");
            self.texts.push(text);
        }
    }

    fn torn(&self) -> u64 {
        self.sum(Field::Torn) + self.sum(Field::Rejected)
    }

    /// What must be zero, with its name.
    fn faults(&self) -> [(&'static str, u64); 10] {
        [
            ("tornFrames", self.torn()),
            ("wrongReads", self.sum(Field::Wrong)),
            ("lostSlots", self.lost_slots),
            ("leakedFiles", self.leaked_files),
            ("hangs", self.hangs),
            ("disorder", self.sum(Field::Disorder)),
            ("losslessGaps", self.sum(Field::Gaps)),
            ("queueLost", self.queue_lost),
            ("queueTwice", self.sum(Field::Twice)),
            ("errors", self.sum(Field::Errors)),
        ]
    }

    fn enough(&self) -> bool {
        #[allow(clippy::cast_precision_loss, reason = "for a comparison")]
        let kills = self.kills as f64;
        let nodes = !self.with_node || self.node_kills * 100 >= self.kills;
        kills >= self.seconds * KILLS_PER_SECOND && nodes
    }

    pub(crate) fn is_good(&self) -> bool {
        !self.is_wrong() && self.enough()
    }

    /// Whether something is not zero that must be.
    pub(crate) fn is_wrong(&self) -> bool {
        self.faults().iter().any(|&(_, count)| count > 0)
    }

    /// How far the run is.
    pub(crate) fn line(&self, time: Duration) -> String {
        let wrong: Vec<_> = self.wrong();
        let wrong = if wrong.is_empty() { "nothing wrong".into() } else { wrong.join(", ") };
        format!(
            "{:6.1} s  {} kills ({} Node)  {} frames verified  {wrong}",
            time.as_secs_f64(),
            self.kills,
            self.node_kills,
            self.sum(Field::Verified),
        )
    }

    fn wrong(&self) -> Vec<String> {
        let faults = self.faults().into_iter().filter(|&(_, count)| count > 0);
        faults.map(|(name, count)| format!("{count} {name}")).collect()
    }

    /// The last line of a run.
    pub(crate) fn verdict(&self) -> String {
        let verdict = if self.is_good() { "passed" } else { "FAILED" };
        let mut wrong = self.wrong();
        if !self.enough() {
            wrong.push("too few kills".into());
        }
        let wrong = if wrong.is_empty() { "nothing wrong".into() } else { wrong.join(", ") };
        format!(
            "chaos {verdict}: {} kills ({} Node) and {} verified frames in {:.1} s, seed {}: \
             {wrong}",
            self.kills,
            self.node_kills,
            self.sum(Field::Verified),
            self.seconds,
            self.seed,
        )
    }

    /// The run as JSON.
    pub(crate) fn json(&self) -> String {
        let [torn, wrong, lost, leaked, hangs, rest @ ..] = self.faults();
        let kills = [("kills", self.kills), ("nodeKills", self.node_kills)];
        let verified = [("verified", self.sum(Field::Verified))];
        let head = kills.into_iter().chain(verified).chain([torn, wrong, lost, leaked, hangs]);
        let mut text = String::from("{\n");
        for (name, count) in head {
            let _ = writeln!(text, "  \"{name}\": {count},");
        }
        let _ = writeln!(text, "  \"passed\": {},\n  \"details\": {{", self.is_good());
        let _ = writeln!(text, "    \"seconds\": {:.1},", self.seconds);
        for (name, count) in rest.into_iter().chain(self.details()) {
            let _ = writeln!(text, "    \"{name}\": {count},");
        }
        let texts: Vec<_> = self.texts.iter().map(|text| quoted(text)).collect();
        let _ = writeln!(text, "    \"said\": [{}]\n  }}\n}}", texts.join(", "));
        text
    }

    fn details(&self) -> [(&'static str, u64); 20] {
        [
            ("seed", self.seed),
            ("processes", self.processes),
            ("stoppedKills", self.stopped_kills),
            ("earlyKills", self.early_kills),
            ("cleanEnds", self.ends),
            ("pauses", self.pauses),
            ("published", self.sum(Field::Published)),
            ("received", self.sum(Field::Received)),
            ("relayed", self.sum(Field::Relayed)),
            ("queueAcknowledged", self.sum(Field::Acknowledged)),
            ("queueTakenAlong", self.taken_along),
            ("consumerKills", self.consumer_kills),
            ("lapped", self.sum(Field::Lapped)),
            ("rejected", self.sum(Field::Rejected)),
            ("exhausted", self.sum(Field::Exhausted)),
            ("backpressure", self.sum(Field::Backpressure)),
            ("longestStallMs", self.longest_stall_ms),
            ("takeovers", self.kills + self.early_kills),
            ("moved", self.sum(Field::Moved)),
            ("torn", self.sum(Field::Torn)),
        ]
    }
}

/// A text as JSON has it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out.push('"');
    out
}
