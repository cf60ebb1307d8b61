//! Texts within documents: filled in, and never more than text.

/// A document with its `{{places}}` filled in, from the first to the last; what is filled in is not looked through.
pub fn filled(document: &str, values: &[(&str, &str)]) -> String {
    let mut pieces = document.split("{{");
    let mut text = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or(("", piece));
        let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        text.push_str(value);
        text.push_str(rest);
    }
    text
}

/// A text for HTML, also within quotes. Signs that turn the order of letters about, and so hide an ending, show as
/// unknown.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The way from a document to the server's root: `../../` from `/f/SID/listen`, so that pages work below any path.
pub fn up_from(path: &str) -> String {
    "../".repeat(path.matches('/').count().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_stays_text_and_fills_in_nothing() {
        let text = filled("<p>{{a}}</p>{{b}}{{c}}", &[("a", &escape("<b>{{b}}")), ("b", "x")]);
        assert_eq!(text, "<p>&lt;b&gt;{{b}}</p>x");
        assert_eq!(escape("\"'&\u{202e}gpj"), "&quot;&#39;&amp;\u{fffd}gpj");
    }

    #[test]
    fn the_way_up_is_as_long_as_the_path() {
        assert_eq!(up_from("/f/SID/listen"), "../../");
        assert_eq!(up_from("/f/SID"), "../");
        assert_eq!(up_from("/"), "");
    }
}
