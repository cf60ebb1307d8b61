//! The query of a list: page, order, filter; and which fields of an object are wanted.

use super::errors::ApiError;
use library::{Condition, List, Operator, Order, Start};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Most items of a page, and how many it has where none are asked for, as the reference service does.
const MOST: u64 = 1000;

/// Longest filter, in conditions.
const MOST_CONDITIONS: usize = 32;

/// A query's parameters.
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
            if values.len() > 1000 {
                return Err(ApiError::invalid("filter", "a list has more than 1000 values"));
            }
        }
    }
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
    pub fn of_object(&self, object: &impl Serialize) -> Result<Value, ApiError> {
        let Value::Object(mut fields) =
            serde_json::to_value(object).map_err(|e| ApiError::failed(&e))?
        else {
            return Ok(Value::Null);
        };
        self.check(&fields)?;
        fields.retain(|name, _| {
            self.only.as_ref().is_none_or(|only| only.contains(name))
                && !self.without.contains(name)
        });
        Ok(Value::Object(fields))
    }

    fn check(&self, fields: &Map<String, Value>) -> Result<(), ApiError> {
        let named = [
            ("include_fields", self.only.as_deref()),
            ("exclude_fields", Some(self.without.as_slice())),
        ];
        for (parameter, names) in named {
            if let Some(name) = names.unwrap_or_default().iter().find(|n| !fields.contains_key(*n))
            {
                let known: Vec<_> = fields.keys().map(String::as_str).collect();
                let message = format!("unknown field `{name}`; allowed: {}", known.join(", "));
                return Err(ApiError::invalid(parameter, message));
            }
        }
        Ok(())
    }
}
