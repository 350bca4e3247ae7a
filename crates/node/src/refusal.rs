//! What is said where the runtime gives no buffer over our memory.

use framelane::{Error, ErrorCode};
use napi::sys::{Status, napi_status};

/// What a status of Node-API means for a buffer of `bytes` bytes over our memory.
///
/// # Errors
/// [`ErrorCode::ExternalMemory`] for everything but success.
pub fn buffer_made(status: napi_status, bytes: u64) -> Result<(), Error> {
    if status == Status::napi_ok {
        return Ok(());
    }
    let text = if status == Status::napi_no_external_buffers_allowed {
        "this runtime refuses buffers over foreign memory (Electron does); use configure({ memory: \
         'copy' }), where `data` is a private copy, or handle frames in a plain Node.js process"
            .to_owned()
    } else {
        format!("a buffer of {bytes} bytes over shared memory was refused: napi status {status}")
    };
    Err(Error::new(ErrorCode::ExternalMemory, text))
}

/// Where `memory: 'shared-buffer'` is asked for and the running Node cannot make such buffers.
pub fn no_shared_buffers() -> Error {
    let text = "memory 'shared-buffer': this runtime cannot make a SharedArrayBuffer over foreign \
                memory (node_api_create_external_sharedarraybuffer); Node.js 22.23, 24.21 and \
                26.10 can, 20 and 25 cannot; use one that can, or memory: 'buffer'";
    Error::new(ErrorCode::ExternalMemory, text)
}
