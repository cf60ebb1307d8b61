//! Reading the command line and the configuration file. A value from the file takes the place of the declared default
//! (see `settings/`) and nothing else, so flag beats environment beats file beats default, and one parser checks
//! them all.

mod file;
mod hints;
mod shown;

pub use shown::{in_force, sample, server_of};

use crate::cli::Cli;
use crate::failure::Failure;
use crate::settings::Settings;
use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, FromArgMatches};
use file::Values;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Reads the command line; help and version come back as [`Failure::Asked`].
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, Failure> {
    let args: Vec<OsString> = args.into_iter().collect();
    let (matches, _) = matched(&args)?;
    hints::unknown_variables(&Cli::command()).iter().for_each(|line| eprintln!("{line}"));
    Cli::from_arg_matches(&matches).map_err(|e| one_line(&e))
}

/// A command line with what the file that it names says, and that file's values.
fn matched(args: &[OsString]) -> Result<(ArgMatches, Values), Failure> {
    let matches = with_old_names(Cli::command()).try_get_matches_from(args);
    let matches = matches.map_err(|e| one_line(&e))?;
    let Some(file) = config_file(&matches) else { return Ok((matches, Values::new())) };
    let values = file::read(&file)?;
    let command = with_defaults(with_old_names(Cli::command()), &values);
    let matches = command.try_get_matches_from(args).map_err(|e| in_file(&file, &e))?;
    Ok((matches, values))
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

/// The file named by `--config` or the environment, wherever among the subcommands it stands.
fn config_file(matches: &ArgMatches) -> Option<PathBuf> {
    match matches.subcommand() {
        Some((_, inner)) => config_file(inner),
        None => matches.try_get_one::<PathBuf>("config").ok().flatten().cloned(),
    }
}

/// The arguments that are settings: all that a configuration file may hold.
fn settings() -> Vec<Arg> {
    let command = Settings::augment_args(Command::new("serve"));
    command.get_arguments().filter(|a| a.get_id() != "config").cloned().collect()
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

/// clap's message as one line that names what may have been meant and the help to read; the help itself where a
/// command is missing.
fn one_line(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Failure::Asked(text),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Failure::Missing(text),
        _ => {
            let (told, hint) = (first_paragraph(&text), hints::of_error(error));
            Failure::Usage(format!(
                "{told}{hint}; `tonearm --help` and `tonearm COMMAND --help` tell more"
            ))
        }
    }
}

/// An error that the command line alone did not have.
fn in_file(file: &Path, error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    Failure::Usage(format!("{}: {}", file.display(), first_paragraph(&text)))
}

/// clap puts what is wrong first; tips and usage follow after an empty line.
fn first_paragraph(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim).take_while(|l| !l.is_empty()).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}
