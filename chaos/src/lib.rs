//! What processes that die leave behind, looked at by those that live on.
//!
//! `tests/crash_points.rs` kills a process at each place where it changes what others see.
