//! `tonearm config`: the default configuration; `show`: the one in force; `check`: whether a file is right.

use crate::acme;
use crate::cli::{Command, Config, ConfigAction};
use crate::config::{in_force, sample, server_of};
use crate::failure::{Failure, print};
use crate::settings::Settings;
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
        Failure::Failed(what) => Failure::Failed(format!("{}: {what}", file.display())),
        other => other,
    };
    if let Command::Serve(serve) = server_of(file)?.command {
        let Settings { links, mail, server, .. } = &serve.settings;
        links.secrets().map_err(named)?;
        mail.config().map_err(named)?;
        server.voipbin.config(links.lifetimes()).map_err(named)?;
        server.network.tls().map_err(named)?;
        acme::check(&server.network.acme).map_err(named)?;
    }
    print(&format!("{} is right\n", file.display()))
}
