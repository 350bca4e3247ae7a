//! Who may use a directory: one user, or the members of one group.

use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::ptr;

use framelane_layout::{ErrorCode, sync};
use rustix::fs::{self, Gid, Mode, Stat};
use rustix::io::Errno;

use crate::error::{Error, Result};

/// Permission bits of a directory that members of a group share; files in it get its group.
const GROUP_DIRECTORY: u32 = 0o2770;

/// Who may use a directory and what lies in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rights {
    /// The effective user of this process.
    User,
    /// The members of a group.
    Group(u32),
}

impl Rights {
    /// Name of the directory below the base.
    pub(crate) fn directory_name(self) -> String {
        match self {
            Self::User => format!("framelane-{}", me()),
            Self::Group(gid) => format!("framelane-g{gid}"),
        }
    }

    /// Makes a directory that this user has just made, or died while making, what it is to be.
    pub(crate) fn adopt(self, fd: &OwnedFd) -> Result<(), Errno> {
        let Self::Group(gid) = self else { return Ok(()) };
        let stat = fs::fstat(fd)?;
        if stat.st_uid == me() && stat.st_mode & 0o077 == 0 {
            sync::step();
            fs::fchown(fd, None, Some(Gid::from_raw(gid)))?;
            sync::step();
            fs::fchmod(fd, Mode::from_raw_mode(GROUP_DIRECTORY))?;
        }
        Ok(())
    }

    /// Gives a file that this process has made the permission bits of its name: in a group all
    /// may write control files and FIFOs, and only its owner a data file.
    pub(crate) fn set(self, fd: &OwnedFd, name: &str) -> Result<(), Errno> {
        if self == Self::User {
            return Ok(());
        }
        let mode = if crate::file::is_pixels(name) { 0o640 } else { 0o660 };
        sync::step();
        fs::fchmod(fd, Mode::from_raw_mode(mode))
    }

    /// The permission bits of a socket that this process has made.
    pub(crate) fn socket_mode(self) -> Mode {
        match self {
            Self::User => Mode::RUSR | Mode::WUSR,
            Self::Group(_) => Mode::from_raw_mode(0o660),
        }
    }

    /// Refuses a directory that is not ours, or open to others.
    pub(crate) fn check_directory(self, stat: &Stat, path: &Path) -> Result<()> {
        self.check_file(stat, path)?;
        let mode = stat.st_mode & 0o7777;
        let (good, wanted) = match self {
            Self::User => (mode & 0o077 == 0, "700"),
            Self::Group(_) => (mode == GROUP_DIRECTORY, "2770"),
        };
        if good {
            return Ok(());
        }
        let path = path.display();
        let text = format!("{path} has mode {mode:o} and may be open to others; chmod {wanted} it");
        Err(Error::new(ErrorCode::Permission, text))
    }

    /// Refuses a file that is not ours.
    pub(crate) fn check_file(self, stat: &Stat, path: &Path) -> Result<()> {
        let (what, is, wanted) = match self {
            Self::User => ("user", stat.st_uid, me()),
            Self::Group(gid) => ("group", stat.st_gid, gid),
        };
        if is == wanted {
            return Ok(());
        }
        let text = format!("{} belongs to {what} {is}, not to {wanted}", path.display());
        Err(Error::new(ErrorCode::Permission, text))
    }
}

fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The id of a group that is named, or given as a number.
///
/// # Errors
/// [`ErrorCode::InvalidArgument`] where there is no such group.
pub fn group_id(group: &str) -> Result<u32> {
    // The largest number means "no group" to the kernel.
    if let Ok(gid) = group.parse::<u32>()
        && gid != u32::MAX
    {
        return Ok(gid);
    }
    let unknown = || {
        let text = format!("{group:?} is not the name or number of a group");
        Error::new(ErrorCode::InvalidArgument, text)
    };
    let name = CString::new(group).map_err(|_| unknown())?;
    look_up(&name).ok_or_else(unknown)
}

fn look_up(name: &CStr) -> Option<u32> {
    let mut length = 1024;
    loop {
        let mut text = vec![0; length];
        // SAFETY: integers and pointers, for which zeros are values.
        let mut entry: libc::group = unsafe { std::mem::zeroed() };
        let mut found = ptr::null_mut();
        // SAFETY: a name, room for the answer, and for the text that it points to.
        let code = unsafe {
            libc::getgrnam_r(
                name.as_ptr(),
                &raw mut entry,
                text.as_mut_ptr(),
                length,
                &raw mut found,
            )
        };
        // The members of the group stand in the text, too.
        if code == libc::ERANGE && length < 1 << 24 {
            length *= 4;
            continue;
        }
        return (code == 0 && !found.is_null()).then_some(entry.gr_gid);
    }
}
