//! The commands and their arguments, declared once; help, environment names and the configuration
//! file's keys (see `config.rs`) follow from these declarations.

use crate::settings::{Links, Settings, Store, seconds};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use library::{Role, Word};
use std::path::PathBuf;
use std::time::Duration;

/// A media file server that plays any stored recording in any telephony or web format, from any
/// byte on
#[derive(Debug, Parser)]
#[command(name = "tonearm", version = env!("TONEARM_VERSION"), max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve(Serve),
    /// Bring files in without a server; prints a line `link  name` for each
    Import(Import),
    /// Make a backup of the data folder, or bring one up to date; works beside a running server
    Backup(Backup),
    /// Make a data folder from a backup
    Restore(Restore),
    /// Move a data folder, whose server is stopped, to the database of --catalog, the bucket of --blobs or both, or
    /// back; what was broken off is run again and goes on
    Move(Move),
    /// Compare the catalog with what is stored; works beside a running server
    Check(Check),
    /// Make, list and revoke access tokens; works beside a running server
    Token(Token),
    /// Sign a link: whoever has it can play the file until it ends, published or not; works beside a
    /// running server
    Sign(Sign),
    /// The secret that links are signed with; works beside a running server
    Secret(Secret),
    /// The mails that carry recordings; works beside a running server
    Mail(Mail),
    /// Convert a local file; the bytes are those of the published link with the same options
    Transcode(Transcode),
    /// Print the facts of an audio file as JSON
    Probe(Probe),
    /// Print the default configuration as commented TOML; check a file, or show what is in force
    Config(Config),
    /// Print the manual page of tonearm, or of one of its commands, for `man -l -`
    Man {
        /// The command, such as serve
        command: Option<String>,
    },
    /// Print the script by which a shell completes command lines
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub struct Config {
    #[command(subcommand)]
    pub action: Option<ConfigAction>,
}

#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Check a configuration file, whatever the environment says
    Check {
        /// The file
        file: PathBuf,
    },
    /// Show the settings that `serve` would have with these flags, this environment and this file, each with where
    /// it comes from; secrets are left out
    Show(Box<Settings>),
}

#[derive(Debug, Args)]
pub struct Serve {
    /// Files and folders to bring in at start, each answered with its publish link; what is there
    /// already is not brought in twice
    pub paths: Vec<PathBuf>,
    /// Take the place of the server that has the data folder: listen beside it at the same address and
    /// wait until it is stopped (SIGTERM), which must follow at once. No connection is refused
    #[arg(long)]
    pub take_over: bool,
    /// Begin a new catalog though stored bytes are there that only a lost one knows; they are kept
    #[arg(long)]
    pub new_catalog: bool,
    #[command(flatten)]
    pub settings: Settings,
}

#[derive(Debug, Args)]
pub struct Import {
    /// Files and folders to bring in
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// The container to bring them into [default: the one named `default`]
    #[arg(long, value_name = "SID")]
    pub container: Option<String>,
    /// Publish each file at its path below the folder that is named: prompts/en/1.wav of `import prompts` at
    /// /c/CONTAINER/en/1.wav. Run again, what changed takes the place of what was there, at the same link
    #[arg(long)]
    pub keep_paths: bool,
    /// Tell what would be brought in, as new, changed or same, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub store: Store,
}

#[derive(Debug, Args)]
pub struct Backup {
    /// The folder of the backup: a new one, an empty one, or that of an earlier backup, of which only what is new
    /// is written. What was lost in the data folder is told, and exit 1
    #[arg(value_name = "DIR")]
    pub to: PathBuf,
    #[command(flatten)]
    pub store: Store,
}

#[derive(Debug, Args)]
pub struct Restore {
    /// The folder of the backup
    #[arg(value_name = "DIR")]
    pub from: PathBuf,
    #[command(flatten)]
    pub store: Store,
}

#[derive(Debug, Args)]
pub struct Move {
    /// Make a data folder of what lies there: a new or an empty one
    #[arg(long)]
    pub back: bool,
    #[command(flatten)]
    pub store: Store,
}

#[derive(Debug, Args)]
pub struct Check {
    /// Put right what can be: bytes that lie in `strays/` go back to their place, totals are counted anew
    #[arg(long)]
    pub repair: bool,
    /// Read all stored bytes, 64 MiB a second at most, and compare them with their hashes
    #[arg(long)]
    pub deep: bool,
    /// Print what was found as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub store: Store,
}

#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    pub action: TokenAction,
}

#[derive(Debug, Subcommand)]
pub enum TokenAction {
    /// Make a token and print it, alone, on stdout (at a terminal the page's link with it, too): it is shown this once,
    /// only a hash is kept
    Create {
        /// What the token may do; admin reaches the files of all partners [default: admin, and manager
        /// for a partner other than `default`]
        #[arg(long, value_parser = role())]
        role: Option<Role>,
        /// Narrow it to storage.create, .read, .update, .delete or .manage; may be repeated
        #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
        scopes: Vec<library::Scope>,
        /// Whose files it reaches; a partner that is not there yet is made
        #[arg(long, value_name = "NAME", default_value = "default")]
        partner: String,
        /// How long it lives: s, m, h or d [default: until it is revoked]
        #[arg(long, value_name = "TIME", value_parser = life)]
        expires: Option<Duration>,
        /// What it is called in `token list`
        #[arg(long, value_name = "TEXT", value_parser = name)]
        name: Option<String>,
        #[command(flatten)]
        store: Store,
    },
    /// List the tokens, oldest first: id, role, partner, name, when it was made, used last and ends, scopes; never
    /// their secrets
    List {
        #[command(flatten)]
        store: Store,
    },
    /// Revoke a token, at once
    Revoke {
        /// The token's id, as `token list` shows it
        id: String,
        /// Revoke it though no administrator's token is left then
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        store: Store,
    },
}

fn life(text: &str) -> Result<Duration, String> {
    match seconds(text)? {
        0 => {
            Err("a token that is never good is of no use; expected a time such as 12h or 7d".into())
        }
        seconds => Ok(Duration::from_secs(seconds)),
    }
}

/// One line of a list, in which two spaces part the columns.
fn name(text: &str) -> Result<String, String> {
    const MAX_CHARACTERS: usize = 100;
    let is_plain = !text.trim().is_empty() && !text.chars().any(char::is_control);
    match is_plain && text.chars().count() <= MAX_CHARACTERS {
        true => Ok(text.split_whitespace().collect::<Vec<_>>().join(" ")),
        false => Err(format!("expected 1 to {MAX_CHARACTERS} characters on one line")),
    }
}

fn scope(name: &str) -> Result<library::Scope, String> {
    name.parse().map_err(|e: library::UnknownWord| e.to_string())
}

/// The roles, the mightiest first.
fn role() -> impl TypedValueParser<Value = Role> {
    let names = Role::ALL.iter().rev().map(|role| role.as_str());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Role>())
}

#[derive(Debug, Args)]
pub struct Sign {
    /// The link of a file, with its options
    pub link: String,
    /// How long it is good for: s, m, h or d; rounded up to the link window
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = seconds)]
    pub expires: u64,
    /// When it ends, in Unix seconds
    #[arg(long, value_name = "UNIX", conflicts_with = "expires")]
    pub until: Option<u64>,
    #[command(flatten)]
    pub store: Store,
    #[command(flatten)]
    pub links: Links,
}

#[derive(Debug, Args)]
pub struct Secret {
    #[command(subcommand)]
    pub action: SecretAction,
}

#[derive(Debug, Subcommand)]
pub enum SecretAction {
    /// Make a new secret; links signed with the one before go on until they end
    Rotate {
        #[command(flatten)]
        store: Store,
        #[command(flatten)]
        links: Links,
    },
}

#[derive(Debug, Args)]
pub struct Mail {
    #[command(subcommand)]
    pub action: MailAction,
}

#[derive(Debug, Subcommand)]
pub enum MailAction {
    /// List the mails of the last 30 days and those that wait, oldest first: id, state (waiting, sent,
    /// failed), address, tries, next try, last error
    List {
        #[command(flatten)]
        store: Store,
    },
}

#[derive(Debug, Args)]
pub struct Transcode {
    /// The recording; `-` reads stdin
    pub source: PathBuf,
    /// Where the result goes; `-` writes stdout
    pub target: PathBuf,
    /// Format [default: TARGET's extension, else the source's]
    #[arg(long, value_name = "F")]
    pub f: Option<String>,
    /// Bit rate in kbit/s
    #[arg(long, value_name = "N")]
    pub br: Option<String>,
    /// Sample rate in Hz
    #[arg(long, value_name = "N")]
    pub rate: Option<String>,
    /// Channels: 1, 2, left, right, mix, swap, cN or cNcM
    #[arg(long, value_name = "CH")]
    pub ch: Option<String>,
    /// Coding within wav: pcm, ulaw, alaw or gsm
    #[arg(long, value_name = "C")]
    pub codec: Option<String>,
    /// Bits of a sample of wav or flac: 16 or 24
    #[arg(long, value_name = "N")]
    pub bits: Option<String>,
    /// `none` leaves out what the recording says of itself
    #[arg(long, value_name = "TAGS")]
    pub tags: Option<String>,
    /// Its title in mp3, flac, ogg, mp4 or webm
    #[arg(long, value_name = "TEXT")]
    pub tag_title: Option<String>,
    /// Its artist
    #[arg(long, value_name = "TEXT")]
    pub tag_artist: Option<String>,
    /// Its album
    #[arg(long, value_name = "TEXT")]
    pub tag_album: Option<String>,
    /// Its date
    #[arg(long, value_name = "TEXT")]
    pub tag_date: Option<String>,
    /// A comment on it
    #[arg(long, value_name = "TEXT")]
    pub tag_comment: Option<String>,
    /// Clip START-END in milliseconds; either may be left out
    #[arg(long, value_name = "A-B", allow_hyphen_values = true)]
    pub t: Option<String>,
    /// What stdin is, where it has no header: a suffix such as ulaw, alaw, g722 or gsm, or sln with its rate, as
    /// sln:16000
    #[arg(long, value_name = "FORMAT[:HZ]", value_parser = from)]
    pub from: Option<From>,
    /// Threads that encode [default: all cores]
    #[arg(long, value_name = "N", env = "TONEARM_TRANSCODE_THREADS")]
    pub threads: Option<std::num::NonZeroUsize>,
}

#[derive(Debug, Args)]
pub struct Probe {
    /// The audio file; `-` reads stdin
    pub file: PathBuf,
    /// What stdin is, where it has no header: a suffix such as ulaw, or sln with its rate, as sln:16000
    #[arg(long, value_name = "FORMAT[:HZ]", value_parser = from)]
    pub from: Option<From>,
}

/// What bytes without a name are.
#[derive(Debug, Clone)]
pub struct From {
    /// The suffix that says it.
    pub extension: String,
    /// The rate that they must have then, in Hz.
    pub rate_hz: Option<u32>,
}

fn from(text: &str) -> Result<From, String> {
    let (format, rate) = text.split_once(':').map_or((text, None), |(f, rate)| (f, Some(rate)));
    let wrong =
        || "expected a suffix of audio such as ulaw or wav, or ulaw:8000, sln:16000".to_owned();
    let rate_hz = rate.map(|rate| rate.parse().map_err(|_| wrong())).transpose()?;
    // Signed linear names its rate in its suffix.
    let extension = match rate_hz {
        Some(rate) if format == "sln" && rate > 8000 => format!("sln{}", rate / 1000),
        _ => format.to_ascii_lowercase(),
    };
    match audio::formats::by_extension(&extension) {
        Some(_) => Ok(From { extension, rate_hz }),
        None => Err(wrong()),
    }
}
