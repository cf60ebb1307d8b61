//! The rules of real clients: each a test that replays the client's own requests against the running
//! binary, on an original, on a transcode that nobody asked for yet, and on a cached one.
//!
//! A rule's outcome is found once and told twice: by the test named after it, and in this folder's README.

mod asterisk;
mod browsers;
pub mod chromium;
mod freeswitch;
mod operations;
mod players;
mod programs;
mod redbot;
mod safari;
mod services;
mod site;
mod table;
mod tones;

use site::{Site, State};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A rule of a client.
pub struct Rule {
    /// Its number, in lower case.
    pub id: &'static str,
    pub client: &'static str,
    /// What must hold.
    pub says: &'static str,
    pub check: Check,
}

/// How a rule is checked; a check panics where the rule does not hold.
#[derive(Clone, Copy)]
pub enum Check {
    /// On each state of a representation.
    Each(fn(&Site, State)),
    /// At once for all states, or where there are none.
    Once(fn(&Site)),
    /// With a part of the server that isn't there yet.
    Later(&'static str),
}

/// Declares the rules of a client, and a test for each, named after it.
macro_rules! rules {
    ($client:literal: $($id:ident $says:literal $check:expr;)*) => {
        pub const RULES: &[crate::clients::Rule] = &[$(crate::clients::Rule {
            id: stringify!($id),
            client: $client,
            says: $says,
            check: $check,
        }),*];
        $(#[test] fn $id() { crate::clients::hold(RULES, stringify!($id)); })*
    };
}
use rules;

/// Every rule, in the order of the table.
fn all() -> impl Iterator<Item = &'static Rule> {
    let clients = [
        asterisk::RULES,
        freeswitch::RULES,
        safari::RULES,
        browsers::RULES,
        players::RULES,
        services::RULES,
        operations::RULES,
    ];
    clients.into_iter().flatten()
}

/// What came of a rule, for each state: `holds`, or what was wrong.
type Outcome = [String; 3];

/// Outcomes by rule, found when first asked for.
type Known = HashMap<&'static str, Arc<OnceLock<Outcome>>>;

const HOLDS: &str = "holds";

/// Checks a rule, once in the life of the process.
fn outcome(rule: &'static Rule) -> Outcome {
    static KNOWN: Mutex<Option<Known>> = Mutex::new(None);
    let cell = {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.get_or_insert_default().entry(rule.id).or_default())
    };
    cell.get_or_init(|| find_out(rule)).clone()
}

fn find_out(rule: &Rule) -> Outcome {
    let site = Site::shared();
    match rule.check {
        Check::Each(check) => State::ALL.map(|state| told(|| check(&site, state))),
        Check::Once(check) => {
            let told = told(|| check(&site));
            [told.clone(), told.clone(), told]
        }
        Check::Later(with) => [(); 3].map(|()| format!("with {with}")),
    }
}

/// What a check says.
fn told(check: impl FnOnce()) -> String {
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(()) => HOLDS.into(),
        Err(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_else(|| "it does not hold".into()),
    }
}

/// Fails where a rule does not hold.
fn hold(rules: &'static [Rule], id: &str) {
    let rule = rules.iter().find(|rule| rule.id == id).expect("a rule");
    if matches!(rule.check, Check::Later(_)) {
        return;
    }
    let outcome = outcome(rule);
    assert!(outcome.iter().all(|o| o == HOLDS), "{}: {}: {outcome:#?}", rule.id, rule.says);
}
