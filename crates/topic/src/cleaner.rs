//! Removes what nobody is attached to. Run at each open and each close; it decides by locks
//! alone and may run in any number of processes at once.
//!
//! A file is garbage if its alive byte can be locked exclusively while it still has its
//! name. A pool must, besides, be named by no ring: the rings are read first, and once more
//! under the lock, so that the time for which an opener would find it busy stays short.

use std::collections::HashSet;

use framelane_pool::{control_name, data_name, parse_name};
use framelane_shm::{Access, Directory, Result};

use crate::file::{is_topic, named_pools};

/// Removes all garbage of the directory, and the directory itself if nothing is left.
pub(crate) fn clean(directory: &Directory) -> Result<()> {
    let names = directory.names()?;
    for name in &names {
        if name.starts_with("t.") {
            remove_topic(directory, name)?;
        } else if name.starts_with("f.") {
            directory.remove_orphan_fifo(name)?;
        }
    }
    let pools: Vec<_> = names.iter().filter_map(|name| parse_name(name)).collect();
    if !pools.is_empty() {
        let named = all_named(directory)?;
        for &(id, is_control) in &pools {
            if is_control && !named.contains(&id) {
                remove_pool(directory, id)?;
            } else if !is_control {
                remove_lone_data(directory, id)?;
            }
        }
    }
    directory.remove_if_empty();
    Ok(())
}

/// The ids of all pools that a ring cell of any topic names.
pub(crate) fn all_named(directory: &Directory) -> Result<HashSet<u64>> {
    let mut named = HashSet::new();
    for name in directory.names()?.iter().filter(|name| name.starts_with("t.")) {
        // A file that cannot be opened names nothing; it is left for its user to see.
        if let Ok(Some(file)) = directory.open_file(name, Access::Read) {
            named.extend(named_pools(&file));
        }
    }
    Ok(named)
}

fn remove_topic(directory: &Directory, name: &str) -> Result<()> {
    let Ok(Some(file)) = directory.open_file(name, Access::ReadWrite) else { return Ok(()) };
    // Only what is ours: a foreign file is an error of the process that opens the topic.
    if is_topic(&file)? && file.try_own()? && file.is_linked()? {
        directory.unlink(name)?;
    }
    Ok(())
}

fn remove_pool(directory: &Directory, id: u64) -> Result<()> {
    let Ok(Some(control)) = directory.open_file(&control_name(id), Access::ReadWrite) else {
        return Ok(());
    };
    if control.try_own()? && control.is_linked()? && !all_named(directory)?.contains(&id) {
        directory.unlink(&control_name(id))?;
        directory.unlink(&data_name(id))?;
    }
    Ok(())
}

/// A data file whose owner died before or after its control file had a name.
fn remove_lone_data(directory: &Directory, id: u64) -> Result<()> {
    let Ok(Some(data)) = directory.open_file(&data_name(id), Access::ReadWrite) else {
        return Ok(());
    };
    // The lock first, then the look at the control file: its owner links that one later.
    if data.try_own()?
        && data.is_linked()?
        && !matches!(directory.open_file(&control_name(id), Access::Read), Ok(Some(_)))
    {
        directory.unlink(&data_name(id))?;
    }
    Ok(())
}
