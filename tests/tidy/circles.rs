//! Files of a crate form no circle by what they name of each other: what one needs to understand a file lies on floors
//! below it. A folder's head and its files count as neighbours that may know each other, and the crate's root, which
//! only says names, counts as nobody.

use super::{code, crates, is_word, sources, tree};
use std::collections::{BTreeMap, BTreeSet};

/// A module by its path below the crate.
type Module = Vec<String>;

#[test]
fn no_files_of_a_crate_form_a_circle() {
    let tree = tree();
    let mut circles = Vec::new();
    for (_, _, folder) in crates(&tree) {
        let production = |path: &&str| path.starts_with(&folder) && !path.contains("/tests");
        let files: BTreeMap<Module, &str> = sources(&tree)
            .filter(|(path, _)| production(path))
            .map(|(path, text)| (module(&folder, path), text))
            .collect();
        let mut needs: BTreeMap<&Module, BTreeSet<&Module>> = BTreeMap::new();
        for (own, text) in &files {
            needs.insert(own, needed(own, text, &files));
        }
        // What needs nobody that is left has its floor; what stays without one is in a circle, or above one.
        while let Some(floor) = needs.iter().find(|(_, on)| on.is_empty()).map(|(own, _)| *own) {
            needs.remove(floor);
            needs.values_mut().for_each(|on| {
                on.remove(floor);
            });
        }
        circles.extend(needs.keys().map(|own| format!("{folder}{}", own.join("/"))));
    }
    assert!(circles.is_empty(), "in a circle, or above one: {circles:#?}");
}

/// `crates/media/src/make/chain.rs` → `make`, `chain`.
fn module(folder: &str, path: &str) -> Module {
    let below = path[folder.len()..].trim_start_matches("src/").trim_end_matches(".rs");
    let names = below.split('/').filter(|name| !["mod", "lib", "main"].contains(name));
    names.map(str::to_owned).collect()
}

/// The other files that a file names, its own tests left out.
fn needed<'a>(own: &Module, text: &str, files: &'a BTreeMap<Module, &str>) -> BTreeSet<&'a Module> {
    let production = text.split("#[cfg(test)]").next().unwrap_or_default();
    let production: String = production.lines().flat_map(|line| [code(line), " "]).collect();
    let mut named = Vec::new();
    for (at, word) in production.match_indices("crate::").chain(production.match_indices("super::"))
    {
        let before = &production[..at];
        if before.ends_with(is_word) || before.ends_with("::") {
            continue;
        }
        let mut rest = &production[at..];
        let mut from = if word == "crate::" { Vec::new() } else { own.clone() };
        while let Some(above) = rest.strip_prefix("super::") {
            from.pop();
            rest = above;
        }
        paths(rest.strip_prefix("crate::").unwrap_or(rest), &from, &mut named);
    }
    let file_of = |mut path: Module| loop {
        match files.get_key_value(&path) {
            Some((file, _)) => return file,
            None => path.pop().expect("the root is a file"),
        };
    };
    let neighbours = |other: &Module| other.starts_with(own) || own.starts_with(other);
    named.into_iter().map(file_of).filter(|other| !neighbours(other)).collect()
}

/// Reads `a::{b, c::d}` and adds each path that it stands for; what is left of the text behind it.
fn paths<'a>(mut text: &'a str, from: &[String], found: &mut Vec<Module>) -> &'a str {
    let mut path = from.to_vec();
    loop {
        text = text.trim_start();
        if let Some(mut inner) = text.strip_prefix('{') {
            while !inner.trim_start().starts_with('}') && !inner.is_empty() {
                inner = paths(inner, &path, found).trim_start();
                let end = inner.find([',', '}']).unwrap_or(inner.len());
                inner = inner[end..].strip_prefix(',').unwrap_or(&inner[end..]);
            }
            return inner.trim_start().strip_prefix('}').unwrap_or(inner);
        }
        let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
        path.push(text[..end].to_owned());
        let Some(rest) = text[end..].strip_prefix("::") else {
            found.push(path);
            return &text[end..];
        };
        text = rest;
    }
}
