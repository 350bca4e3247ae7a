//! What can go wrong, with a code that programs compare and a text that people read.

use std::fmt;

use framelane_layout::ErrorCode;
use rustix::io::Errno;

/// An error: a stable [`ErrorCode`] and a text that says what happened and what helps.
#[derive(Clone, Debug)]
pub struct Error {
    code: ErrorCode,
    text: String,
}

/// What every fallible function of framelane returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this code.
    pub fn new(code: ErrorCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// The operating system refused `operation`.
    #[must_use]
    pub fn system(operation: &str, errno: Errno) -> Self {
        let code = match errno {
            Errno::NOSPC | Errno::NOMEM | Errno::DQUOT => ErrorCode::NoSpace,
            Errno::ACCESS | Errno::PERM => ErrorCode::Permission,
            Errno::LOOP | Errno::ISDIR | Errno::NOTDIR => ErrorCode::Corrupt,
            _ => ErrorCode::System,
        };
        Self { code, text: format!("{operation}: {errno}") }
    }

    /// What programs compare.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// What people read.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({})", self.text, self.code.as_str())
    }
}

impl std::error::Error for Error {}
