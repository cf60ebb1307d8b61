//! Who asks: a bearer token, or HTTP Basic with a token as its password.

use super::errors::ApiError;
use axum::extract::{FromRef, FromRequestParts};
use http::header::AUTHORIZATION;
use http::request::Parts;
use library::{Library, Principal};

/// The authenticated caller.
pub struct Caller(pub Principal);

impl<S: Sync> FromRequestParts<S> for Caller
where
    Library: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let value = parts.headers.get(AUTHORIZATION).ok_or_else(ApiError::unauthorized)?;
        let token = value.to_str().ok().and_then(token).ok_or_else(ApiError::bad_credentials)?;
        Ok(Self(Library::from_ref(state).authenticate(&token).await?))
    }
}

/// The token in an Authorization header.
fn token(value: &str) -> Option<String> {
    let (scheme, credentials) = value.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.to_owned());
    }
    let basic = scheme.eq_ignore_ascii_case("basic");
    let plain = basic.then(|| base64(credentials)).flatten()?;
    // RFC 7617 §2: the user's name holds no colon.
    Some(String::from_utf8(plain).ok()?.split_once(':')?.1.to_owned())
}

/// RFC 4648 §4.
fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for digit in text.trim_end_matches('=').bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    Some(bytes)
}
