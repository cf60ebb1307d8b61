//! The `tonearm` binary: reads the command line, runs one command, and says how it went: results on
//! stdout, logs and progress on stderr, errors as one line, exit 0, 1 (failed) or 2 (wrong usage).

mod acme;
mod assemble;
mod cli;
mod commands;
mod config;
mod database;
mod entrance;
mod failure;
mod log;
mod mail_links;
mod options;
mod settings;
mod signals;
mod supervisor;
mod traces;

use cli::Command;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = match config::parse(std::env::args_os()) {
        Ok(cli) => run(cli.command),
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(serve) => commands::serve::run(&serve),
        Command::Import(import) => commands::import::run(&import),
        Command::Backup(backup) => commands::backup::run(&backup),
        Command::Restore(restore) => commands::backup::restore(&restore),
        Command::Move(moved) => commands::moving::run(&moved),
        Command::Check(check) => commands::check::run(&check),
        Command::Token(token) => commands::token::run(token),
        Command::Sign(sign) => commands::sign::run(&sign),
        Command::Mail(mail) => commands::mail::run(&mail),
        Command::Secret(secret) => commands::secret::run(&secret),
        Command::Transcode(transcode) => commands::transcode::run(&transcode),
        Command::Probe(probe) => commands::probe::run(&probe),
        Command::Config(config) => commands::config::run(&config),
        Command::Man { command } => commands::manual::page(command.as_deref()),
        Command::Completions { shell } => commands::manual::completions(shell),
    }
}
