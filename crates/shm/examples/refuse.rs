//! Runs a program for which the kernel refuses some system calls, as a sandbox does it.
//!
//! ```text
//! cargo run -p framelane-shm --example refuse -- mknodat,bind node program.js
//! ```
//!
//! The calls fail with `EPERM`, in what the program starts, too.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{env, io};

/// Loads a word at an offset of `seccomp_data`; the number of the call is at 0.
const LOAD: u16 = 0x20;
/// Jumps where the word is the operand.
const EQUAL: u16 = 0x15;
/// Ends with the operand.
const RETURN: u16 = 0x06;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [calls, program, rest @ ..] = &arguments[..] else {
        return Err(io::Error::other("usage: refuse CALL,CALL PROGRAM ARGUMENT ..."));
    };
    let numbers: Option<Vec<u32>> = calls.split(',').map(number).collect();
    refuse(&numbers.ok_or_else(|| io::Error::other("a call that is not known here"))?)?;
    Err(Command::new(program).args(rest).exec())
}

fn number(call: &str) -> Option<u32> {
    let number = match call {
        "mknodat" => libc::SYS_mknodat,
        "bind" => libc::SYS_bind,
        _ => return None,
    };
    u32::try_from(number).ok()
}

fn refuse(numbers: &[u32]) -> io::Result<()> {
    let statement = |code, k| libc::sock_filter { code, jt: 0, jf: 0, k };
    let mut filter = vec![statement(LOAD, 0)];
    for &number in numbers {
        filter.push(libc::sock_filter { code: EQUAL, jt: 0, jf: 1, k: number });
        let eperm = libc::EPERM.unsigned_abs();
        filter.push(statement(RETURN, libc::SECCOMP_RET_ERRNO | eperm));
    }
    filter.push(statement(RETURN, libc::SECCOMP_RET_ALLOW));
    let length = u16::try_from(filter.len()).map_err(io::Error::other)?;
    let program = libc::sock_fprog { len: length, filter: filter.as_mut_ptr() };
    // SAFETY: numbers only.
    let ready = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    let mode = libc::SECCOMP_MODE_FILTER;
    // SAFETY: a program of `len` statements, which the kernel copies.
    let set = unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program) };
    if ready == 0 && set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
