//! The parameters of VoIPBIN's lists; those that it doesn't know are ignored.

use super::errors::ApiError;
use super::times;
use crate::apis::storage::Refusal;
use crate::apis::storage::openapi::one_of;
use http::Uri;
use library::{ReferenceType, UnknownWord, VoipbinList, VoipbinSort, VoipbinStart, VoipbinType};
use semantics::link::{Pair, pairs};
use std::str::FromStr;
use utoipa::IntoParams;
use utoipa::openapi::Object;
use uuid::Uuid;

/// Most items of a page, and how many it has where none are asked for.
const MOST: usize = 100;

/// The parameters of a query, in order.
pub struct Parameters(Vec<Pair>);

impl Parameters {
    /// Those of a request.
    pub fn of(uri: &Uri) -> Self {
        Self(pairs(uri.query().unwrap_or("")))
    }

    /// The first value of a parameter, if it is there.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The same, if it is not empty.
    fn said(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Those that a test holds of.
    pub fn which(self, holds: impl Fn(&str) -> bool) -> Vec<Pair> {
        self.0.into_iter().filter(|(name, _)| holds(name)).collect()
    }

    /// The customer that an administrator names.
    pub fn customer_id(&self) -> Result<Option<Uuid>, ApiError> {
        let id = self.said("customer_id").map(Uuid::try_parse).transpose();
        id.map_err(|_| ApiError::bad_id("customer_id"))
    }

    /// Most items of a page. What is no number, or none of a page, counts as the default.
    pub fn page_size(&self) -> usize {
        let asked = self.get("page_size").and_then(|text| text.parse().ok());
        asked.filter(|size| (1..=MOST).contains(size)).unwrap_or(MOST)
    }

    /// Where the page begins.
    pub fn start(&self) -> VoipbinStart {
        match self.said("page_token") {
            None => VoipbinStart::First,
            Some(text) => match times::read(text) {
                Some(us) => VoipbinStart::Time(us),
                None => VoipbinStart::Token(text.to_owned()),
            },
        }
    }

    /// The list of files that is wanted.
    pub fn files(&self) -> Result<VoipbinList, ApiError> {
        let sort = match self.said("sort") {
            None | Some("tm_create") => VoipbinSort::Created,
            Some("size" | "filesize") => VoipbinSort::Size,
            Some("name") => VoipbinSort::Name,
            Some("filename") => VoipbinSort::Filename,
            Some(other) => {
                let message =
                    format!("`{other}`; allowed: tm_create, size, filesize, name, filename");
                return Err(Refusal::invalid("sort", message).into());
            }
        };
        let is_descending = match self.said("order") {
            None | Some("desc") => true,
            Some("asc") => false,
            Some(other) => {
                let message = format!("`{other}`; allowed: desc, asc");
                return Err(Refusal::invalid("order", message).into());
            }
        };
        Ok(VoipbinList {
            kind: self.get("type").map(file_type).transpose()?,
            reference_type: self.get("reference_type").map(reference_type).transpose()?,
            reference_id: self.get("reference_id").map(reference_id).transpose()?,
            sort,
            is_descending,
            start: self.start(),
            limit: self.page_size(),
        })
    }
}

/// What a file is for.
pub fn file_type(text: &str) -> Result<VoipbinType, Refusal> {
    word("type", text, "rag, talk, recording, or empty")
}

/// What kind of thing a file belongs to.
pub fn reference_type(text: &str) -> Result<ReferenceType, Refusal> {
    let text = if text == "none" { "" } else { text };
    word("reference_type", text, "none, normal, recording, or empty, which is none")
}

fn word<T: FromStr<Err = UnknownWord>>(
    field: &str,
    text: &str,
    allowed: &str,
) -> Result<T, Refusal> {
    let wrong = |_| Refusal::invalid(field, format!("`{text}`; allowed: {allowed}"));
    text.parse().map_err(wrong)
}

/// The thing that a file belongs to; nil where none is said.
pub fn reference_id(text: &str) -> Result<Uuid, Refusal> {
    match text {
        "" => Ok(Uuid::nil()),
        text => Uuid::try_parse(text)
            .map_err(|_| Refusal::invalid("reference_id", "must be a UUID, or empty for none")),
    }
}

/// The page of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // It describes what is read above.
pub struct Paged {
    /// Most items, 100 at most; what is no such number counts as 100.
    page_size: Option<String>,
    /// `next_page_token` of the page before, or a time: what was made before it (in ascending order: after it).
    page_token: Option<String>,
}

/// What files are listed, and how.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)] // It describes what is read above.
pub struct Listed {
    #[param(schema_with = types)]
    r#type: Option<String>,
    #[param(schema_with = reference_types)]
    reference_type: Option<String>,
    /// What the files belong to.
    reference_id: Option<String>,
    #[param(schema_with = sorts)]
    sort: Option<String>,
    #[param(schema_with = orders)]
    order: Option<String>,
}

fn types() -> Object {
    one_of("What they are for; empty for nothing in particular.", ["rag", "talk", "recording"])
}

fn reference_types() -> Object {
    one_of("What kind of thing they belong to.", ["none", "normal", "recording"])
}

fn sorts() -> Object {
    let about = "What they are ordered by; `tm_create` where it is left out.";
    one_of(about, ["tm_create", "size", "filesize", "name", "filename"])
}

fn orders() -> Object {
    one_of("In which order; `desc` where it is left out.", ["desc", "asc"])
}
