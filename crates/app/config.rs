//! Reading the command line and the configuration file. A value from the file takes the place of the declared default
//! (see `settings/`) and nothing else, so flag beats environment beats file beats default, and one parser checks
//! them all.

use crate::cli::Cli;
use crate::failure::Failure;
use crate::settings::{Links, Mail, Server, Store};
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, FromArgMatches};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Reads the command line; help and version come back as [`Failure::Asked`].
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, Failure> {
    let args: Vec<OsString> = args.into_iter().collect();
    let mut command = with_old_names(Cli::command());
    let mut matches = command.try_get_matches_from_mut(&args).map_err(one_line)?;
    if let Some(file) = config_file(&matches) {
        let settings = read(&file)?;
        command = with_defaults(with_old_names(Cli::command()), &settings);
        matches = command.try_get_matches_from_mut(&args).map_err(|e| in_file(&file, e))?;
    }
    Cli::from_arg_matches(&matches).map_err(one_line)
}

/// Settings that had another name in 0.1, each as (name, name before). A setting is taken under either name, as a
/// flag, in the environment and in the file, because deployments outlive a release; help and `config` show the new
/// name alone.
const RENAMED: [(&str, &str); 5] = [
    ("max_connections", "most_connections"),
    ("max_connections_per_address", "most_connections_per_address"),
    ("max_header_bytes", "most_header_bytes"),
    ("max_headers", "most_headers"),
    ("max_audio_hours", "longest_audio_hours"),
];

fn with_old_names(command: Command) -> Command {
    command
        .mut_args(|arg| {
            let renamed = RENAMED.iter().find(|(name, _)| arg.get_id() == *name);
            renamed.map_or(arg.clone(), |(name, old)| under_old_name(arg, name, old))
        })
        .mut_subcommands(with_old_names)
}

/// clap knows hidden aliases of flags, but one variable a flag: the old variable counts where the new one is not set.
fn under_old_name(arg: Arg, name: &str, old: &str) -> Arg {
    let variable = |name: &str| format!("TONEARM_{}", name.to_uppercase());
    let is_set = |name: &str| std::env::var_os(variable(name)).is_some();
    let arg = arg.alias(old.replace('_', "-"));
    if is_set(old) && !is_set(name) { arg.env(variable(old)) } else { arg }
}

/// The values of a configuration file, by key.
type Values = BTreeMap<String, String>;

/// The file named by `--config` or the environment, wherever among the subcommands it stands.
fn config_file(matches: &ArgMatches) -> Option<PathBuf> {
    match matches.subcommand() {
        Some((_, inner)) => config_file(inner),
        None => matches.try_get_one::<PathBuf>("config").ok().flatten().cloned(),
    }
}

/// The arguments that are settings: all that a configuration file may hold.
fn settings() -> Vec<Arg> {
    let command = Server::augment_args(Store::augment_args(Command::new("serve")));
    let command = Mail::augment_args(Links::augment_args(command));
    command.get_arguments().filter(|a| a.get_id() != "config").cloned().collect()
}

fn read(file: &Path) -> Result<Values, Failure> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|e| Failure::Usage(format!("reading the configuration {name}: {e}")))?;
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| {
        let line = e.span().map_or(1, |s| text[..s.start].lines().count().max(1));
        Failure::Usage(format!("{name}, line {line}: {}", e.message().replace('\n', " ")))
    })?;
    let known: Vec<_> = settings().iter().map(|a| a.get_id().to_string()).collect();
    let mut values = Values::new();
    for (key, value) in table {
        let setting = known_key(&name, &known, &key)?;
        if values.insert(setting.to_owned(), plain(value)).is_some() {
            return Err(Failure::Usage(format!(
                "{name}: `{setting}` is set twice, once under its old name"
            )));
        }
    }
    Ok(values)
}

/// The setting that a key of the file names.
fn known_key<'a>(
    file: impl std::fmt::Display,
    known: &'a [String],
    key: &str,
) -> Result<&'a str, Failure> {
    let name = RENAMED.iter().find(|(_, old)| *old == key).map_or(key, |(name, _)| name);
    known.iter().find(|setting| *setting == name).map(String::as_str).ok_or_else(|| {
        let known = known.join(", ");
        Failure::Usage(format!("{file}: unknown setting `{key}`; the settings are {known}"))
    })
}

fn plain(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        toml::Value::Array(list) => list.into_iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// The same command line with the file's values as its defaults.
fn with_defaults(command: Command, values: &Values) -> Command {
    command
        .mut_args(|arg| match values.get(arg.get_id().as_str()) {
            Some(value) => arg.default_value(value.clone()),
            None => arg,
        })
        .mut_subcommands(|inner| with_defaults(inner, values))
}

/// clap's message as one line that names the help to read.
fn one_line(error: clap::Error) -> Failure {
    let text = error.render().to_string();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Failure::Asked(text);
    }
    Failure::Usage(
        first_paragraph(&text) + "; `tonearm --help` and `tonearm COMMAND --help` tell more",
    )
}

/// An error that the command line alone did not have.
fn in_file(file: &Path, error: clap::Error) -> Failure {
    let text = error.render().to_string();
    Failure::Usage(format!("{}: {}", file.display(), first_paragraph(&text)))
}

/// clap puts what is wrong first; tips and usage follow after an empty line.
fn first_paragraph(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).take_while(|l| !l.is_empty()).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}

/// The default configuration as commented TOML; settings without a default are commented out.
pub fn sample() -> String {
    let mut out =
        String::from("# tonearm's settings. A flag beats the environment beats this file.\n");
    for arg in settings() {
        let key = arg.get_id().as_str();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let env = arg.get_env().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
        out += &format!("\n# {help}.\n# --{}, {env}\n", key.replace('_', "-"));
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

fn literal(value: &str) -> String {
    match (value.parse::<u64>(), value.parse::<bool>()) {
        (Ok(number), _) => number.to_string(),
        (_, Ok(answer)) => answer.to_string(),
        _ => toml::Value::from(value).to_string(),
    }
}
