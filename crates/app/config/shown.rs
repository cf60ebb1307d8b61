//! Configurations for eyes: the default one, the one in force with where each value comes from, and whether a file is
//! right.

use super::{file, matched, settings, with_defaults, with_old_names};
use crate::cli::Cli;
use crate::failure::Failure;
use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory};
use std::ffi::OsString;
use std::path::Path;

/// The default configuration as commented TOML; settings without a default are commented out.
pub fn sample() -> String {
    let mut out =
        String::from("# tonearm's settings. A flag beats the environment beats this file.\n");
    for arg in settings() {
        let key = arg.get_id().as_str();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        out += &format!("\n# {help}.\n# --{}, {}\n", key.replace('_', "-"), variable(&arg));
        out += &match arg.get_default_values().first() {
            Some(value) => format!("{key} = {}\n", literal(&value.to_string_lossy())),
            None => {
                let value = arg.get_value_names().and_then(|n| n.first());
                format!("# {key} = <{}>\n", value.map_or("", |v| v.as_str()))
            }
        };
    }
    out
}

/// The configuration that a command line has, as TOML with where each value comes from. Secrets are left out.
pub fn in_force(args: &[OsString]) -> Result<String, Failure> {
    let (matches, from_file) = matched(args)?;
    let mut matches = &matches;
    while let Some((_, inner)) = matches.subcommand() {
        matches = inner;
    }
    let all = settings();
    let lines = all.iter().map(|arg| {
        let key = arg.get_id().as_str();
        let source = match matches.value_source(key) {
            Some(ValueSource::CommandLine) => format!("--{}", key.replace('_', "-")),
            Some(ValueSource::EnvVariable) => variable(arg),
            _ if from_file.contains_key(key) => "the file".to_owned(),
            _ => "default".to_owned(),
        };
        match value(matches, key) {
            Some(_) if arg.is_hide_env_values_set() => format!("# {key} is set  # {source}\n"),
            Some(value) => format!("{key} = {}  # {source}\n", literal(&value)),
            None => format!("# {key}\n"),
        }
    });
    Ok(lines.collect())
}

/// The command line of a server that has a file's settings alone, whatever the environment says.
pub fn server_of(file: &Path) -> Result<Cli, Failure> {
    let values = file::read(file)?;
    let command = without_environment(with_defaults(with_old_names(Cli::command()), &values));
    let matches = command.try_get_matches_from(["tonearm", "serve"]);
    let cli = matches.and_then(|matches| clap::FromArgMatches::from_arg_matches(&matches));
    cli.map_err(|e| super::in_file(file, &e))
}

fn without_environment(command: Command) -> Command {
    let command = command.mut_args(|arg| arg.env(Resettable::Reset));
    command.mut_subcommands(without_environment)
}

fn value(matches: &ArgMatches, key: &str) -> Option<String> {
    let raw = matches.get_raw(key)?;
    Some(raw.map(|text| text.to_string_lossy()).collect::<Vec<_>>().join(","))
}

fn variable(arg: &Arg) -> String {
    arg.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn literal(value: &str) -> String {
    match (value.parse::<u64>(), value.parse::<bool>()) {
        (Ok(number), _) => number.to_string(),
        (_, Ok(answer)) => answer.to_string(),
        _ => toml::Value::from(value).to_string(),
    }
}
