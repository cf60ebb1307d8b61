//! Who asks: the forms in which a token may come, and its holder. An API lists the forms that it takes.

use super::{Refusal, base64};
use crate::access_log::Caller;
use http::header::{self, HeaderMap};
use http::request::Parts;
use library::{Library, Principal, Role};
use percent_encoding::percent_decode_str;
use std::sync::{Arc, OnceLock};

/// A form in which a token may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: Basic`, the token as the password (RFC 7617).
    Basic,
    /// A cookie of this name.
    Cookie(&'static str),
    /// A parameter of the query of this name.
    Query(&'static str),
}

/// The caller, by the first of these forms that the request has.
pub async fn caller(
    library: &Library,
    parts: &Parts,
    forms: &[Credential],
) -> Result<Principal, Refusal> {
    let mut tokens = forms.iter().filter_map(|form| Some((form, form.token(parts)?)));
    let (form, token) =
        tokens.next().ok_or_else(|| match parts.headers.contains_key(header::AUTHORIZATION) {
            true => Refusal::BadCredentials,
            false => Refusal::NoCredentials,
        })?;
    if form.is_ambient() && is_from_elsewhere(&parts.headers) {
        return Err(Refusal::ForeignPage);
    }
    let caller = library.authenticate(&token).await?;
    if let Some(told) = parts.extensions.get::<Arc<OnceLock<Caller>>>() {
        let Principal { partner_sid, token_id, .. } = caller;
        // A request that asks twice is the same caller's.
        let _ = told.set(Caller { partner_sid, token_id });
    }
    Ok(caller)
}

/// Whether a request has an administrator's token, as a bearer.
pub async fn is_administrator(library: &Library, headers: &HeaderMap) -> bool {
    let Some(token) = authorization(headers, "bearer") else { return false };
    library.authenticate(token).await.is_ok_and(|caller| caller.role == Role::Admin)
}

/// Whether a page of another origin made the browser send a request: by Fetch Metadata, or where the browser sends
/// none, by the Origin that goes with whatever a form or a script sends.
pub fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = text("host").unwrap_or("");
            let own = origin
                .split_once("://")
                .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host));
            !own
        }
        (None, None) => false,
    }
}

impl Credential {
    /// Whether a browser sends it by itself, whichever page makes it ask.
    fn is_ambient(self) -> bool {
        match self {
            Self::Basic | Self::Cookie(_) => true,
            Self::Bearer | Self::Query(_) => false,
        }
    }

    fn token(self, parts: &Parts) -> Option<String> {
        match self {
            Self::Bearer => Some(authorization(&parts.headers, "bearer")?.to_owned()),
            Self::Basic => {
                let plain = base64::decode(authorization(&parts.headers, "basic")?)?;
                // RFC 7617 §2: the user's name holds no colon.
                Some(String::from_utf8(plain).ok()?.split_once(':')?.1.to_owned())
            }
            Self::Cookie(name) => {
                let cookies = parts.headers.get_all(header::COOKIE).into_iter();
                let cookies = cookies.filter_map(|value| value.to_str().ok());
                let mut pairs = cookies.flat_map(|value| value.split(';'));
                pairs.find_map(|pair| value_of(pair.trim(), name)).map(str::to_owned)
            }
            Self::Query(name) => {
                let mut pairs = parts.uri.query()?.split('&');
                let value = pairs.find_map(|pair| value_of(pair, name))?;
                Some(percent_decode_str(value).decode_utf8().ok()?.into_owned())
            }
        }
    }
}

/// The value of `name=value`, if it has one.
fn value_of<'a>(pair: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = pair.split_once('=')?;
    (found == name && !value.is_empty()).then_some(value)
}

/// The credentials of an Authorization header of this scheme.
fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (found, credentials) =
        headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
}
