//! What was meant by a word that is none: of arguments, of keys in the file, and of variables in the environment.

use super::RENAMED;
use clap::error::{ContextKind, ContextValue};
use clap::{Command, Error};
use std::collections::BTreeSet;

/// What the names of our variables begin with.
const PREFIX: &str = "TONEARM_";

/// Variables that Kubernetes gives a pod for a service that is called tonearm.
const FOREIGN: [&str; 2] = ["TONEARM_PORT", "TONEARM_SERVICE_"];

/// Variables that the build reads.
const OF_THE_BUILD: &str = "TONEARM_COMMIT";

/// `; did you mean ...?` after a message, if one of the known words is near.
pub fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    /// Changes of a letter that still leave a word to be recognised.
    const NEAR: usize = 2;
    let nearest = known.map(|known| (distance(word, known), known)).min();
    match nearest {
        Some((steps, known)) if steps <= NEAR && steps < known.len() / 2 => {
            format!("; did you mean `{known}`?")
        }
        _ => String::new(),
    }
}

/// The same for what clap knows of an error: of what it suggests, the nearest.
pub fn of_error(error: &Error) -> String {
    const WRONG: [ContextKind; 3] =
        [ContextKind::InvalidSubcommand, ContextKind::InvalidArg, ContextKind::InvalidValue];
    const MEANT: [ContextKind; 3] =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let words = |kinds: [ContextKind; 3]| -> Vec<String> {
        let told = kinds.into_iter().filter_map(|kind| error.get(kind));
        told.flat_map(|told| match told {
            ContextValue::String(word) => vec![word.clone()],
            ContextValue::Strings(words) => words.clone(),
            _ => Vec::new(),
        })
        .collect()
    };
    let wrong = words(WRONG).into_iter().next().unwrap_or_default();
    let nearest = words(MEANT).into_iter().min_by_key(|word| distance(&wrong, word));
    nearest.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default()
}

/// Variables of the environment that look like settings and are none: each with a line that says so.
pub fn unknown_variables(command: &Command) -> Vec<String> {
    let known = variables(command);
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let unknown = set.filter(|name| {
        name.starts_with(PREFIX)
            && !known.contains(name)
            && !FOREIGN.iter().any(|foreign| name.starts_with(foreign))
    });
    let line = |name: String| {
        let hint = did_you_mean(&name, known.iter().map(String::as_str));
        format!("warning: the variable {name} is no setting{hint}")
    };
    unknown.map(line).collect()
}

fn variables(command: &Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str().map(str::to_owned));
    let below = command.get_subcommands().flat_map(variables);
    let renamed = RENAMED.iter().map(|(_, old)| format!("{PREFIX}{}", old.to_uppercase()));
    own.chain(below).chain(renamed).chain([OF_THE_BUILD.to_owned()]).collect()
}

/// How many letters are to be put in, left out or changed to make one word of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, known) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *known);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
