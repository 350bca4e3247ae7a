//! A process that makes files in every way there is to name them, for itself and for a group, and
//! wipes what lay in its slots.

use std::fs;
use std::path::PathBuf;

use framelane_pool::{OwnPool, Scrub, control_name, data_name};
use framelane_shm::{Directory, Naming};
use framelane_topic::{Peer, Settings};

use crate::frames::PAGE;
use crate::place::Place;
use crate::victim::Victim;

/// Who may use a directory, and how its files are named.
fn ways() -> [(Option<u32>, Naming); 3] {
    let group = rustix::process::getegid().as_raw();
    [(None, Naming::Rename), (None, Naming::LinkProc), (Some(group), Naming::Link)]
}

pub(crate) fn victim(place: &Place) {
    let Settings { dir, namespace, .. } = &place.settings;
    for (group, naming) in ways() {
        let directory = Directory::open_shared(dir, namespace, group).unwrap().naming(naming);
        let pool = OwnPool::create(&directory, 2, PAGE, 1, Scrub::OnRelease, || ()).unwrap();
        for _ in 0..2 {
            let hold = pool.allocate().unwrap().unwrap();
            hold.will_write(PAGE);
            // SAFETY: on loan.
            unsafe { hold.pointer().write(1) };
        }
        for (name, new) in [("keep", true), ("keep", false)] {
            let file = directory.create(name, PAGE, PAGE, |_, _| Ok(())).unwrap();
            assert_eq!(file.is_some(), new, "a name is given once");
        }
        for name in ["keep".into(), control_name(pool.id()), data_name(pool.id())] {
            directory.unlink(&name).unwrap();
        }
        directory.remove_if_empty();
    }
}

pub(crate) fn survivor(place: &Place, victim: &mut Victim) {
    victim.run(|| {});
    for (group, _) in ways() {
        let settings = Settings { group, ..place.settings.clone() };
        let path: PathBuf = Peer::open(&settings).unwrap().directory().path().into();
        // Not of the library: nobody removes it but who made it.
        if fs::remove_file(path.join("keep")).is_ok() {
            drop(Peer::open(&settings).unwrap());
        }
        assert!(!path.exists(), "{} is left", path.display());
    }
}
