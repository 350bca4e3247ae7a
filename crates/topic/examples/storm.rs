//! Many processes open, or make, the same topics at the same moment, over and over; each time all
//! of them must have the same files, and nobody an error. While they hold them they close and
//! open them again at once, so that openers meet cleaners; when all have closed them, nothing may
//! be left.
//!
//! `cargo run --release -p framelane-topic --example storm -- [PROCESSES [ROUNDS]]`, 64 and 1,000.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, DirEntry, File};
use std::io::{PipeReader, Read, Write, pipe, stdin, stdout};
use std::os::fd::AsFd;
use std::os::unix::fs::DirEntryExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Instant;

use framelane_layout::Kind;
use framelane_layout::topic::Mode;
use framelane_topic::{OpenTopic, Peer, Result, Settings, Subscriber};

const TOPICS: [&str; 2] = ["lane", "cameras/front"];
/// A report: 1 where all went well, then what each topic's file is.
const REPORT: usize = 1 + 8 * TOPICS.len();

type Fallible<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("child") => child(&arguments[1]),
        _ => {
            let number = |at: usize, default| {
                arguments.get(at).map_or(default, |text| text.parse().unwrap_or(default))
            };
            parent(number(0, 64), number(1, 1000))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn open(namespace: &str) -> Result<Arc<Peer>> {
    Peer::open(&Settings { namespace: namespace.to_owned(), ..Settings::default() })
}

/// The children, and how they are told to begin and say that they are done.
struct Storm {
    children: Vec<Child>,
    done: PipeReader,
}

impl Storm {
    fn start(processes: usize, namespace: &str) -> Fallible<Self> {
        let (done, done_write) = pipe()?;
        let children = (0..processes).map(|_| {
            Command::new(env::current_exe()?)
                .args(["child", namespace])
                .stdin(Stdio::piped())
                .stdout(done_write.try_clone()?)
                .spawn()
        });
        Ok(Self { children: children.collect::<std::io::Result<_>>()?, done })
    }

    /// Has all children do one thing; what files they have afterwards, each once.
    fn all(&mut self, what: u8) -> Fallible<BTreeSet<Vec<u8>>> {
        // A pipe for each: from a common one, the first to be done would take a second byte.
        for go in self.children.iter_mut().filter_map(|child| child.stdin.as_mut()) {
            go.write_all(&[what])?;
        }
        let mut files = BTreeSet::new();
        for _ in &self.children {
            let mut report = [0; REPORT];
            self.done.read_exact(&mut report)?;
            if report[0] != 1 {
                return Err("a process had an error".into());
            }
            files.insert(report[1..].to_vec());
        }
        Ok(files)
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn parent(processes: usize, rounds: usize) -> Fallible<()> {
    let namespace = format!("storm-{}", std::process::id());
    let path = {
        let peer = open(&namespace)?;
        peer.directory().path().to_owned()
    };
    let mut storm = Storm::start(processes, &namespace)?;
    let start = Instant::now();
    for round in 0..rounds {
        for what in [b'o', b'r'] {
            let files = storm.all(what)?;
            let mut named: Vec<u64> = entries(&path).iter().map(DirEntry::ino).collect();
            named.sort_unstable();
            let named = named.iter().flat_map(|number| number.to_le_bytes()).collect();
            if files != BTreeSet::from([named]) {
                let text = format!("round {round}: mapped {files:?}, there {:?}", entries(&path));
                return Err(text.into());
            }
        }
        storm.all(b'c')?;
        let left = entries(&path);
        if !left.is_empty() {
            return Err(format!("round {round}: {left:?} are left").into());
        }
    }
    println!(
        "{processes} processes, {rounds} rounds in {:.1} s: 0 errors, one file each",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn entries(path: &Path) -> Vec<DirEntry> {
    fs::read_dir(path).map_or_else(|_| Vec::new(), |entries| entries.flatten().collect())
}

fn child(namespace: &str) -> Fallible<()> {
    // Not through the buffers of `stdin` and `stdout`: a byte each, and a report in one write.
    let mut go = File::from(stdin().as_fd().try_clone_to_owned()?);
    let mut done = File::from(stdout().as_fd().try_clone_to_owned()?);
    let mut held = None;
    let mut what = [0];
    // The end of the pipe is the end of the storm.
    while go.read(&mut what)? == 1 {
        let mut report = [0; REPORT];
        match act(namespace, what[0], &mut held) {
            Ok(files) => {
                report[0] = 1;
                for (place, file) in report[1..].chunks_exact_mut(8).zip(files) {
                    place.copy_from_slice(&file.to_le_bytes());
                }
            }
            Err(error) => eprintln!("{error}"),
        }
        done.write_all(&report)?;
    }
    Ok(())
}

type Held = Vec<(OpenTopic, Subscriber)>;

fn act(namespace: &str, what: u8, held: &mut Option<Held>) -> Fallible<[u64; TOPICS.len()]> {
    *held = None;
    if what == b'c' {
        return Ok([0; TOPICS.len()]);
    }
    let peer = open(namespace)?;
    let topics = TOPICS.map(|name| peer.open_topic(name, Kind::Image, Mode::default()));
    let subscribe = |topic: OpenTopic| (topic.clone(), Subscriber::new(topic, 1));
    *held = Some(topics.into_iter().map(|topic| topic.map(subscribe)).collect::<Result<_>>()?);
    // By number: a file that this process has made is mapped under the name it had before.
    let maps = fs::read_to_string("/proc/self/maps")?;
    let ours = maps.lines().filter(|line| line.contains(&format!("/{namespace}/")));
    let files: BTreeSet<u64> =
        ours.filter_map(|line| line.split_whitespace().nth(4)?.parse().ok()).collect();
    let files: Vec<u64> = files.into_iter().collect();
    Ok(files.try_into().map_err(|files| format!("not two files are mapped: {files:?}"))?)
}
