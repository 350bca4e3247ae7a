//! Limits of the process, fixed at their first use: said by `configure`, or by the
//! environment, or a default.

use std::env;
use std::sync::OnceLock;

use framelane::{Error, ErrorCode, Result};

/// Frames received and not released, for each topic object.
pub static MAX_HELD: Limit = Limit::new("FRAMELANE_MAX_HELD", 16);
/// Frames loaned and not sent, for each topic object.
pub static MAX_LOANS: Limit = Limit::new("FRAMELANE_MAX_LOANS", 8);

/// A number that is fixed once.
pub struct Limit {
    variable: &'static str,
    default: u32,
    fixed: OnceLock<u32>,
}

impl Limit {
    const fn new(variable: &'static str, default: u32) -> Self {
        Self { variable, default, fixed: OnceLock::new() }
    }

    /// The limit in force; fixed from now on. The facade has checked the environment.
    pub fn get(&self) -> u32 {
        let said = || env::var(self.variable).ok().and_then(|text| text.parse().ok());
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
