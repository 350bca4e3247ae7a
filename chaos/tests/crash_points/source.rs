//! The crash points, from the source: `file:line` of every store and read-modify-write of an
//! atomic and of every `step()`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Calls that are points if a memory order is among their arguments.
const ATOMIC: [&str; 5] =
    [".store(", ".swap(", ".compare_exchange(", ".compare_exchange_weak(", ".fetch_"];

/// The checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every point in the crates, tests and models left out.
pub(crate) fn points() -> BTreeSet<String> {
    let root = root();
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join("crates")).unwrap() {
        list(&entry.unwrap().path().join("src"), &mut files);
    }
    let mut points = BTreeSet::new();
    for path in files {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        // The wrappers themselves, and what only loom runs.
        if name.starts_with("crates/layout/src/sync") || name.contains("/models") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // Atomics that others never see are no points. A victim that dies in such a file all the
        // same is told of: its point is not in this list.
        if text.contains("sync::private::") {
            continue;
        }
        let text = without_bugs(&text);
        points.extend(lines(&text).into_iter().map(|line| format!("{name}:{line}")));
    }
    points
}

/// `file:line` of the `step()` in front of the line of `file` that contains `text`.
pub(crate) fn step_before(file: &str, text: &str) -> String {
    let source = fs::read_to_string(root().join(file)).unwrap();
    let lines: Vec<&str> = source.lines().collect();
    let at = lines.iter().position(|line| line.contains(text)).expect("the line is there");
    let step = lines[..at].iter().rposition(|line| line.contains("step();")).expect("a step");
    format!("{file}:{}", step + 1)
}

/// The same lines, those that only a deliberate bug runs left empty.
fn without_bugs(text: &str) -> String {
    let mut end: Option<String> = None;
    let keep = |line: &str| {
        if end.is_none() && line.trim_start().starts_with("if cfg!(feature = \"bug-") {
            let indent = &line[..line.len() - line.trim_start().len()];
            end = line.ends_with('{').then(|| format!("{indent}}}"));
        } else if end.as_deref() == Some(line) {
            end = None;
        }
        if end.is_some() { "\n".into() } else { format!("{line}\n") }
    };
    text.lines().map(keep).collect()
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The lines with points, counted from 1. A file's tests stand at its end.
fn lines(text: &str) -> BTreeSet<usize> {
    let end =
        ["#[cfg(test)]\nmod", "#[cfg(all(test"].iter().filter_map(|mark| text.find(mark)).min();
    let text: String =
        text[..end.unwrap_or(text.len())].split_inclusive('\n').map(without_comment).collect();
    let line_of = |at: usize| text[..at].matches('\n').count() + 1;
    let steps = text.match_indices("step();").map(|(at, _)| line_of(at));
    let calls = ATOMIC.iter().flat_map(|call| text.match_indices(call)).filter_map(|(at, call)| {
        let opening = at + text[at + call.len() - 1..].find('(')? + call.len() - 1;
        arguments(&text[opening..]).contains("Ordering::").then(|| line_of(at))
    });
    steps.chain(calls).collect()
}

fn without_comment(line: &str) -> &str {
    // What is cut away must not move the lines below.
    line.find("//").map_or(line, |_| if line.trim_start().starts_with("//") { "\n" } else { line })
}

/// What stands between the first parenthesis and the one that closes it.
fn arguments(text: &str) -> &str {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => return &text[..at],
            b')' => depth -= 1,
            _ => {}
        }
    }
    text
}
