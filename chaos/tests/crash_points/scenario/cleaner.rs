//! A process that opens a directory in which the dead have left all there is to leave: a topic,
//! pools that it names and pools that it does not, a data file alone, a FIFO.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use framelane_layout::Kind;
use framelane_topic::{Peer, Publisher, Subscriber};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::PATIENCE;
use crate::frames::{PAGE, check, send, take};
use crate::place::{ORDINARY, Place};
use crate::victim::Victim;

pub(crate) fn victim(place: &Place) {
    let peer = place.peer();
    drop(peer.open_topic("mine", Kind::Image, ORDINARY).unwrap());
    drop(peer);
    // Again, with nothing left to remove.
    drop(place.peer());
}

pub(crate) fn survivor(place: &Place, victim: &mut Victim) {
    let topic = place.topic("live");
    let mut publisher = Publisher::claim(topic.clone(), 2).unwrap();
    let mut subscriber = Subscriber::new(topic, 0);
    litter(place);
    let mut number = 0;
    let mut pass_one = || {
        send(&mut publisher, number, PAGE);
        let received = take(&mut subscriber).unwrap();
        assert_eq!(check(&received), number, "a topic in use goes on");
        number += 1;
    };
    victim.run(&mut pass_one);
    let start = Instant::now();
    pass_one();
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    drop((publisher, subscriber));
}

/// What a process that was killed leaves, without killing one: copies of the files of another
/// directory, which nobody has open.
fn litter(place: &Place) {
    let mut settings = place.settings.clone();
    settings.namespace += "-litter";
    let source = Place { settings };
    let peer = Peer::open(&source.settings).unwrap();
    let topic = peer.open_topic("dead", Kind::Image, ORDINARY).unwrap();
    let mut publisher = Publisher::claim(topic, 2).unwrap();
    let named = send(&mut publisher, 1, PAGE).id();
    let unnamed = peer.allocate(8 * PAGE, 1).unwrap().unwrap().pool().id();
    let (from, to) = (source.path(), place.path());
    let copy = |name: &str| copy_file(&from.join(name), &to.join(name));
    copy("t.dead");
    for id in [named, unnamed] {
        copy(&format!("p.{id:016x}.c"));
        copy(&format!("p.{id:016x}.d"));
    }
    let lone = format!("p.{:016x}.d", unnamed ^ 1);
    copy_file(&from.join(format!("p.{unnamed:016x}.d")), &to.join(lone));
    let fifo = to.join("f.00000000000000ff");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

fn copy_file(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o600)).unwrap();
}
