//! What work on pixels can say, as errors of ours.
//!
//! The kernels say what was expected and what they got. What to do about it has a name in each
//! language, which the caller knows.

use std::fmt;

use framelane_kernels::convert::ConvertError;
use framelane_kernels::{
    CloudError, CodecError, DepthError, RasterError, ResizeError, TensorInputError,
};
use framelane_layout::{Encoding, ErrorCode};
use framelane_topic::Error;

/// An error of the kernels.
pub trait KernelError: fmt::Display {
    /// What programs compare.
    fn code(&self) -> ErrorCode;

    /// The encodings to convert the picture to, one after the other, before or instead of what
    /// was tried; none where that would not help.
    fn conversions(&self) -> Vec<Encoding> {
        Vec::new()
    }
}

/// Such an error as one of ours. `convert` is how a language converts to an encoding.
pub fn kernel_error(error: &impl KernelError, convert: fn(Encoding) -> String) -> Error {
    let steps: Vec<_> = error.conversions().into_iter().map(convert).collect();
    let text = match &steps[..] {
        [] => error.to_string(),
        [one] => format!("{error}; {one} first"),
        several => format!("{error}; in steps: {}", several.join(" and then ")),
    };
    Error::new(error.code(), text)
}

/// Such an error as Rust programs get it.
pub(crate) fn in_rust(error: impl KernelError) -> Error {
    kernel_error(&error, |encoding| format!("convert_into an image of Encoding::{encoding:?}"))
}

impl KernelError for CodecError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Size { .. } => ErrorCode::InvalidSize,
            _ => ErrorCode::Codec,
        }
    }
}

impl KernelError for RasterError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Length { .. } => ErrorCode::InvalidLength,
            Self::Size { .. } | Self::Step { .. } => ErrorCode::InvalidSize,
        }
    }
}

impl KernelError for ConvertError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::NoConversion { .. } => ErrorCode::NoConversion,
            Self::Size { .. } => ErrorCode::InvalidSize,
            Self::DepthRange { .. } => ErrorCode::InvalidArgument,
        }
    }

    fn conversions(&self) -> Vec<Encoding> {
        match *self {
            Self::NoConversion { via, to, .. } => vec![via, to],
            Self::Size { .. } | Self::DepthRange { .. } => Vec::new(),
        }
    }
}

impl KernelError for ResizeError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Depth { .. } => ErrorCode::InvalidArgument,
            Self::Encodings { .. } | Self::Unsupported { .. } => ErrorCode::InvalidEncoding,
        }
    }

    fn conversions(&self) -> Vec<Encoding> {
        match *self {
            Self::Encodings { to, .. } => vec![to],
            Self::Unsupported { .. } => vec![Encoding::Rgb8],
            Self::Depth { .. } => Vec::new(),
        }
    }
}

impl KernelError for TensorInputError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Encoding { .. } => ErrorCode::InvalidEncoding,
            Self::Length { .. } => ErrorCode::InvalidLength,
            Self::Count { .. } | Self::Value { .. } => ErrorCode::InvalidArgument,
        }
    }

    fn conversions(&self) -> Vec<Encoding> {
        match self {
            Self::Encoding { .. } => vec![Encoding::Rgb8],
            _ => Vec::new(),
        }
    }
}

impl KernelError for DepthError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Encoding { .. } | Self::Colour { .. } => ErrorCode::InvalidEncoding,
            Self::Size { .. } | Self::Room { .. } => ErrorCode::InvalidSize,
        }
    }

    fn conversions(&self) -> Vec<Encoding> {
        match self {
            Self::Colour { .. } => vec![Encoding::Rgb8],
            _ => Vec::new(),
        }
    }
}

impl KernelError for CloudError {
    fn code(&self) -> ErrorCode {
        ErrorCode::Codec
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_is_said_in_the_words_of_the_language() {
        let error = ResizeError::Unsupported { encoding: Encoding::Yuyv };
        let text = in_rust(error).text().to_owned();
        assert!(text.ends_with("; convert_into an image of Encoding::Rgb8 first"), "{text}");
        let other = kernel_error(&error, |encoding| format!("to {}", encoding.info().name));
        assert!(other.text().ends_with("; to rgb8 first"), "{other}");
        assert_eq!(other.code(), ErrorCode::InvalidEncoding);

        let (from, to, via) = (Encoding::Yuyv, Encoding::Nv12, Encoding::Rgb8);
        let text = in_rust(ConvertError::NoConversion { from, to, via }).text().to_owned();
        let steps = "; in steps: convert_into an image of Encoding::Rgb8 and then \
                     convert_into an image of Encoding::Nv12";
        assert!(text.ends_with(steps), "{text}");

        let range = ConvertError::DepthRange { got: (2, 1) };
        assert_eq!(in_rust(range).text(), range.to_string());
    }
}
