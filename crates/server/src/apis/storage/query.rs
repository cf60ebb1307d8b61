//! The names and values of a query, and of a form in one line, which is written as a query is.

use super::Refusal;
use http::Uri;
use percent_encoding::percent_decode;
use semantics::link::Pair;

/// Those of a request, in order.
///
/// # Errors
/// [`Refusal::Invalid`], as [`pairs`] has it.
pub fn of_uri(uri: &Uri) -> Result<Vec<Pair>, Refusal> {
    pairs(uri.query().unwrap_or("").as_bytes(), "query")
}

/// Those of a text, in order.
///
/// # Errors
/// [`Refusal::Invalid`] for what is no UTF-8: of a value by its name, of a name by the `place` of the text.
pub fn pairs(text: &[u8], place: &str) -> Result<Vec<Pair>, Refusal> {
    let read = |pair: &[u8]| {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let mut next = || plain(parts.next().unwrap_or_default());
        let wrong = |field: &str| Refusal::invalid(field, "must be text in UTF-8");
        let (name, value) = (next(), next());
        let name = name.ok_or_else(|| wrong(place))?;
        let value = value.ok_or_else(|| wrong(&name))?;
        Ok((name, value))
    };
    let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs.map(read).collect()
}

fn plain(written: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = written.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
    String::from_utf8(percent_decode(&spaced).collect()).ok()
}
