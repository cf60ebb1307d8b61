//! What a request says: the arguments of its query and the members of its body, by names whose case doesn't matter.

use crate::apis::storage::form::Form;
use crate::apis::storage::ingest::Carried;
use crate::apis::storage::{Refusal, json, query};
use axum::body::Body;
use http::Uri;
use http::request::Parts;
use jiff::civil::{Date, DateTime};
use jiff::{Span, Timestamp, tz::TimeZone};
use library::Word;
use serde_json::{Map, Value};

/// Most values of a list.
const MOST_VALUES: usize = 1000;

/// Names and values, in the order in which they came.
#[derive(Debug, Default)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub fn of_query(uri: &Uri) -> Result<Self, Refusal> {
        query::of_uri(uri).map(Self)
    }

    /// Those of the query, and those of a body that is JSON or a form of either kind, of at most so many bytes.
    pub async fn of_all(
        self,
        parts: &Parts,
        body: Body,
        most_bytes: usize,
    ) -> Result<Self, Refusal> {
        let mut all = self;
        match Carried::by(&parts.headers)? {
            Carried::Json => {
                let text = json::read(body, most_bytes).await?;
                all.add_object(&json::parse(&text, "body")?);
            }
            Carried::Form => {
                let mut form = Form::with_text(&parts.headers, body, most_bytes).await?;
                while let Some(mut part) = form.next().await? {
                    let name = part.name().to_owned();
                    all.add(&name, part.text().await?);
                }
            }
            Carried::Bytes(_) => {
                let bytes = json::read(body, most_bytes).await?;
                let is_form =
                    json::media_type(&parts.headers) == "application/x-www-form-urlencoded";
                if is_form {
                    all.0.extend(query::pairs(&bytes, "body")?);
                } else if !bytes.iter().all(u8::is_ascii_whitespace) {
                    all.add_object(&json::parse(&bytes, "body")?);
                }
            }
        }
        Ok(all)
    }

    pub fn add(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    /// The members of an object; those that hold null say nothing.
    pub fn add_object(&mut self, object: &Map<String, Value>) {
        for (name, value) in object {
            let values = match value {
                Value::Array(values) => values.as_slice(),
                value => std::slice::from_ref(value),
            };
            for value in values {
                match value {
                    Value::String(text) => self.add(name, text.clone()),
                    Value::Number(number) => self.add(name, number.to_string()),
                    Value::Bool(truth) => self.add(name, truth.to_string()),
                    Value::Null | Value::Array(_) | Value::Object(_) => {}
                }
            }
        }
    }

    fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    /// A value, be it empty; of several the last.
    pub fn said<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next_back()
    }

    /// A value that is not empty; of several the last.
    pub fn text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.said(name).filter(|value| !value.is_empty())
    }

    /// `a,b`, `[a,b]`, or the name several times; an item in quotes may have commas. `None` if nothing is said.
    pub fn list(&self, name: &str) -> Result<Option<Vec<String>>, Refusal> {
        let mut items = Vec::new();
        for value in self.all(name) {
            let value = value.trim();
            let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            items.extend(parted(inner.unwrap_or(value)));
        }
        if items.len() > MOST_VALUES {
            let message = format!("has {} values; allowed: {MOST_VALUES}", items.len());
            return Err(Refusal::invalid(name, message));
        }
        Ok((!items.is_empty()).then_some(items))
    }

    /// A whole number within limits.
    pub fn number(&self, name: &str, least: u64, most: u64) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        let wrong =
            || Refusal::invalid(name, format!("must be a whole number from {least} to {most}"));
        number.ok_or_else(wrong).map(Some)
    }

    pub fn truth(&self, name: &str) -> Result<bool, Refusal> {
        match self.text(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(_) => Err(Refusal::invalid(name, "must be true or false")),
        }
    }

    /// A word of a closed set, in any case.
    pub fn word<W: Word>(&self, name: &str) -> Result<Option<W>, Refusal> {
        self.text(name).map(|text| word(text, name)).transpose()
    }

    /// Words of a closed set.
    pub fn words<W: Word>(&self, name: &str) -> Result<Option<Vec<W>>, Refusal> {
        let Some(list) = self.list(name)? else { return Ok(None) };
        list.iter().map(|text| word(text, name)).collect::<Result<_, _>>().map(Some)
    }

    /// The first or the last millisecond (since 1970) of a date or a time; without an offset it is one of UTC.
    pub fn time(&self, name: &str, edge: Edge) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let wrong = || {
            let message =
                "must be a date such as 2026-11-26, or a time such as 2026-11-26T09:30:00Z";
            Refusal::invalid(name, message)
        };
        time(text.trim(), edge).ok_or_else(wrong).map(Some)
    }
}

/// Which end of a range a time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    Start,
    End,
}

fn time(text: &str, edge: Edge) -> Option<i64> {
    if text.len() == "2026-11-26".len() {
        let date: Date = text.parse().ok()?;
        let date = if edge == Edge::End { date.tomorrow().ok()? } else { date };
        let midnight = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond();
        return Some(if edge == Edge::End { midnight - 1 } else { midnight });
    }
    let time = match text.parse::<Timestamp>() {
        Ok(time) => time,
        Err(_) => text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp(),
    };
    let nanosecond = Span::new().nanoseconds(999_999);
    // A start between two milliseconds leaves the earlier one out.
    let time = if edge == Edge::Start { time.checked_add(nanosecond).ok()? } else { time };
    Some(time.as_nanosecond().div_euclid(1_000_000) as i64)
}

fn word<W: Word>(text: &str, name: &str) -> Result<W, Refusal> {
    let known = W::ALL.iter().copied().find(|known| known.as_str().eq_ignore_ascii_case(text));
    known.ok_or_else(|| {
        Refusal::invalid(name, format!("`{text}` is none; allowed: {}", W::ALLOWED.join(", ")))
    })
}

/// Items parted by commas; empty ones are none.
fn parted(text: &str) -> Vec<String> {
    let (mut items, mut item, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if is_quoted && characters.next_if_eq(&'"').is_some() => item.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => items.push(std::mem::take(&mut item)),
            c => item.push(c),
        }
    }
    items.push(item);
    let trimmed = items.into_iter().map(|item| item.trim().to_owned());
    trimmed.filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn of(query: &str) -> Parameters {
        Parameters::of_query(&format!("/files?{query}").parse().unwrap()).unwrap()
    }

    #[test]
    fn lists_come_in_three_forms() {
        let wanted = Some(vec!["a".to_owned(), "b".to_owned()]);
        for query in ["Ids=a,b", "ids=a&IDS=b", "Ids=[a,b]", "Ids=%5Ba,%20b%5D", "Ids=%22a%22,b,"] {
            assert_eq!(of(query).list("Ids").unwrap(), wanted, "{query}");
        }
        assert_eq!(of("Ids=%22a,%22%22b%22").list("Ids").unwrap().unwrap(), ["a,\"b"]);
        assert_eq!(of("Ids=").list("Ids").unwrap(), None);
        assert!(of(&format!("Ids={}", "a,".repeat(1001))).list("Ids").is_err());
    }

    #[test]
    fn a_date_is_a_whole_day_and_a_time_is_a_moment() {
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        for (text, start, end) in [
            ("2026-11-26", "2026-11-26T00:00:00Z", "2026-11-26T23:59:59.999Z"),
            ("2026-11-26T10:00:00Z", "2026-11-26T10:00:00Z", "2026-11-26T10:00:00Z"),
            ("2026-11-26T10:00:00", "2026-11-26T10:00:00Z", "2026-11-26T10:00:00Z"),
            ("2026-11-26%2010:00", "2026-11-26T10:00:00Z", "2026-11-26T10:00:00Z"),
            ("2026-11-26T10:00:00%2B02:00", "2026-11-26T08:00:00Z", "2026-11-26T08:00:00Z"),
            ("2026-11-26T10:00:00.0005Z", "2026-11-26T10:00:00.001Z", "2026-11-26T10:00:00Z"),
        ] {
            let query = of(&format!("At={text}"));
            assert_eq!(query.time("at", Edge::Start).unwrap(), Some(ms(start)), "{text}");
            assert_eq!(query.time("at", Edge::End).unwrap(), Some(ms(end)), "{text}");
        }
        for text in ["2026-02-30", "yesterday", "2026-11-26T25:00:00Z", "9999-12-31", "1"] {
            assert!(of(&format!("At={text}")).time("At", Edge::End).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let mut all = Parameters::default();
            all.add("it", text);
            let _ = all.list("it");
            let _ = all.number("it", 0, 9);
            let _ = all.truth("it");
            let _ = all.time("it", Edge::End);
        }
    }
}
