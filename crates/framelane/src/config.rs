//! Settings of this process: said once before the first use, or by the environment.

use std::env;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use framelane_layout::ErrorCode;
use framelane_topic::{Error, FrameAccess, Inspection, Peer, Result, Scrub, Settings, group_id};

/// Settings that a process may change before its first topic. What is `None` comes from the
/// environment, and what is not there either has a default.
///
/// ```
/// use framelane::{Config, configure};
///
/// let config = Config { max_bytes: Some(64 << 20), ..Config::default() };
/// configure(config)?;
/// # Ok::<(), framelane::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// A directory on tmpfs; `FRAMELANE_DIR`, default `/dev/shm`.
    pub dir: Option<PathBuf>,
    /// Processes see only topics of their own namespace; `FRAMELANE_NAMESPACE`, default
    /// `default`.
    pub namespace: Option<String>,
    /// Most bytes all pools of this process may have; `FRAMELANE_MAX_BYTES`, default 1 GiB.
    pub max_bytes: Option<u64>,
    /// How frames of other processes are mapped; `FRAMELANE_ACCESS`, `protected` (the default) or
    /// `shared`.
    pub access: Option<FrameAccess>,
    /// When the bytes of frames that are done with are wiped; `FRAMELANE_SCRUB`, `off`,
    /// `onRelease` or `onAlloc`, default `off`.
    pub scrub: Option<Scrub>,
    /// Name or number of a group whose members meet, instead of processes of this user only;
    /// `FRAMELANE_GROUP`. Members cannot change each other's pixels. They can disturb each other
    /// otherwise: make frames disappear, keep slots, remove files.
    pub group: Option<String>,
}

/// What was said, and whether it has been used.
static SAID: Mutex<(Option<Config>, bool)> = Mutex::new((None, false));

/// Sets what later topics of this process use.
///
/// ```
/// use framelane::{Config, ErrorCode, Image, Topic, configure};
///
/// let settings = |name: &str| Config { namespace: Some(name.into()), ..Config::default() };
/// configure(settings(&format!("doc-{}", std::process::id())))?;
/// let topic = Topic::<Image>::open("camera")?; // the first use
/// assert_eq!(configure(settings("other")).unwrap_err().code(), ErrorCode::Configured);
/// # Ok::<(), framelane::Error>(())
/// ```
///
/// # Errors
/// [`ErrorCode::Configured`] after the first use, unless it says nothing else than what is in
/// force.
pub fn configure(config: Config) -> Result<()> {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.1 {
        let Settings { dir, namespace, max_bytes, access, scrub, group } =
            resolve(said.0.clone().unwrap_or_default())?;
        let same = config.dir.is_none_or(|said| said == dir)
            && config.namespace.is_none_or(|said| said == namespace)
            && config.max_bytes.is_none_or(|said| said == max_bytes)
            && config.access.is_none_or(|said| said == access)
            && config.scrub.is_none_or(|said| said == scrub)
            && config.group.is_none_or(|said| group_id(&said).is_ok_and(|id| Some(id) == group));
        let text = "settings are fixed by the first use; call configure before it";
        return if same { Ok(()) } else { Err(Error::new(ErrorCode::Configured, text)) };
    }
    said.0 = Some(config);
    Ok(())
}

/// The settings in force. From now on they are fixed.
///
/// # Errors
/// [`ErrorCode::InvalidArgument`] where the environment has a number or a choice that is none.
fn settings() -> Result<Settings> {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let settings = resolve(said.0.clone().unwrap_or_default())?;
    said.1 = true;
    Ok(settings)
}

fn resolve(config: Config) -> Result<Settings> {
    let defaults = Settings::default();
    // An empty variable is one that is not set.
    let from_env = |name| env::var_os(name).filter(|text| !text.is_empty());
    let max_bytes = match (config.max_bytes, from_env("FRAMELANE_MAX_BYTES")) {
        (Some(bytes), _) => bytes,
        (None, Some(text)) => {
            text.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
                let text = format!("FRAMELANE_MAX_BYTES is {text:?}, not a number of bytes");
                Error::new(ErrorCode::InvalidArgument, text)
            })?
        }
        (None, None) => defaults.max_bytes,
    };
    let access = match (config.access, from_env("FRAMELANE_ACCESS")) {
        (Some(access), _) => access,
        (None, Some(text)) => access_named(&text.to_string_lossy())?,
        (None, None) => defaults.access,
    };
    let scrub = match (config.scrub, from_env("FRAMELANE_SCRUB")) {
        (Some(scrub), _) => scrub,
        (None, Some(text)) => text.to_str().and_then(Scrub::from_name).ok_or_else(|| {
            let text = format!("FRAMELANE_SCRUB is {text:?}, not off, onRelease or onAlloc");
            Error::new(ErrorCode::InvalidArgument, text)
        })?,
        (None, None) => defaults.scrub,
    };
    let group = from_env("FRAMELANE_GROUP").map(|text| text.to_string_lossy().into_owned());
    let name = from_env("FRAMELANE_NAMESPACE").map(|text| text.to_string_lossy().into_owned());
    Ok(Settings {
        dir: config
            .dir
            .or_else(|| from_env("FRAMELANE_DIR").map(PathBuf::from))
            .unwrap_or(defaults.dir),
        namespace: config.namespace.or(name).unwrap_or(defaults.namespace),
        max_bytes,
        access,
        scrub,
        group: config.group.or(group).map(|group| group_id(&group)).transpose()?,
    })
}

fn access_named(name: &str) -> Result<FrameAccess> {
    match name {
        "protected" => Ok(FrameAccess::Protected),
        "shared" => Ok(FrameAccess::Shared),
        _ => {
            let text = format!("FRAMELANE_ACCESS is {name:?}, not \"protected\" or \"shared\"");
            Err(Error::new(ErrorCode::InvalidArgument, text))
        }
    }
}

/// This process in the directory of the settings in force.
///
/// # Errors
/// What reading the settings and opening the directory can say.
pub fn current() -> Result<Arc<Peer>> {
    Peer::open(&settings()?)
}

/// All topics and pools of this process's namespace as anybody may see them: who publishes, who
/// waits, who holds which slot since when, what the dead have left. Claims and removes nothing. The
/// settings are fixed by it, as by any use.
///
/// ```
/// # framelane::doc::begin();
/// use framelane::{Image, Topic, inspect};
///
/// let topic = Topic::<Image>::open("camera")?;
/// assert_eq!(inspect()?.topics.len(), 1);
/// # Ok::<(), framelane::Error>(())
/// ```
///
/// # Errors
/// The directory cannot be read, or the operating system refuses to say who lives.
pub fn inspect() -> Result<Inspection> {
    Inspection::of(&settings()?)
}
