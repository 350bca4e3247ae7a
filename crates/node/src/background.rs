//! Work off the event loop, on a thread of libuv's pool. A promise of it resolves to an error as
//! an object where it fails: what a promise is rejected with must be made in JavaScript.

use std::panic::{AssertUnwindSafe, catch_unwind};

use framelane::{Error, ErrorCode};
use napi::bindgen_prelude::{AsyncTask, Either, ToNapiValue, TypeName};
use napi::{Env, Task};

use crate::topics::Failure;

type Work<T> = Box<dyn FnOnce() -> framelane::Result<T> + Send>;

/// Work to be done once.
pub struct Background<T>(Option<Work<T>>);

impl<T: Send + ToNapiValue + TypeName + 'static> Background<T> {
    /// Has `work` done.
    pub fn run(
        work: impl FnOnce() -> framelane::Result<T> + Send + 'static,
    ) -> AsyncTask<Background<T>> {
        AsyncTask::new(Self(Some(Box::new(work))))
    }
}

impl<T: Send + ToNapiValue + TypeName + 'static> Task for Background<T> {
    type Output = framelane::Result<T>;
    type JsValue = Either<T, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        let failed = |text| Err(Error::new(ErrorCode::Internal, text));
        let Some(work) = self.0.take() else { return Ok(failed("work is done once")) };
        Ok(catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|_| failed("a panic was caught; see stderr")))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(output.map_or_else(|error| Either::B(Failure::of(&error)), Either::A))
    }
}
