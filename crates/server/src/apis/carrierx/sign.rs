//! Signs a file's link (apis/publish/README.md §9): whoever has it can play the file until it ends.

use super::auth::Caller;
use super::errors::ApiError;
use super::objects::ErrorBody;
use super::request::Sid;
use crate::apis::publish::{Form, Unsigned, Wish};
use crate::apis::storage::{Storage, json};
use axum::Json;
use axum::extract::{Request, State};
use semantics::link::Pair;
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::SystemTime;
use utoipa::ToSchema;

/// How long a link lives where the caller doesn't say.
const LIFE_S: u64 = 3600;

/// What is to be signed.
#[derive(ToSchema)]
#[allow(dead_code)] // It describes what `wish` reads.
pub struct SignRequest {
    /// Seconds from now on; 3600 where it's left out.
    expires_in: Option<u64>,
    /// Options of the link, such as `{"f": "mp3"}`.
    options: Option<Map<String, Value>>,
    /// `query`, or `path` for clients that cut links at `?` and `&`.
    form: Option<String>,
}

/// A link that is good for a time.
#[derive(Serialize, ToSchema)]
pub struct SignedLink {
    /// The link.
    uri: String,
    /// When it ends, in Unix seconds.
    expires: u64,
}

/// Signs a link of a file.
#[utoipa::path(post, path = "/core/v2/storage/files/{file_sid}/sign",
    operation_id = "signFile", tag = "files",
    params(("file_sid" = Uuid, Path)), request_body = SignRequest,
    responses((status = 200, body = SignedLink), (status = "4XX", body = ErrorBody)))]
pub async fn sign(
    State(storage): State<Storage>,
    Caller(caller): Caller,
    Sid(sid): Sid,
    request: Request,
) -> Result<Json<SignedLink>, ApiError> {
    let file = storage.library.file(&caller, sid).await?;
    let wish = wish(&json::object(request).await?)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now_s = now.map_or(0, |now| now.as_secs());
    let (uri, expires) = storage.signer.sign(&file, &wish, now_s).await.map_err(refused)?;
    Ok(Json(SignedLink { uri, expires }))
}

fn refused(why: Unsigned) -> ApiError {
    match why {
        Unsigned::Life(allowed) => ApiError::invalid("expires_in", allowed),
        Unsigned::UnknownOption(name) => ApiError::invalid(&name, "no link has this option"),
        Unsigned::BadValue(bad) => ApiError::invalid(bad.option, bad.to_string()),
        Unsigned::Library(error) => error.into(),
    }
}

fn wish(object: &Map<String, Value>) -> Result<Wish, ApiError> {
    let mut wish = Wish { life_s: LIFE_S, options: Vec::new(), form: Form::Query };
    for (name, value) in object {
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("expires_in", value) => {
                let wrong =
                    || ApiError::invalid(name, "must be a whole number of seconds from 1 on");
                let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
                wish.life_s = number.ok_or_else(wrong)?;
            }
            ("options", Value::Object(options)) => wish.options = pairs(options)?,
            ("options", _) => return Err(ApiError::invalid(name, "must be an object")),
            ("form", value) => {
                wish.form = match value.as_str() {
                    Some("query") => Form::Query,
                    Some("path") => Form::Path,
                    _ => return Err(ApiError::invalid(name, "allowed: query, path")),
                }
            }
            _ => {
                let allowed = "unknown attribute; allowed: expires_in, options, form";
                return Err(ApiError::invalid(name, allowed));
            }
        }
    }
    Ok(wish)
}

/// Options by name; the numbers among them may be written as such.
fn pairs(options: &Map<String, Value>) -> Result<Vec<Pair>, ApiError> {
    let pairs = options.iter().map(|(name, value)| match value {
        Value::String(text) => Ok((name.clone(), text.clone())),
        Value::Number(number) => Ok((name.clone(), number.to_string())),
        _ => Err(ApiError::invalid(name, "must be a text or a number")),
    });
    pairs.collect()
}
