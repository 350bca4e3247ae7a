//! What users are told where a runtime refuses buffers over foreign memory; compiled in, because
//! nothing but Node can load the addon, and Node itself does not refuse.

use framelane::ErrorCode;
use napi::sys::Status;

#[path = "../src/refusal.rs"]
#[allow(dead_code, unreachable_pub, reason = "a module of the addon, half tested in Node")]
mod refusal;

#[test]
fn a_refusal_of_foreign_memory_names_the_setting_that_helps() {
    let error = refusal::buffer_made(Status::napi_no_external_buffers_allowed, 4096).unwrap_err();
    assert_eq!(error.code(), ErrorCode::ExternalMemory);
    assert!(error.text().contains("memory: 'copy'"), "{}", error.text());
}

#[test]
fn any_other_status_is_told_with_the_size() {
    for status in [Status::napi_generic_failure, Status::napi_pending_exception] {
        let error = refusal::buffer_made(status, 4096).unwrap_err();
        assert_eq!(error.code(), ErrorCode::ExternalMemory);
        let said = format!("4096 bytes over shared memory was refused: napi status {status}");
        assert!(error.text().ends_with(&said), "{}", error.text());
    }
}

#[test]
fn success_is_none() {
    assert!(refusal::buffer_made(Status::napi_ok, 4096).is_ok());
}
