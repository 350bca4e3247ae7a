//! Limits of the process, fixed at their first use: said by `configure`, or by the
//! environment, or a default.

use std::env;
use std::sync::OnceLock;

use framelane::{Error, ErrorCode, Result};

/// Frames received and not released, for each topic object.
pub static MAX_HELD: Limit = Limit::new("FRAMELANE_MAX_HELD", 16);
/// Frames loaned and not sent, for each topic object.
pub static MAX_LOANS: Limit = Limit::new("FRAMELANE_MAX_LOANS", 8);

/// 1: the buffer behind a frame's `data` is that frame's alone and goes when the frame goes.
pub static GUARD: Limit = Limit::new("FRAMELANE_GUARD", 0);
/// What is behind a frame's `data`: a [`Memory`].
pub static MEMORY: Limit = Limit {
    variable: "FRAMELANE_MEMORY",
    default: Memory::Buffer as u32,
    parse: |name| Memory::from_name(name).map(|memory| memory as u32),
    fixed: OnceLock::new(),
};

/// What is behind a frame's `data`.
#[derive(Clone, Copy)]
pub enum Memory {
    /// An external ArrayBuffer.
    Buffer = 0,
    /// An external SharedArrayBuffer.
    SharedBuffer = 1,
    /// A private copy.
    Copy = 2,
}

impl Memory {
    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "buffer" => Some(Self::Buffer),
            "shared-buffer" => Some(Self::SharedBuffer),
            "copy" => Some(Self::Copy),
            _ => None,
        }
    }
}

/// A number that is fixed once.
pub struct Limit {
    variable: &'static str,
    default: u32,
    parse: fn(&str) -> Option<u32>,
    fixed: OnceLock<u32>,
}

impl Limit {
    const fn new(variable: &'static str, default: u32) -> Self {
        Self { variable, default, parse: |text| text.parse().ok(), fixed: OnceLock::new() }
    }

    /// The limit in force; fixed from now on. The facade has checked the environment.
    pub fn get(&self) -> u32 {
        let said = || env::var(self.variable).ok().and_then(|text| (self.parse)(&text));
        *self.fixed.get_or_init(|| said().unwrap_or(self.default))
    }

    /// Fixes the limit.
    pub fn fix(&self, value: u32) -> Result<()> {
        if *self.fixed.get_or_init(|| value) == value {
            return Ok(());
        }
        let text = "settings are fixed by the first use; call configure before it";
        Err(Error::new(ErrorCode::Configured, text))
    }
}
