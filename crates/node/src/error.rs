//! Errors on their way to JavaScript, where `code` is what programs compare.

use framelane::ErrorCode;
use framelane::raw::{KernelError, kernel_error};
use napi::Status;

/// A code of ours, or of napi itself where an argument had the wrong type.
pub struct Code(&'static str);

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        self.0
    }
}

impl From<Status> for Code {
    fn from(status: Status) -> Self {
        let invalid = [
            Status::InvalidArg,
            Status::ObjectExpected,
            Status::StringExpected,
            Status::NumberExpected,
            Status::FunctionExpected,
            Status::BooleanExpected,
            Status::ArrayBufferExpected,
        ];
        let code = if invalid.contains(&status) {
            ErrorCode::InvalidArgument
        } else {
            ErrorCode::Internal
        };
        Self(code.as_str())
    }
}

/// What a function of the binding throws.
pub type Error = napi::Error<Code>;
/// What a function of the binding returns.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the core as one for JavaScript.
pub fn thrown(error: framelane::Error) -> Error {
    Error::new(Code(error.code().as_str()), error.text().to_owned())
}

/// An error of the kernels as JavaScript gets it.
pub fn in_node(error: impl KernelError) -> framelane::Error {
    kernel_error(&error, |encoding| format!("convert('{}')", encoding.info().name))
}

/// Something napi refused.
pub fn refused(what: &str, status: napi::sys::napi_status) -> Error {
    let text = format!("{what}: napi status {status}");
    Error::new(Code(ErrorCode::Internal.as_str()), text)
}
