//! Logins: a token as the password, kept by the client in cookies; and tokens lent for an hour.

use super::described;
use super::errors::ApiError;
use super::objects::Node;
use super::parameters::Parameters;
use super::{COOKIES, Call, answers};
use crate::apis::storage::Refusal;
use crate::apis::storage::auth::is_from_elsewhere;
use crate::apis::storage::login::{self, Peer};
use axum::body::Body;
use axum::response::Response;
use http::header::{self, HeaderValue};
use library::Role;
use std::net::Ipv4Addr;
use std::time::Duration;

/// Longest login, in bytes: whoever sends it is not known yet.
const MAX_LOGIN_BYTES: usize = 64 * 1024;

/// How long a lent token lives.
const LENT_FOR: Duration = Duration::from_secs(3600);

/// Logs in: any user name, and a token as the password.
///
/// Sets the cookies `ss-id` and `ss-pid`, unless a page of another origin asks.
#[utoipa::path(post, path = "/auth/credentials",
    operation_id = "evovoiceLogin", tag = "evovoice", params(described::Asked),
    request_body(content((described::Login = "application/json"),
        (described::Login = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = described::Session), (status = "4XX", body = described::ErrorBody)))]
pub async fn credentials(call: Call, body: Body) -> Result<Response, ApiError> {
    // Not from the query, which is kept in logs and histories.
    let said = Parameters::default().of_all(&call.parts, body, MAX_LOGIN_BYTES).await?;
    if let Some(provider) = said.text("provider").filter(|p| !p.eq_ignore_ascii_case("credentials"))
    {
        let message = format!("`{provider}` is none; allowed: credentials");
        return Err(Refusal::invalid("provider", message).into());
    }
    let password = said.text("Password").ok_or(Refusal::BadCredentials)?;
    let peer = call.parts.extensions.get().copied().unwrap_or(Peer(Ipv4Addr::UNSPECIFIED.into()));
    let caller = login::by_password(&call.storage, peer, password).await?;
    let session = Node::Object(vec![
        Node::text("userId", caller.token_id),
        Node::text("sessionId", password),
        Node::text("userName", said.said("UserName").unwrap_or_default()),
    ]);
    // A browser gives it to nobody who listens.
    let secure = match call.storage.library.link_base().as_str().starts_with("https://") {
        true => "; Secure",
        false => "",
    };
    let mut response = answers::object(&call.wants, "AuthenticateResponse", &session)?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Nobody is to be logged in by a page that knows a token of its own.
    if !is_from_elsewhere(&call.parts.headers) {
        for name in COOKIES {
            let cookie = format!("{name}={password}; Path=/; HttpOnly; SameSite=Lax{secure}");
            // A token that is one holds nothing that a header can't.
            let cookie = HeaderValue::try_from(cookie).map_err(|_| Refusal::BadCredentials)?;
            headers.append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}

/// Lends a token of an agent of the caller's account, for an hour.
#[utoipa::path(get, path = "/auth/token",
    operation_id = "evovoiceLendToken", tag = "evovoice",
    params(("UserEmailAddress" = Option<String>, Query), ("UserId" = Option<String>, Query), described::Asked),
    responses((status = 200, body = described::Lent), (status = "4XX", body = described::ErrorBody)))]
pub async fn token(call: Call) -> Result<Response, ApiError> {
    let caller = call.caller().await?;
    let lent = call.storage.library.lend_token(&caller, Role::Agent, LENT_FOR).await?;
    let lent = Node::Object(vec![Node::text("authToken", lent.secret)]);
    let mut response = answers::object(&call.wants, "RequestAuthTokenResponse", &lent)?;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
