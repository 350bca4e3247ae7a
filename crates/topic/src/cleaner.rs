//! Removes what nobody is attached to. Run at each open and each close; it decides by locks
//! alone and may run in any number of processes at once. What it cannot read it leaves.
//!
//! A file is garbage if its alive byte can be locked exclusively while it still has its
//! name. A pool must, besides, be named by no ring: the rings are read first, and once more
//! under the lock, so that the time for which an opener would find it busy stays short.

use std::collections::HashSet;

use framelane_layout::ErrorCode;
use framelane_layout::lock::ALIVE;
use framelane_pool::{control_name, data_name, parse_name};
use framelane_shm::{Access, Directory, Error, Result, SharedFile};

use crate::file::{is_topic, named_pools};

/// Removes all garbage of the directory.
///
/// # Errors
/// The directory or a topic in it cannot be read; what is sure to be garbage is gone.
pub(crate) fn clean(directory: &Directory) -> Result<()> {
    let names = directory.names()?;
    for name in &names {
        // One file that cannot be removed must not keep the others.
        let _ = match name.as_bytes() {
            [b't', b'.', ..] => remove_topic(directory, name),
            [b'f', b'.', ..] => directory.remove_orphan_doorbell(name).map(drop),
            [b'.', ..] => directory.remove_orphan_temporary(name).map(drop),
            _ => Ok(()),
        };
    }
    let pools: Vec<_> = names.iter().filter_map(|name| parse_name(name)).collect();
    if pools.is_empty() {
        return Ok(());
    }
    let named = all_named(directory)?;
    for &(id, is_control) in &pools {
        let _ = match is_control {
            true if named.contains(&id) => Ok(()),
            true => remove_pool(directory, id),
            false => remove_lone_data(directory, id),
        };
    }
    Ok(())
}

/// The ids of all pools that a ring cell of any topic names.
///
/// # Errors
/// A topic cannot be read: no pool can be said to be named by none.
fn all_named(directory: &Directory) -> Result<HashSet<u64>> {
    let mut named = HashSet::new();
    for name in directory.names()?.iter().filter(|name| name.starts_with("t.")) {
        if let Some(file) = open(directory, name, Access::Read)? {
            named.extend(named_pools(&file)?);
        }
    }
    Ok(named)
}

/// Opens a file. `None`: there is none, or something that cannot be one of ours.
fn open(directory: &Directory, name: &str, access: Access) -> Result<Option<SharedFile>> {
    let foreign = |error: &Error| matches!(error.code(), ErrorCode::Corrupt);
    match directory.open_file(name, access) {
        Err(error) if foreign(&error) => Ok(None),
        other => other,
    }
}

fn remove_topic(directory: &Directory, name: &str) -> Result<()> {
    let Some(file) = open(directory, name, Access::ReadWrite)? else { return Ok(()) };
    // Only what is ours: a foreign file is an error of the process that opens the topic.
    if is_topic(&file)? && file.try_own()? && file.is_linked()? {
        directory.unlink(name)?;
    }
    Ok(())
}

fn remove_pool(directory: &Directory, id: u64) -> Result<()> {
    let control = control_name(id);
    let Some(file) = open(directory, &control, Access::ReadWrite)? else { return Ok(()) };
    if file.try_own()? && file.is_linked()? && !all_named(directory)?.contains(&id) {
        directory.unlink(&control)?;
        directory.unlink(&data_name(id))?;
    }
    Ok(())
}

/// A data file whose owner died before or after its control file had a name.
fn remove_lone_data(directory: &Directory, id: u64) -> Result<()> {
    let data = data_name(id);
    // Another user's can only be read. That is enough: who lets go of its lock never comes back.
    let Some(file) = open(directory, &data, Access::Read)? else { return Ok(()) };
    // The lock first, then the look at the control file: its owner links that one later.
    let alone = !file.is_held(ALIVE)? && file.is_linked()?;
    if alone && directory.open_file(&control_name(id), Access::Read)?.is_none() {
        directory.unlink(&data)?;
    }
    Ok(())
}
