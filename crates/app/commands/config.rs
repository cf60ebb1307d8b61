//! `tonearm config`: the default configuration; `show`: the one in force; `check`: whether a file is right.

use crate::cli::{Command, Config, ConfigAction};
use crate::config::{in_force, sample, server_of};
use crate::failure::{Failure, print};
use std::path::Path;

pub fn run(config: &Config) -> Result<(), Failure> {
    match &config.action {
        None => print(&sample()),
        Some(ConfigAction::Show(_)) => print(&in_force(&std::env::args_os().collect::<Vec<_>>())?),
        Some(ConfigAction::Check { file }) => check(file),
    }
}

/// What a server would refuse at its start, it refuses.
fn check(file: &Path) -> Result<(), Failure> {
    let named = |failure| match failure {
        Failure::Usage(what) => Failure::Usage(format!("{}: {what}", file.display())),
        other => other,
    };
    if let Command::Serve(serve) = server_of(file)?.command {
        serve.links.secrets().map_err(named)?;
        serve.mail.config().map_err(named)?;
        serve.server.voipbin.config(serve.links.lifetimes()).map_err(named)?;
    }
    print(&format!("{} is right\n", file.display()))
}
