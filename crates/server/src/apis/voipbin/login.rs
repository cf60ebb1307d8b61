//! The login: any name, and a token as its password.

use super::errors::{ApiError, ErrorBody};
use super::objects::LoginObject;
use crate::apis::storage::login::{Peer, by_password};
use crate::apis::storage::{Storage, json};
use axum::extract::{Request, State};
use axum::{Extension, Json};
use serde_json::Value;
use utoipa::ToSchema;

/// Who logs in.
#[derive(ToSchema)]
#[schema(as = VoipbinCredentials)]
#[allow(dead_code)] // It describes what `login` reads.
pub struct Credentials {
    /// Any name.
    username: String,
    /// A token.
    password: String,
}

/// Takes a token as a password.
#[utoipa::path(post, path = "/auth/login",
    operation_id = "voipbinLogin", tag = "voipbin", request_body = Credentials, security(()),
    responses((status = 200, body = LoginObject), (status = "4XX", body = ErrorBody)))]
pub async fn login(
    State(storage): State<Storage>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Result<Json<LoginObject>, ApiError> {
    let body = json::object(request).await?;
    let text = |name: &str| {
        let text = body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| ApiError::left_out(name, "required: a text"))
    };
    let (username, token) = (text("username")?, text("password")?);
    by_password(&storage, peer, &token).await?;
    Ok(Json(LoginObject { username, token }))
}
