//! The query of a list: page, order, filter; and which fields of an object are wanted.

use super::errors::ApiError;
use crate::apis::storage::Refusal;
use crate::apis::storage::members::{self, Member, Object};
use library::{Condition, List, Operator, Order, Start};
use serde::Serialize;
use serde_json::Value;
use std::collections::HashMap;

/// Most items of a page, and how many it has where none are asked for, as the reference service does.
const MOST: u64 = 1000;

/// Longest filter, in conditions.
const MOST_CONDITIONS: usize = 32;

pub type Parameters = HashMap<String, String>;

/// The list that a query asks for, and its offset.
pub fn list(query: &Parameters) -> Result<(List, u64), ApiError> {
    let number = |name: &str, default: u64| match query.get(name) {
        None => Ok(default),
        Some(text) => text
            .parse::<u64>()
            .map_err(|_| ApiError::invalid(name, "must be a whole number from 0 on")),
    };
    let (limit, offset) = (number("limit", MOST)?.min(MOST), number("offset", 0)?);
    let start = match (query.get("after"), query.get("before"), query.contains_key("offset")) {
        (None, None, _) => Start::Offset(offset),
        (Some(after), None, false) => Start::After(after.clone()),
        (None, Some(before), false) => Start::Before(before.clone()),
        _ => {
            let message = "only one of offset, after and before can be given";
            return Err(ApiError::invalid("after", message));
        }
    };
    let order = query.get("order").map_or(Ok(Order::Arrival), |text| order(text))?;
    let conditions = query.get("filter").map_or(Ok(Vec::new()), |text| filter(text))?;
    Ok((List { conditions, order, start, limit }, offset))
}

fn order(text: &str) -> Result<Order, ApiError> {
    let by = |attribute: &str, descending| Order::By { attribute: attribute.into(), descending };
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["shuffle"] => Ok(Order::Shuffle),
        [attribute] | [attribute, "asc"] => Ok(by(attribute, false)),
        [attribute, "desc"] => Ok(by(attribute, true)),
        _ => Err(ApiError::invalid(
            "order",
            "must be ATTRIBUTE, ATTRIBUTE asc, ATTRIBUTE desc or shuffle",
        )),
    }
}

/// `attribute operator value and …`; a value of several words stands in quotes.
fn filter(text: &str) -> Result<Vec<Condition>, ApiError> {
    let mut words = Words(text);
    let mut conditions = Vec::new();
    let wrong = |message: &str| ApiError::invalid("filter", message);
    loop {
        let attribute = words.next()?.ok_or_else(|| wrong("must be: attribute operator value"))?;
        let name = words.next()?.ok_or_else(|| wrong("an operator is missing"))?;
        let operator = operator(&name)?;
        let values = match operator {
            Operator::In => words.list()?,
            _ => vec![words.next()?.ok_or_else(|| wrong("a value is missing"))?],
        };
        conditions.push(Condition { attribute, operator, values });
        if conditions.len() > MOST_CONDITIONS {
            return Err(wrong("has more than 32 conditions"));
        }
        match words.next()? {
            None => return Ok(conditions),
            Some(joint) if joint.eq_ignore_ascii_case("and") => {}
            Some(_) => return Err(wrong("conditions are joined by `and` alone")),
        }
    }
}

fn operator(name: &str) -> Result<Operator, ApiError> {
    Ok(match name {
        "eq" => Operator::Equal,
        "ne" => Operator::NotEqual,
        "gt" => Operator::Greater,
        "ge" => Operator::GreaterOrEqual,
        "lt" => Operator::Less,
        "le" => Operator::LessOrEqual,
        "like" => Operator::Like,
        "ilike" => Operator::LikeAnyCase,
        "in" => Operator::In,
        other => {
            let allowed = "eq, ne, gt, ge, lt, le, like, ilike, in";
            let message = format!("unknown operator `{other}`; allowed: {allowed}");
            return Err(ApiError::invalid("filter", message));
        }
    })
}

/// The rest of a filter, taken word by word.
struct Words<'a>(&'a str);

impl Words<'_> {
    fn next(&mut self) -> Result<Option<String>, ApiError> {
        self.word(|c| c.is_whitespace())
    }

    /// A word in quotes, or up to where it ends.
    fn word(&mut self, ends: fn(char) -> bool) -> Result<Option<String>, ApiError> {
        let rest = self.0.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(None) };
        let (word, rest) = match first {
            '"' | '\'' => rest[1..]
                .split_once(first)
                .ok_or_else(|| ApiError::invalid("filter", "a quote is not closed"))?,
            _ => rest.split_at(rest.find(ends).unwrap_or(rest.len())),
        };
        self.0 = rest;
        Ok(Some(word.to_owned()))
    }

    /// `(a, b, …)`.
    fn list(&mut self) -> Result<Vec<String>, ApiError> {
        let wrong = || ApiError::invalid("filter", "`in` takes a list: (a, b)");
        self.0 = self.0.trim_start().strip_prefix('(').ok_or_else(wrong)?;
        let mut values = Vec::new();
        loop {
            let word = self.word(|c| c.is_whitespace() || c == ',' || c == ')')?;
            values.push(word.filter(|w| !w.is_empty()).ok_or_else(wrong)?);
            let rest = self.0.trim_start();
            if let Some(rest) = rest.strip_prefix(')') {
                self.0 = rest;
                return Ok(values);
            }
            self.0 = rest.strip_prefix(',').ok_or_else(wrong)?;
            if values.len() >= 1000 {
                return Err(ApiError::invalid("filter", "a list has more than 1000 values"));
            }
        }
    }
}

/// An object as it's shown.
#[derive(Serialize)]
#[serde(untagged)]
pub enum View<T> {
    /// With all fields.
    Whole(T),
    /// With some.
    Part(Value),
}

/// Which fields of an object are wanted.
pub struct Fields {
    only: Option<Vec<String>>,
    without: Vec<String>,
}

impl Fields {
    /// `include_fields` and `exclude_fields`, also in camel case, comma separated.
    pub fn of(query: &Parameters) -> Self {
        let names = |names: [&str; 2]| {
            let text = names.iter().find_map(|name| query.get(*name)).filter(|t| !t.is_empty());
            text.map(|t| t.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>())
        };
        Self {
            only: names(["include_fields", "includeFields"]),
            without: names(["exclude_fields", "excludeFields"]).unwrap_or_default(),
        }
    }

    /// The object with the wanted fields.
    pub fn of_object<O: Object>(&self, object: O) -> Result<View<O>, ApiError> {
        if self.only.is_none() && self.without.is_empty() {
            return Ok(View::Whole(object));
        }
        self.check::<O>()?;
        let holds = |names: &[String], name: &str| names.iter().any(|other| other == name);
        let wanted = |member: &Member<O>| {
            let only = self.only.as_ref();
            only.map_or(member.is_in_every(), |only| holds(only, member.name))
                && !holds(&self.without, member.name)
        };
        let part = members::write(&object, wanted, serde_json::value::Serializer);
        Ok(View::Part(part.map_err(|e| Refusal::failed(&e))?))
    }

    fn check<O: Object>(&self) -> Result<(), ApiError> {
        let known = || O::members().iter().map(|member| member.name);
        let named = [
            ("include_fields", self.only.as_deref()),
            ("exclude_fields", Some(self.without.as_slice())),
        ];
        for (parameter, names) in named {
            let names = names.unwrap_or_default();
            if let Some(name) = names.iter().find(|name| known().all(|known| known != *name)) {
                let known: Vec<_> = known().collect();
                let message = format!("unknown field `{name}`; allowed: {}", known.join(", "));
                return Err(ApiError::invalid(parameter, message));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const OPERATORS: [(&str, Operator); 9] = [
        ("eq", Operator::Equal),
        ("ne", Operator::NotEqual),
        ("gt", Operator::Greater),
        ("ge", Operator::GreaterOrEqual),
        ("lt", Operator::Less),
        ("le", Operator::LessOrEqual),
        ("like", Operator::Like),
        ("ilike", Operator::LikeAnyCase),
        ("in", Operator::In),
    ];

    fn quoted(value: &str) -> String {
        let quote = if value.contains('"') { '\'' } else { '"' };
        format!("{quote}{value}{quote}")
    }

    fn printed(conditions: &[Condition]) -> String {
        let print = |c: &Condition| {
            let (name, _) = OPERATORS.iter().find(|(_, operator)| *operator == c.operator).unwrap();
            let values: Vec<_> = c.values.iter().map(|value| quoted(value)).collect();
            match c.operator {
                Operator::In => format!("{} {name} ({})", c.attribute, values.join(", ")),
                _ => format!("{} {name} {}", c.attribute, values[0]),
            }
        };
        conditions.iter().map(print).collect::<Vec<_>>().join(" and ")
    }

    /// Any text that has one kind of quote at most; in a list it's not empty.
    fn value() -> impl Strategy<Value = String> {
        prop_oneof!["[^\"]{1,20}", "[^']{1,20}", "and", "\\(a, b\\)", "null"]
    }

    fn conditions() -> impl Strategy<Value = Vec<Condition>> {
        let condition = ("[a-z_0-9.]{1,20}", 0..OPERATORS.len(), vec(value(), 1..5));
        let condition = condition.prop_map(|(attribute, operator, mut values)| {
            let (_, operator) = OPERATORS[operator];
            values.truncate(if operator == Operator::In { 5 } else { 1 });
            Condition { attribute, operator, values }
        });
        vec(condition, 1..=MOST_CONDITIONS)
    }

    proptest! {
        #[test]
        fn a_filter_that_is_printed_reads_as_it_was(conditions in conditions()) {
            prop_assert_eq!(filter(&printed(&conditions)).unwrap(), conditions);
        }

        #[test]
        fn any_text_is_read_or_refused(
            text in ".*",
            near in "[a-z]{0,3} {0,2}(eq|in|like|and)? ?[('\"]?[a-zü]{0,3}[,)'\"]{0,2}( and )?.{0,6}",
        ) {
            for text in [text, near] {
                let _ = filter(&text);
                let _ = order(&text);
                for name in ["limit", "offset", "order", "filter", "after", "before"] {
                    let _ = list(&Parameters::from([(name.to_owned(), text.clone())]));
                }
            }
        }

        #[test]
        fn one_word_needs_no_quotes(word in "[^\\s'\"(),][^\\s(),]{0,20}") {
            for text in [format!("name eq {word}"), format!("name in ({word})")] {
                prop_assert_eq!(&filter(&text).unwrap()[0].values[0], &word);
            }
        }
    }

    #[test]
    fn a_filter_has_an_end() {
        let many = |n: usize| vec!["a eq b"; n].join(" and ");
        assert!(filter(&many(MOST_CONDITIONS)).is_ok());
        assert!(filter(&many(MOST_CONDITIONS + 1)).is_err());
        let list = |n: usize| format!("a in ({})", vec!["x"; n].join(","));
        assert!(filter(&list(1000)).is_ok());
        assert!(filter(&list(1001)).is_err());
    }
}
