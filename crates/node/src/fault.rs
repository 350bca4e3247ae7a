//! The report on a stray write: JavaScript has no read-only typed array, so a write to a
//! received frame is a fault of memory, which ends the process. This says in one line whose
//! frame it was and what to do instead.
//!
//! The handler acts on addresses of received frames only. Everything else, WebAssembly's traps
//! among it, goes to the handler that was there before. It calls nothing that is not
//! async-signal-safe: it reads atomics, formats on its stack, and calls `write` and `sigaction`.

use std::ffi::{c_int, c_void};
use std::fmt::{self, Write};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Once, OnceLock};

use framelane::raw::layout::sync::Ordering;
use framelane::raw::layout::sync::private::AtomicU32;
use framelane::raw::{Place, place_of};

/// The kernel's `SEGV_ACCERR`: the address is mapped, and not for this access.
const SEGV_ACCERR: c_int = 2;

/// Signals handled, and what was done about each before.
static HANDLED: [(c_int, OnceLock<libc::sigaction>); 2] =
    [(libc::SIGSEGV, OnceLock::new()), (libc::SIGBUS, OnceLock::new())];
/// 1 once a report is being written: one line, however many threads write to frames.
static REPORTED: AtomicU32 = AtomicU32::new(0);

/// Installs the handler, once for the process. Where that is refused there is no report, and
/// all else is as it would be.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| HANDLED.iter().for_each(|(signal, previous)| handle(*signal, previous)));
}

fn handle(signal: c_int, previous: &OnceLock<libc::sigaction>) {
    let mut found = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: asks for the action in force, and there is room for it.
    if unsafe { libc::sigaction(signal, ptr::null(), found.as_mut_ptr()) } != 0 {
        return;
    }
    // SAFETY: filled in by the call above, which succeeded.
    let found = unsafe { found.assume_init() };
    let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = on_fault;
    let mut action = *previous.get_or_init(|| found);
    action.sa_sigaction = handler as *const () as libc::sighandler_t;
    action.sa_flags = action.sa_flags & !libc::SA_RESETHAND | libc::SA_SIGINFO | libc::SA_ONSTACK;
    // SAFETY: the handler is of the form that SA_SIGINFO asks for, does only what a handler
    // may, and stays for ever: addons are linked so that they are never unloaded.
    unsafe { libc::sigaction(signal, &action, ptr::null_mut()) };
}

extern "C" fn on_fault(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel gives a handler with SA_SIGINFO a valid `siginfo_t`.
    let about = unsafe { &*info };
    let code = about.si_code;
    if matches!((signal, code), (libc::SIGSEGV, SEGV_ACCERR) | (libc::SIGBUS, libc::BUS_ADRERR)) {
        // SAFETY: a fault of memory has an address.
        let address = unsafe { about.si_addr() };
        if let Some(place) = place_of(address.addr()) {
            return report(signal, &place);
        }
    }
    pass_on(signal, code, info, context);
}

/// Writes the line and puts the previous handlers back: the fault happens again when this
/// returns, and ends the process as if nothing had been here.
fn report(signal: c_int, place: &Place) {
    // ordering: Relaxed; nothing is handed over. A second thread returns, and faults until the
    // first one is done.
    if REPORTED.swap(1, Ordering::Relaxed) == 0 {
        let mut line = Line { bytes: [0; 512], length: 0 };
        let _ = describe(&mut line, signal, place);
        // SAFETY: `length` bytes of the line are there. Nothing can be done about a failure.
        unsafe { libc::write(libc::STDERR_FILENO, line.bytes.as_ptr().cast(), line.length) };
        for (signal, previous) in &HANDLED {
            if let Some(previous) = previous.get() {
                // SAFETY: an action that the kernel gave us.
                unsafe { libc::sigaction(*signal, previous, ptr::null_mut()) };
            }
        }
    }
}

fn describe(line: &mut Line, signal: c_int, place: &Place) -> fmt::Result {
    let Place { pool_id, slot, topic, .. } = place;
    let what = match signal {
        libc::SIGSEGV => "a received frame was written to",
        _ => "the file of a received frame was made shorter by somebody",
    };
    write!(line, "framelane: {what} (")?;
    if let Some(topic) = topic {
        write!(line, "topic {topic}, ")?;
    }
    write!(line, "pool {pool_id:016x}, slot {slot}")?;
    if signal == libc::SIGSEGV {
        // SAFETY: it was this mapping that refused to be written, so it is there. A file that
        // has been shortened meanwhile ends the process by the other signal.
        let generation = unsafe { place.generation() };
        write!(line, "#{generation}")?;
    }
    line.write_str(match signal {
        libc::SIGSEGV => {
            "); frames are read-only: use frame.clone() for a private copy or \
             configure({ access: 'shared' })\n"
        }
        _ => "); its pixels are gone\n",
    })
}

/// Text on the stack; what does not fit is left out.
struct Line {
    bytes: [u8; 512],
    length: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for (to, from) in self.bytes.iter_mut().skip(self.length).zip(text.bytes()) {
            *to = from;
            self.length += 1;
        }
        Ok(())
    }
}

/// Does what would have been done without us.
fn pass_on(signal: c_int, code: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let previous = HANDLED.iter().find(|(handled, _)| *handled == signal);
    let Some(previous) = previous.and_then(|(_, previous)| previous.get()) else { return };
    // A process has sent it: it does not happen again by itself.
    let sent = code <= 0;
    match previous.sa_sigaction {
        libc::SIG_IGN if sent => {}
        // The kernel does not let a fault be ignored.
        libc::SIG_DFL | libc::SIG_IGN => end_by(signal, sent),
        handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: installed with SA_SIGINFO, so of this form.
            let handler = unsafe {
                std::mem::transmute::<
                    libc::sighandler_t,
                    extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void),
                >(handler)
            };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: installed without SA_SIGINFO, so of this form.
            let handler =
                unsafe { std::mem::transmute::<libc::sighandler_t, extern "C" fn(c_int)>(handler) };
            handler(signal);
        }
    }
}

/// Lets the signal end the process when the handler returns.
fn end_by(signal: c_int, sent: bool) {
    // SAFETY: all zeros is a valid action: the default one, no flags, no signals masked.
    let default = unsafe { MaybeUninit::<libc::sigaction>::zeroed().assume_init() };
    // SAFETY: a valid action.
    unsafe { libc::sigaction(signal, &default, ptr::null_mut()) };
    if sent {
        // SAFETY: async-signal-safe; blocked until the handler returns.
        unsafe { libc::raise(signal) };
    }
}
