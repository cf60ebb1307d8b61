//! Cache directives that a link may ask for: RFC 9111 §5.2, RFC 5861, RFC 8246.

/// Directives without an argument.
const BARE: &[&str] = &[
    "no-cache",
    "no-store",
    "no-transform",
    "only-if-cached",
    "must-revalidate",
    "proxy-revalidate",
    "must-understand",
    "private",
    "public",
    "immutable",
    "max-stale",
];
/// Directives with seconds.
const SECONDS: &[&str] =
    &["max-age", "max-stale", "min-fresh", "s-maxage", "stale-while-revalidate", "stale-if-error"];

/// Checks a comma-separated list of directives; it may then be echoed as it is.
///
/// # Errors
/// A text that names the directive at fault and those allowed.
pub fn check_directives(list: &str) -> Result<(), String> {
    directives(list).try_for_each(|directive| {
        if is_directive(directive) {
            return Ok(());
        }
        let seconds: Vec<_> = SECONDS.iter().map(|name| format!("{name}=N")).collect();
        let shown: String = directive.chars().filter(|c| !c.is_control()).take(64).collect();
        Err(format!(
            "`{shown}` is no directive; allowed: {}, {}",
            BARE.join(", "),
            seconds.join(", ")
        ))
    })
}

fn is_directive(directive: &str) -> bool {
    match directive.split_once('=') {
        None => BARE.contains(&directive),
        Some((name, value)) => {
            let number =
                (1..=10).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
            SECONDS.contains(&name) && number
        }
    }
}

/// The Cache-Control value for `cache_headers=n`.
#[must_use]
pub fn for_seconds(seconds: u64) -> String {
    match seconds {
        0 => "no-cache, no-store, must-revalidate".into(),
        n => format!("public, max-age={n}"),
    }
}

/// Seconds of `max-age` in a list of directives.
#[must_use]
pub fn max_age(list: &str) -> Option<u64> {
    directives(list).find_map(|directive| directive.strip_prefix("max-age=")?.parse().ok())
}

/// Whether a list of directives has what is kept asked for anew each time, or nothing kept.
#[must_use]
pub fn forbids_reuse(list: &str) -> bool {
    directives(list).any(|directive| ["no-store", "no-cache"].contains(&directive))
}

fn directives(list: &str) -> impl Iterator<Item = &str> {
    // A header line has no white space but these.
    list.split(',').map(|directive| directive.trim_matches([' ', '\t']))
}
