//! What work on pixels can say, as errors of ours.

use framelane_kernels::convert::ConvertError;
use framelane_kernels::{
    CloudError, CodecError, DepthError, RasterError, ResizeError, TensorInputError,
};
use framelane_layout::ErrorCode;
use framelane_topic::Error;

fn with(code: ErrorCode, error: &impl ToString) -> Error {
    Error::new(code, error.to_string())
}

/// An error of a codec.
pub fn codec_error(error: impl Into<CodecError>) -> Error {
    let error = error.into();
    match error {
        CodecError::Size { .. } => with(ErrorCode::InvalidSize, &error),
        _ => with(ErrorCode::Codec, &error),
    }
}

/// A slice that is no picture.
pub fn raster_error(error: RasterError) -> Error {
    match error {
        RasterError::Length { .. } => with(ErrorCode::InvalidLength, &error),
        RasterError::Size { .. } | RasterError::Step { .. } => with(ErrorCode::InvalidSize, &error),
    }
}

/// An error of a conversion.
pub fn convert_error(error: ConvertError) -> Error {
    match error {
        ConvertError::NoConversion { .. } => with(ErrorCode::NoConversion, &error),
        ConvertError::Size { .. } => with(ErrorCode::InvalidSize, &error),
        ConvertError::DepthRange { .. } => with(ErrorCode::InvalidArgument, &error),
    }
}

/// An error of resizing.
pub fn resize_error(error: ResizeError) -> Error {
    match error {
        ResizeError::Depth { .. } => with(ErrorCode::InvalidArgument, &error),
        ResizeError::Encodings { .. } | ResizeError::Unsupported { .. } => {
            with(ErrorCode::InvalidEncoding, &error)
        }
    }
}

/// An error of making a model's input.
pub fn tensor_error(error: TensorInputError) -> Error {
    match error {
        TensorInputError::Encoding { .. } => with(ErrorCode::InvalidEncoding, &error),
        TensorInputError::Length { .. } => with(ErrorCode::InvalidLength, &error),
        TensorInputError::Count { .. } | TensorInputError::Value { .. } => {
            with(ErrorCode::InvalidArgument, &error)
        }
    }
}

/// An error of depths, as statistics or as points.
pub fn depth_error(error: DepthError) -> Error {
    match error {
        DepthError::Encoding { .. } | DepthError::Colour { .. } => {
            with(ErrorCode::InvalidEncoding, &error)
        }
        DepthError::Size { .. } | DepthError::Room { .. } => with(ErrorCode::InvalidSize, &error),
    }
}

/// An error of a cloud's file.
pub fn cloud_error(error: CloudError) -> Error {
    with(ErrorCode::Codec, &error)
}
