//! Settings of this process: said once before the first use, or by the environment.

use std::env;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use framelane_layout::ErrorCode;
use framelane_topic::{Error, Result};
use framelane_topic::{Peer, Settings};

/// Settings that a process may change before its first topic. What is `None` comes from the
/// environment, and what is not there either has a default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// A directory on tmpfs; `FRAMELANE_DIR`, default `/dev/shm`.
    pub dir: Option<PathBuf>,
    /// Processes see only topics of their own namespace; `FRAMELANE_NAMESPACE`, default
    /// `default`.
    pub namespace: Option<String>,
    /// Most bytes all pools of this process may have; `FRAMELANE_MAX_BYTES`, default 1 GiB.
    pub max_bytes: Option<u64>,
}

/// What was said, and whether it has been used.
static SAID: Mutex<(Option<Config>, bool)> = Mutex::new((None, false));

/// Sets what later topics of this process use.
///
/// # Errors
/// [`ErrorCode::Configured`] after the first use, unless it says the same again.
pub fn configure(config: Config) -> Result<()> {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.1 && said.0.as_ref() != Some(&config) {
        let text = "settings are fixed by the first use; call configure before it";
        return Err(Error::new(ErrorCode::Configured, text));
    }
    said.0 = Some(config);
    Ok(())
}

/// The settings in force. From now on they are fixed.
///
/// # Errors
/// [`ErrorCode::InvalidArgument`] where the environment has a number that is none.
fn settings() -> Result<Settings> {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.1 = true;
    let config = said.0.clone().unwrap_or_default();
    let defaults = Settings::default();
    let max_bytes = match (config.max_bytes, env::var("FRAMELANE_MAX_BYTES")) {
        (Some(bytes), _) => bytes,
        (None, Ok(text)) => text.parse().map_err(|_| {
            let text = format!("FRAMELANE_MAX_BYTES is {text:?}, not a number of bytes");
            Error::new(ErrorCode::InvalidArgument, text)
        })?,
        (None, Err(_)) => defaults.max_bytes,
    };
    let from_env = |name| env::var(name).ok();
    Ok(Settings {
        dir: config
            .dir
            .or_else(|| env::var_os("FRAMELANE_DIR").map(PathBuf::from))
            .unwrap_or(defaults.dir),
        namespace: config
            .namespace
            .or_else(|| from_env("FRAMELANE_NAMESPACE"))
            .unwrap_or(defaults.namespace),
        max_bytes,
    })
}

/// This process in the directory of the settings in force.
///
/// # Errors
/// What reading the settings and opening the directory can say.
pub fn current() -> Result<Arc<Peer>> {
    Peer::open(&settings()?)
}
