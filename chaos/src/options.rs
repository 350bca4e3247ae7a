//! What the harness is told on its command line.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::actor::{ROLES, Role};

pub(crate) const USAGE: &str = "usage: framelane-chaos [--seconds N] [--json FILE] [--seed N] \
    [--roles NAME,NAME] [--processes N] [--life-ms N] [--node SCRIPT] [--node-roles NAME,NAME] \
    [--namespace NAME] [--until-wrong yes]";

/// Settings of a run.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) time: Duration,
    pub(crate) json: Option<PathBuf>,
    pub(crate) seed: u64,
    /// Roles that are played, and by how many.
    pub(crate) roles: Vec<(Role, usize)>,
    /// Rust processes at a time.
    pub(crate) processes: usize,
    /// How long one of them lives, on average.
    pub(crate) life: Duration,
    /// What Node processes run; without it there are none.
    pub(crate) node: Option<PathBuf>,
    /// What they play.
    pub(crate) node_roles: Vec<Role>,
    pub(crate) namespace: String,
    /// Ends as soon as something is wrong.
    pub(crate) until_wrong: bool,
}

impl Options {
    /// # Errors
    /// What is wrong with them, in words.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut options = Self {
            time: Duration::from_secs(60),
            json: None,
            seed: u64::try_from(now.as_nanos() & 0xffff_ffff).unwrap_or(1),
            roles: ROLES.iter().map(|&(role, _, count)| (role, count)).collect(),
            processes: 9,
            life: Duration::from_millis(8),
            node: None,
            node_roles: ROLES.iter().map(|role| role.0).collect(),
            until_wrong: false,
            namespace: namespace(),
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            options.set(&name, &value).ok_or_else(|| format!("{name} {value}: not understood"))?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "--seconds" => self.time = Duration::try_from_secs_f64(value.parse().ok()?).ok()?,
            "--json" => self.json = Some(value.into()),
            "--seed" => self.seed = value.parse().ok()?,
            "--roles" => self.roles = roles(value)?,
            "--processes" => self.processes = value.parse().ok().filter(|&n| n > 0 && n < 24)?,
            "--life-ms" => self.life = Duration::from_millis(value.parse().ok()?),
            "--node-roles" => self.node_roles = roles(value)?.iter().map(|role| role.0).collect(),
            "--node" => self.node = Some(value.into()),
            "--until-wrong" => self.until_wrong = value == "yes",
            "--namespace" => self.namespace = value.into(),
            _ => return None,
        }
        Some(())
    }
}

/// A namespace of this run's own, named after the one it is part of.
fn namespace() -> String {
    let within = std::env::var("FRAMELANE_NAMESPACE").unwrap_or_default();
    let dot = if within.is_empty() { "" } else { "." };
    format!("{within}{dot}chaos.{}", std::process::id())
}

fn roles(names: &str) -> Option<Vec<(Role, usize)>> {
    let one = |name| ROLES.iter().find(|role| role.1 == name).map(|&(role, _, n)| (role, n));
    names.split(',').map(one).collect()
}
