//! The settings, each declared once as a clap argument: its flag, environment variable, default and
//! explanation stand together, and the configuration file's key is the flag's name in snake case.
//! A value from the file takes the place of the declared default and nothing else, so flag beats
//! environment beats file beats default, and one parser checks them all.

use crate::cli::Cli;
use crate::failure::Failure;
use crate::limits::Limits;
use crate::links::Links;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, CommandFactory, FromArgMatches};
use server::{Apis, Presets};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Where things are kept and under what address they are published.
#[derive(Debug, Args)]
pub struct Store {
    /// The data folder; made if it isn't there
    #[arg(long, value_name = "DIR", env = "TONEARM_DATA", default_value = "./tonearm-data")]
    pub data: PathBuf,
    /// Base of the publish links, such as https://media.example.com [default: the address listened on]
    #[arg(long, value_name = "URL", env = "TONEARM_PUBLIC_URL", value_parser = public_url)]
    pub public_url: Option<String>,
    /// A TOML file with settings (see `tonearm config`)
    #[arg(long, value_name = "FILE", env = "TONEARM_CONFIG")]
    pub config: Option<PathBuf>,
}

impl Store {
    /// Base of the publish links where no server listens.
    pub fn base(&self) -> &str {
        self.public_url.as_deref().unwrap_or("http://127.0.0.1:8080")
    }
}

/// How the server runs.
#[derive(Debug, Args)]
pub struct Server {
    /// Address and port to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDR", env = "TONEARM_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Disk space for finished transcodes, in bytes or with KiB, MiB, GiB, TiB
    #[arg(long, value_name = "N", env = "TONEARM_CACHE_BYTES", default_value = "10GiB",
          value_parser = byte_count)]
    pub cache_bytes: u64,
    /// Threads that transcode [default: all cores]
    #[arg(long, value_name = "N", env = "TONEARM_TRANSCODE_THREADS")]
    pub transcode_threads: Option<NonZeroUsize>,
    /// Segments that may wait for a thread; more are answered 503
    #[arg(long, value_name = "N", env = "TONEARM_QUEUE_LENGTH", default_value_t = 256)]
    pub queue_length: usize,
    /// Segments of about ten seconds that are made ahead of a reading client
    #[arg(long, value_name = "N", env = "TONEARM_READ_AHEAD", default_value_t = 2)]
    pub read_ahead: u32,
    /// How long the first request for a flac or mp4 waits for its encoding, before it is answered 503
    #[arg(long, value_name = "MS", env = "TONEARM_LEARN_TIMEOUT_MS", default_value_t = 25_000)]
    pub learn_timeout_ms: u64,
    /// Cache-Control of published links that ask for none; the default is what the reference service sends
    #[arg(long, value_name = "DIRECTIVES", env = "TONEARM_CACHE_CONTROL", default_value = "None",
          value_parser = server::cache_control)]
    pub cache_control: String,
    /// Presets beside the built-in ones, such as `hold?f=mp3&br=32 menu?f=wav&rate=16000`
    #[arg(long, value_name = "PRESETS", env = "TONEARM_PRESETS", default_value = "")]
    pub presets: Presets,
    /// Answer signed links alone, whatever is published
    #[arg(long, value_name = "BOOL", env = "TONEARM_REQUIRE_SIGNED_LINKS", default_value_t = false,
          action = ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub require_signed_links: bool,
    /// Hours of audio that a file may have, at most 8784; a longer one is served only as it is stored,
    /// and asked for in another form it is answered 415
    #[arg(long, value_name = "N", env = "TONEARM_MAX_AUDIO_HOURS", default_value_t = 24,
          value_parser = clap::value_parser!(u64).range(1..=8784))]
    pub max_audio_hours: u64,
    /// Storage APIs that are on, parted by commas; what is off answers 404
    #[arg(long, value_name = "NAMES", env = "TONEARM_APIS", default_value_t = Apis::default())]
    pub apis: Apis,
    /// How long answers under way may take to finish after SIGTERM or SIGINT
    #[arg(long, value_name = "MS", env = "TONEARM_DRAIN_TIMEOUT_MS", default_value_t = 30_000)]
    pub drain_timeout_ms: u64,
    /// What is logged on stderr: error, warn, info, debug, or a filter such as `info,media=debug`
    #[arg(long, value_name = "FILTER", env = "TONEARM_LOG", default_value = "info")]
    pub log: String,
    #[command(flatten)]
    pub limits: Limits,
}

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
    let command = Links::augment_args(command);
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

/// `1048576`, `512MiB`, `10 GiB`.
pub fn byte_count(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u32); 5] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("", 0)];
    let wrong = || "expected a number of bytes such as 1048576, 512MiB or 10GiB".to_owned();
    let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit)).ok_or_else(wrong)?;
    let number: u64 = text[..text.len() - unit.0.len()].trim().parse().map_err(|_| wrong())?;
    number.checked_mul(1 << unit.1).ok_or_else(wrong)
}

/// `http://host[:port]` or https, without a slash at the end.
fn public_url(text: &str) -> Result<String, String> {
    let base = text.trim_end_matches('/');
    let host = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['?', '#', ' ']) => Ok(base.to_owned()),
        _ => Err("expected an address such as https://media.example.com".into()),
    }
}
